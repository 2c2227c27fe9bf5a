"""Takes runs out of the queue and starts a process for each, a few at once."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import platform
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from stitchsketch_kernel.domain.errors import StitchSketchError
from stitchsketch_kernel.pipeline.detached import LOG
from stitchsketch_kernel.pipeline.worker import one
from stitchsketch_kernel.pipeline.worker.placing import folder_of
from stitchsketch_kernel.projects.records import Taken, new_id
from stitchsketch_kernel.stores import Stores

log = logging.getLogger(__name__)

#: A run's process that is asked to stop is given this long to stop its stage and say so.
STOP_S = 20.0
#: A store that is away is asked again after this.
_AWAY_S = 5.0
#: Its own folder among those of the shops.
_PLACES = ".workers"
_SPOKEN = {one.ENDED, one.REFUSED, one.STOPPED}


@dataclass(frozen=True)
class WorkSettings:
    """How a worker works.

    Attributes
    ----------
    runs : Path
        The folder below which the runs of each shop lie in a folder of its own.
    at_once : int
        How many runs at most; over all workers of this machine with the same `runs`.
    poll_s : float
        How often the queue is asked.
    while_parent : bool
        End when the program that started this one does, and leave its runs at work: a worker that
        is started later leaves them alone, and takes their place when they end.
    program : tuple of str
        What a run's process is.
    """

    runs: Path
    at_once: int = 1
    poll_s: float = 1.0
    while_parent: bool = False
    program: tuple[str, ...] = (sys.executable, "-m", one.__name__)


@dataclass
class _AtWork:
    """A run and its process, which holds a place."""

    taken: Taken
    process: subprocess.Popen[bytes]


class Worker:
    """Works until it is told to stop.

    Parameters
    ----------
    stores : Stores
    settings : WorkSettings
    """

    def __init__(self, stores: Stores, settings: WorkSettings) -> None:
        self._stores, self._settings = stores, settings
        self._at_work: list[_AtWork] = []
        self._parent = os.getppid()
        self._away = False

    def work(self) -> None:
        """Take runs until `KeyboardInterrupt`; then those at work go back into the queue."""
        (self._settings.runs / _PLACES).mkdir(parents=True, exist_ok=True)
        try:
            while not self._is_left_alone():
                taken = self.take_one()
                self._look_after()
                if not taken:
                    time.sleep(_AWAY_S if self._away else self._settings.poll_s)
        except KeyboardInterrupt:
            self._stop()

    def take_one(self) -> bool:
        """Take a run and start its process, if there is a place for it and one waits."""
        place = self._free_place()
        if place is None:
            return False
        with place:
            try:
                taken = self._stores.projects.take_run(
                    f"{platform.node()[:100]} {new_id()}", platform.node()[:200], self._folder
                )
                self._away = False
            except StitchSketchError as error:
                log.log(logging.INFO if self._away else logging.WARNING, "%s", error)
                self._away = True
                return False
            if taken is None:
                return False
            self._end_older(taken)
            self._start(taken, place)
        return True

    def _folder(self, shop: str, run_id: str) -> str:
        return str(folder_of(self._settings.runs, shop, run_id))

    def _is_left_alone(self) -> bool:
        return self._settings.while_parent and os.getppid() != self._parent

    def _free_place(self) -> IO[bytes] | None:
        """A place that no run of this machine holds; whoever has the open file holds it."""
        for number in range(self._settings.at_once):
            file = (self._settings.runs / _PLACES / f"{number + 1}.lock").open("ab")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
            else:
                return file
        return None

    def _end_older(self, taken: Taken) -> None:
        """A process of ours that was silent for so long that its run was to be taken is stuck."""
        for old in self._at_work:
            if old.taken.run.id == taken.run.id and old.process.poll() is None:
                old.process.kill()
                old.process.wait()

    def _start(self, taken: Taken, place: IO[bytes]) -> None:
        folder = Path(taken.run.folder)
        folder.mkdir(parents=True, exist_ok=True)
        told = {
            "shop": taken.shop,
            "project_id": taken.project.id,
            "run_id": taken.run.id,
            "worker": taken.run.worker,
            "runs": str(self._settings.runs),
        }
        # the hub's words for a service are no matter of a run and its notebooks
        env = {name: word for name, word in os.environ.items() if not name.startswith("JUPYTERHUB")}
        with (folder / LOG).open("wb") as said:
            process = subprocess.Popen(
                [*self._settings.program, json.dumps(told)], stdin=subprocess.DEVNULL, stdout=said,
                stderr=said, start_new_session=True, pass_fds=(place.fileno(),), env=env,
            )  # fmt: skip
        log.info("run %s of %s: process %s", taken.run.id, taken.project.name, process.pid)
        self._at_work.append(_AtWork(taken, process))

    def _look_after(self) -> None:
        """Give back runs whose process ended without a word."""
        for job in list(self._at_work):
            code = job.process.poll()
            if code is None or not self._give_back(job, lost=code not in _SPOKEN):
                continue
            self._at_work.remove(job)

    def _give_back(self, job: _AtWork, lost: bool) -> bool:
        """Whether the store has heard of it; of a run that has ended it needs to hear nothing."""
        run = job.taken.run
        try:
            self._stores.projects.give_back(job.taken.shop, run.id, run.worker, lost=lost)
        except StitchSketchError as error:
            log.info("%s", error)
            return False
        return True

    def _stop(self) -> None:
        """Stop the runs in an orderly way; what they have finished is gone on from."""
        for job in self._at_work:
            with suppress(ProcessLookupError):
                job.process.send_signal(signal.SIGTERM)
        end = time.monotonic() + STOP_S
        for job in self._at_work:
            try:
                job.process.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                job.process.kill()
                job.process.wait()
            self._give_back(job, lost=False)
