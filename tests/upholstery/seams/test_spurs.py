"""Needles and slits of a border are cut off before a piece is made of it."""

from __future__ import annotations

import numpy as np
import pytest

from stitchsketch_kernel.upholstery.seams.borders import Borders, Chain, find_borders
from stitchsketch_kernel.upholstery.seams.spurs import led_on, without_spurs

STEP = 0.004
COUNT = 61  # vertices along each side: 240 mm


def sheet() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A flat sheet of 240 mm: vertices, faces, and the middle of each face."""
    x, y = np.meshgrid(np.arange(COUNT) * STEP, np.arange(COUNT) * STEP, indexing="ij")
    points = np.stack([x.ravel(), y.ravel(), np.zeros(COUNT**2)], axis=-1)
    a = (np.arange(COUNT - 1)[:, None] * COUNT + np.arange(COUNT - 1)).ravel()
    b = a + COUNT
    faces = np.concatenate([np.stack([a, b, b + 1], -1), np.stack([a, b + 1, a + 1], -1)])
    return points, faces.astype(np.int32), points[faces].mean(axis=1)


def between(values: np.ndarray, low: float, high: float) -> np.ndarray:
    return (values > low) & (values < high)


def seam_of(label: np.ndarray) -> np.ndarray:
    """The border between panel 0 and panel 1 once its spurs are cut."""
    points, faces, _ = sheet()
    borders = without_spurs(points, find_borders(points, faces, label.astype(np.int32)))
    (seam,) = (one for one in borders.chains if {one.left, one.right} == {0, 1})
    return points[seam.vertices]


def length(line: np.ndarray) -> float:
    return float(np.linalg.norm(np.diff(line, axis=0), axis=1).sum())


@pytest.mark.parametrize("over", [0, 1])
@pytest.mark.parametrize("width_m", [0.004, 0.008])
def test_a_needle_of_one_panel_into_the_other_is_cut(over, width_m):
    _, _, at = sheet()
    label = at[:, 0] > 0.12
    inside = between(at[:, 0], 0.04, 0.2) & between(at[:, 1], 0.1, 0.1 + width_m)
    label = np.where(inside, over, label)
    assert length(seam_of(label)) == pytest.approx(0.24, abs=0.002)


@pytest.mark.parametrize("width_m", [0.012, 0.02])
def test_a_tongue_of_cloth_stays(width_m):
    _, _, at = sheet()
    inside = between(at[:, 0], 0.04, 0.2) & between(at[:, 1], 0.1, 0.1 + width_m)
    label = np.where(inside, 0, at[:, 0] > 0.12)
    assert length(seam_of(label)) == pytest.approx(0.24 + 2 * 0.08, abs=0.002)


@pytest.mark.parametrize("begins", [0, 70, 130])
def test_a_closed_border_may_begin_on_its_spur(begins):
    """A ring of 200 mm by 200 mm with a needle of 60 mm, walked from anywhere."""
    side = np.arange(0, 0.2, STEP)
    ring = np.concatenate(
        [
            np.stack([side, 0 * side], -1),
            np.stack([0.2 + 0 * side[:25], side[:25]], -1),
            np.stack([0.2 + side[:15], 0 * side[:15] + 0.1], -1),
            np.stack([0.26 - side[:15], 0 * side[:15] + 0.104], -1),
            np.stack([0.2 + 0 * side[26:], side[26:]], -1),
            np.stack([0.2 - side, 0 * side + 0.2], -1),
            np.stack([0 * side, 0.2 - side], -1),
        ]
    )
    ring = np.column_stack([np.roll(ring, begins, axis=0), np.zeros(len(ring))])
    points = np.vstack([ring, [[9.0, 9.0, 9.0]]])
    closed = np.append(np.arange(len(ring)), 0).astype(np.int32)
    found = without_spurs(points, Borders((Chain(0, -1, closed, -1, -1),), np.zeros((0, 3)), {}))
    line = points[found.chains[0].vertices]
    assert np.array_equal(line[0], line[-1])
    assert length(line) == pytest.approx(0.8, abs=0.004)
    assert line[:, 0].max() < 0.21


def test_a_smooth_line_keeps_every_point():
    turn = np.linspace(0, 1.8 * np.pi, 300)
    line = 0.1 * np.column_stack([np.cos(turn), np.sin(turn), 0 * turn])
    assert np.array_equal(led_on(line), np.arange(300))
