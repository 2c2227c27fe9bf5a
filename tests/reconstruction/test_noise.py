"""Noise is told from pictures with texture; contrast is evened out as far as noise allows."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from stitchsketch_kernel.reconstruction.dense.noise import evened, noise_variance


def textured(contrast: float, light: float, noise: float, seed: int = 3) -> np.ndarray:
    """A wall of soft texture on the left half, nothing on the right; sensor noise over both."""
    rng = np.random.default_rng(seed)
    tone = cv2.GaussianBlur(rng.standard_normal((192, 256)).astype(np.float32), (0, 0), 2.5)
    tone[:, 128:] = 0
    scene = light * (1 + contrast * tone / tone[:, :128].std())
    return np.clip(np.rint(scene + noise * rng.standard_normal(scene.shape)), 1, 255).astype(
        np.uint8
    )


@pytest.mark.parametrize("noise", [1.0, 2.0, 4.0])
def test_the_noise_is_told_whatever_texture_there_is(noise):
    found = noise_variance(textured(0.15, 120, noise))
    assert 0.8 * noise**2 < np.median(found) < 1.3 * noise**2


def test_noise_that_grows_with_light_is_told_by_brightness():
    dark, bright = textured(0.1, 40, 1.0), textured(0.1, 200, 4.0)
    found = noise_variance(np.hstack([dark, bright]))
    assert np.median(found[:, :256]) < 2.0
    assert np.median(found[:, 256:]) > 10.0


def test_a_dark_plain_side_gets_the_contrast_of_a_bright_one():
    dark, bright = (evened(textured(0.06, light, 0.5)) for light in (30, 180))
    spread = [picture[:, :128].astype(float).std() for picture in (dark, bright)]
    assert spread[0] > 0.55 * spread[1] > 15


def test_noise_alone_is_not_drawn_out():
    picture = evened(textured(0.1, 120, 2.0))
    assert picture[:, :128].astype(float).std() > 1.5 * picture[:, 144:].astype(float).std()


def test_what_shows_nothing_stays_black():
    picture = textured(0.1, 120, 2.0)
    picture[40:80, 40:80] = 0
    assert (evened(picture)[40:80, 40:80] == 0).all()
    assert (evened(picture)[100:, :] > 0).all()


def test_a_picture_smaller_than_a_block_is_taken_as_it_is():
    assert noise_variance(np.full((8, 8), 90, np.uint8)).shape == (8, 8)
