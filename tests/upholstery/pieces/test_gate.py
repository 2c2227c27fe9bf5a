"""The gate: what can't be sewn together is told seam by seam, and is not cut."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stitchsketch_kernel.domain.errors import SewError
from stitchsketch_kernel.domain.panel import EdgeKind
from stitchsketch_kernel.domain.piece import SeamPair
from stitchsketch_kernel.domain.sewing import sews, tolerance_mm
from stitchsketch_kernel.upholstery.pieces.gate import check_sewing, require_sewable
from stitchsketch_kernel.upholstery.pieces.junctions import corners_of
from stitchsketch_kernel.upholstery.pieces.make import PieceSettings, make_pattern


@pytest.fixture(scope="module")
def sound(cushion, shapes):
    return make_pattern("cushion", *cushion, scale=shapes.scale)


def with_piece(pattern, piece):
    pieces = tuple(piece if one.name == piece.name else one for one in pattern.pieces)
    return replace(pattern, pieces=pieces)


def with_edge(pattern, name, seam, change):
    piece = pattern.piece(name)
    edges = tuple(change(edge) if edge.seam == seam else edge for edge in piece.edges)
    return with_piece(pattern, replace(piece, edges=edges))


def stretched(pattern, name, factors):
    """A piece whose every point is moved: longer, wider, slanting (2 x 2), notches along."""
    move, piece = np.asarray(factors, dtype=float), pattern.piece(name)
    changed = replace(
        piece,
        sew_line_mm=piece.sew_line_mm @ move.T,
        edges=tuple(replace(edge, line_mm=edge.line_mm @ move.T) for edge in piece.edges),
        notches=tuple(
            replace(n, sew_mm=move @ n.sew_mm, cut_mm=move @ n.cut_mm) for n in piece.notches
        ),
    )
    return with_piece(pattern, changed)


def faults(pattern, kind):
    return [one for one in check_sewing(pattern).faults if one.kind == kind]


def test_a_sound_cushion_passes_and_every_seam_is_measured(sound):
    found = check_sewing(sound)
    assert not found.faults and len(found.seams) == 12
    top = next(check for check in found.seams if check.seam == "T0")
    assert (top.length_a_mm, top.length_b_mm) == pytest.approx((500, 500))
    assert top.ease_mm == pytest.approx(0, abs=1e-9) and top.notches_apart_mm < 1e-6
    require_sewable(sound)


@pytest.mark.parametrize(("longer_mm", "off"), [(0.95, False), (1.05, True)])
def test_a_side_that_is_too_long_is_named_with_its_ease(sound, longer_mm, off):
    pattern = stretched(sound, "TOP", np.diag([1 + longer_mm / 500, 1.0]))
    check = next(one for one in check_sewing(pattern).seams if one.seam == "T0")
    assert check.ease_mm == pytest.approx(longer_mm)
    told = faults(pattern, "length")
    # front and back: both run along x
    assert {one.seams for one in told} == ({("T0",), ("T2",)} if off else set())
    if off:
        assert "T0 (TOP to BOX-F): its sides are 501.1 and 500.0 mm long" in told[0].words


@given(st.floats(1, 5000), st.floats(-0.01, 0.01))
def test_the_tolerance_is_a_millimetre_or_a_500th(length, share):
    other = length * (1 + share)
    assert sews(length, other) == (abs(other - length) <= max(1.0, 0.002 * max(length, other)))


@pytest.mark.parametrize(
    ("kind", "off_mm", "fault"),
    [
        (EdgeKind.SEWN, 0.9, False),
        (EdgeKind.SEWN, 1.2, True),
        (EdgeKind.ZIP, -1.2, True),
        (EdgeKind.STAPLE, 40.0, False),
        (EdgeKind.SEWN, float("nan"), False),
    ],
)
def test_an_edge_where_a_panel_ends_is_held_against_the_furniture(sound, kind, off_mm, fault):
    """Nothing in the flat says whether it is true: no other piece has it."""
    alone = replace(sound.piece("TOP"), edges=sound.piece("TOP").edges, notches=())
    edge = alone.edges[0]
    pair = SeamPair(edge.seam, kind, "TOP", None, edge.length_mm, None,
                    furniture_mm=edge.length_mm - off_mm)  # fmt: skip
    others = tuple(
        SeamPair(one.seam, one.edge_kind, "TOP", None, one.length_mm, None)
        for one in alone.edges[1:]
    )
    pattern = replace(sound, pieces=(alone,), seams=(pair, *others))
    found = check_sewing(pattern)
    lengths = [one for one in found.faults if one.kind == "length"]
    assert bool(lengths) is fault
    if fault:
        (told,) = lengths
        assert f"Seam {edge.seam} of TOP: it is 500.0 mm long in the flat" in told.words
        assert found.seams[0].ease_mm == pytest.approx(off_mm)


def test_each_seam_knows_how_long_it_is_on_the_furniture(cushion, shapes):
    panel_map, flats = cushion
    large = tuple(replace(flat, surface_mm=1.01 * flat.surface_mm) for flat in flats)
    alone = PieceSettings(pair=False)
    pattern = make_pattern("cushion", panel_map, large, scale=shapes.scale, settings=alone)
    for pair in pattern.seams:
        assert pair.furniture_mm == pytest.approx(1.01 * pair.length_a_mm)


def test_no_length_sews_to_nothing():
    assert not sews(float("nan"), 500.0) and not sews(500.0, float("nan"))
    assert tolerance_mm(100.0, 1000.0) == 2.0


@settings(deadline=None, max_examples=20)
@given(st.floats(1.01, 14))
def test_a_notch_that_slipped_is_found(sound, slip_mm):
    top = sound.piece("TOP")
    at = next(i for i, n in enumerate(top.notches) if n.seam == "T0")
    moved = replace(top.notches[at], sew_mm=top.notches[at].sew_mm + np.array([slip_mm, 0]))
    pattern = with_piece(
        sound, replace(top, notches=(*top.notches[:at], moved, *top.notches[at + 1 :]))
    )
    (told,) = faults(pattern, "notches")
    assert told.seams == ("T0",)
    said = re.search(r"its notches are ([0-9.]+) mm apart", told.words)
    assert said and abs(float(said[1]) - slip_mm) < 0.06


def test_notches_of_a_side_turned_round_are_found(sound):
    """As many, on the line, but counted from the other end: the double notch tells."""
    top = sound.piece("TOP")
    turned = tuple(
        replace(n, sew_mm=np.array([500.0, 0]) - n.sew_mm) if n.seam == "T0" else n
        for n in top.notches
    )
    (told,) = faults(with_piece(sound, replace(top, notches=turned)), "notches")
    assert told.seams == ("T0",)


def test_a_missing_notch_is_found(sound):
    top = sound.piece("TOP")
    gone = next(n for n in top.notches if n.seam == "T0")
    rest = tuple(n for n in top.notches if n is not gone)
    (told,) = faults(with_piece(sound, replace(top, notches=rest)), "notches")
    assert "not as many" in told.words


def test_a_notch_off_its_seam_is_found(sound):
    """Slid inwards, its distance along the seam is right all the same."""
    top = sound.piece("TOP")
    notches = tuple(replace(n, sew_mm=n.sew_mm + np.array([0, 8.0])) if n.seam == "T0" else n
                    for n in top.notches)  # fmt: skip
    (told,) = faults(with_piece(sound, replace(top, notches=notches)), "notches")
    assert told.words == "Seam T0: a notch of TOP is not on it."


def test_sides_that_run_the_same_way_are_found(sound):
    pattern = with_edge(sound, "TOP", "T0", lambda edge: replace(edge, forward=not edge.forward))
    (told,) = faults(pattern, "direction")
    assert told.seams == ("T0",)


def test_a_side_that_no_piece_has_is_found(sound):
    pattern = replace(sound, pieces=tuple(p for p in sound.pieces if p.name != "BOX-F"))
    assert {one.seams for one in faults(pattern, "sides")} == {("T0",), ("B0",), ("C0",), ("C3",)}


def test_a_piece_with_a_side_too_many_is_found(sound):
    pattern = with_edge(sound, "TOP", "T1", lambda edge: replace(edge, seam="T0"))
    assert any("TOP has more than one side" in one.words for one in faults(pattern, "sides"))
    assert any(one.words.startswith("At the start of seam T0 the pieces don't meet in order")
               for one in faults(pattern, "junction"))  # fmt: skip


def test_sew_lines_that_leave_a_gap_at_a_corner_are_found(sound):
    shift = np.array([0.0, 1.2])
    pattern = with_edge(
        sound, "TOP", "T0", lambda edge: replace(edge, line_mm=edge.line_mm + shift)
    )
    told = faults(pattern, "junction")
    assert {one.seams for one in told} == {("T3", "T0"), ("T0", "T1")}
    assert "end 1.2 mm apart" in told[0].words


def test_pieces_whose_sides_are_in_another_order_are_found(cushion, shapes):
    """Every length fits, and yet TOP's right and left side are each other's."""
    swap = {"T1": "T3", "T3": "T1"}
    sound = make_pattern("x", *cushion, scale=shapes.scale, settings=PieceSettings(pair=False))
    assert not check_sewing(sound).faults
    top = sound.piece("TOP")
    edges = tuple(replace(e, seam=swap.get(e.seam, e.seam)) for e in top.edges)
    notches = tuple(replace(n, seam=swap.get(n.seam, n.seam)) for n in top.notches)
    pattern = with_piece(sound, replace(top, edges=edges, notches=notches))
    assert not faults(pattern, "length") and not faults(pattern, "sides")
    told = faults(pattern, "junction")
    assert told and all("TOP" in one.words for one in told)


def test_corners_know_their_angle(sound):
    assert [c.angle_deg for c in corners_of(sound.piece("TOP"))] == pytest.approx([90] * 4)
    slanted = stretched(sound, "TOP", [[1, 1], [0, 1]]).piece("TOP")
    assert [c.angle_deg for c in corners_of(slanted)] == pytest.approx([135, 45, 135, 45])


def test_a_corner_that_nobody_can_cut_is_found(sound):
    pattern = stretched(sound, "TOP", [[1, 15], [0, 1]])
    assert any("the angle is" in one.words for one in faults(pattern, "junction"))


@pytest.mark.parametrize(("degrees", "off"), [(29, True), (31, False), (120, False)])
def test_corners_round_a_point_add_up_to_what_cloth_can_be(shapes, degrees, off):
    """Three kites of one angle round an apex: 90 degrees and less is a thorn."""
    angle = np.radians(degrees)
    kite = [[0, 0], [200, 0], [200 * np.cos(angle), 200 * np.sin(angle)]]
    flats = [
        shapes.flat_panel(
            name, kite, [(f"M{i}", True), (f"R{i}", True), (f"M{(i + 1) % 3}", False)]
        )
        for i, name in enumerate("PQR")
    ]  # fmt: skip
    seams = [(f"M{i}", "PQR"[i], "PQR"[i - 1], EdgeKind.SEWN) for i in range(3)]
    seams += [(f"R{i}", name, None, EdgeKind.SEWN) for i, name in enumerate("PQR")]
    pattern = make_pattern("thorn", shapes.panel_map(seams), flats, scale=shapes.scale)
    told = faults(pattern, "junction")
    assert bool(told) == off and not faults(pattern, "notches")
    assert not told or "Where P, Q, R meet" in told[0].words


def sleeve(shapes, skew=0.0):
    """One panel sewn to itself into a tube, open at both ends."""
    flat = shapes.flat_panel(
        "ARM", [[0, 0], [400, skew], [400, 600], [0, 600]],
        [("LOW", True), ("S", True), ("TOP", True), ("S*", False)],
    )  # fmt: skip
    seams = [("S", "ARM", "ARM", EdgeKind.SEWN), ("LOW", "ARM", None, EdgeKind.STAPLE),
             ("TOP", "ARM", None, EdgeKind.STAPLE)]  # fmt: skip
    return make_pattern("sleeve", shapes.panel_map(seams), (flat,), scale=shapes.scale)


def test_a_piece_sewn_to_itself_is_held_against_itself(shapes):
    pattern = sleeve(shapes)
    assert len(pattern.pieces[0].notches) >= 4
    assert not check_sewing(pattern).faults
    (told,) = faults(sleeve(shapes, skew=5.0), "length")
    assert told.seams == ("S",)
    # only the right side's notches slip
    arm = pattern.pieces[0]
    slipped = tuple(
        replace(n, sew_mm=n.sew_mm + np.array([0, 4.0 * (n.sew_mm[0] > 200)])) for n in arm.notches
    )
    (told,) = faults(with_piece(pattern, replace(arm, notches=slipped)), "notches")
    assert "4.0 mm apart" in told.words


def test_a_template_is_held_against_what_its_twin_is_sewn_to(shapes):
    pattern = twins(shapes)
    assert [piece.name for piece in pattern.pieces] == ["OA-L", "FB-L", "BAND"]
    assert not check_sewing(pattern).faults
    # the right arm's neighbour, which meets the left arm's template only face down
    band = pattern.piece("BAND")
    slipped = tuple(replace(n, sew_mm=n.sew_mm + np.array([3.0, 0])) for n in band.notches)
    (told,) = faults(with_piece(pattern, replace(band, notches=slipped)), "notches")
    assert told.seams == ("RF",)


def twins(shapes):
    arm = np.array([[0.0, 0.0], [600, 0], [640, 250], [500, 330], [0, 300]])
    front = float(np.hypot(*(arm[2] - arm[1])))
    left = shapes.flat_panel("OA-L", arm, [(f"L{i}" if i != 1 else "LF", True) for i in range(5)])
    right = shapes.flat_panel(
        "OA-R", (arm * [-1.0, 1.0])[::-1],
        [("R3", True), ("R2", True), ("RF", True), ("R0", True), ("R4", True)],
    )  # fmt: skip
    bands = [
        shapes.flat_panel(name, [[0, 0], [front, 0], [front, deep], [0, deep]],
                          [(f"{s}F", False), *((f"{s}B{i}", True) for i in (1, 2, 3))])
        for s, name, deep in (("L", "FB-L", 120), ("R", "BAND", 150))
    ]  # fmt: skip
    seams = [(f"{s}{i}", f"OA-{s}", None, EdgeKind.SEWN) for s in "LR" for i in (0, 2, 3, 4)]
    seams += [("LF", "OA-L", "FB-L", EdgeKind.SEWN), ("RF", "OA-R", "BAND", EdgeKind.SEWN)]
    seams += [(f"{s}B{i}", name, None, EdgeKind.SEWN) for s, name in (("L", "FB-L"), ("R", "BAND"))
              for i in (1, 2, 3)]  # fmt: skip
    return make_pattern("chair", shapes.panel_map(seams), [left, right, *bands], scale=shapes.scale)


def test_pieces_without_seams_of_their_own_pass(sound):
    """What was drawn elsewhere has no seams: there is nothing to hold it against."""
    assert not check_sewing(replace(sound, seams=())).faults
    shift = np.array([0.0, 1.2])
    apart = with_edge(sound, "TOP", "T0", lambda e: replace(e, line_mm=e.line_mm + shift))
    assert not check_sewing(replace(apart, seams=())).faults


def test_what_does_not_sew_is_refused_by_name_and_with_what_to_do(sound):
    with pytest.raises(SewError) as error:
        require_sewable(stretched(sound, "TOP", np.diag([1.01, 1.01])))
    assert "Seam T0 (TOP to BOX-F)" in error.value.what and "And 5 more." in error.value.what
    assert "nest.override_gate" in error.value.todo


def test_a_person_may_say_why_it_is_cut_all_the_same(sound):
    off = stretched(sound, "TOP", np.diag([1.01, 1.01]))
    require_sewable(replace(off, override="gathered by hand"))


def test_a_pair_of_unlike_lengths_is_found_even_where_no_piece_is_its_own(sound):
    """Figures of a file are not believed where the pieces say otherwise."""
    pair = SeamPair("T0", EdgeKind.WELT, "TOP", "BOX-F", 480.0, 520.0)
    assert not check_sewing(replace(sound, seams=(pair, *sound.seams[1:]))).faults
