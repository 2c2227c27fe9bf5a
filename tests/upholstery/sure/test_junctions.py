"""Where seams meet: carried off by every fold there, and no surer than the seams agree on it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from stitchsketch_kernel.domain.panel import EdgeKind, Seam
from stitchsketch_kernel.upholstery.sure.draws import DRAWS
from stitchsketch_kernel.upholstery.sure.junctions import cornered, missed_mm
from stitchsketch_kernel.upholstery.sure.seams import stations
from stitchsketch_kernel.upholstery.sure.sides import Side

STILL = np.zeros((3, DRAWS))


def seams_that_meet(off_mm, long_mm=200):
    """Three smooth lines to a place that lies so far from where they meet."""
    run = np.arange(0, long_mm, 4.0)
    ways = [(np.cos(angle), np.sin(angle), 0.2) for angle in (0.0, 2.1, 4.2)]
    lines = [np.outer(run, way) + np.outer(run**2 / 800, [0, 0, 1.0]) for way in ways]
    for line in lines:
        line[0] = [0.0, 0.0, off_mm]
    return lines


def told(lines, moves_mm=0.0, rng=None):
    """Of seams whose draws move them by so much, alike over some 8 mm."""
    ends, moves = [], {}
    for at, line in enumerate(lines):
        vertices = np.arange(len(line), dtype=np.int32) + 1000 * at
        ends.append((Seam(f"S{at}", line / 1000, "A", "B", EdgeKind.SEWN, vertices, 0.2), 0))
        drawn = rough(rng, moves_mm, (len(line), 3, DRAWS)) if moves_mm else 0.0
        moves[f"S{at}"] = (np.zeros((len(line), 3, DRAWS)) + drawn)[stations(len(line))]
    return missed_mm(ends, STILL, moves)


def rough(rng, sigma_mm, shape):
    return gaussian_filter1d(rng.normal(0, sigma_mm, shape), 3, axis=0)


def test_a_junction_that_its_seams_miss_is_not_sure():
    assert told(seams_that_meet(0.0)) == pytest.approx(0.0, abs=0.05)
    assert 1.0 < told(seams_that_meet(2.0)) < 2.0


def test_seams_of_a_hands_breadth_tell_it_too_and_shorter_ones_nothing():
    assert 1.0 < told(seams_that_meet(2.0, 100)) < 2.0
    assert told(seams_that_meet(2.0, 40)) == 0.0


def test_what_the_draws_miss_a_junction_by_is_not_told_twice():
    rng, plain, drawn = np.random.default_rng(5), [], []
    for _ in range(20):
        lines = seams_that_meet(0.0)
        for line in lines:
            line[1:] += rough(rng, 1.0, line.shape)[1:]
        plain.append(told(lines))
        drawn.append(told(lines, 1.0, rng))
    assert np.median(plain) > 0.4
    assert np.median(drawn) < 0.3 * np.median(plain)


def test_seams_in_zigzags_tell_no_more_than_lines_can():
    assert told(seams_that_meet(30.0)) == 3.0


def test_a_corner_is_carried_off_by_both_its_folds():
    up = np.tile([0.0, 0.0, 1.0], (3, 1))
    first = Side("A", up, np.full(3, 0.2), np.array([0.1, 0.2, 0.5]), np.full(3, 0.3))
    second = Side("A", up, np.full(3, 0.2), np.array([-0.7, 0.0, 0.0]), np.full(3, 0.4))
    other = Side("B", up, np.full(3, 0.2), np.array([0.9, 0.0, 0.0]), np.zeros(3))
    one, beside = cornered([(first, -1), (second, 0), (other, 0)])
    assert (one.panel, beside.panel) == ("A", "B")
    assert one.lean_mm == pytest.approx([-0.2]) and beside.lean_mm == pytest.approx([0.9])
    assert one.unsure_mm == pytest.approx([0.5])
    # the points are the same: their noise counts once
    assert one.sigma_mm == pytest.approx([0.2])
