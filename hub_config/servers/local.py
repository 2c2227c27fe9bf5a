"""People's servers as processes of the hub's own machine: for a fresh machine, or a small shop."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from jupyterhub.spawner import SimpleLocalProcessSpawner
from traitlets import Bool, List, Unicode

from hub_config.servers import sandbox
from hub_config.settings import HubSettings
from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.storage.home import default_home
from stitchsketch_kernel.storage.interface import shop_folder
from stitchsketch_kernel.stores import StoreSettings, open_stores

#: Numbers that Debian gives to no account; each person who has a server gets one of them.
_FIRST_UID = 400_000


class ServersRefusedError(SettingsError):
    """People's servers aren't started here: they would not be kept apart."""

    @property
    def jupyterhub_message(self) -> str:
        """What the hub's page says."""
        return f"{self} Whoever runs this hub can mend it."


class PersonSpawner(SimpleLocalProcessSpawner):
    """A process in a folder of its own, between walls: see `sandbox`.

    Where the hub runs as root, each person's process is another account of the system, too, which
    has no name. Where there can be no walls, no server is started, unless the hub was told that it
    may be unsafe: then people share what the account can reach.
    """

    people = Unicode(help="The folder of people's folders").tag(config=True)
    own_accounts = Bool(help="Whether each person is another account").tag(config=True)
    walls = Bool(help="Whether bubblewrap keeps each server apart").tag(config=True)
    refusal = Unicode(help="Why no server is started; empty: they are").tag(config=True)
    runs = Unicode(help="The folder below which each shop's runs lie").tag(config=True)
    hidden = List(Unicode(), help="What no server may see").tag(config=True)
    _of_shop = ""

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
        if self.refusal:
            raise ServersRefusedError(*self.refusal.split("\n"))
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.uid is not None:
            os.chown(self.folder, self.uid, self.uid)
        if self.walls:
            self._of_shop = await asyncio.to_thread(runs_of, self.user.name, Path(self.runs))
        return await super().start()

    def get_args(self) -> list[str]:
        """The whole command: `cmd` is ``env``, which looks it up."""
        server = ["jupyterhub-singleuser", *super().get_args()]
        if not self.walls:
            return server
        return sandbox.walled(
            server, self.folder, uid=self.uid, runs=Path(self._of_shop) if self._of_shop else None,
            hidden=[Path(one) for one in self.hidden],
        )  # fmt: skip

    def make_preexec_fn(self, name: str) -> Any:
        """What the new process does before it is the server, or puts up its walls."""
        folder, uid = self.folder, None if self.walls else self.uid

        def become() -> None:
            if uid is not None:
                os.setgroups([])
                os.setgid(uid)
                os.setuid(uid)
            os.umask(0o077)
            os.chdir(folder)

        return become

    def user_env(self, env: dict[str, str]) -> dict[str, str]:
        """The folder as the process knows it, and where its shop's runs are."""
        runs = {"STITCHSKETCH_RUNS": self.runs} if self._of_shop else {}
        return {**env, **runs, "HOME": str(self.folder), "USER": "person", "SHELL": "/bin/bash"}

    async def _signal(self, sig: int) -> bool:
        """Send a signal to the server itself: what stands before it would end and leave it."""
        if not self.walls or not sig:
            return bool(await super()._signal(sig))
        there = bool(await super()._signal(0))
        for inner in _children(self.pid):
            with suppress(ProcessLookupError):
                os.kill(inner, sig)
        return there

    def _env_keep_default(self) -> list[str]:
        return ["PATH", "LANG", "LC_ALL", "VIRTUAL_ENV"]


def _children(pid: int) -> list[int]:
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def runs_of(subject: str, runs: Path) -> str:
    """The folder of the runs of somebody's shop, made where it isn't there; empty: has none."""
    with open_stores(StoreSettings.from_env(os.environ)) as stores:
        person = stores.users.user(subject)
    if person is None or not person.shop:
        return ""
    folder = runs.resolve() / shop_folder(person.shop)
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder)


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
    trouble = hindrance()
    spawner = c.PersonSpawner
    spawner.cmd = ["env"]
    spawner.people, spawner.runs = str(people), str(settings.runs)
    spawner.walls = trouble is None
    spawner.own_accounts = own_accounts(settings, walls=trouble is None)
    # what people keep is theirs alone, what the hub and the stores keep is nobody's
    spawner.hidden = [str(one) for one in (settings.home, people, settings.runs, default_home())]
    if trouble is not None:
        logging.getLogger(__name__).warning("%s", trouble)
        spawner.refusal = "" if settings.unsafe_servers else f"{trouble.what}\n{trouble.todo}"
    if os.geteuid() == 0 and not spawner.own_accounts:
        c.Spawner.args = [*c.Spawner.args, "--allow-root"]


def hindrance() -> SettingsError | None:
    """Why people's servers can't be kept apart on this machine; None: they can."""
    return sandbox.hindrance(root=os.geteuid() == 0)


def own_accounts(settings: HubSettings, walls: bool) -> bool:
    """Whether each person can be another account: the hub is root, and others reach the program.

    Between walls they do, wherever it lies.
    """
    needed = (settings.people, Path(sys.prefix), Path(sys.base_prefix), Path(__file__))
    return os.geteuid() == 0 and (walls or all(_others_reach(path) for path in needed))


def _others_reach(path: Path) -> bool:
    way = [path.resolve(), *path.resolve().parents]
    return all(not one.exists() or one.stat().st_mode & stat.S_IXOTH for one in way if one.is_dir())
