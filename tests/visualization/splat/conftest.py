"""A small scan with known colours: a bent sheet, photographed from all round by its own truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stitchsketch_kernel.domain.model import Mesh, Region
from stitchsketch_kernel.domain.photo import Camera, View
from stitchsketch_kernel.visualization.splat.photos import Scan
from stitchsketch_kernel.visualization.splat.splats import Splats
from stitchsketch_kernel.visualization.splat.surface import points_of, seen_surface


def look_at(eye, target, camera, name="view") -> View:
    z = (target - eye) / np.linalg.norm(target - eye)
    x = np.cross(z, [0, 0, 1.0])
    x /= np.linalg.norm(x)
    rotation = np.stack([x, np.cross(z, x), z])
    return View(name, camera, rotation, -rotation @ eye)


def some_splats(count=40, degree=1, seed=1) -> Splats:
    rng = np.random.default_rng(seed)
    return Splats(
        rng.normal(0, 0.25, (count, 3)),
        np.log(rng.uniform(0.02, 0.15, (count, 3))),
        rng.normal(size=(count, 4)),
        rng.normal(0.5, 1.2, count),
        rng.normal(0, 0.4, (count, (degree + 1) ** 2, 3)),
    )


def ball(radius=0.3, height=0.4, across=48) -> Mesh:
    u, v = np.meshgrid(np.linspace(0, 2 * np.pi, across, endpoint=False),
                       np.linspace(0.02, np.pi - 0.02, across // 2))  # fmt: skip
    points = np.stack([np.cos(u) * np.sin(v), np.sin(u) * np.sin(v), np.cos(v)], -1)
    points = radius * points.reshape(-1, 3) + [0, 0, height]
    faces = []
    for row in range(across // 2 - 1):
        for k in range(across):
            a, b = row * across + k, row * across + (k + 1) % across
            faces += [(a, a + across, b), (b, a + across, b + across)]
    return Mesh(points, np.array(faces, dtype=np.int32))


def painted(points) -> np.ndarray:
    """The truth: stripes finer than the mesh's triangles."""
    stripes = 0.5 + 0.35 * np.sin(60 * points[:, 2])
    return np.column_stack([stripes, 0.3 + 0.4 * (points[:, 0] > 0), 0.6 - 0.3 * stripes])


@pytest.fixture(scope="session")
def small_scan(tmp_path_factory) -> Scan:
    folder: Path = tmp_path_factory.mktemp("photos")
    mesh, camera = ball(), Camera(160, 120, 170.0, 170.0, 80.0, 60.0)
    views, photos = [], {}
    for k in range(12):
        angle = 2 * np.pi * k / 12
        eye = np.array([1.1 * np.cos(angle), 1.1 * np.sin(angle), 0.5 + 0.25 * (k % 3)])
        view = look_at(eye, np.array([0, 0, 0.4]), camera, f"{k:02}.png")
        surface = seen_surface(mesh, view)
        image = np.full((120, 160, 3), 0.25)
        where = surface.face >= 0
        image[where] = painted(points_of(surface, view, where))
        gain = 1.15 if k == 4 else 1.0  # one photo is brighter
        pixels = np.clip(np.rint(255 * gain * image), 0, 255).astype(np.uint8)
        photos[view.name] = folder / view.name
        Image.fromarray(pixels).save(photos[view.name])
        views.append(view)
    region = Region(np.array([-0.4, -0.4, 0.0]), np.array([0.4, 0.4, 0.8]))
    return Scan(tuple(views), photos, mesh, region)
