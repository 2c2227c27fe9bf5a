"""What depth maps say of each other: lone matches neither make a surface nor take one away."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from stitchsketch_kernel.domain.model import Depth, Region
from stitchsketch_kernel.domain.photo import Camera
from stitchsketch_kernel.reconstruction.fusion import fuse
from stitchsketch_kernel.samples.sample import looking_at

CAMERA = Camera(160, 120, 150.0, 150.0, 80.0, 60.0)
REGION = Region(np.array([-0.2, -0.2, -0.3]), np.array([0.2, 0.2, 0.3]))


def seeing_a_table(count: int) -> list[Depth]:
    """Exact maps of the plane z = 0 from a ring above it."""
    maps = []
    for k in range(count):
        turn = 2 * np.pi * k / count
        eye = np.array([0.3 * np.cos(turn), 0.3 * np.sin(turn), 0.9])
        view = looking_at(f"{k}.jpg", CAMERA, eye, np.zeros(3))
        u, v = np.meshgrid(np.arange(160) + 0.5, np.arange(120) + 0.5)
        rays = CAMERA.rays_from_pixels(np.column_stack([u.ravel(), v.ravel()])) @ view.rotation
        depth = (-eye[2] / rays[:, 2]).reshape(u.shape).astype(np.float32)
        maps.append(Depth(view, depth, np.full(depth.shape, 0.8, np.float32)))
    return maps


def further(depth: Depth, by_m: float) -> Depth:
    """The same map with all of it too far away."""
    return replace(depth, depth_m=depth.depth_m + np.float32(by_m))


def covered(cloud_points: np.ndarray) -> float:
    """Share of a table of 200 mm that has points within 5 mm."""
    near = np.abs(cloud_points[:, 2]) < 0.005
    cells = np.floor(cloud_points[near][:, :2] / 0.02).astype(int)
    cells = cells[(np.abs(cells + 0.5) < 5).all(axis=1)]
    return len(np.unique(cells, axis=0)) / 100


def test_maps_that_are_each_wrong_in_their_own_way_take_no_surface_away():
    good = seeing_a_table(6)
    maps = [*good[:4], further(good[4], 0.06), further(good[5], 0.11)]
    cloud = fuse(maps, REGION, 0.004, 0.004, least_views=3)
    assert covered(cloud.points) > 0.98
    assert np.abs(cloud.points[:, 2]).max() < 0.005


def test_what_two_maps_see_by_mistake_and_four_look_through_is_no_surface():
    good = seeing_a_table(6)
    nearer = [further(one, -0.08) for one in good[4:]]
    cloud = fuse([*good[:4], *nearer], REGION, 0.004, 0.004, least_views=2)
    assert covered(cloud.points) > 0.98
    assert np.abs(cloud.points[:, 2]).max() < 0.005
