"""What an installation says about itself, in environment variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from stitchsketch_kernel.domain.errors import SettingsError

_LOCAL = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True)
class HubSettings:
    """What the hub must be told.

    Attributes
    ----------
    public_url : str
        Where people reach the hub, without a slash at the end.
    issuer : str
        The OpenID provider's issuer, exactly as it names itself.
    client_id, client_secret : str
        What the provider gave for this hub; the secret never shows in a representation.
    allowed_groups, admin_groups : frozenset of str
        Groups of the provider that may come in, and that administer. Empty: nobody.
    """

    public_url: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    allowed_groups: frozenset[str] = frozenset()
    admin_groups: frozenset[str] = frozenset()

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> HubSettings:
        """Read the environment.

        Raises
        ------
        SettingsError
            If a variable is missing, or isn't what it must be; it is named, its value is not.
        """
        return cls(
            public_url=_url(env, "STITCHSKETCH_PUBLIC_URL").rstrip("/"),
            issuer=_url(env, "STITCHSKETCH_OIDC_ISSUER"),
            client_id=_word(env, "STITCHSKETCH_OIDC_CLIENT_ID"),
            client_secret=_word(env, "STITCHSKETCH_OIDC_CLIENT_SECRET"),
            allowed_groups=_words(env, "STITCHSKETCH_ALLOWED_GROUPS"),
            admin_groups=_words(env, "STITCHSKETCH_ADMIN_GROUPS"),
        )


def _word(env: Mapping[str, str], name: str) -> str:
    word = env.get(name, "").strip()
    if not word:
        raise SettingsError(f"{name} is not set.", "Set it for the hub and start it again.")
    return word


def _words(env: Mapping[str, str], name: str) -> frozenset[str]:
    return frozenset(word.strip() for word in env.get(name, "").split(",") if word.strip())


def _url(env: Mapping[str, str], name: str) -> str:
    url = _word(env, name)
    parts = urlsplit(url)
    if not parts.hostname or parts.query or parts.fragment or parts.username:
        raise SettingsError(f"{name} is no plain address.", "Use one like https://hub.example.com.")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOCAL):
        raise SettingsError(
            f"{name} is not encrypted.", "Use https; http is for this machine only."
        )
    return url
