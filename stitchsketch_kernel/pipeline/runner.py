"""A run: the stages' notebooks in order, each only when its key has changed."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from stitchsketch_kernel.domain.errors import ShortOfMemoryError, StitchSketchError
from stitchsketch_kernel.domain.progress import Cancelled, Progress, silent
from stitchsketch_kernel.pipeline.asked import RunSettings, check, sound
from stitchsketch_kernel.pipeline.begun import Begun, forget_begun
from stitchsketch_kernel.pipeline.context import FIGURES
from stitchsketch_kernel.pipeline.elsewhere import Elsewhere
from stitchsketch_kernel.pipeline.failure_page import write_failure_page
from stitchsketch_kernel.pipeline.files import (
    disk_in_words,
    disk_is_full,
    full_disk,
    plain,
    read_json,
)
from stitchsketch_kernel.pipeline.folder import RunFolder, hold_folder
from stitchsketch_kernel.pipeline.keys import stage_keys
from stitchsketch_kernel.pipeline.limits import Limits
from stitchsketch_kernel.pipeline.notebook import error_kinds, execute
from stitchsketch_kernel.pipeline.record import (
    RunRecord,
    StageRecord,
    new_record,
    read_record,
    time_now,
)
from stitchsketch_kernel.pipeline.stage import Stage, earlier_folders, standard_stages
from stitchsketch_kernel.pipeline.tracking import Tracker, tracker_for
from stitchsketch_kernel.pipeline.weights import WEIGHTS, likely_weights
from stitchsketch_kernel.projects.records import Status

__all__ = ["RunSettings", "check", "finished_run", "run"]


def run(
    photos: Path,
    out: Path,
    settings: RunSettings | None = None,
    progress: Progress = silent,
    stages: Sequence[Stage] | None = None,
) -> RunRecord:
    """Photos to cut files.

    Parameters
    ----------
    photos : Path
        Folder of photos of one piece of furniture.
    out : Path
        The run's folder; a run that was there before is gone on from.
    settings : RunSettings, optional
    progress : Progress, optional
        Told the share of all stages and a note; may raise `Cancelled`.
    stages : sequence of Stage, optional
        The standard nine when absent.

    Returns
    -------
    RunRecord
        As in ``out/run.json``.

    Raises
    ------
    StitchSketchError
        In words for the shop. ``run.json`` has the sentence, unless nothing was ever finished
        there: then nothing is left behind.
    NotebookError
        A fault of the program; the executed notebook shows it.
    """
    asked = settings or RunSettings()
    stages = tuple(stages or standard_stages())
    known = sound(photos, asked, stages)
    with disk_in_words(out.resolve()), hold_folder(out) as folder:
        keys = stage_keys(stages, known.of_groups, known.files)
        record = new_record(folder.path, known.name, known.files["photos"] or photos, stages, keys)
        record.settings = known.given
        for stage, stage_record in zip(stages, record.stages, strict=True):
            stage_record.settings = plain(
                {group: asdict(known.of_groups[group]) for group in stage.settings}
            )
        tracker = tracker_for(record, asked.kept_as) if asked.track else Tracker()
        record.run_id = tracker.run_id
        with closing(Elsewhere(folder, asked.kept_as.shop, asked.track)) as elsewhere:
            under_way = _Run(
                folder, stages, known.of_groups, known.files, record, tracker, progress,
                asked.limits, elsewhere, asked.anew,
            )  # fmt: skip
            return under_way.go()


def finished_run(
    photos: Path, out: Path, settings: RunSettings, stages: Sequence[Stage]
) -> RunRecord | None:
    """The run in a folder if it is finished, whole, and what would be asked for again.

    Raises
    ------
    StitchSketchError
        As `run` would raise it.
    """
    record = read_record(out.resolve())
    if record is None or record.status != Status.COMPLETED:
        return None
    known, folder = sound(photos, settings, stages), RunFolder(out.resolve())
    keys = stage_keys(stages, known.of_groups, known.files)
    if {one.name: one.key for one in record.stages} != keys or record.name != known.name:
        return None
    return record if folder.is_whole(stages, keys) else None


@dataclass
class _Run:
    """A run under way."""

    folder: RunFolder
    stages: Sequence[Stage]
    settings: Mapping[str, Any]
    files: Mapping[str, Path | None]
    record: RunRecord
    tracker: Tracker
    progress: Progress
    limits: Limits
    elsewhere: Elsewhere
    anew: frozenset[str] = frozenset()
    #: What each stage will take, once the photos are known.
    weights: Mapping[str, float] = field(default_factory=dict)

    def go(self) -> RunRecord:
        """All stages; however it ends, ``run.json`` says so."""
        try:
            self._go_through()
            status, error = self._outcome()
        except (KeyboardInterrupt, Cancelled):
            self._end(Status.CANCELLED, "Stopped by a person.")
            raise
        except Exception as failure:
            told = self._told(failure)
            self._end(Status.FAILED, str(told))
            if told is failure:
                raise
            raise told from failure
        self._end(status, str(error or ""))
        if error is not None:
            raise error
        return self.record

    def _go_through(self) -> None:
        done: dict[str, bool] = {}
        for stage in self.stages:
            inputs_stand = all(done[name] for name in stage.inputs)
            done[stage.name] = self._reused(stage, inputs_stand and stage.name not in self.anew)
        self._save()
        for stage in self.stages:
            stage_record = self.record.stage(stage.name)
            if not done[stage.name]:
                self._compute(stage, stage_record)
            self.tracker.stage(stage_record, self._to_keep(stage, stage_record))
        self.progress(1.0, "done")

    def _to_keep(self, stage: Stage, stage_record: StageRecord) -> list[Path]:
        """What the stores keep of a stage: what people use and, of one made here, the rest too."""
        published = self.folder.published(stage)
        if stage_record.status != Status.COMPLETED or not self.tracker.keeps_stages:
            return published
        return [*published, *self.folder.parts(stage)]

    def _reused(self, stage: Stage, inputs_stand: bool) -> bool:
        """Take over a finished stage; take back what an outdated one had published."""
        stage_record = self.record.stage(stage.name)
        earlier, key = earlier_folders(stage, self.stages), stage_record.key
        kept = self.folder.finished(stage, key, earlier)
        if (
            kept is None
            and inputs_stand
            and self.elsewhere.take(stage, key, self._job(stage), earlier)
        ):
            kept = self.folder.finished(stage, key, earlier)
        if kept is None or not inputs_stand:
            self.folder.retract([stage])
            return False
        self._take(stage_record, Status.REUSED, *kept)
        self.folder.publish(stage, anew=False)
        return True

    def _compute(self, stage: Stage, stage_record: StageRecord) -> None:
        stage_record.status = Status.RUNNING
        self._save()
        self.tracker.begin(stage_record)
        started = time.perf_counter()
        begun = self.folder.begun(stage, stage_record.key, earlier_folders(stage, self.stages))
        job = {**self._job(stage), "begun": begun, "memory_bytes": self.limits.memory_bytes}
        aside = self.folder.begin(stage, job)
        executed = self.folder.notebooks / stage.notebook.name
        try:
            execute(
                stage.notebook, executed, self.folder.path, aside,
                lambda share, note: self._tell(stage, share, note),
                lambda cell, cells: self.tracker.cell(stage.name, cell, cells), self.limits,
                stage.around[0],
            )  # fmt: skip
        except ShortOfMemoryError:
            Begun(self.folder.stages / begun).spare()
            raise
        seconds = round(time.perf_counter() - started, 2)
        figures = read_json(aside / FIGURES) or {}
        self.folder.finish(
            stage, aside, stage_record.key, seconds, earlier_folders(stage, self.stages)
        )
        self.folder.publish(stage, anew=True)
        self._take(stage_record, Status.COMPLETED, figures, seconds)
        self._save()

    def _job(self, stage: Stage) -> dict[str, Any]:
        """What the notebook's side needs to know; folders by name, so that a run may be moved."""
        return {
            "stage": stage.name,
            "module": stage.module,
            "groups": dict(stage.settings),
            "around": list(stage.around),
            "settings": {group: asdict(self.settings[group]) for group in stage.settings},
            "earlier": earlier_folders(stage, self.stages),
            "files": {name: self.files[name] for name in stage.files},
        }

    def _take(
        self, stage_record: StageRecord, status: Status, figures: dict[str, Any], seconds: float
    ) -> None:
        stage_record.status, stage_record.seconds = status, seconds
        if {"photos", "megapixels"} <= figures.keys():
            sizes = int(figures["photos"]), float(figures["megapixels"])
            self.weights = likely_weights(self.stages, self.settings, *sizes)
            figures = {**figures, WEIGHTS: self.weights}
        stage_record.figures = figures
        if "refused_as" in figures:
            stage_record.status, stage_record.error = Status.FAILED, figures["refused"]

    def _tell(self, stage: Stage, share: float, note: str) -> None:
        """The share of the whole run, by the stages' weights."""
        weights = self.weights or {other.name: other.weight for other in self.stages}
        before = sum(weights[other.name] for other in self.stages if other.number < stage.number)
        label = f"{stage.name}: {note}" if note else stage.name
        whole = (before + share * weights[stage.name]) / sum(weights.values())
        self.tracker.progress(whole, label)
        if self.tracker.is_cancelled:
            raise Cancelled
        self.progress(whole, f"{label} ({share:.0%})")

    def _outcome(self) -> tuple[Status, StitchSketchError | None]:
        """A stage that refused makes the run a failed one, though the later stages were run."""
        for stage_record in self.record.stages:
            if "refused_as" in stage_record.figures:
                kind = error_kinds()[stage_record.figures["refused_as"]]
                return Status.FAILED, kind(stage_record.error)
        return Status.COMPLETED, None

    def _told(self, failure: Exception) -> Exception:
        if not isinstance(failure, StitchSketchError) and disk_is_full(failure, self.folder.path):
            return full_disk(self.folder.path)
        return failure

    def _end(self, status: Status, error: str) -> None:
        self.record.status, self.record.error = status, error
        self.record.finished = time_now()
        for stage_record in self.record.stages:
            if stage_record.status == Status.RUNNING:
                stage_record.status, stage_record.error = status, error
                self.tracker.stage(stage_record)
        # what a stopped stage left half-written makes room on a full disk, too
        with suppress(OSError):
            self.folder.prepare()
            if status == Status.COMPLETED:
                forget_begun(self.folder.stages)
        if status == Status.COMPLETED:
            self._save()
        else:
            with suppress(OSError):
                self._save()
                write_failure_page(self.record, self.stages)
        self.tracker.end(status, error)

    def _save(self) -> None:
        self.record.save()
