"""A junction lies where the seams come together, also where one label runs under another."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from stitchsketch_kernel.upholstery.seams.borders import Borders, Chain
from stitchsketch_kernel.upholstery.seams.junctions import Line, place_junctions
from stitchsketch_kernel.upholstery.seams.place import Surfaces

LEFT, RIGHT = 0, 1


def piped(*corners: tuple[float, float]) -> Line:
    """A cord's line through `corners` (x, z), a point every 4 mm."""
    sides = pairwise(corners)
    points = np.concatenate(
        [
            np.linspace(a, b, max(int(np.hypot(b[0] - a[0], b[1] - a[1]) / 0.004), 2))
            for a, b in sides
        ]
    )
    full = np.column_stack([points[:, 0], np.zeros(len(points)), points[:, 1]])
    none = np.zeros(len(full), bool)
    return Line(full, ~none, none, none)


def two_panels_over_an_end(tongue_m: float) -> tuple[Borders, list[Line], Surfaces]:
    """Coplanar panels sewn at x = 0, both ending at z = 0; a tongue of the left one
    lies below the other.

    The truth is the origin; the labels met `tongue_m` beside it.
    """
    met = (tongue_m, 0.0)
    lines = [
        piped(met, (0.0, 0.005), (0.0, 0.3)),
        piped(met, (0.3, 0.0)),
        piped((-0.3, 0.0), met),
    ]
    chains = (
        Chain(RIGHT, LEFT, np.arange(3, dtype=np.int32), 0, -1),
        Chain(RIGHT, -1, np.arange(3, dtype=np.int32), 0, -1),
        Chain(LEFT, -1, np.arange(3, dtype=np.int32), -1, 0),
    )
    x, z = (a.ravel() for a in np.meshgrid(np.arange(-0.2, 0.2, 0.004), np.arange(0, 0.2, 0.004)))
    points = np.column_stack([x, np.zeros_like(x), z])
    under = (z < 0.005 * (1 - x / max(tongue_m, 1e-9))) & (x < tongue_m)
    label = np.where((x < 0) | under, LEFT, RIGHT).astype(np.int32)
    border = np.concatenate([line.points_m for line in lines])
    surfaces = Surfaces(points, np.tile([0.0, -1.0, 0.0], (len(points), 1)), label, border)
    return Borders(chains, np.array([[tongue_m, 0.0, 0.0]]), {}), lines, surfaces


@pytest.mark.parametrize("tongue_m", [0.0, 0.008, 0.019])
def test_a_tongue_of_one_panel_below_the_other_does_not_move_the_junction(tongue_m):
    (placed,) = place_junctions(*two_panels_over_an_end(tongue_m))
    assert np.linalg.norm(placed) < 0.001
