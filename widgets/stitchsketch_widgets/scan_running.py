"""How a scan's run is started and found: on this machine, or by the workers behind the gateway."""

from __future__ import annotations

import logging
import os
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from stitchsketch_kernel.domain.errors import RunError, StitchSketchError
from stitchsketch_kernel.domain.known_lengths import SETTING
from stitchsketch_kernel.pipeline.beginning import JOB, begin
from stitchsketch_kernel.pipeline.coaching import Coached, coach_by_run, unseen_of
from stitchsketch_kernel.pipeline.detached import why_ended
from stitchsketch_kernel.pipeline.tracking import KeptAs
from stitchsketch_kernel.projects.interface import ProjectStore
from stitchsketch_kernel.projects.records import Photo, Project, Run
from stitchsketch_kernel.storage.interface import Bucket, ObjectStore
from stitchsketch_widgets.texts import text

log = logging.getLogger(__name__)

REPORT = "report.html"


class Running(Protocol):
    """Starts runs and finds what they leave."""

    #: Whether runs go on on the page's own machine.
    here: bool

    def start(
        self,
        project: Project,
        scan_id: str,
        photos: Sequence[Photo],
        settings: Mapping[str, Any],
        lengths: Sequence[Mapping[str, Any]],
    ) -> Run | None:
        """Start a run; None: the store will have it in a while."""
        ...

    def newest(self, scan_id: str) -> Run | None:
        """The scan's newest run, of those started since `start` was called."""
        ...

    def why_not(self, scan_id: str) -> str:
        """Why there is no run though one was started; empty: it may still come."""
        ...

    def report(self, run_id: str) -> bytes:
        """The run's report as a page."""
        ...

    def coach(self, run_id: str, front: str, told: Callable[[Coached], None]) -> bool:
        """Say what the run's model tells of missing photos, and soon what its mesh does.

        Nothing is said, and False, where the run's files can't be read from here.
        """
        ...


class _Kept:
    """What both ways share: runs and reports as the stores have them."""

    def __init__(
        self, projects: ProjectStore, objects: ObjectStore, shop: str,
        folder_of: Callable[[Run], Path],
    ) -> None:  # fmt: skip
        self._projects, self._objects, self._shop = projects, objects, shop
        self._folder_of = folder_of
        self._before: set[str] | None = None

    def _remember(self, scan_id: str) -> None:
        self._before = {run.id for run in self._projects.runs(self._shop, scan_id)}

    def newest(self, scan_id: str) -> Run | None:
        """See `Running`."""
        before = self._before or set()
        runs = self._projects.runs(self._shop, scan_id)
        return next((run for run in runs if run.id not in before), None)

    def report(self, run_id: str) -> bytes:
        """See `Running`."""
        for one in self._projects.artefacts(self._shop, run_id):
            if one.where == REPORT and one.bucket:
                bucket: Bucket = one.bucket  # type: ignore[assignment]
                with self._objects.open(bucket, one.sha256) as content:
                    return content.read()
        raise RunError(text("new.no_report"), text("new.no_report_todo"))

    def coach(self, run_id: str, front: str, told: Callable[[Coached], None]) -> bool:
        """See `Running`."""
        try:
            folder = self._folder_of(self._projects.run(self._shop, run_id))
            coached = coach_by_run(folder, front)
        except StitchSketchError as error:
            log.info("no coaching after the run: %s", error)
            return False
        told(coached)

        def look() -> None:
            try:
                told(replace(coached, unseen=unseen_of(folder)))
            except (StitchSketchError, subprocess.SubprocessError) as error:
                log.info("no unseen parts: %s", error)

        threading.Thread(target=look, name="unseen parts", daemon=True).start()
        return True


class HereRunning(_Kept):
    """Runs on this machine, each in a process of its own.

    Parameters
    ----------
    projects, objects, shop
    folder_of : callable
        Where a run's files are, if the page may read them.
    scans : Path
        Each scan has a folder below it.
    person : str
    """

    here = True

    def __init__(
        self, projects: ProjectStore, objects: ObjectStore, shop: str,
        folder_of: Callable[[Run], Path], scans: Path, person: str,
    ) -> None:  # fmt: skip
        super().__init__(projects, objects, shop, folder_of)
        self._scans, self._person = scans, person
        self._process = 0

    def start(
        self, project: Project, scan_id: str, photos: Sequence[Photo],
        settings: Mapping[str, Any], lengths: Sequence[Mapping[str, Any]],
    ) -> Run | None:  # fmt: skip
        """See `Running`."""
        self._remember(scan_id)
        kept_as = KeptAs(self._shop, scan_id, self._person)
        folder = self._scans / scan_id
        self._process = begin(
            folder, photos, self._objects, project.name, settings, kept_as, lengths
        )
        return None

    def why_not(self, scan_id: str) -> str:
        """See `Running`."""
        if self._process and not _is_alive(self._process):
            return why_ended(self._scans / scan_id) or text("new.ended")
        return ""

    def folder(self, scan_id: str) -> Path:
        """Where the scan's run is."""
        return self._scans / scan_id / JOB


class QueuedRunning(_Kept):
    """Runs by the workers behind the gateway."""

    here = False

    def start(
        self, project: Project, scan_id: str, photos: Sequence[Photo],
        settings: Mapping[str, Any], lengths: Sequence[Mapping[str, Any]],
    ) -> Run | None:  # fmt: skip
        """See `Running`."""
        self._remember(scan_id)
        asked = dict(settings)
        if lengths:
            asked[SETTING] = [dict(one) for one in lengths]
        return self._projects.queue_run(self._shop, Run(scan_id, "", settings=asked))

    def why_not(self, scan_id: str) -> str:
        """See `Running`."""
        return ""


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
