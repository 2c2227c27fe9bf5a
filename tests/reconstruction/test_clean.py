"""A mesh with triangles that are lines, as scans have them, and what is handed on."""

from __future__ import annotations

import numpy as np
import pytest

from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.reconstruction.clean import clean_mesh
from stitchsketch_kernel.reconstruction.slivers import COINCIDE_M, thin_faces, without_slivers


def sheet(count=12, step=0.01):
    """A square of `count` by `count` points."""
    x, y = np.meshgrid(np.arange(count) * step, np.arange(count) * step)
    points = np.column_stack([x.ravel(), y.ravel(), np.zeros(count**2)])
    at = np.arange(count**2).reshape(count, count)
    a, b, c, d = (one.ravel() for one in (at[:-1, :-1], at[:-1, 1:], at[1:, 1:], at[1:, :-1]))
    return points, np.concatenate([np.column_stack([a, b, c]), np.column_stack([a, c, d])])


def border(faces):
    """Edges of one face alone."""
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    _, count = np.unique(edges, axis=0, return_counts=True)
    return int((count == 1).sum())


@pytest.fixture
def with_needle():
    """Two neighbouring points within the sheet lie 0.01 mm apart."""
    points, faces = sheet()
    points[66] = points[65] + [1e-5, 0, 0]
    return Mesh(points, faces.astype(np.int32), None, np.ones(len(points)))


@pytest.fixture
def with_cap():
    """A point of the sheet's middle lies on the side of a triangle across from it."""
    points, faces = sheet()
    a, b, c = faces[60]
    points[c] = (points[a] + points[b]) / 2 + 1e-9
    return Mesh(points, faces.astype(np.int32), None, np.ones(len(points)))


@pytest.mark.parametrize("kind", ["with_needle", "with_cap"])
def test_no_triangle_is_a_line_and_nothing_is_torn(kind, request):
    mesh = request.getfixturevalue(kind)
    assert thin_faces(mesh.vertices, mesh.faces).any()
    for made in (without_slivers(mesh), clean_mesh(mesh)):
        assert not thin_faces(made.vertices, made.faces).any()
        assert border(made.faces) == border(mesh.faces) == 44
        assert made.face_areas().sum() == pytest.approx(mesh.face_areas().sum(), rel=1e-3)
        sides = np.concatenate([made.faces[:, [0, 1]], made.faces[:, [1, 2]]])
        apart = np.linalg.norm(np.subtract(*made.vertices[sides.T]), axis=1)
        assert apart.min() > COINCIDE_M


def test_a_sound_mesh_stays_as_it_is():
    points, faces = sheet()
    mesh = Mesh(points, faces.astype(np.int32))
    assert np.array_equal(without_slivers(mesh).faces, faces)


def test_surfaces_that_touch_stay_apart():
    """Two sheets that meet in one point, which each has for itself."""
    points, faces = sheet(4)
    other = -points + [0, 0, 1e-6]
    both = Mesh(np.concatenate([points, other]), np.concatenate([faces, faces + 16]))
    made = without_slivers(both)
    assert np.array_equal(made.faces, both.faces)
