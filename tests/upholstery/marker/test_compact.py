"""A layout pushed together and searched on from: shorter, never longer, nothing overlapping."""

from __future__ import annotations

import time

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from stitchsketch_kernel.domain.progress import Cancelled, silent
from stitchsketch_kernel.upholstery.marker import chain
from stitchsketch_kernel.upholstery.marker import improve as improving
from stitchsketch_kernel.upholstery.marker.compact import Shapes, compact
from stitchsketch_kernel.upholstery.marker.contact import contacts, free_side
from stitchsketch_kernel.upholstery.marker.depths import depths_of
from stitchsketch_kernel.upholstery.marker.improve import improve
from stitchsketch_kernel.upholstery.marker.turned import Cut, Laid, turned

HOOK = np.array([[0, 0], [300, 0], [300, 80], [90, 80], [90, 400], [0, 400]], dtype=float)
#: A piece with a bay that another's arm goes into.
BAY = np.array(
    [[0, 0], [360, 0], [360, 300], [240, 300], [240, 110], [120, 110], [120, 300], [0, 300]],
    dtype=float,
)
WEDGE = np.array([[0, 0], [260, 40], [60, 330]], dtype=float)
WIDTH = 900.0


def star(seed: int) -> np.ndarray:
    """An outline with hollows, counter-clockwise."""
    rng = np.random.default_rng(seed)
    angle = np.sort(rng.uniform(0, 2 * np.pi, 9))
    radius = rng.uniform(40, 150, 9)
    ring = radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    hull = shapely.Polygon(ring)
    ring = ring if hull.is_valid else shapely.get_coordinates(shapely.convex_hull(hull))[:-1]
    return ring if shapely.is_ccw(shapely.LinearRing(ring)) else ring[::-1].copy()


def loose(turns=(0.0, 180.0)):
    """Pieces in a row, apart, and where they lie."""
    cuts = [Cut(ring, turns) for ring in (HOOK, BAY, WEDGE) for _ in range(3)]
    laid = [Laid(420.0 * i, 30.0, 0.0) for i in range(len(cuts))]
    outlines = turned(cuts, WIDTH)
    return outlines, *outlines.layout(laid)


def length(outlines, shape, at) -> float:
    ends = np.concatenate([outlines.shapes.rings[s] + p for s, p in zip(shape, at, strict=True)])
    assert ends[:, 1].min() >= -1e-6 and ends[:, 1].max() <= WIDTH + 1e-6
    return float(np.ptp(ends[:, 0]))


def shared(outlines, shape, at) -> float:
    """Greatest area of two pieces, told without the code under test."""
    laid = [shapely.Polygon(outlines.shapes.rings[s] + p) for s, p in zip(shape, at, strict=True)]
    return max(a.intersection(b).area for k, a in enumerate(laid) for b in laid[:k])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 10_000), st.floats(0, 6.28), st.floats(0.0, 1.5))
def test_what_the_lines_leave_free_is_free(one, other, way, beyond):
    """Every move within the lines keeps the pieces apart, however hollow they are."""
    a, b = star(one), star(other)
    heading = np.array([np.cos(way), np.sin(way)])
    near = 0.0
    while shapely.Polygon(a).distance(shapely.Polygon(b + near * heading)) <= 0.01:
        near += 5.0
    place = (near + 30 * beyond) * heading
    lines = free_side(contacts(a, b), *place, 60.0, 1e-7)
    assert np.all(lines[:, 2] <= 1e-6)
    moves = np.random.default_rng(one).uniform(-60, 60, (60, 2))
    free = moves[np.all(moves @ lines[:, :2].T >= lines[:, 2] + 1e-6, axis=1)]
    for move in free:
        assert shapely.Polygon(a).intersection(shapely.Polygon(b + place + move)).area < 1e-6


@pytest.mark.parametrize("seed", range(6))
def test_depths_tell_what_overlaps_and_how_far_it_must_move(seed):
    a, b = star(seed), star(seed + 100)
    grid = depths_of([a, b])
    x0, y0, inverse, columns, at = grid.pair[0, 1][[5, 6, 4, 8, 9]]
    rng = np.random.default_rng(seed)
    for _ in range(200):
        c, r = int(rng.integers(columns)), int(rng.integers(60))
        deep = grid.unit * float(grid.depth[int(at) + r * int(columns) + c])
        moved = shapely.Polygon(b + np.array([x0 + c / inverse, y0 + r / inverse]))
        assert (shapely.Polygon(a).intersection(moved).area > 1e-6) == (deep > grid.unit)
        if -2 / inverse < deep < 0:
            assert shapely.Polygon(a).distance(moved) == pytest.approx(-deep, abs=grid.unit)


def test_pieces_in_a_row_are_pushed_together():
    outlines, shape, at = loose()
    found = compact(outlines.shapes, shape, at)
    assert found.overlap == 0 and shared(outlines, shape, found.at) == 0
    assert length(outlines, shape, found.at) == pytest.approx(found.length, abs=1e-6)
    assert found.length < 0.9 * length(outlines, shape, at)


def test_a_little_overlap_is_mended_and_a_great_one_told():
    shapes = Shapes([HOOK], WIDTH)
    shape = np.zeros(2, np.int64)
    found = compact(shapes, shape, np.array([[0.0, 0.0], [295.0, 0.0]]))
    assert found.overlap == 0 and shapes.overlap(shape, found.at) == 0
    assert shapes.overlap(shape, np.array([[0.0, 0.0], [2.0, 3.0]])) > 40_000


def test_a_layout_gets_shorter_and_stays_sound():
    outlines, shape, at = loose()
    shape_2, at_2 = improve(outlines, shape, at, 2.0, 1, 1, silent, time.process_time)
    # square millimetres: rounding's
    assert shared(outlines, shape_2, at_2) < 1e-9
    area = sum(shapely.Polygon(outlines.shapes.rings[s]).area for s in shape)
    assert area / (WIDTH * length(outlines, shape_2, at_2)) > 0.66
    assert np.all((shape_2 >= outlines.first) & (shape_2 < outlines.first + outlines.turns))


def test_with_nap_nothing_is_turned():
    outlines, shape, at = loose((0.0,))
    assert {
        outlines.rotation_deg[s] for s in improve(outlines, shape, at, 1.0, 1, 1, silent)[0]
    } == {0}


def test_what_cannot_be_pushed_together_soundly_stays(monkeypatch):
    """Whatever the programs say, exact geometry has the last word."""
    outlines, shape, at = loose()
    real = improving.compact

    def wrong(shapes, shape, at, *steps, **late):
        found = real(shapes, shape, at, *steps, **late)
        return type(found)(0.5 * found.at, 0.5 * found.length, 0.0)

    for one in (improving, chain):
        monkeypatch.setattr(one, "compact", wrong)
    shape_2, at_2 = improve(outlines, shape, at, 1.0, 1, 1, silent, time.process_time)
    assert np.array_equal(shape, shape_2) and np.array_equal(at, at_2)


def test_a_longer_layout_is_never_taken(monkeypatch):
    outlines, shape, at = loose()
    real = improving.compact

    def worse(shapes, shape, at, *steps, **late):
        found = real(shapes, shape, at, *steps, **late)
        return type(found)(found.at * [3.0, 1.0], 9e9, 0.0)

    for one in (improving, chain):
        monkeypatch.setattr(one, "compact", worse)
    _, at_2 = improve(outlines, shape, at, 1.0, 1, 1, silent, time.process_time)
    assert np.array_equal(at, at_2)


def test_a_turn_that_the_strip_is_too_narrow_for_is_left_out():
    long = Cut(np.array([[0.0, 0.0], [1200.0, 0.0], [1200.0, 50.0], [0.0, 50.0]]), (0.0, 90.0))
    outlines = turned([long, long], WIDTH)
    assert outlines.turns.tolist() == [1, 1] and outlines.first.tolist() == [0, 0]
    assert outlines.rotation_deg.tolist() == [0.0]


def test_searching_on_can_be_stopped():
    outlines, shape, at = loose()

    def stop(share: float, note: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        improve(outlines, shape, at, 60.0, 1, 1, stop)
