"""A mesh and a cloud made light enough for a screen, or refused in words."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.errors import MeshError
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.samples.crowned import crowned_cushion
from stitchsketch_kernel.visualization.levels import (
    LIGHTER,
    MOST_FACES,
    level,
    level_sizes,
    open_rim,
    require_sound,
    thinned,
)


@pytest.fixture(scope="module")
def mesh() -> Mesh:
    found = crowned_cushion(0.005, noise_m=0.0).mesh
    above = found.vertices[:, 2] > 0.1
    colors = np.where(above[:, None], (200, 20, 20), (20, 20, 200)).astype(np.uint8)
    return Mesh(found.vertices, found.faces, colors, above.astype(float))


def test_a_lighter_level_has_the_same_shape_colours_and_gaps(mesh):
    light = level(mesh, 6000).mesh
    assert 5500 < len(light.faces) <= 6000 < len(mesh.faces) / 5
    assert np.allclose(np.ptp(light.vertices, axis=0), np.ptp(mesh.vertices, axis=0), atol=0.002)
    middles = light.vertices[light.faces].mean(axis=1)
    assert cKDTree(mesh.vertices).query(middles)[0].max() < 0.006
    above = light.vertices[:, 2] > 0.105
    assert (light.colors[above] == (200, 20, 20)).all()
    assert (light.confidence[above] == 1).all()
    assert light.confidence.min() == 0


def test_full_detail_is_the_mesh_itself(mesh):
    assert level(mesh, len(mesh.faces)).mesh is mesh


@pytest.mark.parametrize("faces", [12, 20_000, 63_000, 500_000, 5_000_000])
def test_levels_grow_and_none_is_sent_that_is_hardly_lighter(faces):
    sizes = level_sizes(faces)
    assert sizes[-1] == min(faces, MOST_FACES)
    assert all(b >= 1.4 * a for a, b in pairwise(sizes))
    assert set(sizes[:-1]) <= set(LIGHTER)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_corner_without_a_place_is_refused_in_words(mesh, value):
    vertices = mesh.vertices.copy()
    vertices[7, 1] = value
    with pytest.raises(MeshError, match=r"1 of the mesh's .* corners have no place"):
        require_sound(Mesh(vertices, mesh.faces))


def test_a_mesh_of_nothing_or_of_missing_corners_is_refused(mesh):
    with pytest.raises(MeshError, match="no faces"):
        require_sound(Mesh(mesh.vertices, mesh.faces[:0]))
    with pytest.raises(MeshError, match="hasn't got"):
        require_sound(Mesh(mesh.vertices[:100], mesh.faces))


def test_a_large_cloud_is_thinned_evenly_and_points_without_a_place_are_left_out():
    rng = np.random.default_rng(0)
    points = rng.random((1_000_000, 3))
    points[::1000, 2] = np.nan
    shown = thinned(points, np.zeros((len(points), 3), np.uint8), 40_000)
    assert (len(shown.points_m), shown.found, shown.nowhere) == (40_000, 1_000_000, 1000)
    assert np.isfinite(shown.points_m).all()
    counts = np.histogramdd(shown.points_m, bins=(4, 4, 4))[0]
    assert counts.min() > 0.8 * counts.mean()


def test_a_small_cloud_stays_as_it_is():
    points = np.arange(12.0).reshape(4, 3)
    shown = thinned(points, np.arange(12).reshape(4, 3).astype(np.uint8))
    assert np.array_equal(shown.points_m, points)
    assert (shown.found, shown.nowhere) == (4, 0)


def test_the_rim_is_where_the_surface_ends(mesh):
    assert len(open_rim(mesh)) == 0
    kept = (mesh.vertices[mesh.faces][:, :, 0] < 0).all(axis=1)
    rim = open_rim(Mesh(mesh.vertices, mesh.faces[kept]))
    assert len(rim) > 50
    assert np.abs(rim[:, :, 0]).max() < 0.01
