"""A row on a worker: whatever happens to it comes back as its outcome."""

from __future__ import annotations

import logging
import platform
import signal
import time
from collections.abc import Sequence
from typing import Any

import stitchsketch_kernel
from stitchsketch_kernel.domain.errors import (
    AwayError,
    LimitError,
    RunError,
    StitchSketchError,
)
from stitchsketch_kernel.domain.progress import Cancelled
from stitchsketch_kernel.pipeline.batch.jobs import Job, Outcome
from stitchsketch_kernel.pipeline.record import RunRecord
from stitchsketch_kernel.pipeline.runner import finished_run, run
from stitchsketch_kernel.pipeline.stage import Stage
from stitchsketch_kernel.pipeline.tracking import tell_completed
from stitchsketch_kernel.projects.records import Status

log = logging.getLogger(__name__)

#: The batches whose rows shall stop; a worker of others may see many batches.
_stopped: set[str] = set()


def do_row(job: Job, stages: Sequence[Stage], batch: str) -> Outcome:
    """Run a row, unless it is finished already; never raises."""
    started = time.perf_counter()
    outcome = _outcome(job, stages, batch)
    seconds = round(time.perf_counter() - started, 2)
    return Outcome(
        outcome.status, outcome.error, seconds, 1, platform.node(), outcome.figures,
        outcome.may_help,
    )  # fmt: skip


def _outcome(job: Job, stages: Sequence[Stage], batch: str) -> Outcome:
    def progress(share: float, note: str) -> None:
        if batch in _stopped:
            raise Cancelled

    try:
        if done := finished_run(job.photos, job.out, job.settings, stages):
            # its worker may have been lost between the run's end and the telling of it
            tell_completed(done, job.settings.kept_as)
            return Outcome(Status.REUSED, figures=_figures(done))
        record = run(job.photos, job.out, job.settings, progress, stages)
        return Outcome(Status.COMPLETED, figures=_figures(record))
    except Cancelled:
        if batch in _stopped:
            return Outcome(Status.CANCELLED, "Stopped by a person.")
        return Outcome(Status.CANCELLED, "Stopped by a person, through the shop's store.")
    except StitchSketchError as error:
        # a person must change something first, but for what came from outside
        may_help = isinstance(error, (RunError, AwayError)) and not isinstance(error, LimitError)
        return Outcome(Status.FAILED, str(error), may_help=may_help)
    except Exception as error:
        log.info("where it happened", exc_info=True)
        return Outcome(Status.FAILED, f"A fault of the program. {error}", may_help=True)


def _figures(record: RunRecord) -> dict[str, Any]:
    """What a summary shows of a run, as far as it came."""
    places = {
        "scale_percent": ("scale", "uncertainty_percent"),
        "pieces": ("flatten", "pieces"),
        "cloth_mm": ("nest", "used_length_mm"),
        "verdict": ("report", "verdict"),
    }
    found = {name: record.figures(stage).get(what) for name, (stage, what) in places.items()}
    return {name: value for name, value in found.items() if value is not None}


def stop_rows(batch: str) -> None:
    """Have this worker's rows of a batch end; called beside them, in the worker's own thread."""
    _stopped.add(batch)


def version() -> str:
    """The version of this package that a worker has."""
    return stitchsketch_kernel.__version__


def dask_setup(worker: object) -> None:
    """Leave Ctrl-C to the program that has the terminal: it stops the rows in an orderly way."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
