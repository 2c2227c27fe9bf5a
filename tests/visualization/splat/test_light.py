"""Dark corners and exposures are found from the photos, and taken out of what is compared."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from stitchsketch_kernel.domain.model import Region
from stitchsketch_kernel.domain.photo import Camera
from stitchsketch_kernel.visualization.splat import judge
from stitchsketch_kernel.visualization.splat.even import lit
from stitchsketch_kernel.visualization.splat.light import Light, darkening
from stitchsketch_kernel.visualization.splat.photos import Scan, held_out, targets
from stitchsketch_kernel.visualization.splat.settings import SplatSettings
from stitchsketch_kernel.visualization.splat.surface import points_of, seen_surface
from stitchsketch_kernel.visualization.splat.train import train

from .conftest import ball, look_at, painted

FALLOFF = 0.35


def photographed(folder, falloff, count=14, noise=1.5) -> tuple[Scan, dict[str, np.ndarray]]:
    """A ball seen at all places of the picture, by a lens and with exposures that are known."""
    rng = np.random.default_rng(3)
    mesh, camera = ball(), Camera(240, 180, 200.0, 200.0, 120.0, 90.0)
    views, photos, gains = [], {}, {}
    for k in range(count):
        angle = 2 * np.pi * k / count
        eye = np.array([1.2 * np.cos(angle), 1.2 * np.sin(angle), 0.5 + 0.25 * (k % 3)])
        aim = np.array([0, 0, 0.4]) + rng.uniform(-0.2, 0.2, 3)
        view = look_at(eye, aim, camera, f"{k:02}.png")
        surface = seen_surface(mesh, view)
        image = np.full((180, 240, 3), 0.25)
        where = surface.face >= 0
        image[where] = painted(points_of(surface, view, where))
        x, y = np.meshgrid((np.arange(240) + 0.5 - 120) / 200, (np.arange(180) + 0.5 - 90) / 200)
        gains[view.name] = np.exp(rng.normal(0, 0.05, 3))
        image *= gains[view.name] * np.exp(darkening(x**2 + y**2, falloff))[..., None]
        image += rng.normal(0, noise / 255, image.shape)
        photos[view.name] = folder / view.name
        Image.fromarray(np.clip(np.rint(255 * image), 0, 255).astype(np.uint8)).save(
            photos[view.name]
        )
        views.append(view)
    mean = np.exp(np.mean([np.log(gain) for gain in gains.values()], axis=0))
    return (
        Scan(
            tuple(views),
            photos,
            mesh,
            Region(np.array([-0.4, -0.4, 0.0]), np.array([0.4, 0.4, 0.8])),
        ),
        {name: gain / mean for name, gain in gains.items()},
    )


@pytest.mark.parametrize("falloff", [FALLOFF, 0.0])
def test_dark_corners_and_exposures_are_found(tmp_path, falloff):
    scan, gains = photographed(tmp_path, falloff)
    found = lit(scan, scan.views).light
    square = np.linspace(0, 0.4, 30)
    off = darkening(square, found.falloff) - darkening(square, falloff)
    assert np.abs(off).max() < 0.005
    for name, gain in gains.items():
        np.testing.assert_allclose(found.gain(name), gain, atol=0.006)


def test_corners_that_are_brighter_are_no_lens(tmp_path):
    scan, _ = photographed(tmp_path, -0.3)
    assert lit(scan, scan.views).light.falloff == 0


def test_photos_that_are_not_asked_say_nothing(tmp_path):
    scan, _ = photographed(tmp_path, FALLOFF)
    shown, hidden = held_out(scan.views, 7)
    found = lit(scan, shown)
    assert set(found.light.gains) == {view.name for view in shown}
    for target in targets(found, hidden, 240):
        np.testing.assert_array_equal(target.gain, 1)


def test_a_texture_of_even_photos_without_dark_corners_comes_nearer(tmp_path):
    scan, _ = photographed(tmp_path, FALLOFF)
    shown, hidden = held_out(scan.views, 7)

    def fitted_db(scan: Scan) -> float:
        asked, seen_by = targets(scan, hidden, 240), targets(scan, shown, 240)
        pictures = judge.textured_pictures(scan.mesh, asked, seen_by)
        return judge.score(pictures, asked).exposed_db

    found = lit(scan, shown)
    corners = replace(found, light=Light(found.light.falloff))
    assert fitted_db(corners) > fitted_db(scan) + 0.3
    assert fitted_db(found) > fitted_db(corners) + 2


def test_training_begins_with_the_exposures_that_were_found(tmp_path):
    scan, gains = photographed(tmp_path, 0.0)
    trained = train(lit(scan, scan.views), SplatSettings("cpu", 1, 160, 500, held_out=0))
    for name, gain in gains.items():
        np.testing.assert_allclose(trained.exposures[name], gain, atol=0.03)  # a step of 0.02
