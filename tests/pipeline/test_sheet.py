"""A grain turned on the sheet is kept with the run's corrections, and its next run cuts by it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from laid_run import SCALE, cushion_mesh, flat_cushion, laid_run

from stitchsketch_kernel.domain.errors import PanelError, RunError
from stitchsketch_kernel.pipeline.correcting import CORRECTIONS
from stitchsketch_kernel.pipeline.sheet import PatternSheet, open_sheet, save_warps, warps_of
from stitchsketch_kernel.upholstery.flat.flatten import flatten_panels
from stitchsketch_kernel.upholstery.pieces.make import make_pattern
from stitchsketch_kernel.upholstery.seams.edits import read_edits
from stitchsketch_kernel.upholstery.seams.propose import panels_from_edits
from stitchsketch_kernel.upholstery.seams.session import EditSession


@pytest.fixture(scope="module")
def made():
    """A cushion's panels, laid flat, as a run leaves them."""
    return flat_cushion()


@pytest.fixture
def folder(tmp_path):
    return laid_run(tmp_path)


def size(pattern, name):
    return np.ptp(pattern.piece(name).sew_line_mm, axis=0)


def test_the_next_run_lays_the_piece_by_the_grain_that_was_turned(folder, made):
    sheet = open_sheet(folder)
    path = save_warps(folder, warps_of(sheet, {"CUSH": 90.0}))
    assert path == folder / CORRECTIONS
    panels = panels_from_edits(cushion_mesh(), read_edits(path))
    again = make_pattern("cushion", panels, flatten_panels(panels), scale=SCALE)
    assert [one.name for one in again.pieces] == [one.name for one in made[1].pieces]
    wide, tall = size(made[1], "CUSH")
    assert size(again, "CUSH") == pytest.approx([tall, wide], abs=0.5)
    for name in ("BOX", "BOX-2"):
        assert size(again, name) == pytest.approx(size(made[1], name), abs=0.01)


def test_what_is_not_run_yet_is_told_when_the_sheet_is_opened_again(folder):
    assert open_sheet(folder).turned_deg == {}
    save_warps(folder, warps_of(open_sheet(folder), {"CUSH": -30.0}))
    assert open_sheet(folder).turned_deg == pytest.approx({"CUSH": -30.0})
    save_warps(folder, warps_of(open_sheet(folder), {"CUSH": 0.0}))
    assert open_sheet(folder).turned_deg == {}


def test_other_corrections_in_the_file_stay(folder):
    (folder / CORRECTIONS).write_text("keep\npanel SEAT 0.0 0.0 0.18\ngrain SEAT 0.0 1.0 0.0\n")
    save_warps(folder, warps_of(open_sheet(folder), {"CUSH": 45.0}))
    edits = read_edits(folder / CORRECTIONS)
    assert [name for name, _ in edits.seeds] == ["SEAT"]
    assert [name for name, _ in edits.grains] == ["SEAT", "CUSH"]


def test_a_mirrored_twin_is_turned_the_other_way(made):
    """Else left and right would agree no more, and be two pieces."""
    flats, pattern = made
    flat = next(one for one in flats if one.panel == "CUSH")
    cushion = pattern.piece("CUSH")
    pair = replace(cushion, name="OA-L", quantity=2, mirrored=True)
    flip = np.array([-1.0, 1.0])
    sides = {
        "OA-L": replace(flat, panel="OA-L"),
        "OA-R": replace(flat, panel="OA-R", uv_mm=flat.uv_mm * flip, faces=flat.faces[:, ::-1]),
    }
    sheet = PatternSheet(replace(pattern, pieces=(pair,)), sides, {})
    warps = warps_of(sheet, {"OA-L": 30.0})
    assert set(warps) == {"OA-L", "OA-R"}
    # the same cloth lies under both, seen in a mirror: one direction on the furniture
    assert warps["OA-R"] == pytest.approx(warps["OA-L"], abs=1e-6)


def test_a_piece_that_is_not_there_is_refused(folder):
    with pytest.raises(PanelError, match="no piece IB"):
        warps_of(open_sheet(folder), {"IB": 10.0})


def test_a_run_without_pieces_has_no_sheet(tmp_path):
    with pytest.raises(RunError):
        open_sheet(tmp_path)


def test_a_session_that_is_open_knows_of_it_and_undoing_keeps_it():
    """Seams saved later must not lose the grain."""
    session = EditSession(cushion_mesh())
    session.rename("CUSH", "SEAT")
    session.undo()
    session.begin_with_grains({"CUSH": [1.0, 0.0, 0.0]})
    assert not session.can_undo
    assert session.grain_m("CUSH") == pytest.approx([1.0, 0.0, 0.0])
    session.rename("CUSH", "TOP")
    assert session.grain_m("TOP") == pytest.approx([1.0, 0.0, 0.0])
    session.undo()
    assert dict(session.edits.grains)["CUSH"] == pytest.approx([1.0, 0.0, 0.0])
    with pytest.raises(PanelError, match="warp of IB"):
        session.begin_with_grains({"IB": [1.0, 0.0, 0.0]})
