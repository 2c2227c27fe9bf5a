"""The pattern goes on over a seam, and where it doesn't the marker says so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stitchsketch_kernel.domain.errors import NestError
from stitchsketch_kernel.domain.marker import Fabric, MatchLevel, Placement
from stitchsketch_kernel.domain.panel import EdgeKind
from stitchsketch_kernel.domain.piece import Pattern, Piece, PieceEdge, SeamPair
from stitchsketch_kernel.domain.progress import Cancelled
from stitchsketch_kernel.upholstery.marker.links import links_of, share_along
from stitchsketch_kernel.upholstery.marker.nest import NestSettings, check_marker, make_marker, nest
from stitchsketch_kernel.upholstery.marker.repeats import off_lattice, table_percent

CHECK = Fabric("Check", 1400.0, 1370.0, True, repeat_vertical_mm=343.0, repeat_horizontal_mm=280.0)
DROP = replace(CHECK, half_drop=True)
QUICK = NestSettings(seconds=2, workers=1, match="all_seams")


def sewn_piece(name, ring, seams, quantity=1, mirrored=False) -> Piece:
    """`seams`: for each side its seam, a minus before it where the side runs against it."""
    ring = np.asarray(ring, dtype=float)
    edges = tuple(
        PieceEdge(seam.lstrip("-"), EdgeKind.SEWN, np.array([start, end]), seam[0] != "-", 0.0)
        for seam, start, end in zip(seams, ring, np.roll(ring, -1, axis=0), strict=True)
    )
    grain = ring.mean(axis=0) + np.array([[0.0, 0.0], [0.0, 50.0]])
    return Piece(name, ring, ring, edges, (), grain, quantity, mirrored)


def sewn_box(name, width, height, seams, quantity=1, mirrored=False) -> Piece:
    ring = [[0, 0], [width, 0], [width, height], [0, height]]
    return sewn_piece(name, ring, seams, quantity, mirrored)


def pattern_of(pieces, *pairs) -> Pattern:
    """Pairs are (seam, panel, panel); lengths are the first piece's."""
    length = {edge.seam: edge.length_mm for piece in pieces for edge in piece.edges}
    seams = tuple(
        SeamPair(seam, EdgeKind.SEWN, a, b, length[own or seam], length[own or seam])
        for seam, a, b, own in ((*pair, None)[:4] for pair in pairs)
    )
    return Pattern("test", tuple(pieces), seams, "mat", 0.1)


def join() -> Pattern:
    """Two widths sewn side by side, and a border under the first."""
    a = sewn_box("IB-1", 500, 610, ["S2", "S1", "a", "b"])
    b = sewn_box("IB-2", 420, 610, ["c", "d", "e", "-S1"])
    c = sewn_box("FB", 500, 200, ["f", "g", "-S2", "h"])
    return pattern_of([a, b, c], ("S1", "IB-1", "IB-2"), ("S2", "IB-1", "FB"))


def jump(marker, a, at_a, b, at_b, copy_a=0, copy_b=0) -> np.ndarray:
    """Cloth under a place of b less cloth under a place of a: independent of the kernel's own."""
    placed = {(one.piece, one.copy): one for one in marker.placements}
    there = placed[b, copy_b].apply(np.array([at_b], dtype=float))[0]
    return there - placed[a, copy_a].apply(np.array([at_a], dtype=float))[0]


def assert_whole(shift, fabric) -> None:
    """A shift of whole repeats, half-drop or not."""
    row = round(shift[1] / fabric.repeat_horizontal_mm)
    drop = fabric.repeat_vertical_mm / 2 * (row % 2) if fabric.half_drop else 0
    column = (shift[0] - drop) / fabric.repeat_vertical_mm
    assert abs(shift[1] - row * fabric.repeat_horizontal_mm) < 0.01
    assert abs(column - round(column)) * fabric.repeat_vertical_mm < 0.01


@pytest.mark.parametrize("fabric", [CHECK, DROP], ids=["straight", "half-drop"])
def test_sewn_pieces_lie_on_the_same_phase(fabric):
    marker = nest(join(), fabric, QUICK)
    check_marker(join(), marker)
    for end in (0, 305, 610):
        assert_whole(jump(marker, "IB-1", (500, end), "IB-2", (0, end)), fabric)
    assert_whole(jump(marker, "IB-1", (100, 0), "FB", (100, 200)), fabric)
    assert {one.seam for one in marker.matches if one.matched} == {"S1", "S2"}
    assert max(one.along_mm for one in marker.matches) < 0.01
    assert marker.plain_length_mm and marker.extra_percent > -1


def bowed(by_mm: float) -> Pattern:
    """Two widths whose seam is straight on the one, and bent by so much on the other."""
    a = sewn_box("IB-1", 500, 610, ["a", "S1", "b", "c"])
    ring = np.array([[0, 0], [420, 0], [420, 610], [0, 610], [by_mm, 305]], dtype=float)
    b = sewn_piece("IB-2", ring, ["d", "e", "f", "g", "h"])
    edge = PieceEdge("S1", EdgeKind.SEWN, ring[[3, 4, 0]], False, 0.0)
    return pattern_of([a, replace(b, edges=(*b.edges[:3], edge))], ("S1", "IB-1", "IB-2"))


def test_a_seam_of_two_curves_is_matched_where_the_least_is_left_all_along():
    marker = nest(bowed(3.0), CHECK, QUICK)
    [match] = marker.matches
    assert match.matched and match.mismatch_mm == pytest.approx(1.5, abs=0.1)
    assert match.along_mm == pytest.approx(1.5, abs=0.1)  # 3 were its middle held


def test_a_seam_that_cannot_match_all_along_does_at_its_middle():
    [match] = nest(bowed(9.0), CHECK, QUICK).matches
    assert match.matched and match.mismatch_mm < 0.01
    assert match.along_mm == pytest.approx(9.0, abs=0.1)


def test_without_nap_pieces_turn_about_a_motif_and_still_match():
    fabric = replace(CHECK, nap=False, motif_along_mm=31.0, motif_across_mm=17.0)
    marker = nest(join(), fabric, QUICK)
    assert all(one.matched for one in marker.matches)
    placed = {one.piece: one for one in marker.placements}
    motif = np.array([31.0, 17.0])
    upright = []
    for name, at in (("IB-1", (500, 305)), ("IB-2", (0, 305))):
        here = placed[name].apply(np.array([at], dtype=float))[0]
        upright.append(here if placed[name].rotation_deg == -90 else 2 * motif - here)
    assert_whole(upright[1] - upright[0], fabric)


@pytest.mark.parametrize("rotation", [-90.0, 90.0])
def test_what_is_pinned_sets_the_phase_of_what_is_sewn_to_it(rotation):
    at = Placement("IB-1", 0, 777.7, 655.5, rotation, False)
    marker = nest(join(), replace(CHECK, nap=False), QUICK, pinned=[at])
    assert at in marker.placements
    assert all(one.matched and one.along_mm < 0.01 for one in marker.matches)


@pytest.mark.parametrize(
    "change", [{"repeat_horizontal_mm": 0.0}, {"repeat_vertical_mm": 0.0}], ids=["along", "across"]
)
def test_a_repeat_one_way_binds_that_way_alone(change):
    fabric = replace(CHECK, **change)
    marker = nest(join(), fabric, QUICK)
    assert all(one.matched for one in marker.matches)
    shift = jump(marker, "IB-1", (500, 305), "IB-2", (0, 305))
    axis = 0 if fabric.repeat_vertical_mm else 1
    period = max(fabric.repeat_vertical_mm, fabric.repeat_horizontal_mm)
    assert abs(shift[axis] / period - round(shift[axis] / period)) * period < 0.01


def test_a_railroaded_pattern_matches_too():
    marker = nest(join(), CHECK, replace(QUICK, railroad=True))
    assert_whole(jump(marker, "IB-1", (500, 305), "IB-2", (0, 305)), CHECK)


def test_a_face_down_twin_matches_on_its_own_side():
    back = sewn_box("IB", 500, 400, ["a", "S1R", "b", "S1"])
    # the left one's right side meets the back's left side
    arm = sewn_box("IA-L", 300, 400, ["c", "-S1", "d", "e"], 2, mirrored=True)
    pattern = pattern_of([back, arm], ("S1", "IB", "IA-L"), ("S1R", "IB", "IA-R", "S1"))
    marker = nest(pattern, CHECK, QUICK)
    assert [one.copy_b for one in marker.matches] == [0, 1]
    assert all(one.matched and one.along_mm < 0.01 for one in marker.matches)
    assert_whole(jump(marker, "IB", (0, 150), "IA-L", (300, 150)), CHECK)
    assert_whole(jump(marker, "IB", (500, 150), "IA-L", (300, 150), copy_b=1), CHECK)


def ring() -> Pattern:
    """Three pieces in a ring that no shift closes: each seam moves on by 100 mm."""
    lean = [[0, 0], [300, 0], [300, 300], [0, 300]]
    a = sewn_piece("IB", lean, ["S3", "S1", "a", "b"])
    b = sewn_piece("SEAT", lean, ["c", "S2", "d", "-S1"])
    c = sewn_piece("FB", lean, ["e", "f", "-S3", "-S2"])
    return pattern_of([a, b, c], ("S1", "IB", "SEAT"), ("S2", "SEAT", "FB"), ("S3", "FB", "IB"))


def test_a_ring_that_cannot_close_is_said_to_be_open():
    marker = nest(ring(), CHECK, QUICK)
    matched = {one.seam: one.matched for one in marker.matches}
    assert sum(matched.values()) == 2
    (open_seam,) = [one for one in marker.matches if not one.matched]
    assert open_seam.mismatch_mm > 2
    assert matched["S1"]  # back and seat: what is seen first is kept first


def test_a_seam_that_can_match_all_along_comes_before_one_that_can_at_a_point():
    # the same length and the same pieces; one side runs straight on, the other turns a corner
    a = sewn_box("IB", 300, 300, ["S2", "S1", "a", "b"])
    b = sewn_box("SEAT", 300, 300, ["c", "d", "e", "-S1"])
    c = sewn_box("CUSH", 300, 300, ["f", "-S2", "g", "h"])
    pattern = pattern_of([a, b, c], ("S2", "IB", "CUSH"), ("S1", "IB", "SEAT"))
    first, second = links_of(pattern, MatchLevel.ALL)
    assert (first.seam, share_along(first)) == ("S1", 1.0)
    assert second.seam == "S2" and share_along(second) < 0.1


def test_a_marker_can_not_claim_a_seam_that_jumps():
    pattern = ring()
    marker = nest(pattern, CHECK, QUICK)
    lies = tuple(replace(one, matched=True) for one in marker.matches)
    with pytest.raises(NestError, match="called matched"):
        check_marker(pattern, replace(marker, matches=lies))


def test_motifs_lie_in_the_middle_of_the_chosen_pieces():
    fabric = replace(DROP, motif_along_mm=50.0, motif_across_mm=140.0)
    pattern = pattern_of(
        [
            sewn_box("IB", 500, 610, list("abcd")),
            sewn_box("CUSH", 420, 400, list("efgh"), 2),
            sewn_box("DK", 300, 200, list("ijkl")),
        ]
    )
    marker = nest(pattern, fabric, replace(QUICK, match="centred_motifs"))
    for name, middle, copy in (
        ("IB", (250, 305), 0),
        ("CUSH", (210, 200), 0),
        ("CUSH", (210, 200), 1),
    ):
        placed = next(o for o in marker.placements if (o.piece, o.copy) == (name, copy))
        assert_whole(placed.apply(np.array([middle], dtype=float))[0] - [50, 140], fabric)
    assert sorted(one.piece_a for one in marker.matches) == ["CUSH", "CUSH", "IB"]


def test_seams_of_hidden_pieces_are_matched_at_the_last_level_only():
    a = sewn_box("SEAT", 300, 300, ["S1", "a", "b", "c"])
    b = sewn_box("DK", 300, 300, ["d", "e", "-S1", "f"])
    pattern = pattern_of([a, b], ("S1", "SEAT", "DK"))
    assert links_of(pattern, MatchLevel.VISIBLE) == [] == links_of(pattern, MatchLevel.NONE)
    assert len(links_of(pattern, MatchLevel.ALL)) == 1


def test_pieces_that_fit_together_at_no_phase_are_left_apart():
    # each nearly fills the width, so each has its place; their seam asks for another one
    a = sewn_box("IB", 1360, 300, ["S1", "a", "b", "c"])
    b = sewn_piece("SEAT", [[-200, 0], [1160, 0], [1160, 300], [-200, 300]], ["d", "e", "f", "g"])
    edge = replace(a.edges[0], line_mm=np.array([[300.0, 300.0], [0.0, 300.0]]), forward=False)
    b = replace(b, edges=(edge,))
    marker = nest(pattern_of([a, b], ("S1", "IB", "SEAT")), CHECK, QUICK)
    (seam,) = marker.matches
    assert not seam.matched and len(marker.placements) == 2


def test_a_motif_that_a_wide_piece_can_not_lie_on_is_told():
    pattern = pattern_of([sewn_box("IB", 1300, 300, list("abcd"))])
    with pytest.raises(NestError, match="IB can't lie on a motif"):
        nest(
            pattern,
            CHECK,
            replace(QUICK, match="centred_motifs"),
        )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"repeat_vertical_mm": 0, "repeat_horizontal_mm": 0}, "no repeat"),
        ({"repeat_horizontal_mm": 1500}, "measure it from selvage"),
        ({"repeat_vertical_mm": -1}, "0 where there is none"),
        ({"repeat_vertical_mm": float("nan")}, "0 where there is none"),
        ({"repeat_vertical_mm": 2}, "nothing to match"),
        ({"repeat_vertical_mm": 0, "half_drop": True}, "half-drop needs"),
    ],
)
def test_a_cloth_that_can_not_be_matched_is_told(change, said):
    with pytest.raises(NestError, match=said):
        nest(join(), replace(CHECK, **change), QUICK)


def test_matching_can_be_stopped():
    def stop(share: float, note: str) -> None:
        if "lattice" in note:
            raise Cancelled

    with pytest.raises(Cancelled):
        nest(join(), CHECK, replace(QUICK, seconds=3), stop)


def test_a_marker_moved_by_hand_is_measured_anew():
    marker = nest(join(), CHECK, QUICK)
    shift = 5.0
    moved = tuple(
        replace(one, x_mm=one.x_mm + (2000 + shift if one.piece == "FB" else 0))
        for one in marker.placements
    )
    again = make_marker(join(), CHECK, moved, 5.0, MatchLevel.ALL)
    seams = {one.seam: one for one in again.matches}
    assert seams["S1"].matched and not seams["S2"].matched


whole = st.integers(-9, 9)


@given(whole, whole, st.floats(-100, 100), st.floats(-100, 100), st.sampled_from([CHECK, DROP]))
def test_whole_repeats_are_nothing(along, over, x, y, fabric):
    base = np.array([[x, y]])
    drop = fabric.repeat_vertical_mm / 2 * over if fabric.half_drop else 0
    step = [along * fabric.repeat_vertical_mm + drop, over * fabric.repeat_horizontal_mm]
    far = base + np.array(step)
    left = off_lattice(far, fabric)
    assert np.hypot(*left.T) <= np.hypot(x, y) + 1e-6
    if np.hypot(x, y) < 140:  # nearer to this point of the lattice than to any other
        assert np.allclose(left, base, atol=1e-6)


@pytest.mark.parametrize(
    ("along", "over", "percent"),
    [(0, 0, 0), (25, 0, 0), (76.2, 0, 10), (171, 171, 10), (343, 343, 20), (457, 457, 25),
     (686, 686, 35), (1500, 700, 35)],
)  # fmt: skip
def test_the_trade_table_is_read_by_the_sum_in_inches(along, over, percent):
    fabric = replace(CHECK, repeat_vertical_mm=along, repeat_horizontal_mm=over)
    assert table_percent(fabric) == percent
