"""Masks that are found, against a ball whose silhouette is exact."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stitchsketch_kernel.domain.model import Region
from stitchsketch_kernel.reconstruction.cut_out import MaskSettings, cut_out, within

REGION = Region(np.array([-0.4, -0.4, -0.02]), np.array([0.4, 0.4, 0.65]))
SETTINGS = MaskSettings(find=True, max_side_px=640)


def silhouette(ball, view):
    """Where the view, as its lens drew it, shows the ball."""
    points, _ = ball.seen(view)
    return np.linalg.norm(points - ball.centre, axis=-1) < ball.radius + 1e-6


def overlap(mask, exact):
    return (mask & exact).sum() / (mask | exact).sum()


@pytest.fixture(scope="module")
def views(ball_views):
    return ball_views[:5]


@pytest.fixture(scope="module")
def half_seen(ball, views):
    """Exact depths, but that of the ball is known in its left half alone, as on plain cloth."""
    depths = [ball.depth(view) for view in views]
    for depth in depths:
        on_ball = silhouette(ball, depth.view)
        middle = int(np.nonzero(on_ball)[1].mean())
        on_ball[:, : middle + 20] = False
        depth.depth_m[on_ball] = 0
    return depths


@pytest.fixture(scope="module")
def found(half_seen, views, ball_images):
    return cut_out(half_seen, ball_images, views, REGION, SETTINGS)


def test_the_mask_is_the_silhouette_where_half_the_depth_is_missing(ball, views, found):
    settings = replace(SETTINGS, reach_mm=250)
    assert settings.reach_mm == 250
    for view in views:
        exact = silhouette(ball, view)
        assert found[view.name].shape == (480, 640)
        assert overlap(found[view.name], exact) > 0.9
