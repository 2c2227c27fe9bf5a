"""Which way is up, where the floor is, and the box round the piece."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stitchsketch_kernel.domain.errors import MeshError, SettingsError
from stitchsketch_kernel.domain.model import Similarity
from stitchsketch_kernel.reconstruction.region import RegionSettings, find_region
from stitchsketch_kernel.reconstruction.scale import apply_scale
from stitchsketch_kernel.reconstruction.upright import floor_plane, umeyama, upright


def any_similarity(seed: int, scale: float = 1.0) -> Similarity:
    rng = np.random.default_rng(seed)
    rotation = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    rotation *= np.sign(np.linalg.det(rotation))
    return Similarity(scale, rotation, rng.uniform(-5, 5, 3))


@given(st.integers(0, 10_000), st.floats(0.01, 100.0))
def test_a_similarity_is_found_again(seed, scale):
    truth = any_similarity(seed, scale)
    points = np.random.default_rng(seed).uniform(-1, 1, (5, 3))
    found = umeyama(points, truth.apply(points))
    assert found.scale == pytest.approx(truth.scale)
    assert np.allclose(found.rotation, truth.rotation, atol=1e-6)


@pytest.mark.parametrize("points", [np.eye(3)[:2], np.outer(np.arange(4.0), [1, 2, 3])])
def test_points_on_a_line_fix_no_similarity(points):
    with pytest.raises(ValueError, match="three points"):
        umeyama(points, points)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.2, 20.0))
def test_the_floor_is_found_below_the_piece(ball, seed, scale):
    model = ball.model(ball.ring(12, 30.0))
    noisy = replace(
        model, points=model.points + np.random.default_rng(seed).normal(0, 0.001, (4000, 3))
    )
    world = apply_scale(noisy, any_similarity(seed, scale))
    metric = apply_scale(world, upright(world, 1 / scale, *floor_plane(world)))
    floor = metric.points[2000:]
    assert np.abs(floor[:, 2]).max() < 0.01
    assert abs(np.median(floor[:, 2])) < 0.001
    assert metric.points[:2000, 2].mean() == pytest.approx(0.3, abs=0.01)
    assert all(view.centre[2] > 0.5 for view in metric.views)


def test_what_was_looked_at_stands_above_the_origin(ball):
    model = ball.model(ball.ring(12, 30.0))
    world = apply_scale(model, any_similarity(4))
    metric = apply_scale(world, upright(world, 1.0, *floor_plane(world)))
    assert np.abs(metric.points[:2000].mean(axis=0)[:2]).max() < 0.02
    assert np.abs(metric.views[0].rotation[2][0]) < 1e-9


@pytest.mark.parametrize("on_piece", [2000, 20])
def test_the_box_holds_the_piece_and_leaves_the_room_out(ball, on_piece):
    model = ball.model(ball.ring(12, 30.0))
    points, floor = model.points[:2000], model.points[2000:]
    wall = np.random.default_rng(1).uniform(-1, 1, (500, 3)) * [2, 0, 1] + [0, 3, 1]
    some = np.concatenate([points[:on_piece], floor, wall])
    sparse = replace(
        model, points=some, point_views=model.point_views[:1] * len(some), colors=some.astype("u1")
    )
    box = find_region(sparse)
    assert box.contains(points).all()
    assert not box.contains(wall).any()
    assert not any(box.contains(view.centre[None])[0] for view in model.views)


def test_a_box_given_by_hand_is_taken_as_it_is(ball):
    box = find_region(
        ball.model(ball.ring(4, 20.0)), RegionSettings(box_m=(0.0, 0.1, 0.2, 1.0, 1.1, 1.2))
    )
    assert box.low_m.tolist() == [0.0, 0.1, 0.2]
    assert box.high_m.tolist() == [1.0, 1.1, 1.2]


@pytest.mark.parametrize("box", [(1.0,), (0, 0, 0, 1, 1, 0), (1, 0, 0, 0, 1, 1)])
def test_a_box_without_room_in_it_is_refused(box):
    with pytest.raises(SettingsError, match="box_m"):
        RegionSettings(box_m=box)


def test_photos_from_one_place_are_refused(ball):
    view = ball.look("a", 0)
    still = ball.model((view, replace(view, name="b")))
    with pytest.raises(MeshError, match="one place"):
        find_region(still)
