"""The process of one run that a worker has taken."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from stitchsketch_kernel.domain.errors import RunError, StitchSketchError, StorageError
from stitchsketch_kernel.domain.progress import Cancelled
from stitchsketch_kernel.pipeline.asked import RunSettings, sound
from stitchsketch_kernel.pipeline.folder import is_held
from stitchsketch_kernel.pipeline.runner import run
from stitchsketch_kernel.pipeline.stage import Stage, standard_stages
from stitchsketch_kernel.pipeline.worker.placing import lay_out
from stitchsketch_kernel.projects.records import BEAT_EVERY_S, Beat, Project, Run, Status
from stitchsketch_kernel.stores import Stores, open_stores

log = logging.getLogger(__name__)

#: How the process ends: with its run, which ended well or not; or asked to stop.
ENDED, REFUSED, STOPPED = 0, 2, 130
_YIELDS = 10
#: A process that lost its run to this one hears of it with its next sign of life.
_WAIT_FOR_FOLDER_S = 60.0


def main(arguments: Sequence[str], stages: Sequence[Stage] | None = None) -> int:
    """Bring one run to its end; see `ENDED` and the like. The argument is `loop`'s."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)
    os.nice(_YIELDS)  # people at their pages come first
    given = json.loads(arguments[0])
    with open_stores() as stores:
        try:
            kept = stores.projects.run(given["shop"], given["run_id"])
            project = stores.projects.project(given["shop"], given["project_id"])
        except StorageError as error:  # away, or deleted meanwhile
            log.warning("%s", error)
            return STOPPED
        if (kept.worker, kept.status) != (given["worker"], Status.RUNNING):
            return STOPPED
        job = _Job(stores, project, kept, Path(given["runs"]), stages or standard_stages())
        return job.do()


class _Job:
    """A run, from its photos in the stores to its end."""

    def __init__(
        self, stores: Stores, project: Project, kept: Run, runs: Path, stages: Sequence[Stage]
    ) -> None:
        self._stores, self._project, self._run = stores, project, kept
        self._runs, self._stages = runs, stages
        self._note, self._status = "", Status.RUNNING

    def do(self) -> int:
        """Do all of it; the process's exit code."""
        try:
            with self._signs_of_life():
                photos, asked = self._made_ready()
        except (KeyboardInterrupt, Cancelled):
            self._give_back()
            return STOPPED
        except StitchSketchError as error:
            self._fail(str(error))
            return REFUSED
        try:
            run(photos, Path(self._run.folder), asked, stages=self._stages)
        except (KeyboardInterrupt, Cancelled):
            return STOPPED
        except StitchSketchError as error:
            log.warning("%s", error)
            # it was told already, unless it came before the first stage
            self._fail(str(error))
            return REFUSED
        except Exception as error:
            log.warning("a fault of the program", exc_info=True)
            self._fail(f"A fault of the program. {error}")
            return REFUSED
        return ENDED

    def _made_ready(self) -> tuple[Path, RunSettings]:
        folder = Path(self._run.folder)
        until = time.monotonic() + _WAIT_FOR_FOLDER_S
        while is_held(folder):
            if time.monotonic() > until:
                raise RunError(
                    f"Another program is at work in {folder} and doesn't end.",
                    "Ask whoever keeps the machine to end it, then start this run again.",
                )
            self._tell("waiting for an earlier try to end")
            time.sleep(0.2)
        photos, asked = lay_out(
            self._stores, self._project, self._run, self._runs, self._stages, self._tell
        )
        sound(photos, asked, self._stages)
        return photos, asked

    def _tell(self, note: str) -> None:
        self._note = note
        if self._status != Status.RUNNING:
            raise Cancelled

    @contextmanager
    def _signs_of_life(self) -> Iterator[None]:
        """Tell the store that the run is alive, until its own tracking does."""
        done = threading.Event()

        def beat() -> None:
            while not done.is_set():
                told = Beat(note=self._note, worker=self._run.worker)
                with suppress(StitchSketchError):
                    self._status = self._stores.projects.beat(
                        self._project.shop, self._run.id, told
                    )
                done.wait(min(1.0, BEAT_EVERY_S))

        thread = threading.Thread(target=beat, name=f"beat {self._run.id}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _give_back(self) -> None:
        with suppress(StitchSketchError):  # else its worker does, or its silence
            self._stores.projects.give_back(self._project.shop, self._run.id, self._run.worker)

    def _fail(self, error: str) -> None:
        """Keep why it failed, unless its end is kept, or it is another worker's now."""
        shop = self._project.shop
        with suppress(StitchSketchError):
            kept = self._stores.projects.run(shop, self._run.id)
            if kept.worker == self._run.worker and kept.status in {Status.RUNNING, Status.DEAD}:
                self._stores.projects.finish_run(shop, self._run.id, Status.FAILED, error)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
