"""Corners as cutters expect them: mitred between unlike allowances, bevelled, turned under."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from stitchsketch_kernel.domain.panel import EdgeKind
from stitchsketch_kernel.upholstery.pieces.allowances import cut_line
from stitchsketch_kernel.upholstery.pieces.make import make_pattern
from stitchsketch_kernel.upholstery.pieces.rules import TradeRules


def sides(corners) -> list[np.ndarray]:
    corners = np.asarray(corners, dtype=float)
    return [np.array([a, b]) for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True)]


def has(cut, *points, off_mm=1e-3) -> bool:
    """Whether each point is a corner of the cut line."""
    return all(np.hypot(*(cut - point).T).min() <= off_mm for point in points)


def crossing(a, normal_a, wide_a, b, normal_b, wide_b) -> np.ndarray:
    """Where two lines cross that lie out from points a and b by their allowances."""
    normals = np.array([normal_a, normal_b])
    return np.linalg.solve(normals, [normals[0] @ a + wide_a, normals[1] @ b + wide_b])


def test_unlike_allowances_are_mitred_where_their_lines_cross():
    high = 200 * np.sqrt(3)
    cut = cut_line(sides([[0, 0], [400, 0], [200, high]]), [12.7, 76, 25])
    down, right, left = [0, -1.0], [np.sqrt(3) / 2, 0.5], [-np.sqrt(3) / 2, 0.5]
    assert len(cut) == 3
    assert has(
        cut,
        crossing([0, 0], down, 12.7, [0, 0], left, 25),
        crossing([400, 0], down, 12.7, [400, 0], right, 76),
        crossing([200, high], right, 76, [200, high], left, 25),
    )


def test_a_very_sharp_corner_is_clipped_square_to_its_middle():
    """10 degrees: the mitre would be 115 mm long; at 3 allowances it is cut off."""
    half = np.radians(5)
    spike = [[0, 0], [400, -400 * np.tan(half)], [400, 400 * np.tan(half)]]
    cut = cut_line(sides(spike), [10.0] * 3)
    # the two lines at x = -30
    high = (10 - 30 * np.sin(half)) / np.cos(half)
    assert has(cut, [-30, high], [-30, -high]) and len(cut) == 4
    assert has(cut_line(sides(spike), [10.0] * 3, mitre_limit=12), [-10 / np.sin(half), 0])


def test_a_sharp_corner_of_unlike_allowances_is_clipped_by_the_wider():
    half = np.radians(5)
    spike = [[0, 0], [400, -400 * np.tan(half)], [400, 400 * np.tan(half)]]
    cut = cut_line(sides(spike), [12.7, 12.7, 25.0])
    low = -(12.7 - 75 * np.sin(half)) / np.cos(half)
    high = (25.0 - 75 * np.sin(half)) / np.cos(half)
    assert has(cut, [-75, low], [-75, high])


@pytest.mark.parametrize("first", [0, 1, 2, 3])
@pytest.mark.parametrize(("low", "high"), [(400, 200), (200, 400)])
def test_a_folded_edge_ends_in_the_mirror_image_of_its_neighbours(first, low, high):
    """A trapezoid, folded below: its flap is as wide as the piece that it is turned onto."""
    shape = np.array([[-low / 2, 0], [low / 2, 0], [high / 2, 300], [-high / 2, 300]])
    lines, widths, folds = sides(shape), [50, 12.7, 12.7, 12.7], [True, False, False, False]
    turned = [np.roll(np.arange(4), -first)[i] for i in range(4)]
    cut = cut_line([lines[i] for i in turned], [widths[i] for i in turned], 3.0,
                   [folds[i] for i in turned])  # fmt: skip
    slant = (high - low) / 2 / 300
    at_fold = low / 2 + 12.7 * np.hypot(1, slant)
    # on the fold, and as far below it as the flap is deep: where the cut line is above it
    for way in (-1, 1):
        assert has(cut, [way * at_fold, 0], [way * (at_fold + 50 * slant), -50])
    assert len(cut) == 6


def test_a_folded_edge_between_square_corners_is_as_any_other():
    square = sides([[0, 0], [400, 0], [400, 300], [0, 300]])
    plain = cut_line(square, [25, 12.7, 12.7, 12.7])
    assert shapely.Polygon(plain).symmetric_difference(
        shapely.Polygon(cut_line(square, [25, 12.7, 12.7, 12.7], 3.0, [True, False, False, False]))
    ).area < 1e-2  # fmt: skip


def test_two_folded_edges_meet_in_a_mitre():
    shape = sides([[0, 0], [400, 0], [300, 300], [100, 300]])
    assert np.array_equal(
        cut_line(shape, [25] * 4), cut_line(shape, [25] * 4, 3.0, [True] * 4)
    )  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(st.floats(-150, 150), st.floats(-150, 150), st.sampled_from([12.7, 25.0, 50.0]))
def test_turned_under_a_flap_never_shows(left, right, deep):
    shape = [[0, 0], [400, 0], [400 + right, 300], [-left, 300]]
    cut = shapely.Polygon(
        cut_line(sides(shape), [deep, 12.7, 12.7, 12.7], 3.0, [True, False, False, False])
    )
    below = shapely.intersection(cut, shapely.box(-1000, -1000, 1000, 0))
    under = shapely.affinity.scale(below, 1, -1, origin=(0, 0))
    above = shapely.intersection(cut, shapely.box(-1000, 0, 1000, 1000))
    assert shapely.difference(under, above.buffer(0.01)).area < 1e-6
    # and it is whole: as much as the piece has there
    band = shapely.intersection(above, shapely.box(-1000, 0, 1000, deep))
    assert shapely.area(under) == pytest.approx(shapely.area(band), rel=1e-4)


@pytest.mark.parametrize("kind", list(EdgeKind))
def test_every_edge_kind_gets_its_own_allowance(shapes, kind):
    flat = shapes.flat_panel(
        "P", [[0, 0], [400, 0], [400, 300], [0, 300]], [(f"S{i}", True) for i in range(4)]
    )
    seams = [(f"S{i}", "P", None, kind if i == 0 else EdgeKind.SEWN) for i in range(4)]
    piece = make_pattern("x", shapes.panel_map(seams), (flat,), scale=shapes.scale).pieces[0]
    wide = TradeRules.default().allowance(kind)
    assert piece.edges[0].allowance_mm == wide
    assert piece.cut_line_mm[:, 1].min() == pytest.approx(-wide, abs=1e-5)


def test_a_pieces_folded_edge_is_cut_as_one(shapes):
    flat = shapes.flat_panel(
        "P", [[0, 0], [400, 0], [300, 300], [100, 300]], [(f"S{i}", True) for i in range(4)]
    )
    seams = [(f"S{i}", "P", None, EdgeKind.FOLD if i == 0 else EdgeKind.SEWN) for i in range(4)]
    piece = make_pattern("x", shapes.panel_map(seams), (flat,), scale=shapes.scale).pieces[0]
    at_fold = -12.7 * np.hypot(1, 1 / 3)
    assert has(piece.cut_line_mm, [at_fold, 0], [at_fold + 12.7 / 3, -12.7])
