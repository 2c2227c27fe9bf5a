"""Hold whoever asks against their row of the table."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Query, Request

from stitchsketch_kernel.gateway.identity import Caller, Identity, TokenVerifier
from stitchsketch_kernel.gateway.limits import Rates
from stitchsketch_kernel.gateway.permissions import SCOPE_PREFIX, SEES_ALL, Permission
from stitchsketch_kernel.gateway.problems import ProblemError
from stitchsketch_kernel.gateway.settings import GatewaySettings
from stitchsketch_kernel.projects.interface import ProjectArchive
from stitchsketch_kernel.storage.interface import ObjectStore
from stitchsketch_kernel.stores import Stores
from stitchsketch_kernel.users.interface import UserStore
from stitchsketch_kernel.users.records import Role, User

#: Administrators of the installation who are in no shop.
NO_SHOP = ""


@dataclass(frozen=True)
class Door:
    """What is needed to know who asks; kept in ``app.state.door``."""

    settings: GatewaySettings
    stores: Stores
    tokens: TokenVerifier
    rates: Rates

    def caller(self, token: str) -> Caller:
        """Who asks.

        Raises
        ------
        ProblemError
            401: the token is not taken. 403: it is, but its owner is in no shop.
        """
        identity = self.tokens.identity(token)
        user = self.stores.users.user(identity.subject)
        if identity.subject in self.settings.admins:
            known = user or User(identity.subject, NO_SHOP)
            user = User(known.subject, known.shop, known.name, Role.ADMIN, known.preferences)
        if user is None:
            raise ProblemError(
                403, "You are signed in, but belong to no shop here.",
                "Ask the manager of your shop to add you.",
            )  # fmt: skip
        return _caller(user, identity)


@dataclass(frozen=True)
class Access:
    """What a caller may go on with: the stores, and the shop whose things are meant."""

    caller: Caller
    shop: str
    door: Door
    row: Permission

    @property
    def projects(self) -> ProjectArchive:
        """The projects that the caller sees."""
        every, user = self.door.stores.projects, self.caller.user
        return every if user.role in SEES_ALL else every.seen_by(user.subject)

    @property
    def users(self) -> UserStore:
        """People and fabrics."""
        return self.door.stores.users

    @property
    def objects(self) -> ObjectStore:
        """The shop's own objects."""
        return self.door.stores.objects(self.shop)


class Guard:
    """Lets in who has the row's role, and whose token has its scope; one for each route."""

    def __init__(self, row: Permission) -> None:
        self.row = row

    def __call__(
        self,
        request: Request,
        shop: Annotated[
            str | None,
            # no limit here: a guard whose own parameter is faulty would not be asked at all
            Query(description="The shop that is meant; for administrators."),
        ] = None,
    ) -> None:
        """Keep the `Access` in the request.

        Raises
        ------
        ProblemError
            401, 403, 404 (another shop's), 429.
        """
        door = cast(Door, request.app.state.door)
        address = request.client.host if request.client else ""
        if not self.row.roles:
            door.rates.count(f"address {address}")
            return
        token = bearer(request)
        if token is None:
            door.rates.count(f"address {address}")
            raise ProblemError(
                401, "Nobody may do this without saying who they are.",
                "Sign in, and send the token as 'Authorization: Bearer ...'.",
                {"WWW-Authenticate": 'Bearer realm="stitchsketch"'},
            )  # fmt: skip
        # whoever tries tokens must not make the gateway ask the hub for each
        door.rates.require_patience(f"address {address}")
        try:
            caller = door.caller(token)
        except ProblemError:
            door.rates.count(f"address {address}")
            raise
        # subjects may be anything: hashed, none can be taken for another's counter
        door.rates.count(hashlib.sha256(caller.user.subject.encode()).hexdigest())
        request.state.access = Access(caller, self._shop(caller, shop), door, self.row)

    def _shop(self, caller: Caller, asked: str | None) -> str:
        """The shop that is meant, were the caller allowed this there."""
        role, row = caller.user.role, self.row
        # whose project it is, the route finds out
        if role not in row.roles and not row.owner:
            raise ProblemError(
                403, f"A {role.value} may not do this.", "Ask the manager of your shop."
            )
        if caller.scopes is not None and row.scope not in caller.scopes:
            raise ProblemError(
                403, f"This token lacks the scope {SCOPE_PREFIX}{row.scope}.",
                "Make one that has it.",
            )  # fmt: skip
        meant = caller.user.shop if asked is None else asked
        if meant == NO_SHOP and row.room != "users":
            raise ProblemError(
                422, "You are in no shop.", "Name the one that is meant: ?shop=NAME."
            )
        if meant == caller.user.shop:
            return meant
        if role is not Role.ADMIN:
            raise ProblemError(404, "There is no such shop for you.", "Leave ?shop= out.")
        if len(meant) > 200 or not meant.isprintable():
            raise ProblemError(422, "No shop has such a name.", "Look at what ?shop= says.")
        return meant


def bearer(request: Request) -> str | None:
    """The token that a request carries."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() or None if kind.lower() == "bearer" else None


def access_of(request: Request) -> Access:
    """What the route's guard let in; a route without one has nothing."""
    return cast(Access, request.state.access)


Allowed = Annotated[Access, Depends(access_of)]


def _caller(user: User, identity: Identity) -> Caller:
    return Caller(user, identity.scopes, identity.expires_s)
