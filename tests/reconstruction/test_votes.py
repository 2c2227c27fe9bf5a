"""Which maps have a say in whether a point is on the surface."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stitchsketch_kernel.domain.model import Depth, Region
from stitchsketch_kernel.domain.photo import Camera, View
from stitchsketch_kernel.reconstruction.fusion import fuse
from stitchsketch_kernel.reconstruction.votes import DepthStack, votes

CAMERA = Camera(120, 120, 150.0, 150.0, 60.0, 60.0)
AWAY_M, AGREE_M = 1.0, 0.004
REGION = Region(np.full(3, -0.3), np.full(3, 0.3))
FRONT, BACK = (-0.2, 0.0, 0.2), (-0.2, -0.1, 0.0, 0.1)


def seen(name: str, x: float, side: float, at: float) -> Depth:
    """The map of a camera before (side -1) or behind the plane z = at, that looks along z."""
    rotation = np.diag([1.0, -side, -side])
    centre = np.array([x, 0.0, side * AWAY_M])
    view = View(name, CAMERA, rotation, -rotation @ centre)
    depth = np.full((120, 120), AWAY_M - side * at, np.float32)
    return Depth(view, depth, np.ones_like(depth))


@pytest.fixture(scope="module")
def net():
    """A net in the plane z = 0; from behind it is thought to lie 3 cm further away."""
    front = [seen(f"front {x}", x, -1.0, 0.0) for x in FRONT]
    return front + [seen(f"back {x}", x, 1.0, -0.03) for x in BACK]


def test_photos_from_behind_look_through_nothing_that_faces_away_from_them(net):
    points, stack = np.array([[0.0, 0.0, 0.0]]), DepthStack.of(net)
    towards = np.array([[0.0, 0.0, -1.0]])
    alike, through = votes(points, stack, 1, AGREE_M)
    assert (alike.tolist(), through.tolist()) == ([2], [4])
    for normals, counted in ((towards, 0), (-towards, 4)):
        alike, through = votes(points, stack, 1, AGREE_M, normals)
        assert (alike.tolist(), through.tolist()) == ([2], [counted])


def test_a_net_that_is_found_from_the_front_is_kept(net):
    cloud = fuse(net, REGION, 0.004, AGREE_M)
    front = cloud.points[np.abs(cloud.points[:, 2]) < AGREE_M]
    middle = front[np.abs(front[:, :2]).max(axis=1) < 0.1]
    assert len(middle) > 0.9 * (0.2 * CAMERA.fx / AWAY_M) ** 2  # a point a pixel
    assert (cloud.normals[np.abs(cloud.points[:, 2]) < AGREE_M, 2] < -0.99).all()


def test_a_photo_without_any_depth_changes_nothing(net):
    empty = replace(net[0], depth_m=np.zeros_like(net[0].depth_m))
    empty = replace(empty, view=replace(empty.view, name="empty"))
    with_it, without = (fuse(one, REGION, 0.004, AGREE_M) for one in ([*net, empty], net))
    assert np.array_equal(with_it.points, without.points)


def test_what_photos_of_its_own_side_look_through_is_not_kept(net):
    # two photos imagine a sheet 3 cm before the net; the others of that side see the net
    false = [seen(f"false {x}", x, -1.0, -0.03) for x in (-0.1, 0.1)]
    right = [seen(f"right {x}", x, -1.0, 0.0) for x in (-0.15, 0.05, 0.15)]
    cloud = fuse([*net[:3], *right, *false], REGION, 0.004, AGREE_M)
    assert np.abs(cloud.points[:, 2]).max() < AGREE_M
