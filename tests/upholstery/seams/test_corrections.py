"""Corrections of a session that build on others: moved, joined, done again, kept by place."""

from __future__ import annotations

import numpy as np
import pytest

from stitchsketch_kernel.domain.errors import FlattenError, PanelError
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.domain.panel import EdgeKind
from stitchsketch_kernel.samples.crowned import BAND_M, CROWN_M, HALF_M, LIFT_M, crowned_cushion
from stitchsketch_kernel.upholstery.flat.preview import flat_preview
from stitchsketch_kernel.upholstery.seams.by_place import middle_m, seam_at
from stitchsketch_kernel.upholstery.seams.session import EditSession

RIM = LIFT_M + BAND_M
TOP = np.array([0.0, 0.0, RIM + CROWN_M])


def top(x_m: float, y_m: float = 0.0) -> np.ndarray:
    """A place on the top, about."""
    return TOP + np.array([x_m, y_m, 0.0])


FRONT = np.array([0, -HALF_M[1], LIFT_M + BAND_M / 2])
BACK = FRONT * [1, -1, 1]
ACROSS = np.array([[0.03, -HALF_M[1], RIM], top(0.03), [0.03, HALF_M[1], RIM]])
#: The proposal's two parts of the band.
BANDS = ("BOX", "BOX-2")
#: Two seams up the band.
UP = [np.array([[x, 0.02, LIFT_M], [x, 0.02, RIM]]) for x in (-HALF_M[0], HALF_M[0])]


@pytest.fixture(scope="module")
def begun() -> EditSession:
    return EditSession(crowned_cushion(cell_m=0.005).mesh)


@pytest.fixture
def session(begun) -> EditSession:
    while begun.undo():
        pass
    return begun


def test_what_was_taken_back_is_done_again_until_something_else_is_asked(session):
    assert not session.redo() or session.undo()
    session.rename("CUSH", "A")
    session.rename("A", "B")
    assert session.undo()
    assert session.undo()
    assert session.redo()
    assert session.names == ("A", *BANDS)
    session.rename("A", "C")
    assert not session.can_redo
    assert not session.redo()
    assert session.names == ("C", *BANDS)


def test_a_seam_runs_through_its_point_where_that_was_moved_to(session):
    session.add_seam_points(ACROSS)
    line = session.move_seam_point(0, 1, top(-0.05))
    assert np.linalg.norm(line - top(-0.05), axis=1).min() < 0.005
    assert set(session.names) == {"CUSH", "CUSH-2", *BANDS}
    with pytest.raises(PanelError, match="no point 4"):
        session.move_seam_point(0, 3, TOP)
    with pytest.raises(PanelError, match="no drawn seam 2"):
        session.move_seam_point(1, 0, TOP)


def test_a_closed_seam_stays_closed_when_its_first_point_is_moved(session):
    square = TOP + 0.07 * np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0], [-1, -1, 0]])
    session.add_seam_points(square)
    session.move_seam_point(0, 0, square[0] - [0.02, 0.02, 0])
    points = session.edits.cuts[0]
    assert np.array_equal(points[0], points[-1])
    assert len(session.names) == 4


def test_a_point_can_not_be_moved_so_that_the_seam_divides_nothing(session):
    short = [ACROSS[0], top(0.03, -0.1), ACROSS[2]]
    session.add_seam_points(short)
    edits = session.edits
    with pytest.raises(PanelError, match="divides no panel"):
        session.move_seam_point(0, 2, top(0.03, -0.05))
    assert session.edits is edits


def test_a_drawn_seam_is_taken_away(session):
    session.add_seam_points(ACROSS)
    session.remove_seam(0)
    assert session.names == ("CUSH", *BANDS)
    assert session.edits.cuts == ()


def test_panels_on_both_sides_of_a_drawn_seam_are_joined_and_it_goes(session):
    session.add_seam_points(ACROSS)
    session.join("CUSH-2", "CUSH")
    assert session.names == ("CUSH", *BANDS)
    assert session.drawn_m == ()
    session.panel_map()


def test_panels_that_were_named_are_joined(session):
    for up in UP:
        session.add_seam_points(up)
    session.add_seed("F", FRONT)
    session.add_seed("B", BACK)
    session.join("F", "CUSH")
    assert set(session.names) == {"CUSH", "B"}
    with pytest.raises(PanelError, match="no panel F"):
        session.join("F", "B")
    with pytest.raises(PanelError, match="one already"):
        session.join("B", "B")


def test_a_seam_keeps_its_kind_when_later_edits_number_the_seams_anew(session):
    last = session.panel_map().seams[-1]
    session.set_kind_at(middle_m(last), EdgeKind.ZIP)
    session.add_seam_points(ACROSS)
    found, edits = session.placed()
    [zipped] = [one for one in found.seams if one.edge_kind is EdgeKind.ZIP]
    assert zipped.id != last.id
    assert seam_at(found, middle_m(last)).id == zipped.id
    assert dict(edits.kinds) == {zipped.id: EdgeKind.ZIP}


def test_a_kind_whose_seam_is_gone_is_said(session):
    session.add_seam_points(ACROSS)
    session.set_kind_at(top(0.03), EdgeKind.ZIP)
    session.remove_seam(0)
    found, edits = session.placed()
    assert edits.kinds == ()
    assert "that was to be zip is not there any more" in found.notes[-1]
    assert seam_at(found, TOP) is None


def test_a_warp_follows_its_panel_to_another_name_and_ends_with_it(session):
    session.set_grain("CUSH", [1, 0, 0])
    session.rename("CUSH", "SEAT")
    assert session.grain_m("SEAT").tolist() == [1, 0, 0]
    assert session.panel_map().panel("SEAT").grain_m.tolist() == [1, 0, 0]
    session.join("SEAT", "BOX")
    assert session.edits.grains == ()


def test_a_panel_is_laid_out_roughly_at_its_true_size(session):
    """The dome's arcs, by the integral of its section; a third of the fillet is the band's."""
    flat = flat_preview(session.mesh, session.labels == 0, session.grain_m("CUSH"), "CUSH")
    for half, size in zip(HALF_M, flat.size_mm, strict=True):
        x = np.linspace(-half, half, 2001)
        arc = 1000 * np.trapezoid(np.hypot(1, 2 * CROWN_M * x / half**2), x)
        assert arc - 14 < size < arc
    assert flat.strain_95_percent < 1
    assert flat.faces.max() < len(flat.uv_mm)


def test_a_band_all_round_can_not_be_laid_out(session):
    with pytest.raises(FlattenError, match="BOX goes all round"):
        flat_preview(session.mesh, session.labels > 0, np.array([0, 0, 1.0]), "BOX")


def test_a_panel_in_two_places_can_not_be_laid_out(session):
    apart = np.abs(session.mesh.vertices[session.mesh.faces].mean(axis=1)[:, 0]) > 0.1
    with pytest.raises(FlattenError, match="two places"):
        flat_preview(session.mesh, (session.labels == 0) & apart, np.array([0, 1.0, 0]), "CUSH")


def sheet(count: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """A flat square of 190 mm in steps of 10 mm."""
    x, y = np.meshgrid(np.arange(count), np.arange(count), indexing="xy")
    vertices = np.stack([0.01 * x.ravel(), 0.01 * y.ravel(), 0 * x.ravel()], axis=1).astype(float)
    a = (np.arange(count - 1)[:, None] * count + np.arange(count - 1)).ravel()
    faces = np.vstack(
        [np.stack([a, a + 1, a + count + 1], 1), np.stack([a, a + count + 1, a + count], 1)]
    )
    return vertices, faces.astype(np.int32)


def with_a_fin(vertices, faces):
    """Two faces back to back on the border."""
    at, ahead, top = 10, 11, len(vertices)
    fin = np.array([[at, ahead, top], [ahead, at, top]], dtype=np.int32)
    return np.vstack([vertices, [[0.105, 0.0, 0.01]]]), np.vstack([faces, fin])


def with_a_double_point(vertices, faces):
    """A face that has a corner of its own where its neighbours share theirs."""
    faces = faces.copy()
    k = int(np.flatnonzero((faces == 210).any(axis=1))[0])
    faces[k][faces[k] == 210] = len(vertices)
    return np.vstack([vertices, vertices[210]]), faces


@pytest.mark.parametrize("fault", [with_a_fin, with_a_double_point])
def test_a_scans_small_faults_stop_no_preview(fault):
    vertices, faces = fault(*sheet())
    mine = np.ones(len(faces), dtype=bool)
    flat = flat_preview(Mesh(vertices, faces), mine, np.array([0, 1.0, 0]), "IB")
    assert flat.size_mm == pytest.approx((190, 190), abs=1)
