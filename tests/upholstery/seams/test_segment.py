"""Which faces of a scan are which panel's."""

from __future__ import annotations

import numpy as np

from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.upholstery.seams.features import find_features
from stitchsketch_kernel.upholstery.seams.segment import SegmentSettings, segment

STEP = 0.008


def with_crumbs() -> tuple[Mesh, int]:
    """Two sheets that meet at right angles, and half a metre away two loose triangles; the number
    of the sheets' faces.
    """
    along, side = np.arange(0, 0.25, STEP), np.arange(0, 0.16, STEP)
    ground = [[s, y, 0.0] for s in side for y in along]
    wall = [[side[-1], y, z] for z in side[1:] for y in along]
    rows, columns = 2 * len(side) - 1, len(along)
    a = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    b = a + columns
    sheets = np.concatenate([np.stack([a, b, b + 1], -1), np.stack([a, b + 1, a + 1], -1)])
    crumb = np.array([[0, 0, 0], [STEP, 0, 0], [0, STEP, 0]])
    away = np.array([-0.5, 0, 0]), np.array([-0.5, 0.1, 0])
    points = np.concatenate([ground, wall, crumb + away[0], 2 * crumb + away[1]])
    loose = np.arange(len(points) - 6, len(points)).reshape(2, 3)
    return Mesh(points, np.concatenate([sheets, loose]).astype(np.int32)), len(sheets)


def test_crumbs_that_hang_on_nothing_are_no_panels():
    mesh, count = with_crumbs()
    label, _ = segment(mesh, find_features(mesh), SegmentSettings())
    assert set(label[:count]) == {0, 1}
    assert set(label[count:]) == {-1}
