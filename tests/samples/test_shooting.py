"""A moved, unfocused or dim photo differs from a steady one as it says, and from nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from stitchsketch_kernel.domain.photo import Camera
from stitchsketch_kernel.samples import build_sample, render_photos
from stitchsketch_kernel.samples.sample import looking_at
from stitchsketch_kernel.samples.shooting import STEADY, Shooting, developed

CAMERA = Camera(96, 80, 90.0, 90.0, 48.0, 40.0)


def dots():
    light = np.zeros((80, 96, 3), dtype=np.float32)
    light[10::20, 12::24] = 0.5
    return light


def photos(light, shooting, count=60):
    return [developed(light, CAMERA, np.random.default_rng(i), shooting) for i in range(count)]


def moved_px(image, ways=36):
    """How far a dot was moved: a line's variance along itself is a twelfth of its square."""
    light = (image[41:60, 49:72].mean(axis=2) / 255.0) ** 2.2  # a dot in the middle of it
    y, x = np.mgrid[0 : light.shape[0], 0 : light.shape[1]]
    weight = np.where(light > 0.02 * light.max(), light, 0)
    weight = weight / weight.sum()
    x, y = x - (weight * x).sum(), y - (weight * y).sum()
    turns = np.linspace(0, np.pi, ways, endpoint=False)
    along = x[..., None] * np.cos(turns) + y[..., None] * np.sin(turns)
    variance = (weight[..., None] * along**2).sum(axis=(0, 1))
    return float(np.sqrt(12 * np.ptp(variance)))


def test_a_third_of_shaken_photos_are_moved_by_three_to_four_pixels():
    shaken = np.array([moved_px(image) for image in photos(dots(), Shooting(blur=True), 240)])
    moved = shaken > 1.5
    assert 0.25 < moved.mean() < 0.42
    assert shaken[moved].min() > 2.5 and shaken[moved].max() < 4.5
    assert max(moved_px(image) for image in photos(dots(), STEADY, 5)) < 1.0


@pytest.mark.parametrize("level", [0.05, 0.3])
def test_a_dim_room_gives_the_noise_of_its_photons(level):
    flat = np.full((80, 96, 3), level, dtype=np.float32)
    steady, dim = (
        np.mean([image[20:60, 24:72].std() for image in photos(flat, how, 4)])
        for how in (STEADY, Shooting(dim=True))
    )
    # 1500 electrons at white, 6 of reading, and the gamma's slope
    signal = 1.15 * level
    sigma = np.sqrt(1500 * signal + 36) / 1500
    slope = 255 / 2.2 * signal ** (1 / 2.2 - 1)
    assert np.hypot(steady, slope * sigma) == pytest.approx(dim, rel=0.1)


def test_photos_taken_otherwise_are_rendered_anew(tmp_path):
    small = Camera(160, 120, 150.0, 150.0, 80.0, 60.0)
    view = looking_at("a.jpg", small, np.array([0.5, 0.6, 0.7]), np.zeros(3))
    sample = build_sample("cushion").with_views((view,))
    kept = []
    for shooting in (STEADY, Shooting(blur=True), Shooting(dim=True), STEADY):
        render_photos(sample.shot(shooting), tmp_path)
        kept.append((tmp_path / "a.jpg").read_bytes())
    assert len(set(kept)) == 3 and kept[0] == kept[3]
