"""A run's panels are opened for corrections, and the next run takes these."""

from __future__ import annotations

import numpy as np
import pytest

from stitchsketch_kernel.domain.errors import RunError
from stitchsketch_kernel.domain.model import Scale
from stitchsketch_kernel.domain.panel import EdgeKind
from stitchsketch_kernel.domain.tape import TapeFound, TapeLine
from stitchsketch_kernel.pipeline.artefacts import write_value
from stitchsketch_kernel.pipeline.correcting import open_panels, save_panels
from stitchsketch_kernel.pipeline.files import write_json
from stitchsketch_kernel.pipeline.record import new_record
from stitchsketch_kernel.pipeline.stage import standard_stages
from stitchsketch_kernel.reconstruction.mesh_io import write_mesh
from stitchsketch_kernel.samples.crowned import (
    BAND_M,
    CROWN_M,
    HALF_M,
    LIFT_M,
    crowned_cushion,
)
from stitchsketch_kernel.upholstery.seams.edits import read_edits


@pytest.fixture
def folder(tmp_path):
    """A run whose mesh is there, and whose panels are not."""
    stages = standard_stages()
    for stage in (stages[2], stages[4]):
        place = tmp_path / "stages" / stage.folder_name
        place.mkdir(parents=True)
        earlier = {one.name: one.folder_name for one in stages if one.name in stage.inputs}
        job = {"stage": stage.name, "module": stage.module, "earlier": earlier, "files": {}}
        write_json(place / "job.json", {**job, "groups": {}, "settings": {}})
    write_value(tmp_path / "stages" / "03_scale" / "scale.npz", Scale("mat", 1.0, 0.2, 0.1, 8))
    write_mesh(tmp_path / "stages" / "05_mesh" / "mesh.ply", crowned_cushion(0.006).mesh)
    record = new_record(tmp_path, "cushion", tmp_path, stages, {one.name: "" for one in stages})
    record.settings = {"panels.crease_deg": "30", "densify.pixels": 7}
    record.save()
    return tmp_path


def test_saved_corrections_are_there_when_the_run_is_opened_again(folder):
    session = open_panels(folder)
    assert session.edits.keeps
    session.add_seed("SEAT", [0.0, 0.0, 0.18])
    session.set_kind_at(session.panel_map().seams[0].points_m[3], EdgeKind.ZIP)
    path = save_panels(folder, session)
    assert path == folder / "panels.txt"
    assert read_edits(path).kinds[0][1] is EdgeKind.ZIP
    again = open_panels(folder)
    assert again.names == session.names
    assert not again.can_undo
    assert [one.edge_kind for one in again.placed()[0].seams].count(EdgeKind.ZIP) == 1
    assert np.array_equal(again.edits.seeds[0][1], session.edits.seeds[0][1])
    assert [one.name for one in folder.iterdir() if "aside" in one.name] == []


def test_a_file_that_the_run_was_given_is_gone_on_from(folder):
    (folder / "mine.txt").write_text("name CUSH TOP\n")
    panels = folder / "stages" / "06_panels"
    panels.mkdir()
    job = {"stage": "panels", "files": {"edits": str(folder / "mine.txt")}}
    write_json(panels / "job.json", job)
    assert "TOP" in open_panels(folder).names


def test_tape_that_the_run_has_found_is_corrected_with_the_rest(folder):
    """Else the next run, which finds it again, would make other panels than were seen."""
    y = np.linspace(-HALF_M[1], HALF_M[1], 120)
    x = np.full_like(y, 0.03)
    dome = CROWN_M * (1 - (x / HALF_M[0]) ** 2) * (1 - (y / HALF_M[1]) ** 2)
    line = TapeLine(np.column_stack([x, y, LIFT_M + BAND_M + dome]), 0.5, 7)
    panels = folder / "stages" / "06_panels"
    panels.mkdir()
    write_json(panels / "job.json", {"stage": "panels", "files": {"edits": None}})
    assert "CUSH-2" not in open_panels(folder).names
    write_value(panels / "tape.npz", TapeFound((line,)))
    assert "CUSH-2" in open_panels(folder).names


def test_a_run_without_a_mesh_can_not_be_opened(tmp_path):
    with pytest.raises(RunError, match="not come to the stage mesh"):
        open_panels(tmp_path)
