"""People's servers as processes of the hub's own machine: for a fresh machine."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from pathlib import Path
from typing import Any

from jupyterhub.spawner import SimpleLocalProcessSpawner
from traitlets import Bool, Unicode

from hub_config.settings import HubSettings
from stitchsketch_kernel.domain.errors import SettingsError

#: Numbers that Debian gives to no account; each person who has a server gets one of them.
_FIRST_UID = 400_000


class PersonSpawner(SimpleLocalProcessSpawner):
    """A process in a folder of its own.

    Where the hub runs as root, each person's process is another account of the system, which has no
    name and can't read what others keep. Else they all are the hub's own account, and the kernels
    of one can read the files of another: that is for trying out.
    """

    people = Unicode(help="The folder of people's folders").tag(config=True)
    own_accounts = Bool(help="Whether each person is another account").tag(config=True)

    @property
    def folder(self) -> Path:
        """The person's own folder: a subject may be any word, so it is hashed."""
        return Path(self.people) / hashlib.sha256(self.user.name.encode()).hexdigest()[:20]

    @property
    def uid(self) -> int | None:
        """The person's own number, where the hub may give one."""
        return _FIRST_UID + self.user.id if self.own_accounts else None

    async def start(self) -> Any:
        """Make the folder and start."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.uid is not None:
            os.chown(self.folder, self.uid, self.uid)
        return await super().start()

    def make_preexec_fn(self, name: str) -> Any:
        """What the new process does before it is the server."""
        folder, uid = self.folder, self.uid

        def become() -> None:
            if uid is not None:
                os.setgroups([])
                os.setgid(uid)
                os.setuid(uid)
            os.umask(0o077)
            os.chdir(folder)

        return become

    def user_env(self, env: dict[str, str]) -> dict[str, str]:
        """The folder as the process knows it."""
        return {**env, "HOME": str(self.folder), "USER": "person", "SHELL": "/bin/bash"}

    def _env_keep_default(self) -> list[str]:
        return ["PATH", "LANG", "LC_ALL", "VIRTUAL_ENV"]


def configure(c: Any, settings: HubSettings) -> None:
    """Set local servers on traitlets' config object `c`."""
    c.JupyterHub.spawner_class = PersonSpawner
    people = settings.people
    try:
        people.mkdir(parents=True, exist_ok=True, mode=0o711)
    except OSError as error:
        raise SettingsError(
            f"The folder {people} can't be made ({error.strerror}).",
            "Set STITCHSKETCH_PEOPLE to one of your own.",
        ) from error
    c.PersonSpawner.people = str(people)
    c.PersonSpawner.own_accounts = own_accounts(settings)
    if os.geteuid() == 0 and not own_accounts(settings):
        c.Spawner.args = [*c.Spawner.args, "--allow-root"]


def own_accounts(settings: HubSettings) -> bool:
    """Whether people can be kept apart: the hub is root, and others reach what they need."""
    needed = (settings.people, Path(sys.prefix), Path(sys.base_prefix), Path(__file__))
    return os.geteuid() == 0 and all(_others_reach(path) for path in needed)


def _others_reach(path: Path) -> bool:
    way = [path.resolve(), *path.resolve().parents]
    return all(not one.exists() or one.stat().st_mode & stat.S_IXOTH for one in way if one.is_dir())
