"""Points in space from their pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stitchsketch_kernel.reconstruction.triangulate import triangulate

NEAR = st.floats(-0.25, 0.25)


def pixels_of(views, point, noise_px=0.0, seed=0):
    rng = np.random.default_rng(seed)
    return {
        v.name: v.pixels_from_world(np.array(point)[None])[0] + noise_px * rng.standard_normal(2)
        for v in views
    }


def by_name(views):
    return {view.name: view for view in views}


@settings(max_examples=30, deadline=None)
@given(st.tuples(NEAR, NEAR, NEAR), st.integers(2, 10))
def test_exact_pixels_give_the_exact_point(ball_views, point, count):
    found = triangulate(by_name(ball_views), pixels_of(ball_views[:count], point))
    assert found is not None
    assert np.abs(found.point - point).max() < 1e-6
    assert found.photos == tuple(view.name for view in ball_views[:count])


@pytest.mark.parametrize("off_px", [(8.0, 0.0), (0.0, -300.0), (2000.0, 2000.0)])
def test_a_false_sighting_is_left_out_by_name(ball_views, off_px):
    pixels = pixels_of(ball_views, (0.1, 0.0, 0.2), noise_px=0.2)
    pixels["03.png"] = pixels["03.png"] + off_px
    found = triangulate(by_name(ball_views), pixels, least_views=3)
    assert found is not None
    assert set(found.photos) == set(pixels) - {"03.png"}
    assert np.linalg.norm(found.point - (0.1, 0.0, 0.2)) < 0.001


def test_the_covariance_tells_the_error(ball_views):
    views, point = by_name(ball_views), np.array([0.1, 0.0, 0.2])
    runs = [triangulate(views, pixels_of(ball_views, point, 0.5, seed)) for seed in range(60)]
    normal = [
        (run.point - point) @ np.linalg.inv(0.25 * run.covariance) @ (run.point - point) / 3
        for run in runs
        if run is not None
    ]
    assert len(normal) == 60
    assert 0.7 < np.mean(normal) < 1.4


def test_too_few_views_give_nothing(ball_views):
    pixels = pixels_of(ball_views[:2], (0.0, 0.0, 0.2))
    assert triangulate(by_name(ball_views), pixels, least_views=3) is None
    assert triangulate(by_name(ball_views[:1]), pixels) is None


def test_views_from_one_place_give_nothing(ball_views):
    view = ball_views[0]
    twins = {"a": view, "b": view}
    pixel = view.pixels_from_world(np.array([[0.0, 0.0, 0.2]]))[0]
    assert triangulate(twins, {"a": pixel, "b": pixel}) is None
