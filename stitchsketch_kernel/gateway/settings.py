"""What the gateway must be told, in environment variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.storage.home import default_home

_LOCAL = {"localhost", "127.0.0.1", "::1"}
#: Signatures with a private key alone: with HS256 whoever knows the public key could sign.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")

#: Settings that are whole numbers: the variable, and what one of it is.
_NUMBERS = {
    "most_photo_bytes": ("STITCHSKETCH_GATEWAY_PHOTO_MB", 1_000_000),
    "most_file_bytes": ("STITCHSKETCH_GATEWAY_FILE_MB", 1_000_000),
    "quota_bytes": ("STITCHSKETCH_GATEWAY_QUOTA_MB", 1_000_000),
    "upload_hours": ("STITCHSKETCH_GATEWAY_UPLOAD_HOURS", 1),
    "requests_per_minute": ("STITCHSKETCH_GATEWAY_REQUESTS_PER_MINUTE", 1),
    "link_s": ("STITCHSKETCH_GATEWAY_LINK_SECONDS", 1),
}
_LONGEST_LINK_S = 3600
#: Words between slashes, none of which leads elsewhere.
_PREFIX = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9_.~-]*)*")


@dataclass(frozen=True)
class GatewaySettings:
    """How the gateway is set up.

    Attributes
    ----------
    home : Path
        Where it keeps what has come of uploads, and its own small database.
    issuer, audience : str
        Of the OpenID provider's tokens.
    jwks_url : str
        The provider's keys; empty: asked of the issuer.
    algorithms : tuple of str
        Signatures that are taken.
    admins : frozenset of str
        Subjects who administer the installation, whatever the store of people says.
    runs_root : Path, optional
        A run's ``run.json`` is read for its progress only below this folder.
    most_photo_bytes, most_file_bytes, quota_bytes : int
        A photo, any other file, all files of a shop.
    most_uploads : int
        Under way at once, for each shop.
    upload_hours : float
        An upload that nobody went on with is forgotten.
    requests_per_minute : int
        Of each caller; of each address, for those who don't say who they are.
    leeway_s : float
        By how much clocks may differ.
    keys_lifespan_s, keys_cooldown_s : float
        After how long the provider's keys are asked again, and how long at least before that
        when a token names an unknown one.
    poll_s, stream_s : float
        How often a run's progress is looked at, and after how long a stream ends (the listener
        comes back with ``Last-Event-ID``).
    receive_s : float
        A sender that is silent for this long is given up.
    hub_api : str
        The address of JupyterHub's API, which is asked whose its tokens are; empty: they aren't
        taken.
    hub_cache_s : float
        A token that the hub has taken back holds no longer than this.
    prefix : str
        Where the gateway stands behind a proxy, like ``/services/gateway``; empty: at the top.
    link_s : int
        How long a link to a file in the object store holds; 0: files come through the gateway.
        Only for a store that callers can reach themselves.
    """

    home: Path
    issuer: str
    audience: str
    jwks_url: str = ""
    algorithms: tuple[str, ...] = ("RS256", "ES256")
    admins: frozenset[str] = frozenset()
    runs_root: Path | None = None
    most_photo_bytes: int = 64_000_000
    most_file_bytes: int = 4_000_000_000
    quota_bytes: int = 500_000_000_000
    most_uploads: int = 1000
    upload_hours: int = 48
    requests_per_minute: int = 3000
    leeway_s: float = 10.0
    keys_lifespan_s: float = 300.0
    keys_cooldown_s: float = 10.0
    poll_s: float = 0.5
    stream_s: float = 600.0
    receive_s: float = 60.0
    hub_api: str = ""
    hub_cache_s: float = 30.0
    prefix: str = ""
    link_s: int = 0

    def __post_init__(self) -> None:
        if not self.issuer and not self.hub_api:
            raise SettingsError(
                "Nobody could ever sign in at the gateway.",
                "Set STITCHSKETCH_OIDC_ISSUER to the shop's identity provider, or "
                "STITCHSKETCH_GATEWAY_HUB_API to its hub's API.",
            )
        if self.issuer and not self.audience:
            raise SettingsError(
                "STITCHSKETCH_OIDC_AUDIENCE is not set.",
                "Set it to what the provider writes into tokens for the gateway.",
            )
        unsafe = sorted(set(self.algorithms) - set(ALGORITHMS))
        if unsafe or not self.algorithms:
            raise SettingsError(
                f"STITCHSKETCH_GATEWAY_ALGORITHMS has {', '.join(unsafe) or 'nothing'}.",
                f"Use one or more of {', '.join(ALGORITHMS)}.",
            )
        if not _PREFIX.fullmatch(self.prefix):
            raise SettingsError(
                "STITCHSKETCH_GATEWAY_PREFIX is no path.", "Use one like /services/gateway."
            )
        if self.link_s > _LONGEST_LINK_S:
            raise SettingsError(
                "STITCHSKETCH_GATEWAY_LINK_SECONDS is too long: whoever gets hold of a link reads "
                "the file.",
                f"Use {_LONGEST_LINK_S} or fewer.",
            )

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> GatewaySettings:
        """Read the environment.

        Raises
        ------
        SettingsError
            If a variable is missing, or isn't what it must be; it is named, its value is not.
        """
        home = env.get("STITCHSKETCH_GATEWAY_HOME", "").strip()
        runs = env.get("STITCHSKETCH_GATEWAY_RUNS", "").strip()
        numbers: dict[str, Any] = {
            name: _number(env[variable], variable, unit)
            for name, (variable, unit) in _NUMBERS.items()
            if env.get(variable, "").strip()
        }
        algorithms = _words(env, "STITCHSKETCH_GATEWAY_ALGORITHMS")
        return cls(
            home=Path(home).expanduser() if home else default_home() / "gateway",
            issuer=_url(env, "STITCHSKETCH_OIDC_ISSUER"),
            audience=env.get("STITCHSKETCH_OIDC_AUDIENCE", "").strip(),
            jwks_url=_url(env, "STITCHSKETCH_OIDC_JWKS_URL"),
            algorithms=algorithms or cls.algorithms,
            admins=frozenset(_words(env, "STITCHSKETCH_GATEWAY_ADMINS")),
            runs_root=Path(runs).expanduser() if runs else None,
            hub_api=_url(env, _told_by(env, "STITCHSKETCH_GATEWAY_HUB_API", "JUPYTERHUB_API_URL")),
            prefix=env.get(
                _told_by(env, "STITCHSKETCH_GATEWAY_PREFIX", "JUPYTERHUB_SERVICE_PREFIX"), ""
            )
            .strip()
            .rstrip("/"),
            **numbers,
        )


def _told_by(env: Mapping[str, str], ours: str, hubs: str) -> str:
    """The variable that counts: ours, or what the hub says to a service that it starts."""
    return ours if env.get(ours, "").strip() else hubs


def _words(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in env.get(name, "").split(",") if word.strip())


def _number(text: str, name: str, unit: int) -> int:
    """A whole number above zero, in its unit."""
    try:
        value = int(text)
    except ValueError as error:
        raise SettingsError(f"{name} is no whole number.", "Use one above zero.") from error
    if not 0 < value < 1e9:
        raise SettingsError(f"{name} is out of range.", "Use a number above zero, below 1e9.")
    return value * unit


def _url(env: Mapping[str, str], name: str) -> str:
    url = env.get(name, "").strip()
    if not url:
        return ""
    parts = urlsplit(url)
    if not parts.hostname or parts.query or parts.fragment or parts.username:
        raise SettingsError(f"{name} is no plain address.", "Use one like https://id.example.com.")
    if not is_private(url):
        raise SettingsError(
            f"{name} is not encrypted.", "Use https; http is for this machine only."
        )
    return url


def is_private(url: str) -> bool:
    """Whether nobody on the way reads what goes there: encrypted, or on this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL)
