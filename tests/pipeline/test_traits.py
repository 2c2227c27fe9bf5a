"""Settings as traits: one list of defaults, bounds and help for all who ask."""

from __future__ import annotations

import json
from dataclasses import fields

import nbformat
import pytest
from laid_run import laid_run

from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.pipeline.choices import keep_choices
from stitchsketch_kernel.pipeline.record import read_record
from stitchsketch_kernel.pipeline.settings import resolve
from stitchsketch_kernel.pipeline.stage import standard_stages
from stitchsketch_kernel.pipeline.tracking import KeptAs, kept_as_before
from stitchsketch_kernel.pipeline.traits import stage_traits
from stitchsketch_kernel.projects.records import Project, Run, Scan
from stitchsketch_kernel.stores import open_stores

STAGES = {stage.name: stage for stage in standard_stages()}


@pytest.mark.parametrize("name", STAGES)
def test_every_setting_has_its_default_and_help(name):
    for group, kind in stage_traits(STAGES[name]).items():
        assert kind().values() == resolve([STAGES[name]], {})[group]
        assert [one for one, trait in kind.class_traits().items() if not trait.help] == []


@pytest.mark.parametrize(
    ("stage", "name", "value", "told"),
    [
        ("align", "max_features", 12, r"align.max_features can't be 12. Use 256 or more."),
        ("nest", "seconds", "0", r"nest.seconds can't be 0. Use 1 to 86400."),
        ("flatten", "check_mm", 0.0, r"pieces.check_mm can't be 0. Use above 0 and up to 50."),
        ("align", "matching", "all", r"align.matching can't be 'all'. Use auto, exhaustive or "),
    ],
)
def test_what_can_t_be_is_told_alike_by_trait_and_command_line(stage, name, value, told):
    [(group, kind)] = [
        one for one in stage_traits(STAGES[stage]).items() if name in one[1].class_trait_names()
    ]
    with pytest.raises(SettingsError, match=told):
        setattr(kind(), name, value)
    with pytest.raises(SettingsError, match=told):
        resolve([STAGES[stage]], {f"{group}.{name}": value})


def test_a_notebook_opens_with_the_run_s_folder_and_last_settings(tmp_path):
    notebooks = pytest.importorskip("stitchsketch_widgets.lab.notebooks")
    folder = laid_run(tmp_path / "job")
    keep_choices(folder, {"nest.seconds": 7})
    run = notebooks.run_at(folder / "patterns")
    path = notebooks.open_notebook(run, "nest", tmp_path / "lab")
    book = nbformat.read(path, as_version=4)
    values: dict = {}
    exec(book.cells[2].source, values)
    assert (values["run_dir"], values["settings"]) == (str(folder), {"nest.seconds": 7})
    book.cells.append(nbformat.v4.new_code_cell("mine = 1"))
    nbformat.write(book, path)
    keep_choices(folder, {"nest.seconds": 8})
    assert notebooks.open_notebook(run, "nest", tmp_path / "lab") == path
    sources = [cell.source for cell in nbformat.read(path, as_version=4).cells]
    assert sources[-1] == "mine = 1"
    assert "'nest.seconds': 8" in json.dumps(sources) or '"nest.seconds": 8' in sources[2]
    assert sum("Bench(" in source for source in sources) == 1


def test_the_form_lists_settings_as_the_dataclass_does():
    kind = stage_traits(STAGES["nest"])["fabric"]
    names = list(kind.in_order())
    assert names == [field.name for field in fields(kind.kind)]
    assert names != sorted(names)


@pytest.mark.parametrize("name", STAGES)
def test_the_form_shows_what_is_code_as_code(name):
    bench = pytest.importorskip("stitchsketch_widgets.bench")
    helps = [
        bench._help(trait).value
        for kind in stage_traits(STAGES[name]).values()
        for trait in kind.in_order().values()
    ]
    assert [one for one in helps if "`" in one] == []


def test_a_stage_that_is_computed_again_is_kept_in_its_own_scan(tmp_path, monkeypatch):
    """The project's name is another one now: the run's own still is the old one."""
    monkeypatch.setenv("STITCHSKETCH_HOME", str(tmp_path / "home"))
    folder = laid_run(tmp_path / "job")
    with open_stores() as stores:
        shop, projects = stores.settings.shop, stores.projects
        scan = projects.add_scan(shop, Scan(projects.add_project(Project(shop, "Stool")).id, "1"))
        run = projects.start_run(shop, Run(scan.id, str(folder), host="x"))
    assert kept_as_before(folder) == KeptAs()
    record = read_record(folder)
    record.run_id = run.id
    record.save()
    assert kept_as_before(folder) == KeptAs(shop, scan.id)
    record.run_id = "no such run"
    record.save()
    assert kept_as_before(folder) == KeptAs()
