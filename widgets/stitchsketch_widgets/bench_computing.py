"""How a stage is computed again from its form: on this machine, or by the workers of a hub."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from stitchsketch_kernel.domain.errors import RunError
from stitchsketch_kernel.pipeline.context import read_progress
from stitchsketch_kernel.pipeline.detached import LOG
from stitchsketch_kernel.pipeline.files import plain
from stitchsketch_kernel.pipeline.record import read_record
from stitchsketch_kernel.pipeline.starting import go_on
from stitchsketch_kernel.pipeline.tracking import KeptAs, kept_as_before
from stitchsketch_kernel.pipeline.watching import watched
from stitchsketch_kernel.projects.records import Run, Status
from stitchsketch_widgets.pages.here import GATEWAY_URL, Here, here
from stitchsketch_widgets.texts import text


@dataclass(frozen=True)
class Seen:
    """How far it is.

    Attributes
    ----------
    words : str
        For the person; empty: nothing new.
    share : float
        Of the work, 0 to 1.
    ended, wrong : bool
        Whether it has come to an end, and to one that wasn't wanted.
    """

    words: str = ""
    share: float = 0.0
    ended: bool = False
    wrong: bool = False


class Computing(Protocol):
    """Computes a stage of a run again, with all that follows from it."""

    #: How long to wait between two looks.
    every_s: float

    def start(self, changed: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """Begin, with the settings that were `changed`, of all `values` of the stage."""
        ...

    def look(self) -> Seen:
        """How far it is."""
        ...

    def stop(self) -> None:
        """Ask for its end."""
        ...


class HereComputing:
    """In a process of its own on this machine, in the run's own folder."""

    every_s = 0.3

    def __init__(self, folder: Path, stage: str, track: bool) -> None:
        self._folder, self._stage, self._track = folder, stage, track
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, changed: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """See `Computing`."""
        anew = () if changed else (self._stage,)
        kept_as = kept_as_before(self._folder) if self._track else KeptAs()
        self._process = go_on(self._folder, kept_as, changed, anew, self._track)

    def look(self) -> Seen:
        """See `Computing`."""
        code = None if self._process is None else self._process.poll()
        record = read_record(self._folder)
        if code is None:
            running = (
                [one for one in record.stages if one.status == Status.RUNNING] if record else []
            )
            return next((one for stage in running for one in self._told(stage)), Seen())
        if code == 0:
            return Seen(text("bench.done"), 1.0, True)
        if record is not None and record.status == Status.CANCELLED:
            return Seen(text("bench.stopped"), ended=True, wrong=True)
        told = record.error if record is not None else ""
        words = told or _last_line(self._folder / LOG) or text("bench.failed")
        return Seen(words, ended=True, wrong=True)

    def _told(self, stage: Any) -> Iterator[Seen]:
        for folder in self._folder.glob(f"stages/.{stage.number:02d}_*.partial"):
            if told := read_progress(folder):
                share, note = told
                yield Seen(text("bench.working", stage=stage.name, note=note), share)

    def stop(self) -> None:
        """See `Computing`."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)


class QueuedComputing:
    """By a worker of the hub, as a run of its own: the apps show it, and the old run stays."""

    every_s = 1.2

    def __init__(self, folder: Path, stage: str) -> None:
        self._folder, self._stage = folder, stage
        self._place: Here | None = None
        self._run_id = ""

    def start(self, changed: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """See `Computing`."""
        self._place = place = here()
        before = _run_in(place, self._folder)
        # a worker begins from what the scan's last run was set to, which needn't be this one
        known = {name for run in place.projects.runs(place.shop, before.scan_id)
                 for name in run.settings}  # fmt: skip
        asked = {k: v for k, v in values.items() if k in changed or k in known}
        run = Run(before.scan_id, "", settings=plain(asked), from_stage=self._stage)
        self._run_id = place.projects.queue_run(place.shop, run).id

    def look(self) -> Seen:
        """See `Computing`."""
        if self._place is None:
            return Seen()
        projects, shop = self._place.projects, self._place.shop
        run = projects.run(shop, self._run_id)
        if run.status == Status.QUEUED:
            return Seen(text("bench.queued"))
        if run.status == Status.RUNNING:
            words = text("bench.working", stage=run.stage, note=run.note)
            return Seen(words, watched(projects, shop, run).share)
        if run.status == Status.COMPLETED:
            return Seen(text("bench.done_elsewhere", folder=run.folder), 1.0, True)
        return Seen(run.error or text("bench.failed"), ended=True, wrong=True)

    def stop(self) -> None:
        """See `Computing`."""
        if self._place is not None:
            person = self._place.person or text("progress.somebody")
            said = text("progress.stopped_by", person=person)
            self._place.projects.cancel_run(self._place.shop, self._run_id, said)


def computing(folder: Path, stage: str, track: bool) -> Computing:
    """How it is done where this kernel is."""
    if os.environ.get(GATEWAY_URL):
        return QueuedComputing(folder, stage)
    return HereComputing(folder, stage, track)


def _run_in(place: Here, folder: Path) -> Run:
    """The newest of the shop's runs that lies in a folder."""
    found = [
        run
        for project in place.projects.projects(place.shop)
        for scan in place.projects.scans(place.shop, project.id)
        for run in place.projects.runs(place.shop, scan.id)
        if run.folder and Path(run.folder).resolve() == folder
    ]
    if not found:
        raise RunError(text("bench.not_kept", folder=folder), text("bench.no_run_todo"))
    return max(found, key=lambda run: run.started)


def _last_line(path: Path) -> str:
    lines = path.read_text(errors="replace").splitlines() if path.is_file() else []
    return lines[-1] if lines else ""
