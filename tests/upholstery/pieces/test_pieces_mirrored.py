"""A left and a right piece that agree are one template whose notches fit both sides."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from stitchsketch_kernel.domain.panel import EdgeKind
from stitchsketch_kernel.upholstery.pieces.make import PieceSettings, make_pattern
from stitchsketch_kernel.upholstery.pieces.mirrored import SeamTies, fit_mirrored

ARM = np.array([[0.0, 0.0], [600, 0], [640, 250], [500, 330], [0, 300]])


def mirrored(corners):
    """The mirror image, again counter-clockwise; the side before corner 1 comes first."""
    return (corners * [-1.0, 1.0])[::-1]


def arms(shapes, right=None, kind_right=EdgeKind.SEWN, right_way=True, longer_mm=0.0):
    """Two arms OA-L and OA-R, each sewn to its own band along its slanting front (side 1)."""
    right = mirrored(ARM) if right is None else right
    left_seams = [("L0", True), ("LF", True), ("L2", True), ("L3", True), ("L4", True)]
    # mirrored sides in order: 3, 2, 1, 0, 4 of the left
    right_seams = [("R3", True), ("R2", True), ("RF", right_way), ("R0", True), ("R4", True)]
    front = float(np.hypot(*(ARM[2] - ARM[1])))
    bands = [
        shapes.flat_panel(
            f"FB-{s}", [[0, 0], [front, 0], [front, 120], [0, 120]],
            [(f"{s}F", (s == "R") != right_way if s == "R" else False),
             *((f"{s}B{i}", True) for i in (1, 2, 3))],
        )
        for s in "LR"
    ]  # fmt: skip
    front += longer_mm
    bands[1] = shapes.flat_panel(
        "BAND", [[0, 0], [front, 0], [front, 150], [0, 150]],
        [("RF", not right_way), *((f"RB{i}", True) for i in (1, 2, 3))],
    )  # fmt: skip
    seams = [(f"{s}{i}", f"OA-{s}", None, EdgeKind.SEWN) for s in "LR" for i in (0, 2, 3, 4)]
    seams += [("LF", "OA-L", "FB-L", EdgeKind.SEWN), ("RF", "OA-R", "BAND", kind_right)]
    seams += [(f"{s}B{i}", n, None, EdgeKind.SEWN) for s, n in (("L", "FB-L"), ("R", "BAND"))
              for i in (1, 2, 3)]  # fmt: skip
    flats = (
        shapes.flat_panel("OA-L", ARM, left_seams),
        shapes.flat_panel("OA-R", right, right_seams),
        *bands,
    )
    return shapes.panel_map(seams), flats


@pytest.mark.parametrize("right_way", [True, False])
def test_arms_that_agree_become_one_template(shapes, right_way):
    pattern = make_pattern("chair", *arms(shapes, right_way=right_way), scale=shapes.scale)
    assert [piece.name for piece in pattern.pieces] == ["OA-L", "FB-L", "BAND"]
    arm = pattern.piece("OA-L")
    assert arm.quantity == 2 and arm.mirrored
    assert "OA-L" in arm.notes[0] and "OA-R" in arm.notes[0]
    # the seams of both arms are still there, by their panels' names
    assert {pair.piece_a for pair in pattern.seams if pair.seam in {"LF", "RF"}} == {"OA-L", "OA-R"}


@pytest.mark.parametrize("right_way", [True, False])
def test_the_templates_notches_meet_both_neighbours(shapes, right_way):
    """Cut face down, the template's front notches lie where the right band's are."""
    pattern = make_pattern("chair", *arms(shapes, right_way=right_way), scale=shapes.scale)
    arm = pattern.piece("OA-L")
    front = next(edge for edge in arm.edges if edge.seam == "LF")
    # measured from the front's lower corner, which is the same corner on both arms
    low = front.line_mm[np.argmin(front.line_mm[:, 1])]
    on_arm = np.sort([np.hypot(*(n.sew_mm - low)) for n in arm.notches if n.seam == "LF"])
    for name, seam in (("FB-L", "LF"), ("BAND", "RF")):
        band = pattern.piece(name)
        at = np.array([n.sew_mm[0] for n in band.notches if n.seam == seam])
        # counter-clockwise the left arm's front runs up, so its band's runs down, and so on
        on_band = np.sort(band.sew_line_mm[:, 0].max() - at if name == "FB-L" else at)
        np.testing.assert_allclose(on_band, on_arm, atol=1e-6)
    assert len(on_arm) >= 2


def test_pairing_can_be_switched_off(shapes):
    pattern = make_pattern(
        "chair", *arms(shapes), scale=shapes.scale, settings=PieceSettings(pair=False)
    )
    assert {piece.name: piece.quantity for piece in pattern.pieces}["OA-R"] == 1


def test_arms_that_differ_are_both_kept_and_it_is_said_by_how_much(shapes):
    right = mirrored(ARM * [1.0, 1.04])
    pattern = make_pattern("chair", *arms(shapes, right=right), scale=shapes.scale)
    assert all(piece.quantity == 1 for piece in pattern.pieces) and len(pattern.pieces) == 4
    (note,) = pattern.notes
    assert "OA-L and OA-R are both kept" in note and "differ by" in note


@pytest.mark.parametrize(("longer_mm", "pieces"), [(0.6, 3), (1.8, 4)])
def test_a_template_must_be_as_long_as_what_it_is_sewn_to(shapes, longer_mm, pieces):
    """The right arm and its band are a little longer than the left: one template would not sew."""
    along = (ARM[2] - ARM[1]) / np.linalg.norm(ARM[2] - ARM[1])
    right = ARM.copy()
    right[2] += longer_mm * along
    parts = arms(shapes, right=mirrored(right), longer_mm=longer_mm)
    pattern = make_pattern("chair", *parts, scale=shapes.scale)
    assert len(pattern.pieces) == pieces
    assert all(abs(seam.difference_mm) < 1 for seam in pattern.seams if seam.piece_b)
    assert any("as long as what it is sewn to" in note for note in pattern.notes) == (pieces == 4)


def test_arms_with_other_edge_kinds_are_both_kept(shapes):
    pattern = make_pattern("chair", *arms(shapes, kind_right=EdgeKind.STAPLE), scale=shapes.scale)
    assert len(pattern.pieces) == 4 and "of other kinds" in pattern.notes[0]


def test_arms_whose_grain_differs_are_both_kept(shapes):
    angle = np.radians(12)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    right = mirrored(ARM) @ turn.T
    pattern = make_pattern("chair", *arms(shapes, right=right), scale=shapes.scale)
    assert len(pattern.pieces) == 4 and "grain differs by 12 degrees" in pattern.notes[0]


@settings(deadline=None, max_examples=15)
@given(st.floats(-10, 10), st.floats(-500, 500), st.floats(-500, 500))
def test_a_mirrored_outline_is_found_wherever_it_lies(degrees, x, y):
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    move, apart, found = fit_mirrored(ARM, mirrored(ARM) @ turn.T + [x, y])
    assert apart < 0.05 and found == pytest.approx(degrees, abs=0.05)
    there = shapely.LinearRing(ARM @ move[:2, :2].T + move[:2, 2])
    assert there.is_ccw is False


def test_seams_that_would_fit_only_turned_round_are_not_tied():
    ties = SeamTies()
    assert ties.tie([("a", "b", True), ("b", "c", False)])
    assert ties.root("c")[0] == ties.root("a")[0] and ties.root("c")[1] != ties.root("a")[1]
    assert not ties.tie([("d", "a", False), ("c", "d", False)])
    assert ties.root("d") == ("d", False)
