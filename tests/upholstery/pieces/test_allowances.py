"""The cut line lies at exactly its edge's allowance; corners are mitred."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from stitchsketch_kernel.domain.errors import PanelError
from stitchsketch_kernel.upholstery.pieces.allowances import (
    CORNER_DEG,
    cut_line,
    normals,
    turns_deg,
)

TOLERANCE_MM = 0.01


def sides(corners) -> list[np.ndarray]:
    """Each side of a polygon as its own edge."""
    corners = np.asarray(corners, dtype=float)
    return [np.array([a, b]) for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True)]


def one_edge(ring) -> list[np.ndarray]:
    """A ring as a single closed edge."""
    ring = np.asarray(ring, dtype=float)
    return [np.vstack([ring, ring[:1]])]


def regular(count: int, radius: float, phase: float = 0.0) -> np.ndarray:
    angle = phase + 2 * np.pi * np.arange(count) / count
    return radius * np.column_stack([np.cos(angle), np.sin(angle)])


def same_ring(a: np.ndarray, b: np.ndarray, tolerance: float) -> bool:
    return len(a) == len(b) and any(
        np.abs(np.roll(a, shift, axis=0) - b).max() <= tolerance for shift in range(len(a))
    )


def assert_exact(lines, widths, cut, limit=3.0) -> None:
    """Check the guarantee from both sides, and that the piece holds its sew line."""
    piece = shapely.Polygon(cut)
    sewn = shapely.Polygon(np.concatenate([line[:-1] for line in lines]))
    assert piece.is_valid and piece.exterior.is_ccw
    grown = piece.buffer(0.002)
    assert grown.covers(sewn)
    # no point of the cut line is nearer to an edge's own outside than its allowance
    for line, width in zip(lines, widths, strict=True):
        outward = normals(line)
        for share in (0.02, 0.5, 0.98):
            foot = line[:-1] + share * np.diff(line, axis=0)
            for reach in (0.3 * width, width - TOLERANCE_MM):
                if reach > 0:
                    shapely.prepare(grown)
                    inner = shapely.points(foot + reach * outward)
                    assert shapely.covers(grown, inner).all()
    # and none is further out than the allowance of some edge, corners excepted
    dense = shapely.get_coordinates(shapely.segmentize(piece.exterior, 3.0))
    points = shapely.points(dense)
    excess = np.min(
        [
            np.abs(shapely.distance(shapely.LineString(line), points) - width)
            for line, width in zip(lines, widths, strict=True)
        ],
        axis=0,
    )
    assert (excess[~near_corner(dense, lines, widths, limit)] <= TOLERANCE_MM).all()


def near_corner(points, lines, widths, limit) -> np.ndarray:
    """Points of the cut line in the cone of a convex corner, or on the step of a joint."""
    found = np.zeros(len(points), dtype=bool)
    for index, line in enumerate(lines):
        after = lines[(index + 1) % len(lines)]
        joint = (np.array([line[-2], line[-1], after[1]]), widths[index],
                 widths[(index + 1) % len(lines)])  # fmt: skip
        inner = [
            (line[k : k + 3], widths[index], widths[index])
            for k, turn in enumerate(turns_deg(line))
            if turn >= CORNER_DEG
        ]
        for corner, before_mm, after_mm in [joint, *inner]:
            n, m = normals(corner)
            offset = points - corner[1]
            reach = np.hypot(*offset.T) <= limit * max(before_mm, after_mm) * 1.5 + 0.01
            t, s = np.diff(corner, axis=0) / np.hypot(*np.diff(corner, axis=0).T)[:, None]
            ahead, behind = offset @ t, offset @ s
            cone = (ahead >= -1e-3) & (behind <= 1e-3)
            step = (np.abs(ahead) < 1e-3) | (np.abs(behind) < 1e-3)
            found |= reach & ((cone & (offset @ (n + m) > 0)) | step)
    return found


def test_a_rectangle_grows_by_each_sides_own_allowance():
    cut = cut_line(sides([[0, 0], [500, 0], [500, 450], [0, 450]]), [12.7, 76, 19, 25])
    assert same_ring(
        cut, np.array([[-25, -12.7], [576, -12.7], [576, 469], [-25, 469]]), 1e-3
    )  # fmt: skip


def test_corners_inside_one_seam_are_mitred_too():
    cut = cut_line(one_edge([[0, 0], [500, 0], [500, 450], [0, 450]]), [12.7])
    corners = np.array([[-12.7, -12.7], [512.7, -12.7], [512.7, 462.7], [-12.7, 462.7]])
    assert same_ring(cut, corners, 1e-3)


@pytest.mark.parametrize("count", [3, 4, 5, 6, 8, 11])
@pytest.mark.parametrize("width", [12.7, 76.0])
def test_a_regular_polygon_grows_to_a_regular_polygon(count, width):
    radius = 300.0
    grown = regular(count, radius + width / np.cos(np.pi / count))
    assert same_ring(cut_line(sides(regular(count, radius)), [width] * count), grown, 1e-3)


def test_a_concave_corner_keeps_both_allowances():
    shape = [[0, 0], [500, 0], [500, 200], [200, 200], [200, 500], [0, 500]]
    cut = cut_line(sides(shape), [12.7, 12.7, 76, 19, 12.7, 0])
    expected = [[0, -12.7], [512.7, -12.7], [512.7, 276], [219, 276], [219, 512.7], [0, 512.7]]
    assert same_ring(cut, np.array(expected), 1e-3)


def test_unlike_allowances_on_one_straight_side_meet_in_a_step():
    shape = [[0, 0], [250, 0], [500, 0], [500, 300], [0, 300]]
    cut = cut_line(sides(shape), [12.7, 76, 12.7, 12.7, 12.7])
    expected = [[-12.7, -12.7], [250, -12.7], [250, -76], [512.7, -76], [512.7, 312.7],
                [-12.7, 312.7]]  # fmt: skip
    assert same_ring(cut, np.array(expected), 1e-3)


def test_a_sharp_corner_is_bevelled_at_the_limit():
    spike = [[0, 0], [400, -20], [400, 20]]
    cut = cut_line(sides(spike), [10.0] * 3, mitre_limit=3.0)
    assert cut[:, 0].min() == pytest.approx(-30.0, abs=1e-5)


def test_a_circle_grows_to_a_circle():
    cut = cut_line(one_edge(regular(400, 200)), [76.0])
    radius = np.hypot(*cut.T)
    assert radius.min() > 276 - TOLERANCE_MM
    # the chords of the sew line lie up to 6 micrometres inside its circle
    assert radius.max() < 276 + TOLERANCE_MM


def test_a_wide_allowance_does_not_come_out_behind_the_piece():
    """The staple edge inside a hook: 76 mm reach through its 20 mm arm, which has 12.7 outside."""
    hook = [[0, 0], [300, 0], [300, 20], [40, 20], [40, 60], [400, 60], [400, 80], [0, 80]]
    widths = [12.7, 12.7, 76.0, 12.7, 12.7, 12.7, 12.7, 12.7]
    cut = cut_line(sides(hook), widths)
    assert cut[:, 1].max() == pytest.approx(92.7, abs=1e-5)


def test_a_crossing_sew_line_is_refused():
    with pytest.raises(PanelError, match="crosses itself"):
        cut_line(sides([[0, 0], [100, 100], [100, 0], [0, 100]]), [12.7] * 4)


radii = st.lists(st.floats(80, 400), min_size=5, max_size=12)
widths_mm = st.sampled_from([0.0, 12.7, 19.0, 25.0, 76.0])


@st.composite
def stars(draw):
    """Polygons with convex and concave corners, never crossing themselves."""
    radius = np.array(draw(radii))
    ring = regular(len(radius), 1.0, draw(st.floats(0, 6))) * radius[:, None]
    return sides(ring), draw(st.lists(widths_mm, min_size=len(radius), max_size=len(radius)))


@st.composite
def curves(draw):
    """Smooth closed curves (bumps of both signs) cut into a few edges at unlike places."""
    count = draw(st.integers(60, 300))
    angle = 2 * np.pi * np.arange(count) / count
    radius = np.full(count, 250.0)
    for wave in (2, 3, 5):
        radius += draw(st.floats(0, 60)) / wave * np.cos(wave * angle + draw(st.floats(0, 6)))
    ring = np.column_stack([np.cos(angle), np.sin(angle)]) * radius[:, None]
    edges = draw(st.integers(1, 4))
    ends = sorted(draw(st.sets(st.integers(0, count - 1), min_size=edges, max_size=edges)))
    closed = np.vstack([ring, ring])
    lines = [
        closed[a : (b if b > a else b + count) + 1]
        for a, b in zip(ends, [*ends[1:], ends[0]], strict=True)
    ]
    return lines, draw(st.lists(widths_mm, min_size=edges, max_size=edges))


@settings(deadline=None, max_examples=60)
@given(stars())
def test_polygons_have_exactly_their_allowance(case):
    lines, widths = case
    assert_exact(lines, widths, cut_line(lines, widths))


@settings(deadline=None, max_examples=60)
@given(curves())
def test_curves_have_exactly_their_allowance(case):
    lines, widths = case
    assert_exact(lines, widths, cut_line(lines, widths))
