"""A table of two square metres of cloth: a top, and a lower shelf that it shades."""

from __future__ import annotations

import numpy as np
import pytest

from stitchsketch_kernel.domain.marker import Fabric
from stitchsketch_kernel.domain.prototype import DressedPanel, Prototype

CHECK = Fabric("Check", 1400.0, 1370.0, repeat_vertical_mm=100.0, repeat_horizontal_mm=100.0)


def sheet(name: str, height_m: float, side_m: float = 0.5, cells: int = 10) -> DressedPanel:
    """A level square, its warp along +y, its first corner at the roll's (200, 700)."""
    at = np.linspace(0, side_m, cells + 1)
    X, Y = np.meshgrid(at, at)
    points = np.column_stack([X.ravel(), Y.ravel(), np.full(X.size, height_m)])
    # as a piece at -90 degrees: its up is the roll's +x, its right the roll's -y
    roll = np.column_stack([200 + 1000 * Y.ravel(), 700 - 1000 * X.ravel()])
    wide = cells + 1
    a = (np.arange(cells)[:, None] * wide + np.arange(cells)).ravel()
    faces = np.vstack([np.column_stack([a, a + 1, a + wide + 1]),
                       np.column_stack([a, a + wide + 1, a + wide])]).astype(np.int32)  # fmt: skip
    rows = np.arange(wide * wide).reshape(wide, wide)
    border = np.concatenate([rows[0, :-1], rows[:-1, -1], rows[-1, :0:-1], rows[:0:-1, 0]])
    return DressedPanel(name, points, faces, roll, border.astype(np.int32), {})


@pytest.fixture(scope="session")
def table() -> Prototype:
    return Prototype(CHECK, (sheet("TOP", 0.5), sheet("SHELF", 0.35)))


@pytest.fixture(scope="session")
def top() -> Prototype:
    return Prototype(CHECK, (sheet("TOP", 0.2),))
