"""How far cameras may bend the model follows from how well they agree."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stitchsketch_kernel.domain.model import SparseModel
from stitchsketch_kernel.domain.photo import Camera, View
from stitchsketch_kernel.reconstruction.bend import SKIN_PX, bend_mm, skin_mm


def model(views_a_point=4, distance_m=2.0, reprojection_px=0.5):
    camera = Camera(1000, 800, 1000.0, 1000.0, 500.0, 400.0)
    views = tuple(
        View(f"{i}.jpg", camera, np.eye(3), np.array([0.1 * i, 0, distance_m])) for i in range(6)
    )
    points = np.random.default_rng(0).normal(0, 0.01, (50, 3))
    seen = tuple(np.arange(views_a_point, dtype=np.int32) for _ in points)
    colors = np.zeros((50, 3), np.uint8)
    return SparseModel(views, points, colors, seen, (), reprojection_px)


def test_it_is_what_a_pixel_spans_shared_by_the_views():
    # 0.5 px of 2 mm each, less what a mean length is over a deviation, between four views
    assert bend_mm(model()) == pytest.approx(0.5 * 2 / 1.2533 / 2, rel=0.02)
    assert bend_mm(model(distance_m=4.0)) == pytest.approx(2 * bend_mm(model()), rel=0.02)
    assert bend_mm(model(reprojection_px=1.0)) == pytest.approx(2 * bend_mm(model()))


def test_the_skin_is_as_sure_as_a_share_of_a_pixel():
    assert skin_mm(model()) == pytest.approx(SKIN_PX * 2.0, rel=0.02)
    assert skin_mm(model(distance_m=4.0)) == pytest.approx(SKIN_PX * 4.0, rel=0.02)


def test_without_points_it_is_not_known():
    bare = replace(model(), points=np.zeros((0, 3)), point_views=())
    assert np.isnan(bend_mm(bare)) and np.isnan(skin_mm(bare))
