"""A surface that is off by a known length is found to be off by it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stitchsketch_kernel.domain.model import Mesh, SparseModel
from stitchsketch_kernel.domain.photo import Camera
from stitchsketch_kernel.samples.against_depth import mesh_errors, sparse_ratios
from stitchsketch_kernel.samples.sample import looking_at

CAMERA = Camera(160, 120, 150.0, 150.0, 80.0, 60.0, k1=-0.05)
VIEW = looking_at("a.jpg", CAMERA, np.array([0.0, -1.0, 0.0]), np.zeros(3))


def wall(y):
    corners = np.array([[-2.0, y, -2], [2, y, -2], [2, y, 2], [-2, y, 2]])
    return Mesh(corners, np.array([[0, 1, 2], [0, 2, 3]], dtype=np.int32))


def everything(name, points):
    return np.ones(len(points), dtype=bool)


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_a_wall_in_front_of_the_measured_one(scale):
    depth = np.full((30, 40), 1.0)  # a quarter of the photo's size, a metre away: y = 0
    world = replace(VIEW, translation=VIEW.translation / scale)
    mesh = Mesh(wall(-0.004).vertices / scale, wall(0).faces)
    errors = mesh_errors(mesh, (world,), {"a.jpg": depth}, everything, scale)
    assert len(errors.away_mm) == depth.size
    assert np.allclose(errors.away_mm, 4.0, atol=1e-2)
    straight = np.argmin(errors.before_mm)
    assert errors.before_mm[straight] == pytest.approx(4.0, abs=0.01)


def test_pixels_that_know_no_depth_or_are_not_the_piece_count_for_nothing():
    depth = np.zeros((30, 40))
    depth[10:20, 10:20] = 1.0

    def left(name, points):
        return points[:, 0] < 0

    errors = mesh_errors(wall(0.0), (VIEW,), {"a.jpg": depth}, left)
    assert len(errors.away_mm) == 100
    assert len(mesh_errors(wall(0.0), (VIEW,), {"a.jpg": depth}, everything).away_mm) == 100


def test_rays_that_meet_no_mesh_are_told():
    beside = Mesh(wall(0).vertices + np.array([3.0, 0, 0]), wall(0).faces)
    errors = mesh_errors(beside, (VIEW,), {"a.jpg": np.full((30, 40), 1.0)}, everything)
    assert np.isnan(errors.before_mm).all() and (errors.away_mm > 100).all()


def test_a_model_of_the_wrong_size_is_found_by_its_points():
    rng = np.random.default_rng(1)
    points = np.column_stack([rng.uniform(-0.2, 0.2, 50), np.zeros(50), rng.uniform(-0.2, 0.2, 50)])
    seen = tuple(np.array([0], dtype=np.int32) for _ in points)
    model = SparseModel((VIEW,), points, np.zeros((50, 3), np.uint8), seen)
    depths = {"a.jpg": np.full((60, 80), 1.25)}
    assert sparse_ratios(model, depths, (0.3, 4.0)) == pytest.approx([1.25])
    assert len(sparse_ratios(model, depths, (0.3, 1.0))) == 0
