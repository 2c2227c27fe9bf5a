"""Where a shop's things are kept, as the environment says it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.storage.home import default_home

#: The shop of an installation without a hub.
LOCAL_SHOP = "local"
_PREFIX = "STITCHSKETCH_"
#: Variables that hold a password; no notebook's kernel is given them.
SECRETS = (
    "STITCHSKETCH_DATABASE_URL",
    "STITCHSKETCH_MONGO_URL",
    "STITCHSKETCH_S3_ACCESS_KEY",
    "STITCHSKETCH_S3_SECRET_KEY",
)
_NAMES = (
    "HOME", "SHOP", "DATABASE_URL", "MONGO_URL", "S3_ENDPOINT", "S3_ACCESS_KEY", "S3_SECRET_KEY",
    "S3_BUCKET", "S3_REGION", "KEEP_STAGES",
)  # fmt: skip
_SCHEMES = {
    "DATABASE_URL": ({"postgresql", "postgres"}, "postgresql://name:password@host:5432/database"),
    "MONGO_URL": ({"mongodb", "mongodb+srv"}, "mongodb://name:password@host:27017/database"),
    "S3_ENDPOINT": ({"http", "https"}, "https://host"),
}


@dataclass(frozen=True)
class StoreSettings:
    """Where projects, people and objects are kept.

    Attributes
    ----------
    home : Path
        The folder of whatever no server keeps.
    shop : str
        Whose runs those are that are started on this machine without a hub.
    database_url, mongo_url : str
        PostgreSQL for projects, MongoDB for people; empty: files in `home`.
    s3_endpoint, s3_access_key, s3_secret_key, s3_bucket, s3_region : str
        An S3 server for objects; an empty endpoint: folders in `home`.
    keep_stages : str
        ``no``: what lies between photos and cut files is not kept on the servers.
    """

    home: Path
    shop: str = LOCAL_SHOP
    database_url: str = ""
    mongo_url: str = ""
    s3_endpoint: str = ""
    s3_access_key: str = ""
    s3_secret_key: str = ""
    s3_bucket: str = "stitchsketch"
    s3_region: str = ""
    keep_stages: str = ""

    @property
    def keeps_stages(self) -> bool:
        """Whether another machine could go on with a run of this one.

        It must find the run's stages (a database on a server) and their files (an object store on
        one); a machine by itself has both in the run's folder.
        """
        shared = bool(self.database_url and self.s3_endpoint)
        return shared and self.keep_stages.casefold() != "no"

    def __repr__(self) -> str:
        kept = ", ".join(
            f"{what} {'on a server' if where else 'in files'}"
            for what, where in (
                ("projects", self.database_url),
                ("people", self.mongo_url),
                ("objects", self.s3_endpoint),
            )
        )
        return f"StoreSettings({str(self.home)!r}, {self.shop!r}: {kept})"

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> StoreSettings:
        """What the environment says.

        ``STITCHSKETCH_DATABASE_URL``, ``..._MONGO_URL``, ``..._S3_ENDPOINT``,
        ``..._S3_ACCESS_KEY``, ``..._S3_SECRET_KEY``, ``..._S3_BUCKET``, ``..._S3_REGION``,
        ``..._SHOP``, ``..._KEEP_STAGES`` and ``..._HOME``. Each may be given as a file that
        holds it, as in ``STITCHSKETCH_DATABASE_URL_FILE``.

        Parameters
        ----------
        env : mapping of str to str, optional
            This process's own when absent.

        Raises
        ------
        SettingsError
            A value is of no use; its name is told, never the value of one that holds a password.
        """
        env = os.environ if env is None else env
        given = {name.lower(): value for name in _NAMES if (value := _value(env, name))}
        home = given.pop("home", "")
        settings = cls(home=Path(home).expanduser() if home else default_home(), **given)
        settings._check()
        return settings

    def _check(self) -> None:
        if self.keep_stages.casefold() not in {"", "yes", "no"}:
            raise SettingsError(f"{_PREFIX}KEEP_STAGES is yes or no, not {self.keep_stages!r}.")
        for name, (schemes, pattern) in _SCHEMES.items():
            value = getattr(self, name.lower())
            if value and (_scheme(value) not in schemes or not value.isprintable()):
                raise SettingsError(
                    f"{_PREFIX}{name} is not an address that can be used.",
                    f"Write it as {pattern}, or leave it out to keep files on this machine.",
                )
        if self.s3_endpoint:
            for name in ("s3_access_key", "s3_secret_key"):
                if not getattr(self, name):
                    raise SettingsError(
                        f"{_PREFIX}S3_ENDPOINT is set, but {_PREFIX}{name.upper()} is not.",
                        "Set both keys of the object store, or leave out its endpoint.",
                    )


def _scheme(url: str) -> str:
    try:
        parts = urlsplit(url)
        return parts.scheme.partition("+")[0] if parts.scheme[:7] != "mongodb" else parts.scheme
    except ValueError:
        return ""


def _value(env: Mapping[str, str], name: str) -> str:
    """A variable's value, or what the file holds that stands for it."""
    value, file = env.get(f"{_PREFIX}{name}", ""), env.get(f"{_PREFIX}{name}_FILE", "")
    if value and file:
        raise SettingsError(
            f"{_PREFIX}{name} and {_PREFIX}{name}_FILE are both set.", "Leave one of them out."
        )
    if not file:
        return value.strip()
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"The file {file} that {_PREFIX}{name}_FILE names can't be read.",
            "Check that it is there and may be read.",
        ) from error
