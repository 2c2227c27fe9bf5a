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


def test_the_mask_is_the_silhouette_where_half_the_depth_is_missing(
    ball, views, half_seen, ball_images
):
    far = replace(SETTINGS, reach_mm=250)
    found = cut_out(half_seen, ball_images, views, REGION, far, drawn=["01.png"])
    assert set(found) == {view.name for view in views} - {"01.png"}, "drawn ones come first"
    for name, mask in found.items():
        exact = silhouette(ball, next(view for view in views if view.name == name))
        assert overlap(mask, exact) > 0.98


def test_wrong_depths_over_an_even_wall_are_no_furniture(ball, views, ball_images):
    """A patch that two views imagine beside the ball, where no view knows what is there."""
    depths = [ball.depth(view) for view in views]
    for depth in depths:
        depth.depth_m[~silhouette(ball, depth.view)] = 0
    rng = np.random.default_rng(0)
    place = np.array([-0.36, 0.0, 0.58]) + 0.03 * rng.uniform(-1, 1, (5000, 3))
    for depth in depths[1:3]:
        inside = depth.view.pixels_from_world(place)
        u, v = np.floor(inside).astype(int).T
        depth.depth_m[v, u] = (place @ depth.view.rotation.T + depth.view.translation)[:, 2]
    found = cut_out(depths, ball_images, views, REGION, SETTINGS)
    for view in views:
        u, v = np.floor(view.pixels_from_world(place)).astype(int).T
        assert not found[view.name][v, u].any()
        assert overlap(found[view.name], silhouette(ball, view)) > 0.95


def test_furniture_that_fills_the_photo_has_a_mask_without_an_end(ball, ball_images):
    near = tuple(ball.look(f"{i:02d}.png", 0.0, 0.3, 0.32) for i in range(2))
    depths = [replace(ball.depth(near[0]), view=ball.depth(view).view) for view in near]
    found = cut_out(depths, {v.name: ball_images["00.png"] for v in near}, near, REGION, SETTINGS)
    assert all(mask.all() for mask in found.values())
    assert len(found) == 2


def test_where_nothing_stands_there_is_no_mask(ball, views, ball_images):
    depths = [ball.depth(view) for view in views]
    away = Region(np.array([2.0, 2.0, -0.02]), np.array([3.0, 3.0, 0.65]))
    assert cut_out(depths, ball_images, views, away, SETTINGS) == {}


def test_depth_outside_of_a_mask_is_dropped(ball, views):
    depth, view = ball.depth(views[0]), views[0]
    mask = silhouette(ball, view)
    cut = within(depth, mask, view.camera)
    exact = silhouette(ball, depth.view)
    assert overlap(cut.depth_m > 0, exact) > 0.98
    assert not cut.confidence[cut.depth_m == 0].any()
    assert within(depth, None, view.camera) is depth
