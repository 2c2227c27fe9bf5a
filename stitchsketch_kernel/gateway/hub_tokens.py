"""Tokens of JupyterHub: asked of the hub itself, for each what it may be used for."""

from __future__ import annotations

import hashlib
import threading
import time
from typing import Any

import httpx

from stitchsketch_kernel.gateway.identity import Identity
from stitchsketch_kernel.gateway.problems import ProblemError
from stitchsketch_kernel.gateway.tokens import refused

#: Scopes of this gateway's own, as ``c.JupyterHub.custom_scopes`` names them.
SCOPE_PREFIX = "custom:stitchsketch:"
_SECONDS = 5.0
#: A token that is revoked at the hub holds here no longer than this.
_KEPT_S = 20.0
_MOST_KEPT = 10_000


class HubTokens:
    """Asks the hub whose token it is; an answer holds for 20 seconds.

    Parameters
    ----------
    api_url : str
        As the hub's services know it: ``http://127.0.0.1:8081/hub/api``.
    """

    def __init__(self, api_url: str) -> None:
        self._client = httpx.Client(base_url=api_url, timeout=_SECONDS)
        self._known: dict[str, tuple[float, Identity]] = {}
        self._lock = threading.Lock()

    def identity(self, token: str) -> Identity:
        """Whose token it is.

        Raises
        ------
        ProblemError
            401: the hub doesn't know it, or it is no person's; 503: the hub doesn't answer.
        """
        name = hashlib.sha256(token.encode()).hexdigest()
        with self._lock:
            until_s, known = self._known.get(name, (0.0, None))
        if known is not None and time.monotonic() < until_s:
            return known
        identity = _identity(self._asked(token))
        with self._lock:
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            self._known[name] = (time.monotonic() + _KEPT_S, identity)
        return identity

    def _asked(self, token: str) -> dict[str, Any]:
        if not token.isascii() or not token.isalnum() or len(token) > 200:
            raise refused("This is no token of the hub.")
        try:
            answer = self._client.get("/user", headers={"Authorization": f"token {token}"})
            if answer.status_code in {401, 403}:
                raise refused("The hub does not know this token.", "Make a new one.")
            told = answer.raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            raise ProblemError(
                503, "The hub does not answer.", "Try again in a while.", {"Retry-After": "10"}
            ) from error
        return told if isinstance(told, dict) else {}


def _identity(told: dict[str, Any]) -> Identity:
    """Whose token the hub says it is; services have no name in a shop."""
    if told.get("kind") != "user" or not isinstance(told.get("name"), str):
        raise refused("This token is no person's.")
    scopes = {
        scope.removeprefix(SCOPE_PREFIX)  # with a filter (``read!user=``) it is no scope of ours
        for scope in told.get("scopes", [])
        if isinstance(scope, str) and scope.startswith(SCOPE_PREFIX)
    }
    return Identity(told["name"], frozenset(scopes), time.time() + _KEPT_S)
