"""Bearer tokens of JupyterHub: the hub is asked whose they are, and to what they are limited."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from typing import Any

import httpx

from stitchsketch_kernel.gateway.identity import Identity, TokenVerifier
from stitchsketch_kernel.gateway.permissions import SCOPE_PREFIX, SCOPES
from stitchsketch_kernel.gateway.problems import ProblemError
from stitchsketch_kernel.gateway.tokens import refused

_LONGEST = 500
_SECONDS = 5.0
_MOST_KEPT = 10_000


class HubTokens:
    """Asks ``GET {api}/user`` with the token itself, so the gateway needs no rights at the hub.

    A hub's user has the name that the identity provider gives as ``sub``. Of the token's scopes
    those under ``custom:stitchsketch:`` count, whole or for the owner alone; a token with none of
    them may do nothing here, whatever its owner's role.

    Parameters
    ----------
    api : str
        Like ``http://127.0.0.1:8081/hub/api``.
    cache_s : float
        How long an answer, a refusal too, is believed.
    """

    def __init__(self, api: str, cache_s: float) -> None:
        self._api, self._cache_s = api.rstrip("/"), cache_s
        # answers are kept, lines needn't be
        lines = httpx.Limits(max_connections=20, max_keepalive_connections=0)
        self._http = httpx.Client(timeout=_SECONDS, limits=lines, follow_redirects=False)
        self._lock = threading.Lock()
        #: By the token's hash, oldest first; None: the hub has refused it.
        self._known: OrderedDict[str, tuple[float, Identity | None]] = OrderedDict()

    def identity(self, token: str) -> Identity:
        """Whose token it is.

        Raises
        ------
        ProblemError
            401: the hub doesn't know it, or it is no person's; 503: the hub doesn't answer.
        """
        if not token.isascii() or not token.isprintable() or len(token) > _LONGEST:
            raise refused("The token is not one for this gateway.")
        name, asked_s = hashlib.sha256(token.encode()).hexdigest(), time.time()
        with self._lock:
            until_s, known = self._known.get(name, (0.0, None))
        if not 0 < until_s - asked_s <= self._cache_s:  # or the clock was put back
            until_s = asked_s + self._cache_s
            known = self._asked(token, until_s)
            self._remember(name, until_s, known)
        if known is None:
            raise refused(
                "The hub does not know this token, or it is no person's.",
                "Make a new one at the hub's page of tokens.",
            )
        return known

    def _remember(self, name: str, until_s: float, known: Identity | None) -> None:
        with self._lock:
            self._known[name] = (until_s, known)
            self._known.move_to_end(name)
            while len(self._known) > _MOST_KEPT:
                self._known.popitem(last=False)

    def _asked(self, token: str, until_s: float) -> Identity | None:
        """What the hub says now; None: it refuses the token."""
        try:
            headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
            answer = self._http.get(f"{self._api}/user", headers=headers)
            if answer.status_code in {401, 403}:
                return None
            answer.raise_for_status()
            return _identity(answer.json(), until_s)
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise ProblemError(
                503, "The shop's hub does not answer, so nobody's token can be looked at.",
                "Try again in a while.", {"Retry-After": "10"},
            ) from error  # fmt: skip


class AnyTokens:
    """Signed tokens go to the identity provider's verifier, all others to the hub's.

    Parameters
    ----------
    signed, hubs : TokenVerifier or None
        None: tokens of that kind aren't taken.
    """

    def __init__(self, signed: TokenVerifier | None, hubs: TokenVerifier | None) -> None:
        self._signed, self._hubs = signed, hubs

    def identity(self, token: str) -> Identity:
        """Whose token it is; see `TokenVerifier`."""
        # a JWT has two dots (RFC 7519), a token of the hub none
        verifier = self._signed if token.count(".") == 2 else self._hubs
        if verifier is None:
            raise refused("The token is not one for this gateway.")
        return verifier.identity(token)


def _identity(told: dict[str, Any], until_s: float) -> Identity | None:
    """Whose a token is; None: a service's, behind which there is no person."""
    if told["kind"] != "user":
        return None
    name = told["name"]
    if not isinstance(name, str) or not 0 < len(name) <= 255:
        return None
    # what the hub took to itself alone holds for its owner alone
    own = f"!user={name}"
    scopes = {str(scope).removesuffix(own) for scope in told["scopes"]}
    taken = {scope for scope in SCOPES if SCOPE_PREFIX + scope in scopes}
    return Identity(name, frozenset(taken), until_s)
