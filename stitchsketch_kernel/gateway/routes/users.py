"""People: oneself, and those of the shop."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import Path

from stitchsketch_kernel.gateway.guard import Access, Allowed
from stitchsketch_kernel.gateway.models import (
    Colleague,
    Me,
    NewPreferences,
    NewUser,
    Page,
    values_of,
)
from stitchsketch_kernel.gateway.paging import DEFAULT_LIMIT, Cursor, Limit, page
from stitchsketch_kernel.gateway.problems import ProblemError
from stitchsketch_kernel.gateway.routes.route import Route
from stitchsketch_kernel.users.records import Preferences, Role, User

Subject = Annotated[
    str,
    Path(min_length=1, max_length=255, description="Of the identity provider.", examples=["a|7"]),
]


def me(access: Allowed) -> Me:
    """Who the token's owner is."""
    user, scopes = access.caller.user, access.caller.scopes
    return Me(
        subject=user.subject,
        shop=user.shop,
        name=user.name,
        role=user.role,
        preferences=user.preferences,
        scopes=None if scopes is None else sorted(scopes),
    )


def prefer(access: Allowed, preferences: NewPreferences) -> User:
    """Keep one's own units, allowances and usual fabric."""
    subject = access.caller.user.subject
    known = access.users.user(subject)
    if known is None:  # an administrator by the gateway's settings alone
        raise ProblemError(404, "You are in no shop.", "Preferences are kept for a shop's people.")
    kept = replace(known, preferences=Preferences(**values_of(preferences)))
    access.users.keep(kept)
    return kept


def colleagues(
    access: Allowed, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[Colleague]:
    """The shop's people by name: to choose somebody from."""
    people = [
        Colleague(subject=subject, name=name)
        for subject, name in access.users.names(access.shop).items()
    ]
    return page(people, lambda one: (one.name.casefold(), one.subject), limit, cursor)


def of_shop(access: Allowed, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Page[User]:
    """The shop's people by name."""
    people = access.users.of_shop(access.shop)
    return page(people, lambda user: (user.name.casefold(), user.subject), limit, cursor)


def read(access: Allowed, subject: Subject) -> User:
    """One person of the shop."""
    user = access.users.user(subject)
    if user is None or not _own(access, user):
        raise _nobody()
    return user


def keep(access: Allowed, subject: Subject, person: NewUser) -> User:
    """Keep a person; the last word counts. Managers keep their own shop's.

    Preferences that are not said stay as the person has set them.
    """
    values, known = values_of(person), access.users.user(subject)
    liked = values.pop("preferences")
    if not isinstance(liked, Preferences):
        liked = Preferences(**values_of(liked))
    elif known is not None:  # nothing was said: those are the record's own
        liked = known.preferences
    user = User(subject=subject, preferences=liked, **values)
    if access.caller.user.role is not Role.ADMIN:
        if not _own(access, user) or (known is not None and not _own(access, known)):
            raise ProblemError(
                403, "This person can't be put into that shop by you.",
                "Ask the administrator of the installation.",
            )  # fmt: skip
        if Role.ADMIN in {user.role, known.role if known else user.role}:
            raise ProblemError(403, "Administrators are made by administrators.", "Ask one.")
    access.users.keep(user)
    return user


def forget(access: Allowed, subject: Subject) -> None:
    """Forget a person of the shop."""
    known = access.users.user(subject)
    if known is None or not _own(access, known):
        raise _nobody()
    if known.role is Role.ADMIN and access.caller.user.role is not Role.ADMIN:
        raise ProblemError(403, "Administrators are removed by administrators.", "Ask one.")
    access.users.forget(subject)


def _own(access: Access, user: User) -> bool:
    """Whether a person is of the caller's shop; everybody is for administrators."""
    caller = access.caller.user
    return caller.role is Role.ADMIN or user.shop == caller.shop


def _nobody() -> ProblemError:
    return ProblemError(404, "There is no such person in this shop.", "Choose one from the list.")


ROUTES = (
    Route("users.me", me, model=Me),
    Route("users.prefer", prefer, model=User, wrong=(404,)),
    Route("users.colleagues", colleagues, model=Page[Colleague]),
    Route("users.list", of_shop, model=Page[User]),
    Route("users.read", read, model=User),
    Route("users.keep", keep, model=User),
    Route("users.forget", forget, status=204),
)
