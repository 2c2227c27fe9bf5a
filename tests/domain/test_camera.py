"""Pixels and rays are each other's inverse, distortion and all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stitchsketch_kernel.domain.photo import Camera, View


def phone_camera(k1: float = -0.08, k2: float = 0.02) -> Camera:
    return Camera(1280, 960, 1100.0, 1102.0, 644.0, 477.0, k1, k2, 0.0004, -0.0003)


@given(st.floats(-0.12, 0.12), st.floats(-0.03, 0.03), st.integers(0, 1000))
def test_a_ray_through_a_pixel_lands_on_that_pixel(k1, k2, seed):
    camera = phone_camera(k1, k2)
    pixels = np.random.default_rng(seed).uniform([0, 0], [1280, 960], (50, 2))
    back = camera.pixels_from_rays(camera.rays_from_pixels(pixels))
    assert np.abs(back - pixels).max() < 1e-6


def test_opencv_counts_pixels_half_a_pixel_lower():
    camera = phone_camera()
    assert np.allclose(camera.matrix[:2, 2] - camera.matrix_opencv[:2, 2], 0.5)


def test_a_resized_photo_keeps_its_rays():
    camera = phone_camera()
    half = camera.scaled(0.5)
    pixels = np.array([[100.0, 200.0], [900.0, 700.0]])
    assert np.allclose(camera.rays_from_pixels(pixels), half.rays_from_pixels(pixels / 2))


def test_the_camera_stands_where_its_centre_is():
    angle = 0.3
    rotation = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1.0]]
    )
    view = View("a.jpg", phone_camera(), rotation, np.array([0.1, -0.2, 0.5]))
    assert np.allclose(rotation @ view.centre + view.translation, 0)


def test_points_behind_the_camera_have_no_pixel():
    view = View("a.jpg", phone_camera(), np.eye(3), np.zeros(3))
    pixels = view.pixels_from_world(np.array([[0, 0, -1.0], [0, 0, 1.0]]))
    assert np.isnan(pixels[0]).all()
    assert pixels[1] == pytest.approx([644.0, 477.0])
