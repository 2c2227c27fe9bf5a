"""A panel of which hardly anything is left between its seams is told, not meshed."""

from __future__ import annotations

import numpy as np
import pytest

from stitchsketch_kernel.domain.errors import PanelError
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.upholstery.seams.remesh import mesh_panel


def test_a_panel_of_many_faces_and_few_points_is_too_narrow():
    grid = np.array([(0.004 * x, 0.004 * y, 0.0) for x in range(5) for y in range(4)])
    cells = [(4 * x + y, 4 * x + y + 4) for x in range(4) for y in range(3)]
    faces = np.array([f for a, b in cells for f in ((a, b, b + 1), (a, b + 1, a + 1))], np.int32)
    ring = np.array([(-0.03, -0.03, 0), (0.05, -0.03, 0), (0.05, 0.05, 0), (-0.03, 0.05, 0)])
    with pytest.raises(PanelError, match="too narrow"):
        mesh_panel(Mesh(grid, faces), np.ones(len(faces), dtype=bool), ring, "OA")


def test_faces_without_area_tear_no_panel():
    """Poisson's surface has points that coincide; what they span is dropped before laying flat."""
    u, v = np.meshgrid(np.arange(21), np.arange(21))
    points = np.column_stack([5e-3 * u.ravel(), 5e-3 * v.ravel(), np.zeros(441)])
    corner = (u[:-1, :-1] + 21 * v[:-1, :-1]).ravel()
    faces = np.concatenate(
        [np.column_stack([corner, corner + 1, corner + 22]),
         np.column_stack([corner, corner + 22, corner + 21])]
    ).astype(np.int32)  # fmt: skip
    points[220] = points[221]
    side = 1e-3 * np.linspace(10, 90, 20, endpoint=False)
    low, high = np.full(20, 0.01), np.full(20, 0.09)
    ring = np.concatenate(
        [np.column_stack([side, low]), np.column_stack([high, side]),
         np.column_stack([0.1 - side, high]), np.column_stack([low, 0.1 - side])]
    )  # fmt: skip
    border = np.column_stack([ring, np.zeros(80)])
    panel = mesh_panel(Mesh(points, faces), np.ones(len(faces), dtype=bool), border, "SB")
    assert len(panel.inner_m) == len(np.unique(panel.inner_m, axis=0)) == 168
