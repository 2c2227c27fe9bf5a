"""A notebook that somebody executes with Papermill alone is tracked as any run is."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stitchsketch_kernel.pipeline.record import RunRecord, StageRecord, read_record, time_now
from stitchsketch_kernel.pipeline.tracking import StoreTracker, Tracker, tracker_for
from stitchsketch_kernel.projects.records import Status

log = logging.getLogger(__name__)


@contextmanager
def tracked(manager: Any) -> Iterator[Callable[[int, int], None]]:
    """Track one notebook's execution; gives what is to be called at each cell.

    It is a run of one stage in the project that its parameter ``run_dir`` belongs to, else in one
    of its folder's name.

    Parameters
    ----------
    manager : papermill.engines.NotebookExecutionManager
        Of the notebook, prepared by Papermill.
    """
    known = manager.nb.metadata.get("papermill", {})
    name = Path(known.get("input_path") or "notebook").stem
    folder = Path(known.get("parameters", {}).get("run_dir", ".")).resolve()
    of_run = read_record(folder)
    stage = StageRecord(0, name, "", f"notebooks/{name}.ipynb", Status.RUNNING)
    record = RunRecord(
        folder,
        of_run.name if of_run else folder.name,
        of_run.photos if of_run else str(folder),
        [stage],
        started=time_now(),
    )
    tracker = tracker_for(record, holds_folder=False)
    tracker.begin(stage)
    started, error = time.perf_counter(), ""
    try:
        yield lambda cell, cells: tracker.cell(name, cell, cells)
        stage.status = Status.COMPLETED
    except KeyboardInterrupt:
        stage.status, error = Status.CANCELLED, "Stopped by a person."
        raise
    except BaseException as failure:
        stage.status, error = Status.FAILED, f"{type(failure).__name__}: {failure}"
        raise
    finally:
        failed = [cell for cell in manager.nb.cells if _failed(cell)]
        if failed and stage.status == Status.COMPLETED:
            stage.status, error = Status.FAILED, _error_of(failed[0])
        stage.seconds = round(time.perf_counter() - started, 2)
        _end(tracker, stage, manager.nb, error)


def _end(tracker: Tracker, stage: StageRecord, notebook: Any, error: str) -> None:
    import nbformat

    if isinstance(tracker, StoreTracker):
        # Papermill writes the file again when the engine is done: a copy is what is kept
        try:
            text: str = nbformat.writes(notebook)  # type: ignore[no-untyped-call]
            tracker.keep_copy(stage, text)
        except OSError as failure:
            log.warning("The executed notebook is not kept: %s", failure)
    tracker.end(stage.status, error)


def _failed(cell: Any) -> bool:
    return any(output.get("output_type") == "error" for output in cell.get("outputs", ()))


def _error_of(cell: Any) -> str:
    [error, *_] = [one for one in cell.outputs if one.get("output_type") == "error"]
    return f"{error.get('ename')}: {error.get('evalue')}"
