"""Bearer tokens of the shop's OpenID provider: signed JWTs, verified with its published keys."""

from __future__ import annotations

import threading
from typing import Any

import httpx
import jwt

from stitchsketch_kernel.gateway.identity import Identity
from stitchsketch_kernel.gateway.problems import ProblemError
from stitchsketch_kernel.gateway.settings import GatewaySettings

_LONGEST = 16_000
_SECONDS = 10.0
_FEWEST_RSA_BITS = 2048


class OidcTokens:
    """Verifies signature, issuer, audience and times; keys are asked again when they rotate.

    The provider's keys are kept for `GatewaySettings.keys_lifespan_s`, so a key that is withdrawn
    holds no longer than that. A token that names an unknown key makes the keys be asked again, at
    most once in `keys_cooldown_s`: strangers can't make the gateway flood the provider.
    """

    def __init__(self, settings: GatewaySettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._keys: jwt.PyJWKClient | None = None

    def identity(self, token: str) -> Identity:
        """Whose token it is.

        Raises
        ------
        ProblemError
            401: it is not a sound token for this gateway; 503: the provider doesn't answer.
        """
        claims = self._claims(token)
        subject = claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= 255:
            raise refused("The token's subject can't be used.")
        return Identity(subject, None, float(claims["exp"]))

    def _claims(self, token: str) -> dict[str, Any]:
        if len(token) > _LONGEST:
            raise refused("The token is too long.")
        try:
            header = jwt.get_unverified_header(token)
            # before any key is asked for: what isn't on the list never meets one
            if header.get("alg") not in self._settings.algorithms:
                raise refused("The token's signature is of a kind that is not taken.")
            if not isinstance(header.get("kid"), str):
                raise refused("The token names no key.")
            key = self._key(header["kid"])
            _strong(key)
            return jwt.decode(
                token,
                key,
                algorithms=list(self._settings.algorithms),
                audience=self._settings.audience,
                issuer=self._settings.issuer,
                leeway=self._settings.leeway_s,
                options={"require": ["exp", "iat", "sub", "iss", "aud"]},
            )
        except jwt.ExpiredSignatureError as error:
            raise refused("The token has expired.", "Sign in again.") from error
        except (jwt.InvalidTokenError, ValueError) as error:
            raise refused("The token is not one for this gateway.") from error

    def _key(self, kid: str) -> jwt.PyJWK:
        try:
            return self._client().get_signing_key(kid)
        except (jwt.PyJWKClientConnectionError, jwt.PyJWKSetError, ValueError, OSError) as error:
            raise _silent() from error
        except jwt.PyJWKClientError as error:
            raise refused("The token names a key that the provider does not have.") from error

    def _client(self) -> jwt.PyJWKClient:
        with self._lock:
            if self._keys is None:
                self._keys = jwt.PyJWKClient(
                    self._settings.jwks_url or _discovered(self._settings.issuer),
                    lifespan=self._settings.keys_lifespan_s,
                    timeout=_SECONDS,
                    cooldown_duration=self._settings.keys_cooldown_s,
                )
            return self._keys


def refused(what: str, todo: str = "Sign in and send the new token.") -> ProblemError:
    """The answer to a token that is not taken."""
    challenge = {"WWW-Authenticate": 'Bearer realm="stitchsketch", error="invalid_token"'}
    return ProblemError(401, what, todo, challenge)


def _silent() -> ProblemError:
    return ProblemError(
        503, "The shop's identity provider does not answer.", "Try again in a while.",
        {"Retry-After": "10"},
    )  # fmt: skip


def _strong(key: jwt.PyJWK) -> None:
    bits = getattr(key.key, "key_size", _FEWEST_RSA_BITS)
    if key.key_type == "RSA" and bits < _FEWEST_RSA_BITS:
        raise refused("The provider's key is too short to be trusted.")


def _discovered(issuer: str) -> str:
    """Where the provider publishes its keys (OpenID Connect Discovery 1.0)."""
    url = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
    try:
        told = httpx.get(url, timeout=_SECONDS).raise_for_status().json()
    except (httpx.HTTPError, ValueError) as error:
        raise _silent() from error
    keys = told.get("jwks_uri") if isinstance(told, dict) else None
    if not isinstance(keys, str) or told.get("issuer") != issuer:
        raise _silent()
    if not keys.startswith(("https://", f"{issuer.split('://', maxsplit=1)[0]}://")):
        raise _silent()
    return keys
