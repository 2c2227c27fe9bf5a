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
