"""A surface is as fine as was asked for, or as the memory lets it be, and that is said."""

from __future__ import annotations

import numpy as np
import pytest

from stitchsketch_kernel.domain.errors import ShortOfMemoryError
from stitchsketch_kernel.domain.model import Region
from stitchsketch_kernel.reconstruction import surface
from stitchsketch_kernel.reconstruction.surface import SurfaceSettings, make_mesh
from stitchsketch_kernel.reconstruction.surface_room import octree_for, say_coarser

REGION = Region(np.array([-0.4, -0.4, -0.02]), np.array([0.4, 0.4, 0.65]))
GIB = 2**30


@pytest.fixture
def points():
    """A box of half a metre, all round, a point each 2 mm of it about."""
    rng = np.random.default_rng(1)
    out = rng.standard_normal((200_000, 3))
    return 0.25 * out / np.linalg.norm(out, axis=1, keepdims=True)


def test_with_room_it_is_as_fine_as_asked(points):
    octree = octree_for(points, 0.002, 0.003, lambda: 8 * GIB)
    assert (octree.depth, octree.coarser_m) == (8, 0)
    assert say_coarser(octree.coarser_m, 0.003) == ""


def test_with_less_it_is_coarser_and_that_is_said(points):
    octree = octree_for(points, 0.002, 0.003, lambda: GIB // 4)
    assert octree.depth == 7
    assert 0.004 < octree.coarser_m < 0.005
    assert "cells of 4.3 mm instead of 3.0 mm" in say_coarser(octree.coarser_m, 0.003)


def test_where_the_coarsest_does_not_fit_it_is_said(points):
    with pytest.raises(ShortOfMemoryError, match=r"even when it is coarse, and 0\.0 GiB can"):
        octree_for(points, 0.002, 0.003, lambda: GIB // 100)


def test_a_mesh_of_little_memory_is_whole_and_its_doubt_is_told(ball, ball_images, ball_views):
    depths = [ball.depth(view) for view in ball_views[:4]]
    settings = SurfaceSettings(voxel_mm=4, cell_mm=5, edge_mm=8)
    mesh, (doubt,) = make_mesh(
        depths, ball_images, ball_views[:4], REGION, settings, free=lambda: 25 * 2**20
    )
    assert "Memory was short" in doubt
    off = np.linalg.norm(mesh.vertices - ball.centre, axis=1) - ball.radius
    assert len(mesh.faces) > 500 and np.median(np.abs(off)) < 0.003


def test_memory_that_ends_among_the_depth_maps_is_said(ball, ball_images, ball_views, monkeypatch):
    def ends(*_, **__):
        raise MemoryError

    monkeypatch.setattr(surface, "fuse", ends)
    depths = [ball.depth(view) for view in ball_views[:4]]
    with pytest.raises(ShortOfMemoryError, match="depth of 4 photos was brought together"):
        make_mesh(depths, ball_images, ball_views[:4], REGION)
