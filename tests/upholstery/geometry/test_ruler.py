"""Lengths between two places of a mesh: straight, and the shortest way along the surface."""

from __future__ import annotations

import numpy as np
import pytest

from stitchsketch_kernel.domain.errors import MeshError
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.upholstery.geometry.ruler import LONGER, SurfaceRuler


def sheet(cells: int, fold_deg: float = 0.0, at=(0.0, 0.0)) -> Mesh:
    """A sheet of 400 x 400 mm folded along y in its middle, in right-angled triangles."""
    steps = np.linspace(-0.2, 0.2, cells + 1)
    x, y = (one.ravel() for one in np.meshgrid(steps, steps, indexing="ij"))
    turn = np.deg2rad(fold_deg) * (x > 0)
    vertices = np.column_stack([x * np.cos(turn) + at[0], y + at[1], -x * np.sin(turn)])
    i = np.arange(cells * (cells + 1)).reshape(cells, cells + 1)[:, :-1].ravel()
    j = i + cells + 1
    faces = np.vstack([np.column_stack([i, j, j + 1]), np.column_stack([i, j + 1, i + 1])])
    return Mesh(vertices, faces.astype(np.int32))


def down(ruler: SurfaceRuler, x: float, y: float):
    place = ruler.hit(np.array([x, y, 1.0]), np.array([0.0, 0.0, -1.0]))
    assert place is not None
    return place


@pytest.mark.parametrize("to", [(0.15, 0.0), (0.13, 0.11), (0.031, 0.17), (-0.19, -0.17)])
def test_on_a_flat_sheet_both_lengths_are_the_straight_one(to):
    ruler = SurfaceRuler(sheet(40))
    found = ruler.between(down(ruler, -0.101, -0.083), down(ruler, *to))
    straight = 1000 * np.hypot(to[0] + 0.101, to[1] + 0.083)
    assert found.straight_mm == pytest.approx(straight, abs=1e-3)
    assert straight - 1e-3 <= found.along_mm <= (1 + LONGER) * straight
    assert np.abs(found.path_m[:, 2]).max() < 1e-6


@pytest.mark.parametrize("fold_deg", [30.0, 90.0])
def test_over_a_fold_it_is_as_long_as_the_cloth_laid_flat(fold_deg):
    ruler = SurfaceRuler(sheet(40, fold_deg))
    a = down(ruler, -0.12, -0.06)
    side = np.deg2rad(fold_deg)
    target = np.array([0.15 * np.cos(side), 0.05, -0.15 * np.sin(side)])
    out = np.array([np.sin(side), 0.0, np.cos(side)])
    b = ruler.hit(target + out, -out)
    found = ruler.between(a, b)
    assert found.along_mm == pytest.approx(1000 * np.hypot(0.27, 0.11), rel=LONGER)
    assert found.straight_mm == pytest.approx(1000 * np.linalg.norm(a.point_m - target), abs=1e-3)
    assert found.straight_mm < found.along_mm - 1
    drawn = 1000 * np.linalg.norm(np.diff(found.path_m, axis=0), axis=1).sum()
    assert drawn == pytest.approx(found.along_mm, rel=0.02)


def test_parts_that_do_not_touch_have_no_way_between_them():
    one, other = sheet(10), sheet(10, at=(0.5, 0.0))
    mesh = Mesh(
        np.vstack([one.vertices, other.vertices]),
        np.vstack([one.faces, other.faces + len(one.vertices)]),
    )
    ruler = SurfaceRuler(mesh)
    found = ruler.between(down(ruler, 0.0, 0.013), down(ruler, 0.5, 0.013))
    assert (found.along_mm, len(found.path_m)) == (None, 2)
    assert found.straight_mm == pytest.approx(500, abs=1e-3)


def test_a_click_beside_the_piece_or_without_a_direction_is_no_place():
    ruler = SurfaceRuler(sheet(4))
    assert ruler.hit(np.array([3.0, 0.0, 1.0]), np.array([0.0, 0.0, -1.0])) is None
    assert ruler.hit(np.array([0.0, 0.0, 1.0]), np.array([0.0, np.nan, -1.0])) is None


def test_two_clicks_on_one_triangle_are_measured():
    ruler = SurfaceRuler(sheet(2))
    found = ruler.between(down(ruler, 0.05, 0.02), down(ruler, 0.06, 0.02))
    assert (found.straight_mm, found.along_mm) == pytest.approx((10, 10))


def test_nothing_can_not_be_measured():
    with pytest.raises(MeshError, match="no faces"):
        SurfaceRuler(Mesh(np.zeros((3, 3)), np.zeros((0, 3), np.int32)))
