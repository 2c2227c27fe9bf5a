"""Ask an OpenID provider where its endpoints are (OpenID Connect Discovery 1.0)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from stitchsketch_kernel.domain.errors import SettingsError

_MOST_BYTES, _SECONDS = 1_000_000, 10


@dataclass(frozen=True)
class Endpoints:
    """Where the provider signs people in, gives tokens, and tells who somebody is.

    Attributes
    ----------
    authorize, token, userinfo, keys : str
    sign_out : str
        Empty where the provider offers none.
    """

    authorize: str
    token: str
    userinfo: str
    keys: str
    sign_out: str = ""


def discover(issuer: str) -> Endpoints:
    """The provider's endpoints, from its ``.well-known/openid-configuration``.

    Raises
    ------
    SettingsError
        If the provider can't be asked, names another issuer, or says that its PKCE lacks SHA-256.
    """
    told = _asked(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    if told.get("issuer") != issuer:
        raise SettingsError(
            f"The provider calls itself {told.get('issuer')!r}, not {issuer!r}.",
            "Set STITCHSKETCH_OIDC_ISSUER to exactly what it says.",
        )
    if "S256" not in told.get("code_challenge_methods_supported", ["S256"]):
        raise SettingsError(f"{issuer} offers no PKCE with S256.", "Switch it on at the provider.")
    names = ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"]
    if "end_session_endpoint" in told:
        names.append("end_session_endpoint")
    return Endpoints(*(_endpoint(told, name, issuer) for name in names))


def _asked(url: str) -> dict[str, Any]:
    try:
        # the address was checked by HubSettings: https, or http to this machine
        with urlopen(
            Request(url, headers={"Accept": "application/json"}), timeout=_SECONDS
        ) as page:
            told = json.loads(page.read(_MOST_BYTES))
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"The OpenID provider does not answer at {url}: {error}.",
            "Look whether it runs and whether STITCHSKETCH_OIDC_ISSUER is right.",
        ) from error
    if not isinstance(told, dict):
        raise SettingsError(f"{url} is no OpenID configuration.", "Check the issuer's address.")
    return told


def _endpoint(told: dict[str, Any], name: str, issuer: str) -> str:
    url = told.get(name)
    if not isinstance(url, str) or urlsplit(url).scheme not in {"https", urlsplit(issuer).scheme}:
        raise SettingsError(f"{issuer} tells no safe {name}.", "Check the provider's set-up.")
    return url
