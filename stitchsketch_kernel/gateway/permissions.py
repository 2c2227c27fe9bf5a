"""Who may do what: the one table, of which routes, documentation and tests are made.

A route without a row here can't start (`app.checked`), nor a row without a route.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from stitchsketch_kernel.storage.interface import Bucket
from stitchsketch_kernel.users.records import Role

#: What a hub's token may be limited to: ``custom:stitchsketch:read`` and so on.
Scope = Literal["read", "write", "people"]
SCOPES: frozenset[Scope] = frozenset(get_args(Scope))
SCOPE_PREFIX = "custom:stitchsketch:"

ADMIN = frozenset({Role.ADMIN})
LEADERS = ADMIN | {Role.MANAGER}
MAKERS = LEADERS | {Role.TECHNICIAN}
ALL = MAKERS | {Role.UPHOLSTERER}
#: Nobody is asked who they are.
ANYONE: frozenset[Role] = frozenset()
#: Who sees every project of the shop; others don't see what is kept to people that they aren't.
SEES_ALL = LEADERS


@dataclass(frozen=True)
class Permission:
    """A row of the table: one route.

    Attributes
    ----------
    operation : str
        ``room.what``; the route's name in OpenAPI.
    method, path : str
    roles : frozenset of Role
        Who may; empty: anyone, without a token.
    scope : {"read", "write", "people"}
        What a token of the hub must have, beside its owner's role.
    what : str
        For the documentation.
    owner : bool
        The owner of the project may, too, whatever the role.
    """

    operation: str
    method: str
    path: str
    roles: frozenset[Role]
    scope: Scope
    what: str
    owner: bool = False

    @property
    def room(self) -> str:
        """The first part of the path: what the route is about."""
        return self.operation.split(".", maxsplit=1)[0]


#: Rooms whose things are files, with the place of each in the object store.
BUCKET_OF: dict[str, Bucket] = {
    "images": "images",
    "reconstructions": "models",
    "patterns": "patterns",
    "visualizations": "renders",
    "notebooks": "notebooks",
}
#: Who brings files to a room: everybody takes photos, edits patterns and shows customers a cover;
#: models are computed.
_BRING = {"images": ALL, "reconstructions": MAKERS, "patterns": ALL, "visualizations": ALL,
          "notebooks": MAKERS}  # fmt: skip


def _files(room: str) -> tuple[Permission, ...]:
    """The rows of a room of files."""
    one, bring = f"/{room}/uploads/{{upload_id}}", _BRING[room]
    return (
        Permission(f"{room}.begin", "POST", f"/{room}/uploads", bring, "write", "Begin an upload"),
        Permission(f"{room}.upload", "GET", one, bring, "write", "How much of an upload is here"),
        Permission(f"{room}.continue", "PATCH", one, bring, "write", "Send the next bytes"),
        Permission(f"{room}.abandon", "DELETE", one, bring, "write", "Give an upload up"),
        Permission(f"{room}.list", "GET", f"/{room}", ALL, "read", "List the shop's files"),
        Permission(f"{room}.read", "GET", f"/{room}/{{sha256}}", ALL, "read", "Read a file"),
        Permission(f"{room}.exists", "HEAD", f"/{room}/{{sha256}}", ALL, "read", "Is it kept?"),
        Permission(f"{room}.delete", "DELETE", f"/{room}/{{sha256}}", MAKERS, "write", "Delete"),
    )


TABLE: tuple[Permission, ...] = (
    Permission("gateway.home", "GET", "/", ANYONE, "read", "The table of routes, too"),
    Permission("gateway.health", "GET", "/health", ANYONE, "read", "Whether the gateway is up"),
    Permission("gateway.openapi", "GET", "/openapi.json", ANYONE, "read", "This description"),
    Permission("gateway.docs", "GET", "/docs", ANYONE, "read", "The table of routes as a page"),
    Permission("users.me", "GET", "/users/me", ALL, "read", "Who the token's owner is"),
    Permission(
        "users.prefer", "PUT", "/users/me/preferences", ALL, "write", "Keep one's own preferences"
    ),
    Permission(
        "users.colleagues", "GET", "/users/me/colleagues", ALL, "read", "List the shop's names"
    ),
    Permission("users.list", "GET", "/users", LEADERS, "people", "List the shop's people"),
    Permission("users.read", "GET", "/users/{subject}", LEADERS, "people", "One person"),
    Permission("users.keep", "PUT", "/users/{subject}", LEADERS, "people", "Keep a person"),
    Permission("users.forget", "DELETE", "/users/{subject}", LEADERS, "people", "Forget a person"),
    Permission("projects.list", "GET", "/projects", ALL, "read", "List the shop's projects"),
    Permission("projects.add", "POST", "/projects", ALL, "write", "Keep a new project"),
    Permission("projects.read", "GET", "/projects/{project_id}", ALL, "read", "One project"),
    Permission(
        "projects.change", "PUT", "/projects/{project_id}", ALL, "write", "Change what it says"
    ),
    Permission(
        "projects.share", "PUT", "/projects/{project_id}/sharing", LEADERS, "write",
        "Say who of the shop sees it", owner=True,
    ),
    Permission(
        "projects.delete", "DELETE", "/projects/{project_id}", MAKERS, "write", "Delete a project"
    ),
    Permission(
        "projects.restore", "POST", "/projects/{project_id}/restore", MAKERS, "write",
        "Take a deletion back",
    ),
    Permission(
        "projects.scans", "GET", "/projects/{project_id}/scans", ALL, "read", "List its scans"
    ),
    Permission(
        "projects.add_scan", "POST", "/projects/{project_id}/scans", ALL, "write", "Keep a new scan"
    ),
    Permission("scans.photos", "GET", "/scans/{scan_id}/photos", ALL, "read", "List its photos"),
    Permission("scans.keep_photo", "PUT", "/scans/{scan_id}/photos", ALL, "write", "Keep a photo"),
    Permission("fabrics.list", "GET", "/fabrics", ALL, "read", "The shop's fabric library"),
    Permission("fabrics.read", "GET", "/fabrics/{fabric_id}", ALL, "read", "One fabric"),
    Permission("fabrics.keep", "PUT", "/fabrics/{fabric_id}", MAKERS, "write", "Keep a fabric"),
    Permission("fabrics.forget", "DELETE", "/fabrics/{fabric_id}", MAKERS, "write", "Forget it"),
    Permission("runs.list", "GET", "/runs", ALL, "read", "List a scan's runs"),
    Permission("runs.start", "POST", "/runs", MAKERS, "write", "Keep a run that has begun"),
    Permission("runs.queue", "POST", "/runs/queue", ALL, "write", "Have a worker run a scan"),
    # before one run's, whose path would take it for a run's identity
    Permission("runs.history", "GET", "/runs/history", ALL, "read", "Every stage of every run"),
    Permission("runs.read", "GET", "/runs/{run_id}", ALL, "read", "One run"),
    Permission("runs.finish", "POST", "/runs/{run_id}/finish", MAKERS, "write", "How a run ended"),
    Permission("runs.cancel", "POST", "/runs/{run_id}/cancel", ALL, "write", "Ask for its end"),
    Permission("runs.beat", "PUT", "/runs/{run_id}/beat", MAKERS, "write", "A sign of life"),
    Permission("runs.quotes", "GET", "/runs/{run_id}/quotes", ALL, "read", "List its quotes"),
    Permission("runs.keep_quote", "PUT", "/runs/{run_id}/quotes", ALL, "write", "Keep a quote"),
    Permission("runs.stages", "GET", "/runs/{run_id}/stages", ALL, "read", "List its stages"),
    Permission(
        "runs.record", "PUT", "/runs/{run_id}/stages/{stage}", MAKERS, "write", "A stage's state"
    ),
    Permission("runs.artefacts", "GET", "/runs/{run_id}/artefacts", ALL, "read", "List its files"),
    Permission(
        "runs.add_artefact", "POST", "/runs/{run_id}/artefacts", MAKERS, "write", "Keep its place"
    ),
    Permission(
        "runs.renders", "GET", "/runs/{run_id}/renders", ALL, "read",
        "List what of it is looked at: the new cover, splats",
    ),
    Permission(
        "runs.keep_render", "PUT", "/runs/{run_id}/renders", ALL, "write", "Keep its place"
    ),
    Permission(
        "runs.render", "GET", "/runs/{run_id}/renders/{sha256}", ALL, "read",
        "Read it, by its name and kind",
    ),
    Permission("runs.events", "GET", "/runs/{run_id}/events", ALL, "read", "How it goes on, live"),
    *(row for room in BUCKET_OF for row in _files(room)),
)  # fmt: skip

_BY_OPERATION = {row.operation: row for row in TABLE}


def row_of(operation: str) -> Permission:
    """The row of an operation.

    Raises
    ------
    KeyError
        There is none: then there must be no such route.
    """
    return _BY_OPERATION[operation]


def as_markdown() -> str:
    """The table for people, as it stands in OpenAPI's description."""
    roles = [Role.UPHOLSTERER, Role.TECHNICIAN, Role.MANAGER, Role.ADMIN]
    head = ["Route", "What", *(role.value for role in roles), "scope of a hub's token"]
    lines = [" | ".join(head), " | ".join(["---"] * len(head))]
    for row in TABLE:
        no = "own" if row.owner else "-"
        may = ["anyone" if not row.roles else "yes" if role in row.roles else no for role in roles]
        scope = f"{SCOPE_PREFIX}{row.scope}" if row.roles else ""
        lines.append(" | ".join([f"`{row.method} {row.path}`", row.what, *may, scope]))
    return "\n".join(f"| {line} |" for line in lines)
