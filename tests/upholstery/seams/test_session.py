"""A person corrects the panels of a crowned cushion by clicks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.errors import PanelError
from stitchsketch_kernel.domain.panel import EdgeKind
from stitchsketch_kernel.samples.crowned import (
    BAND_M,
    CROWN_M,
    HALF_M,
    LIFT_M,
    CrownedCushion,
    crowned_cushion,
)
from stitchsketch_kernel.upholstery.seams import curves, propose
from stitchsketch_kernel.upholstery.seams.edits import PanelEdits, edits_as_text, read_edits
from stitchsketch_kernel.upholstery.seams.propose import panels_from_edits
from stitchsketch_kernel.upholstery.seams.session import EditSession

RIM = LIFT_M + BAND_M
TOP = np.array([0.0, 0.0, RIM + CROWN_M])
FRONT, BACK = (np.array([0, y, LIFT_M + BAND_M / 2]) for y in (-HALF_M[1], HALF_M[1]))
LEFT, RIGHT = (np.array([x, 0, LIFT_M + BAND_M / 2]) for x in (-HALF_M[0], HALF_M[0]))
#: From the middle of the top to one half of it.
ASIDE = np.array([0.1, 0.0, 0.0])
BELOW = np.array([0.0, 0.0, LIFT_M])
#: Across the top, from seam to seam.
ACROSS = np.array([[0.03, -HALF_M[1], RIM], [0.03, HALF_M[1], RIM]])
#: Up the band, on the left and on the right.
UP_LEFT, UP_RIGHT = (np.array([[x, 0.02, LIFT_M], [x, 0.02, RIM]]) for x in (-HALF_M[0], HALF_M[0]))


@pytest.fixture(scope="module")
def cushion() -> CrownedCushion:
    return crowned_cushion(cell_m=0.005)


@pytest.fixture(scope="module")
def begun(cushion) -> EditSession:
    return EditSession(cushion.mesh)


@pytest.fixture(scope="module")
def begun_bare(cushion) -> EditSession:
    """Without a proposal."""
    return EditSession(cushion.mesh, edits=PanelEdits())


def emptied(session: EditSession) -> EditSession:
    while session.undo():
        pass
    return session


@pytest.fixture
def session(begun):
    return emptied(begun)


@pytest.fixture
def bare(begun_bare):
    return emptied(begun_bare)


def at(session, place) -> str | None:
    """Name of the panel at a place."""
    middles = session.mesh.vertices[session.mesh.faces].mean(axis=1)
    label = session.labels[cKDTree(middles).query(place)[1]]
    return session.names[label] if label >= 0 else None


def off_mm(points, truth) -> np.ndarray:
    return 1000 * cKDTree(truth).query(points)[0]


def test_a_session_begins_with_the_proposal(session):
    assert (at(session, TOP), at(session, FRONT), at(session, BELOW)) == ("CUSH", "BOX", None)


def test_a_drawn_seam_divides_the_proposed_panel_that_it_crosses(session):
    line = session.add_seam_points(ACROSS)
    assert session.names == ("CUSH", "BOX", "CUSH-2", "BOX-2")
    assert {at(session, TOP + np.array([x, 0, 0])) for x in (-0.1, 0.1)} == {"CUSH", "CUSH-2"}
    assert 1000 * np.abs(line[:, 0] - 0.03).max() < 7
    assert np.array_equal(session.drawn_m[0], line)


def test_a_seam_from_side_to_side_does_not_follow_the_seam_that_is_there(session):
    """Along the proposed seam it would be no new one."""
    line = session.add_seam_points([[0.1, -HALF_M[1], RIM], [HALF_M[0], 0, RIM]])
    straight = np.array([0.175, -HALF_M[1] / 2, RIM + 0.012])
    assert np.linalg.norm(line - straight, axis=1).min() < 0.012
    assert session.names == ("CUSH", "BOX", "CUSH-2", "BOX-2")


def test_a_seed_names_the_panel_it_lies_in_and_touches_no_other(session):
    before = session.labels == session.names.index("BOX")
    session.add_seed("SEAT", TOP)
    assert at(session, TOP) == "SEAT"
    assert np.array_equal(session.labels == session.names.index("BOX"), before)


def test_seeds_of_two_names_divide_a_panel_and_of_one_name_join_panels(session):
    top = session.labels == session.names.index("CUSH")
    for place, name in ((FRONT, "BOX-F"), (BACK, "BOX-B")):
        session.add_seed(name, place)
    assert (at(session, FRONT), at(session, BACK)) == ("BOX-F", "BOX-B")
    assert np.array_equal(session.labels == session.names.index("CUSH"), top)
    session.add_seed("BOX-F", TOP)
    assert at(session, TOP) == "BOX-F"
    assert session.names == ("BOX-F", "BOX-B")


def test_what_is_ignored_is_no_panel(session):
    session.add_ignored(TOP)
    assert at(session, TOP) is None
    assert session.names == ("BOX", "BOX-2")


def test_a_seed_in_a_part_that_a_seam_cut_off_names_that_part(session):
    session.add_seam_points(ACROSS)
    session.add_seed("ZIP", TOP + ASIDE)
    assert at(session, TOP - ASIDE) == "CUSH"
    assert at(session, TOP + ASIDE) == "ZIP"


def test_a_band_that_goes_all_round_is_divided_by_a_second_seam_across(session):
    middle = session.labels.copy()
    session.add_seam_points(UP_LEFT)
    assert np.array_equal(session.labels, middle), "where it is divided by itself"
    with pytest.raises(PanelError, match="divides no panel"):
        session.panel_map()
    session.add_seam_points(UP_RIGHT)
    assert {at(session, FRONT), at(session, BACK)} == {"BOX", "BOX-2"}
    ahead = session.labels == session.names.index(at(session, FRONT))
    corners = session.mesh.vertices[session.mesh.faces[ahead]]
    assert corners[..., 1].max() == pytest.approx(0.02, abs=0.01), "where the seams were drawn"


def test_undo_takes_back_one_edit_after_another(session):
    first = session.labels
    session.add_seed("SEAT", TOP)
    session.rename("BOX", "BAND")
    assert session.undo()
    assert session.names == ("BOX", "SEAT", "BOX-2")
    assert session.undo()
    assert np.array_equal(session.labels, first)
    assert not session.undo()
    assert session.edits == PanelEdits(keeps=True)


def test_panels_that_stay_are_not_placed_and_meshed_again(session, monkeypatch):
    done = []

    def counted(module, name):
        real = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *given: done.append(name) or real(*given))

    counted(propose, "mesh_panel")
    counted(curves, "_placed_line")
    before = session.panel_map()
    session.add_seam_points(ACROSS)
    session.panel_map()
    assert {"mesh_panel", "_placed_line"} <= set(done)
    done.clear()
    session.undo()
    again = session.panel_map()
    assert done == []
    assert np.array_equal(again.mesh.vertices, before.mesh.vertices)


def test_panels_are_renamed_again_and_again(session):
    session.rename("CUSH", "A")
    session.rename("BOX", "CUSH")
    session.rename("CUSH", "B")
    assert (at(session, TOP), at(session, FRONT)) == ("A", "B")
    session.add_seam_points(ACROSS)
    session.rename("A-2", "C")
    assert set(session.names) == {"A", "B", "B-2", "C"}
    with pytest.raises(PanelError, match="no panel CUSH to rename"):
        session.rename("CUSH", "D")
    with pytest.raises(PanelError, match="Two panels are called B"):
        session.rename("C", "B")
    assert set(session.names) == {"A", "B", "B-2", "C"}


def test_a_preview_changes_nothing(session):
    line = session.preview_seam(ACROSS)
    assert session.names == ("CUSH", "BOX", "BOX-2")
    assert np.array_equal(session.add_seam_points(ACROSS), line)


def test_a_session_and_the_file_of_its_edits_make_the_same_panels(session, cushion, tmp_path):
    # well away from where the band's two panels will meet
    session.add_seam_points(ACROSS + 0.6123456 * ASIDE)
    session.add_seed("ZIP", RIGHT)
    session.add_seed("BOX-L", LEFT)
    session.rename("CUSH", "SEAT")
    session.set_grain("ZIP", [0, 0, -1])
    (tmp_path / "panels.txt").write_text(edits_as_text(session.edits), encoding="utf-8")
    own = session.panel_map()
    session.set_kind(own.seams[0].id, EdgeKind.ZIP)
    assert session.panel_map().seams[0].edge_kind is EdgeKind.ZIP
    found = panels_from_edits(cushion.mesh, read_edits(tmp_path / "panels.txt"))
    assert [panel.name for panel in found.panels] == [panel.name for panel in own.panels]
    assert {"SEAT", "SEAT-2", "ZIP", "BOX-L"} == {panel.name for panel in found.panels}
    assert np.array_equal(found.face_panel(), own.face_panel())
    assert np.array_equal(found.mesh.vertices, own.mesh.vertices)
    assert found.panel("ZIP").grain_m.tolist() == [0, 0, -1]
    drawn = next(seam for seam in found.seams if {seam.left, seam.right} == {"SEAT", "SEAT-2"})
    assert 1000 * np.abs(drawn.points_m[:, 0] - 0.0912).max() < 7


def test_six_clicks_along_a_fold_and_seeds_place_the_seam_where_the_surfaces_meet(bare, cushion):
    """The truth is where dome and band, continued through the fillet, meet."""
    ring = cushion.top_seam_m[[80, 400, 700, 1000, 1300, 1600]]
    slips = np.random.default_rng(3).normal(0, 0.0015, ring.shape)
    line = bare.add_seam_points(np.vstack([ring + slips, (ring + slips)[:1]]))
    # as drawn it lies on the scan, whose fillet of 8 mm is inside of the corner that it rounds
    assert off_mm(line, cushion.top_fold_m).mean() < 1.5
    for name, place in (("TOP", TOP), ("FRONT", FRONT), ("BACK", BACK)):
        bare.add_seed(name, place)
    bare.add_ignored(BELOW)
    seams = [seam for seam in bare.panel_map().seams if "TOP" in (seam.left, seam.right)]
    assert {(seam.left, seam.right) for seam in seams} <= {
        (a, b) for a in ("TOP", "FRONT", "BACK") for b in ("TOP", "FRONT", "BACK")
    }
    off = off_mm(np.concatenate([seam.points_m for seam in seams]), cushion.top_seam_m)
    assert off.mean() < 1.5
    assert np.percentile(off, 95) < 2.0


def test_one_seed_a_panel_finds_the_seams(bare, cushion):
    for name, place in (("TOP", TOP), ("FRONT", FRONT), ("BACK", BACK), ("LOW", BELOW)):
        bare.add_seed(name, place)
    found = bare.panel_map()
    for name, truth in (("TOP", cushion.top_seam_m), ("LOW", cushion.bottom_seam_m)):
        seams = [seam for seam in found.seams if name in (seam.left, seam.right)]
        assert all(seam.right for seam in seams)
        off = off_mm(np.concatenate([seam.points_m for seam in seams]), truth)
        assert off.mean() < 1.5
        assert np.percentile(off, 95) < 2.0


def test_a_panel_that_has_lost_its_border_is_told_and_the_others_stay(cushion, monkeypatch):
    """As in a scan in tatters, where placing the seams takes all of one's."""
    whole, real = propose.propose_panels(cushion.mesh), propose.place_seams

    def without_one(*given):
        borders, placed = real(*given)
        loops = {one: loop for one, loop in borders.loops.items() if one}
        return replace(borders, loops=loops), placed

    monkeypatch.setattr(propose, "place_seams", without_one)
    rest = propose.propose_panels(cushion.mesh)
    assert len(rest.panels) == len(whole.panels) - 1
    assert any("has no border" in one for one in rest.doubts)
