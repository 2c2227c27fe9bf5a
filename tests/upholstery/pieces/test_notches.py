"""Notches on both sides of a seam meet, and don't when the seam is turned round."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from stitchsketch_kernel.domain.panel import EdgeKind
from stitchsketch_kernel.upholstery.pieces.make import make_pattern
from stitchsketch_kernel.upholstery.pieces.notches import TELLING_MM, tells_direction
from stitchsketch_kernel.upholstery.pieces.rules import TradeRules

RULES = TradeRules.default()


def along(piece, seam) -> np.ndarray:
    """How far each notch of a seam is from the seam's own start, measured on the piece."""
    edge = next(edge for edge in piece.edges if edge.seam == seam)
    line = shapely.LineString(edge.line_mm if edge.forward else edge.line_mm[::-1])
    return np.sort([line.project(shapely.Point(n.sew_mm)) for n in piece.notches if n.seam == seam])


@st.composite
def joined_panels(draw):
    """Two panels joined along one seam: straight on one, bent outwards or inwards on the other.

    Drawn as plain numbers: (length, bend, which way the seam runs, kinds of the edges).
    """
    return (
        draw(st.floats(30, 1500)),
        draw(st.floats(-0.12, 0.12)),
        draw(st.booleans()),
        draw(st.sampled_from([EdgeKind.SEWN, EdgeKind.ZIP, EdgeKind.TACK_STRIP])),
        draw(st.sampled_from([EdgeKind.SEWN, EdgeKind.STAPLE])),
    )


def pattern_of(shapes, case):
    length, bend, forward, kind, other = case
    straight = shapes.flat_panel(
        "A",
        [[0, 0], [length, 0], [length, 300], [0, 300]],
        [("S", forward), ("A1", True), ("A2", True), ("A3", True)],
    )
    x = np.linspace(0, 1, 2 * max(2, round(length / 20)) + 1)
    curve = np.column_stack([length * x, 400 - bend * length * 4 * x * (1 - x)])[::-1]
    ring = np.vstack([[[0.0, 0.0], [length, 0.0]], curve])
    run = np.arange(2, len(ring), dtype=np.int32)
    runs = {
        "S": run[::-1] if forward else run,
        "B1": [len(ring) - 1, 0],
        "B2": [0, 1],
        "B3": [1, 2],
    }
    bent = shapes.bare_flat("B", ring, {k: np.array(v, np.int32) for k, v in runs.items()})
    seams = [("S", "A", "B", kind)]
    seams += [(f"{p}{i}", p, None, other) for p in "AB" for i in (1, 2, 3)]
    return make_pattern("two", shapes.panel_map(seams), (straight, bent), scale=shapes.scale)


@settings(deadline=None, max_examples=60)
@given(case=joined_panels())
def test_notches_on_both_sides_meet(shapes, case):
    pattern = pattern_of(shapes, case)
    a, b = pattern.piece("A"), pattern.piece("B")
    pair = pattern.seams[0]
    on_a, on_b = along(a, "S"), along(b, "S")
    stations = np.sort([n.station for n in a.notches])
    assert np.array_equal(stations, np.sort([n.station for n in b.notches]))
    # each at its share of the seam, so they are as far apart as the seam's sides differ at most
    np.testing.assert_allclose(on_a, stations * pair.length_a_mm, atol=1e-6)
    np.testing.assert_allclose(on_b, stations * pair.length_b_mm, atol=1e-6)
    for piece, at, length in ((a, on_a, pair.length_a_mm), (b, on_b, pair.length_b_mm)):
        if len(at):
            corner = RULES.notch_corner_mm - 1e-6
            assert at.min() >= corner and length - at.max() >= corner
            assert np.abs(length - at[:, None] - at).min(axis=1).max() >= 0.9 * TELLING_MM
        ring = shapely.LinearRing(piece.cut_line_mm)
        assert all(ring.distance(shapely.Point(n.cut_mm)) < 0.5 for n in piece.notches)
    if min(pair.length_a_mm, pair.length_b_mm) > 100:
        assert len(stations) >= 2
    if len(stations):
        assert tells_direction(stations.tolist(), pair.length_a_mm)


def test_spacing_is_about_what_the_rules_say(shapes):
    pattern = pattern_of(shapes, (1200.0, 0.0, True, EdgeKind.SEWN, EdgeKind.SEWN))
    gaps = np.diff(along(pattern.piece("A"), "S"))
    assert gaps.max() <= 1.4 * RULES.notch_spacing_mm
    assert gaps.min() == pytest.approx(RULES.notch_pair_mm)


def test_a_short_seam_has_no_notch(shapes):
    pattern = pattern_of(shapes, (45.0, 0.0, True, EdgeKind.SEWN, EdgeKind.SEWN))
    assert not pattern.piece("A").notches


def test_a_one_sided_seam_has_no_notch(cushion, shapes):
    pattern = pattern_of(shapes, (600.0, 0.0, True, EdgeKind.SEWN, EdgeKind.STAPLE))
    assert {notch.seam for notch in pattern.piece("A").notches} == {"S"}


def test_no_notch_where_another_allowance_covers_the_cut_line(shapes):
    """In a concave corner the neighbour's 76 mm hide the first 76 mm of this edge's cut line."""
    corners = [[0, 0], [500, 0], [500, 200], [200, 200], [200, 500], [0, 500]]
    names = ["L0", "L1", "L2", "S", "L4", "L5"]
    bent = shapes.flat_panel("L", corners, [(name, True) for name in names])
    mate = shapes.flat_panel(
        "M",
        [[0, 0], [300, 0], [300, 300], [0, 300]],
        [("S", False), ("M1", True), ("M2", True), ("M3", True)],
    )
    seams = [(n, "L", None, EdgeKind.SEWN) for n in names if n not in {"S", "L2"}]
    seams += [("S", "L", "M", EdgeKind.SEWN), ("L2", "L", None, EdgeKind.STAPLE)]
    seams += [(f"M{i}", "M", None, EdgeKind.SEWN) for i in (1, 2, 3)]
    close = replace(RULES, notch_spacing_mm=60.0)
    pattern = make_pattern("L", shapes.panel_map(seams), (bent, mate), close, scale=shapes.scale)
    at = along(pattern.piece("L"), "S")
    # every 60 mm, but for the one at 60
    assert len(at) == 4 and at.min() > 76


@pytest.mark.parametrize(
    ("stations", "told"),
    [([], False), ([0.5], False), ([0.3, 0.7], False), ([0.3, 0.5], True), ([0.3, 0.702], False)],
)
def test_notches_that_also_fit_turned_round_tell_nothing(stations, told):
    assert tells_direction(stations, 1000.0) is told
