"""The notebooks are thin, paired with their text, and without outputs."""

from __future__ import annotations

import jupytext
import nbformat
import pytest

from stitchsketch_kernel.pipeline.stage import STAGE_MODULES, standard_stages

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
