"""The rows of a batch, handed to workers and taken back, each on its own."""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from stitchsketch_kernel.domain.errors import RunError, SettingsError
from stitchsketch_kernel.domain.progress import Progress, silent
from stitchsketch_kernel.pipeline.batch.cluster import (
    a_gpu_is_offered,
    local_counts,
    open_workers,
    rooms,
)
from stitchsketch_kernel.pipeline.batch.jobs import Job, Outcome, Workers
from stitchsketch_kernel.pipeline.batch.summary import write_summary
from stitchsketch_kernel.pipeline.batch.work import do_row, stop_rows
from stitchsketch_kernel.pipeline.stage import Stage, standard_stages
from stitchsketch_kernel.projects.records import Status

if TYPE_CHECKING:
    from distributed import Client

log = logging.getLogger(__name__)

_LOOK_EVERY_S = 0.5
#: A row is tried again no sooner than this: what was in its way may have gone.
_AGAIN_AFTER_S = 2.0
#: Without any worker for this long, what is left is given up.
_NO_WORKER_S = 120.0
#: Rows that shall stop are waited for this long.
_STOP_S = 30.0
_WRITE_EVERY_S = 2.0


@dataclass(frozen=True)
class BatchSettings:
    """How a batch is done.

    Attributes
    ----------
    workers : Workers
    retries : int
        How often a row is tried again that failed from outside (a crash, a store that is away),
        not by what a person must change first.
    """

    workers: Workers = field(default_factory=Workers)
    retries: int = 1


def run_batch(
    jobs: Sequence[Job],
    folder: Path,
    settings: BatchSettings | None = None,
    progress: Progress = silent,
    stages: Sequence[Stage] | None = None,
) -> dict[int, Outcome]:
    """Do all rows; one that fails, fails alone.

    Parameters
    ----------
    jobs : sequence of Job
        As `read_jobs` gives them.
    folder : Path
        Where ``summary.csv`` is kept up to date.
    settings : BatchSettings, optional
    progress : Progress, optional
        Told the share of rows that are done.
    stages : sequence of Stage, optional
        Of every row; the standard nine when absent.

    Returns
    -------
    dict of int to Outcome
        By row.

    Raises
    ------
    SettingsError, RunError
        There are no workers, or none of those that rows need: nothing was begun.
    KeyboardInterrupt
        After the rows at work were stopped; what is finished is kept.
    """
    asked, stages = settings or BatchSettings(), tuple(stages or standard_stages())
    workers = asked.workers
    if any("gpu" in stage.needs for stage in stages):
        jobs = [replace(job, needs_gpu=True) for job in jobs]
    _require_gpu(jobs, workers.scheduler != "" or workers.gpus > 0)
    with open_workers(workers) as client:
        if any(job.needs_gpu for job in jobs):
            _require_gpu(jobs, a_gpu_is_offered(client))
        if not workers.scheduler:
            memory_bytes = local_counts(workers)[1]
            jobs = [_limited(job, memory_bytes) for job in jobs]
        return _Batch(client, jobs, folder, asked.retries, progress, stages).go()


def _require_gpu(jobs: Sequence[Job], offered: bool) -> None:
    if asking := [str(job.row) for job in jobs if job.needs_gpu and not offered]:
        raise SettingsError(
            f"Row {', '.join(asking)} asks for a GPU, and no worker offers one.",
            "Give --gpu-workers 1, or start a worker of the scheduler with --resources gpu=1.",
        )


def _limited(job: Job, memory_bytes: int) -> Job:
    limits = job.settings.limits
    if limits.memory_bytes:
        return job
    limits = replace(limits, memory_bytes=memory_bytes)
    return replace(job, settings=replace(job.settings, limits=limits))


@dataclass
class _Batch:
    """A batch under way."""

    client: Client
    jobs: Sequence[Job]
    folder: Path
    retries: int
    progress: Progress
    stages: Sequence[Stage]

    def __post_init__(self) -> None:
        self.name = uuid4().hex
        self.outcomes = {job.row: Outcome() for job in self.jobs}
        self.waiting: list[tuple[float, Job]] = [(0.0, job) for job in self.jobs]
        self.at_work: dict[Any, Job] = {}
        self.back: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.seen_worker = time.monotonic()
        self.written = 0.0

    def go(self) -> dict[int, Outcome]:
        """All rows; however it ends, ``summary.csv`` says so."""
        try:
            while self.waiting or self.at_work:
                self._hand_out()
                self._take_back(_LOOK_EVERY_S)
        except BaseException:
            self._stop()
            raise
        finally:
            self._write()
        return self.outcomes

    def _hand_out(self) -> None:
        """Give rows to workers that have room: no more, so that a lost one takes few along."""
        try:
            room = rooms(self.client)
        except Exception as error:
            log.info("the scheduler doesn't answer: %s", error)
            self._require_workers(0)
            return
        self._require_workers(sum(one.rows for one in room.values()))
        now = time.monotonic()
        for not_before, job in list(self.waiting):
            busy = sum(other.needs_gpu == job.needs_gpu for other in self.at_work.values())
            if not_before > now or busy >= room[job.needs_gpu].rows:
                continue
            self.waiting.remove((not_before, job))
            tried = self.outcomes[job.row].tries
            future: Any = self.client.submit(
                do_row, job, self.stages, self.name, pure=False, retries=0,
                key=f"{job.name}-{job.row}-{tried}-{self.name}",
                resources=room[job.needs_gpu].resources or None,
            )  # fmt: skip
            self.at_work[future] = job
            future.add_done_callback(self.back.put)

    def _require_workers(self, count: int) -> None:
        now = time.monotonic()
        if count:
            self.seen_worker = now
        elif now - self.seen_worker > _NO_WORKER_S:
            raise RunError(
                "No worker is left, and none came back for two minutes.",
                "Start workers; the same command goes on with the rows that aren't done.",
            )

    def _take_back(self, wait_s: float) -> None:
        try:
            future = self.back.get(timeout=wait_s)
        except queue.Empty:
            return
        if (job := self.at_work.pop(future, None)) is None:
            return
        came = _outcome_of(future)
        outcome = replace(came, tries=self.outcomes[job.row].tries + 1)
        self.outcomes[job.row] = outcome
        if outcome.status == Status.FAILED:
            log.info("row %d: %s", job.row, outcome.error)
            if outcome.may_help and outcome.tries <= self.retries:
                self.waiting.append((time.monotonic() + _AGAIN_AFTER_S, job))
        ended = len(self.jobs) - len(self.waiting) - len(self.at_work)
        self.progress(ended / len(self.jobs), f"row {job.row}: {job.name} {outcome.status.value}")
        if time.monotonic() - self.written > _WRITE_EVERY_S:
            self._write()

    def _stop(self) -> None:
        """Have the rows at work end in an orderly way; those that don't are ended with Dask."""
        self.waiting.clear()
        try:
            self.client.run(stop_rows, self.name)
            limit = time.monotonic() + _STOP_S
            while self.at_work and time.monotonic() < limit:
                self._take_back(_LOOK_EVERY_S)
        except Exception as error:
            log.info("the rows at work could not be told to stop: %s", error)
        for row, outcome in self.outcomes.items():
            if outcome.status == Status.PENDING or row in self._rows_at_work():
                self.outcomes[row] = replace(outcome, status=Status.CANCELLED)

    def _rows_at_work(self) -> set[int]:
        return {job.row for job in self.at_work.values()}

    def _write(self) -> None:
        """A full disk costs the summary, not the rows that lie on another."""
        self.written = time.monotonic()
        try:
            write_summary(self.folder / "summary.csv", self.jobs, self.outcomes)
        except OSError as error:
            log.error("summary.csv is not up to date: %s", error)


def _outcome_of(future: Any) -> Outcome:
    """What came back: the outcome, or that the worker is gone."""
    if future.status == "finished":
        try:
            outcome: Outcome = future.result(timeout=60)
            return outcome
        except Exception as error:
            return Outcome(Status.FAILED, f"Its outcome was lost ({error}).", may_help=True)
    fault = future.exception(timeout=10) if future.status == "error" else None
    if type(fault).__name__ == "KilledWorker":
        what = "Every worker that was given it was lost: most likely its machine's memory was full."
    else:
        what = f"It was lost with its worker or scheduler ({fault or future.status})."
    return Outcome(Status.FAILED, what, may_help=True)
