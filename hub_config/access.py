"""Who may do what at the hub: the one list of scopes, of roles, and of services.

What a person may do with a shop's things, the gateway's own table says
(`stitchsketch_kernel.gateway.permissions`); here stand the hub's own rights, and which of the
gateway's scopes a role's tokens may have.
"""

from __future__ import annotations

from dataclasses import dataclass

from stitchsketch_kernel.users.records import Role

READ, WRITE, PEOPLE = (f"custom:stitchsketch:{what}" for what in ("read", "write", "people"))
#: The gateway's scopes, as the hub must describe them to whoever is asked for them.
CUSTOM_SCOPES = {
    READ: "See the shop's projects, fabrics and files",
    WRITE: "Change the shop's projects, fabrics and files",
    PEOPLE: "Manage the people of the shop",
}


@dataclass(frozen=True)
class HubService:
    """A program beside the hub.

    Attributes
    ----------
    name : str
        It is reached at ``/services/NAME/``.
    scopes : tuple of str
        What its own token may do.
    for_people : tuple of str
        What it may do in the name of a person who signed in to it, if the person may.
    """

    name: str
    scopes: tuple[str, ...]
    for_people: tuple[str, ...] = ()


GATEWAY = HubService("gateway", ())
APPS = HubService("apps", (), (READ, WRITE))
CULLER = HubService(
    "idle-culler", ("list:users", "read:users:activity", "read:servers", "delete:servers")
)
#: Runs what people have queued. It asks the stores, never the hub, whose person it is not.
WORKER = HubService("worker", ())
SERVICES = (GATEWAY, APPS, CULLER, WORKER)

_SELF = "read:users:name!user"
_APPS = "access:services!service=apps"
#: What each person may do who has signed in; the hub gives everybody its role ``user``.
EVERYBODY = (_SELF, "read:users:groups!user")
#: What the roles may do beside that. Servers of their own have those who work in JupyterLab.
ROLE_SCOPES: dict[Role, tuple[str, ...]] = {
    Role.UPHOLSTERER: (_APPS, READ, WRITE),
    Role.TECHNICIAN: (_APPS, READ, WRITE, "self"),
    Role.MANAGER: (_APPS, READ, WRITE, PEOPLE),
    # sees and stops servers; doesn't enter other people's, nor makes tokens in their name
    Role.ADMIN: (
        _APPS, READ, WRITE, PEOPLE, "self", "admin-ui", "list:users", "read:users", "delete:users",
        "servers", "read:hub", "list:services", "read:services",
    ),
}  # fmt: skip
#: Roles that have a server, and land in JupyterLab.
IN_LAB = frozenset({Role.TECHNICIAN, Role.ADMIN})

#: The token that a person's server talks to the hub with.
SERVER_SCOPES = ("users:activity!user", "access:servers!server")
#: The token that it talks to the gateway with.
KERNEL_SCOPES = (READ, WRITE)


def hub_roles() -> list[dict[str, object]]:
    """The list as JupyterHub's ``load_roles`` wants it; groups are named after our roles."""
    everybody = {"name": "user", "scopes": list(EVERYBODY)}
    people = [
        {
            "name": f"stitchsketch-{role.value}",
            "description": f"What each {role.value} may do",
            "scopes": list(scopes),
            "groups": [role.value],
        }
        for role, scopes in ROLE_SCOPES.items()
    ]
    services = [
        {
            "name": f"stitchsketch-{one.name}",
            "description": f"What the service {one.name} may do",
            "scopes": list(one.scopes),
            "services": [one.name],
        }
        for one in SERVICES
        if one.scopes
    ]
    return [everybody, *people, *services]
