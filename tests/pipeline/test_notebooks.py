"""The notebooks are thin, paired with their text, and without outputs."""

from __future__ import annotations

import jupytext
import nbformat
import papermill
import pytest
from laid_run import flat_cushion, laid_run

from stitchsketch_kernel.pipeline.record import read_record
from stitchsketch_kernel.pipeline.stage import STAGE_MODULES, standard_stages
from stitchsketch_kernel.upholstery.export.pattern_json import write_pattern_json

NAMES = [module.rpartition(".")[2] for module in STAGE_MODULES]


def pair(repository, number: int, name: str):
    path = repository / "notebooks" / f"{number:02d}_{name}"
    text = jupytext.read(path.with_suffix(".py"))
    return text, nbformat.read(path.with_suffix(".ipynb"), as_version=4)


def content(notebook) -> list[tuple[str, str, list[str]]]:
    return [(c.cell_type, c.source, c.metadata.get("tags", [])) for c in notebook.cells]


@pytest.mark.parametrize(("number", "name"), list(enumerate(NAMES, start=1)))
def test_the_text_and_the_notebook_are_one(repository, number, name):
    text, notebook = pair(repository, number, name)
    assert content(text) == content(notebook), "run: jupytext --to ipynb notebooks/*.py"


@pytest.mark.parametrize(("number", "name"), list(enumerate(NAMES, start=1)))
def test_notebooks_are_thin_and_stripped(repository, number, name):
    _, notebook = pair(repository, number, name)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code)
    assert [cell.source for cell in code if "parameters" in cell.metadata.get("tags", [])] == [
        'run_dir = "demo"'
    ]
    assert f'open_stage(run_dir, "{name}")' in code[1].source
    assert sum(len(cell.source.splitlines()) for cell in code) < 50


def test_the_notebook_that_compares_two_runs_is_paired_and_stripped(repository):
    path = repository / "notebooks" / "compare"
    text = jupytext.read(path.with_suffix(".py"))
    notebook = nbformat.read(path.with_suffix(".ipynb"), as_version=4)
    assert content(text) == content(notebook)
    assert not any(cell.get("outputs") for cell in notebook.cells)


def test_each_stage_reads_only_what_came_before():
    seen: set[str] = set()
    for number, stage in enumerate(standard_stages(), start=1):
        assert stage.number == number
        assert set(stage.inputs) <= seen
        assert stage.notebook.is_file()
        seen.add(stage.name)


def test_the_notebook_that_compares_two_runs_shows_them(repository, tmp_path):
    folders = [laid_run(tmp_path / name) for name in ("first", "second")]
    for folder, seconds in zip(folders, (20, 30), strict=True):
        record = read_record(folder)
        record.stage("nest").figures = {"used_mm": 1000 + seconds}
        record.save()
        _, pattern = flat_cushion()
        (folder / "patterns").mkdir()
        write_pattern_json(folder / "patterns" / "pattern.json", pattern)
    done = papermill.execute_notebook(
        repository / "notebooks" / "compare.ipynb", tmp_path / "done.ipynb",
        {"run_dir": str(folders[0]), "other_dir": str(folders[1])},
        kernel_name="python3", progress_bar=False,
    )  # fmt: skip
    shown = [output.data for cell in done.cells for output in cell.get("outputs", [])
             if "data" in output]  # fmt: skip
    tables = [one["text/plain"] for one in shown if "text/html" in one]
    assert len([one for one in shown if "image/png" in one]) == 2
    [table] = [one for one in tables if "used_mm" in one]
    assert "1020" in table
    assert "1030" in table
