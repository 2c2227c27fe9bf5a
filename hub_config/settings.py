"""What an installation says about itself, in environment variables."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.storage.home import default_home
from stitchsketch_kernel.users.records import Role

_LOCAL = {"localhost", "127.0.0.1", "::1"}
SPAWNERS = ("local", "docker", "kubernetes")
#: Asked of the provider; some want `offline_access` for tokens that refresh.
_SCOPES = ("openid", "profile", "email", "groups")
_LAST_PORT = 65530
#: As JupyterHub has it.
_TELLS_EVERY_S = 300


def _usual_people() -> Path:
    """Root's own folders are closed to others, and its people are others."""
    return Path("/var/lib/stitchsketch/people") if os.geteuid() == 0 else default_home() / "people"


def _usual_runs(env: Mapping[str, str]) -> Path:
    """Beside what the shop keeps in files, as ``stitchsketch work`` has it."""
    return _folder(env, "STITCHSKETCH_HOME", default_home()) / "runs"


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
    groups : mapping of Role to frozenset of str
        The provider's groups that make somebody an upholsterer, and so on; a person in several is
        the last of them. Who is in none stays outside.
    shop, shop_claim : str
        The shop of people whose claim `shop_claim` says none; empty: they belong to no shop.
    scopes : tuple of str
        What is asked of the provider.
    home : Path
        The hub's private folder: its database and keys.
    people : Path
        The folder of people's own folders, where their servers are processes of this machine.
    port : int
        The first of eight that the hub's own parts use on this machine, as `Ports` names them.
    bind, connect : str
        The address that the hub's parts listen at, and the name by which people's servers find
        the hub: 127.0.0.1, unless they are in containers.
    spawner : {"local", "docker", "kubernetes"}
        Where people's servers run.
    image : str
        Of people's servers, for Docker and Kubernetes.
    memory_gib, cores, gpus : int
        What a server may use at most, and whether one with a graphics processor is offered.
    subdomains : bool
        A host name of its own for each person's server: pages of one can't read another's.
    idle_s : int
        After how long a server that does nothing is stopped.
    apps : Path
        The folder of the upholsterers' apps.
    runs : Path
        The folder of the runs, in a folder a shop.
    runs_at_once : int
        How many queued runs this machine works on at once; 0: other machines' workers do.
    unsafe_servers : bool
        Start people's servers as processes of this machine also where they can't be kept apart.
    """

    public_url: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    groups: Mapping[Role, frozenset[str]] = field(
        default_factory=lambda: {role: frozenset({role.value}) for role in Role}
    )
    shop: str = ""
    shop_claim: str = "shop"
    scopes: tuple[str, ...] = _SCOPES
    home: Path = field(default_factory=lambda: default_home() / "hub")
    people: Path = field(default_factory=_usual_people)
    port: int = 8000
    bind: str = "127.0.0.1"
    connect: str = "127.0.0.1"
    spawner: str = "local"
    image: str = "stitchsketch/server:latest"
    memory_gib: int = 8
    cores: int = 2
    gpus: int = 0
    subdomains: bool = False
    idle_s: int = 3600
    apps: Path = Path(__file__).resolve().parents[1] / "voila_apps"
    runs: Path = field(default_factory=lambda: default_home() / "runs")
    runs_at_once: int = 1
    unsafe_servers: bool = False

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> HubSettings:
        """Read the environment.

        ``STITCHSKETCH_OIDC_CLIENT_SECRET`` may be given as a file that holds it
        (``..._SECRET_FILE``).

        Raises
        ------
        SettingsError
            If a variable is missing, or isn't what it must be; it is named, its value is not.
        """
        spawner = env.get("STITCHSKETCH_SPAWNER", "").strip() or cls.spawner
        if spawner not in SPAWNERS:
            raise SettingsError(
                "STITCHSKETCH_SPAWNER is none that is known.", f"Use one of {', '.join(SPAWNERS)}."
            )
        public_url = _url(env, "STITCHSKETCH_PUBLIC_URL").rstrip("/")
        if urlsplit(public_url).path:
            raise SettingsError(
                "STITCHSKETCH_PUBLIC_URL has a path.", "Give the hub a host name of its own."
            )
        return cls(
            public_url=public_url,
            issuer=_url(env, "STITCHSKETCH_OIDC_ISSUER"),
            client_id=_word(env, "STITCHSKETCH_OIDC_CLIENT_ID"),
            client_secret=_secret(env, "STITCHSKETCH_OIDC_CLIENT_SECRET"),
            groups=_groups(env),
            shop=env.get("STITCHSKETCH_SHOP", "").strip(),
            shop_claim=env.get("STITCHSKETCH_OIDC_SHOP_CLAIM", "").strip() or cls.shop_claim,
            scopes=tuple(env.get("STITCHSKETCH_OIDC_SCOPES", "").split()) or _SCOPES,
            home=_folder(env, "STITCHSKETCH_HUB_HOME", default_home() / "hub"),
            people=_folder(env, "STITCHSKETCH_PEOPLE", _usual_people()),
            port=_number(env, "STITCHSKETCH_HUB_PORT", cls.port, 1024, _LAST_PORT),
            bind=_host(env, "STITCHSKETCH_HUB_BIND", cls.bind),
            connect=_host(env, "STITCHSKETCH_HUB_CONNECT", cls.connect),
            spawner=spawner,
            image=env.get("STITCHSKETCH_SERVER_IMAGE", "").strip() or cls.image,
            memory_gib=_number(env, "STITCHSKETCH_MEMORY_GIB", cls.memory_gib, 1, 4096),
            cores=_number(env, "STITCHSKETCH_CORES", cls.cores, 1, 1024),
            gpus=_number(env, "STITCHSKETCH_GPUS", cls.gpus, 0, 64),
            subdomains=_yes(env, "STITCHSKETCH_SUBDOMAINS"),
            idle_s=_seconds(env, "STITCHSKETCH_IDLE_MINUTES", cls.idle_s),
            apps=_folder(env, "STITCHSKETCH_APPS", cls.apps),
            runs=_folder(env, "STITCHSKETCH_RUNS", _usual_runs(env)),
            runs_at_once=_number(env, "STITCHSKETCH_RUNS_AT_ONCE", cls.runs_at_once, 0, 64),
            unsafe_servers=_yes(env, "STITCHSKETCH_UNSAFE_SERVERS"),
        )

    @property
    def tells_every_s(self) -> int:
        """How often a server tells the hub that something happens in it: well within `idle_s`."""
        return max(1, min(_TELLS_EVERY_S, self.idle_s // 5))


@dataclass(frozen=True)
class Ports:
    """The hub's ports on this machine, in a row: only the first is for people."""

    public: int

    @property
    def proxy_api(self) -> int:
        """Where the hub tells its proxy what leads where."""
        return self.public + 1

    @property
    def provider(self) -> int:
        """The demo's OpenID provider."""
        return self.public + 2

    @property
    def hub(self) -> int:
        """The hub itself, behind the proxy."""
        return self.public + 3

    @property
    def gateway(self) -> int:
        """The gateway, behind the proxy."""
        return self.public + 4

    @property
    def apps(self) -> int:
        """The upholsterers' apps, behind the proxy."""
        return self.public + 5


def _groups(env: Mapping[str, str]) -> dict[Role, frozenset[str]]:
    found = {}
    for role in Role:
        given = env.get(f"STITCHSKETCH_{role.value.upper()}_GROUPS")
        words = role.value if given is None else given
        found[role] = frozenset(word.strip() for word in words.split(",") if word.strip())
    return found


def _word(env: Mapping[str, str], name: str) -> str:
    word = env.get(name, "").strip()
    if not word:
        raise SettingsError(f"{name} is not set.", "Set it for the hub and start it again.")
    return word


def _secret(env: Mapping[str, str], name: str) -> str:
    """A secret, or what the file holds that stands for it."""
    file = env.get(f"{name}_FILE", "").strip()
    if not file:
        return _word(env, name)
    if env.get(name, "").strip():
        raise SettingsError(f"{name} and {name}_FILE are both set.", "Leave one of them out.")
    try:
        return _word({name: Path(file).read_text(encoding="utf-8")}, name)
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"The file that {name}_FILE names can't be read.", "Check that it is there."
        ) from error


def _folder(env: Mapping[str, str], name: str, usual: Path) -> Path:
    given = env.get(name, "").strip()
    folder = Path(given).expanduser() if given else usual
    if not folder.is_absolute():
        raise SettingsError(f"{name} is no whole path.", "Begin it with a slash.")
    return folder


def _host(env: Mapping[str, str], name: str, usual: str) -> str:
    given = env.get(name, "").strip() or usual
    if not re.fullmatch(r"[A-Za-z0-9._-]+", given):
        raise SettingsError(f"{name} is no host.", "Use a name or an address, such as 0.0.0.0.")
    return given


def _number(env: Mapping[str, str], name: str, usual: int, least: int, most: int) -> int:
    given = env.get(name, "").strip()
    try:
        value = int(given) if given else usual
    except ValueError as error:
        raise SettingsError(
            f"{name} is no whole number.", f"Use one of {least} to {most}."
        ) from error
    if not least <= value <= most:
        raise SettingsError(f"{name} is out of range.", f"Use one of {least} to {most}.")
    return value


def _seconds(env: Mapping[str, str], name: str, usual_s: int) -> int:
    """Minutes, parts of them too, as seconds."""
    given = env.get(name, "").strip()
    try:
        minutes = float(given) if given else usual_s / 60
    except ValueError as error:
        raise SettingsError(f"{name} is no number.", "Use minutes, such as 60.") from error
    if not 0.1 <= minutes <= 100_000:
        raise SettingsError(f"{name} is out of range.", "Use minutes, from 0.1 to 100000.")
    return round(60 * minutes)


def _yes(env: Mapping[str, str], name: str) -> bool:
    given = env.get(name, "").strip().lower()
    if given not in {"", "0", "1", "false", "true"}:
        raise SettingsError(f"{name} is neither yes nor no.", "Use 1 or 0.")
    return given in {"1", "true"}


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
