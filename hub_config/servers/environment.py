"""What a person's server is given, and nothing else: the gateway's address and a token for it."""

from __future__ import annotations

from typing import Any

from jupyterhub import orm

from hub_config.access import KERNEL_SCOPES

_NOTE = "StitchSketch: the gateway, from this person's server"


def before_start(spawner: Any) -> None:
    """Give the server its token for the gateway (JupyterHub's ``pre_spawn_hook``)."""
    take_back(spawner)
    spawner.environment["STITCHSKETCH_GATEWAY_TOKEN"] = spawner.user.new_api_token(
        note=_note(spawner), scopes=list(KERNEL_SCOPES)
    )


def take_back(spawner: Any) -> None:
    """End the token of a server that has stopped (``post_stop_hook``)."""
    spawner.environment.pop("STITCHSKETCH_GATEWAY_TOKEN", None)
    mine, db = spawner.user.orm_user.api_tokens, spawner.user.db
    for token in [one for one in mine if one.note == _note(spawner)]:
        db.delete(token)
    db.commit()


def _note(spawner: Any) -> str:
    return f"{_NOTE} {spawner.name}".strip()


def tokens_of(person: orm.User) -> list[orm.APIToken]:
    """The tokens of a person's servers for the gateway."""
    return [one for one in person.api_tokens if (one.note or "").startswith(_NOTE)]
