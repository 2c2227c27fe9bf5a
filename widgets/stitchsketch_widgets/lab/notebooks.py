"""A stage's notebook, opened on a run: the run's folder and its last settings are put into it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from stitchsketch_kernel.disk.aside import renamed_when_whole
from stitchsketch_kernel.domain.errors import RunError
from stitchsketch_kernel.pipeline.record import read_record
from stitchsketch_kernel.pipeline.stage import Stage, standard_stages
from stitchsketch_widgets.bench import last_settings
from stitchsketch_widgets.texts import text

#: Where they lie in a technician's own folder, below it a folder a run.
PLACE = "stitchsketch"
_BENCH = "bench"
_FORM = """# the settings that the run was computed with; Compute keeps to what is set here
from stitchsketch_widgets.bench import Bench

Bench(run_dir, "{stage}", settings)"""


@dataclass(frozen=True)
class ListedRun:
    """A run that a notebook can be opened on."""

    name: str
    folder: Path


def stage_named(name: str) -> Stage:
    """The standard stage of that name."""
    found = next((one for one in standard_stages() if one.name == name), None)
    if found is None:
        raise RunError(f"There is no stage {name!r}.", "Use one of the launcher's tiles.")
    return found


def run_at(folder: Path) -> ListedRun | None:
    """The run whose folder this is, or lies in; None where there is none."""
    for place in (folder, *folder.parents):
        record = read_record(place)
        if record is not None:
            return ListedRun(record.name, place)
    return None


def open_notebook(run: ListedRun, stage_name: str, root: Path, kernel: str = "") -> Path:
    """Write the stage's notebook for a run below `root`; what was added to it before stays.

    Parameters
    ----------
    run : ListedRun
    stage_name : str
    root : Path
        The folder that JupyterLab shows.
    kernel : str
        The kernelspec that it opens with; empty: the notebook's own.

    Raises
    ------
    RunError
        There is no such run or stage.
    """
    from papermill.iorw import load_notebook_node
    from papermill.parameterize import parameterize_notebook

    stage = stage_named(stage_name)
    given = {"run_dir": str(run.folder), "settings": last_settings(run.folder, stage)}
    path = root / PLACE / _safe(run) / stage.notebook.name
    book = load_notebook_node(str(path if path.is_file() else stage.notebook))
    book = parameterize_notebook(book, given)
    _with_form(book, stage)
    if kernel:
        book.metadata["kernelspec"] = {
            "name": kernel, "display_name": "StitchSketch", "language": "python"
        }  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    with renamed_when_whole(path) as aside:
        nbformat.write(book, aside)  # type: ignore[no-untyped-call]
    return path


def _with_form(book: Any, stage: Stage) -> None:
    """The form behind the parameters, where it isn't yet."""
    if any(_BENCH in cell.metadata.get("tags", []) for cell in book.cells):
        return
    cell = nbformat.v4.new_code_cell(_FORM.format(stage=stage.name))  # type: ignore[no-untyped-call]
    cell.metadata["tags"] = [_BENCH]
    at = max(
        k for k, one in enumerate(book.cells)
        if {"parameters", "injected-parameters"} & set(one.metadata.get("tags", []))
    )  # fmt: skip
    book.cells.insert(at + 1, cell)


def _safe(run: ListedRun) -> str:
    """A folder's name of its own for the run: two may have one name."""
    import hashlib

    plain = "".join(c if c.isalnum() or c in " -_" else "-" for c in run.name).strip() or "run"
    return f"{plain} {hashlib.sha256(str(run.folder).encode()).hexdigest()[:6]}"


def no_runs() -> RunError:
    """What is said where there is nothing to open."""
    return RunError(text("bench.no_runs"), text("bench.no_run_todo"))
