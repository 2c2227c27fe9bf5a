"""What columns call free is free, and little that is free is called taken."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from stitchsketch_kernel.upholstery.marker.columns import columns_of, forbidden, union

STEP = 4.0


def star(seed: int) -> shapely.Polygon:
    """A ragged outline, not convex."""
    rng = np.random.default_rng(seed)
    angle = np.sort(rng.random(14)) * 2 * np.pi
    ring = (20 + 80 * rng.random((14, 1))) * np.column_stack([np.cos(angle), np.sin(angle)])
    return shapely.make_valid(shapely.Polygon(ring + 300 * rng.random(2)))


def test_columns_hold_the_outline():
    outline = star(3)
    columns = columns_of(outline, STEP)
    boxes = []
    for i in range(len(columns.start) - 1):
        x = (columns.first + i) * STEP
        for k in range(columns.start[i], columns.start[i + 1]):
            boxes.append(shapely.box(x, columns.low_mm[k], x + STEP, columns.high_mm[k]))
            assert k == columns.start[i] or columns.low_mm[k] > columns.high_mm[k - 1]
    assert shapely.union_all(boxes).buffer(1e-6).contains(outline)


@pytest.mark.parametrize("seed", range(6))
def test_forbidden_shifts_are_those_that_overlap(seed):
    a, b = star(seed), star(seed + 50)
    table = forbidden(columns_of(a, STEP), columns_of(b, STEP))
    rng = np.random.default_rng(seed)
    loose = 0
    for _ in range(400):
        shift, y = int(rng.integers(-200, 200)), float(rng.uniform(-600, 600))
        moved = shapely.transform(b, lambda p, s=shift, y=y: p + np.array([s * STEP, y]))
        at = shift - table.first
        inside = False
        if 0 <= at < len(table.start) - 1:
            own = slice(table.start[at], table.start[at + 1])
            inside = bool(((table.low_mm[own] < y) & (y < table.high_mm[own])).any())
        if shapely.intersection(a, moved).area > 1e-9:
            assert inside
        elif inside:
            loose += 1
            assert a.distance(moved) < 2.5 * STEP * 8
    assert loose < 40


def test_a_union_forbids_what_either_does():
    a, b, c = (columns_of(star(seed), STEP) for seed in (1, 2, 3))
    one, other = forbidden(a, c), forbidden(b, c)
    both = union([one, other])
    assert len(both.low_mm) == len(one.low_mm) + len(other.low_mm)
    for table in (one, other):
        for at in range(len(table.start) - 1):
            here = at + table.first - both.first
            own = set(table.low_mm[table.start[at] : table.start[at + 1]].tolist())
            assert own <= set(both.low_mm[both.start[here] : both.start[here + 1]].tolist())
    assert len(union([]).low_mm) == 0
