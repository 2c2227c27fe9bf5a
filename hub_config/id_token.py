"""The provider's ID token, verified: OAuthenticator takes it as it comes."""

from __future__ import annotations

from typing import Any

import jwt

#: Signatures with a private key alone; with HS256 whoever knows a public key could sign.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
_LEEWAY_S, _SECONDS, _LONGEST = 30, 10, 20_000


class IdTokenError(ValueError):
    """The ID token is not one for this sign-in."""


class IdTokens:
    """Verifies ID tokens by the provider's published keys (OpenID Connect Core, 3.1.3.7).

    Parameters
    ----------
    issuer, client_id : str
    keys_url : str
        The provider's JWKS.
    """

    def __init__(self, issuer: str, client_id: str, keys_url: str) -> None:
        self._issuer, self._client_id = issuer, client_id
        self._keys = jwt.PyJWKClient(keys_url, timeout=_SECONDS)

    def claims(self, token: object, nonce: str | None) -> dict[str, Any]:
        """What the token says, when it is right.

        Parameters
        ----------
        token : str
        nonce : str or None
            What the sign-in began with; None: a refreshed token, which needs none.

        Raises
        ------
        IdTokenError
            Signature, issuer, audience, times or nonce are wrong, or the keys can't be had.
        """
        if not isinstance(token, str) or not 0 < len(token) <= _LONGEST:
            raise IdTokenError("the provider sent no ID token")
        try:
            key = self._keys.get_signing_key_from_jwt(token)
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=list(ALGORITHMS),
                audience=self._client_id,
                issuer=self._issuer,
                leeway=_LEEWAY_S,
                options={"require": ["exp", "iat", "sub", "iss", "aud"]},
            )
        except (jwt.PyJWTError, ValueError, OSError) as error:
            raise IdTokenError(str(error)) from error
        audience = claims["aud"]
        several = isinstance(audience, list) and len(audience) > 1
        if claims.get("azp", None if several else self._client_id) != self._client_id:
            raise IdTokenError("it was made for another program")
        if nonce is not None and claims.get("nonce") != nonce:
            raise IdTokenError("its nonce is of another sign-in")
        return claims
