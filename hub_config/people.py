"""Who somebody is in the shop, from what the OpenID provider says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hub_config.settings import HubSettings
from stitchsketch_kernel.stores import StoreSettings, open_stores
from stitchsketch_kernel.users.records import Role, User


def role_of(settings: HubSettings, claims: Mapping[str, Any]) -> Role | None:
    """The role that somebody's groups give; the last in `Role`'s order of several; None: none."""
    said = claims.get("groups")
    groups = {one for one in said if isinstance(one, str)} if isinstance(said, list) else set()
    roles = [role for role in Role if settings.groups[role] & groups]
    return roles[-1] if roles else None


def shop_of(settings: HubSettings, claims: Mapping[str, Any]) -> str:
    """The shop that the provider names, or the installation's own."""
    said = claims.get(settings.shop_claim)
    return said.strip() if isinstance(said, str) and said.strip() else settings.shop


def keep_person(
    settings: HubSettings, claims: Mapping[str, Any], env: Mapping[str, str] | None = None
) -> User | None:
    """Tell the shop's store who has signed in, so that the gateway knows; None: has no role.

    Preferences that are kept already stay. A person who lost all groups is forgotten, so that
    tokens that are still about lead to nothing.

    Raises
    ------
    StorageError
        The store can't be used now.
    """
    role, subject = role_of(settings, claims), str(claims["sub"])
    with open_stores(StoreSettings.from_env(os.environ if env is None else env)) as stores:
        known = stores.users.user(subject)
        if role is None:
            if known is not None:
                stores.users.forget(subject)
            return None
        name = claims.get("name")
        person = replace(
            known or User(subject, ""),
            shop=shop_of(settings, claims),
            name=name if isinstance(name, str) else "",
            role=role,
        )
        if person != known:
            stores.users.keep(person)
        return person
