"""Exact flat panels: a box cushion, and outlines of any shape."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import shapely

from stitchsketch_kernel.domain.model import Mesh, Scale
from stitchsketch_kernel.domain.panel import EdgeKind, PanelMap, Seam
from stitchsketch_kernel.domain.piece import FlatPanel

SCALE = Scale("mat", 1.0, 0.2, 0.1, 8)


def flat_panel(name, corners, seams, step_mm=20.0) -> FlatPanel:
    """A flat panel from its corners (counter-clockwise).

    `seams` gives, side by side from corner 0, (seam, forward).
    """
    corners = np.asarray(corners, dtype=float)
    ring, starts = [], []
    for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        starts.append(len(ring))
        count = max(1, round(float(np.hypot(*(b - a))) / step_mm))
        ring.extend(a + (b - a) * k / count for k in range(count))
    uv = np.array(ring)
    runs = {}
    for side, (seam, forward) in enumerate(seams):
        last = [*starts, len(ring)][side + 1]
        run = np.arange(starts[side], last + 1) % len(ring)
        runs[seam] = (run if forward else run[::-1]).astype(np.int32)
    return bare_flat(name, uv, runs)


def bare_flat(name, uv, runs) -> FlatPanel:
    """A flat panel from its boundary points and its seams' runs along them."""
    index = {tuple(point): i for i, point in enumerate(uv.tolist())}
    parts = shapely.get_parts(shapely.constrained_delaunay_triangles(shapely.Polygon(uv)))
    faces = np.array(
        [
            [index[tuple(point)] for point in shapely.get_coordinates(shapely.orient_polygons(t))][
                :3
            ]
            for t in parts
        ],
        dtype=np.int32,
    )
    order = np.arange(len(uv), dtype=np.int32)
    surface = np.column_stack([uv, np.zeros(len(uv))])
    return FlatPanel(
        name, uv, faces, order, surface, np.linspace(0, 1, len(faces)), order,
        np.array([0.0, 1.0]), runs,
    )  # fmt: skip


def panel_map(seams) -> PanelMap:
    """A map with seams (id, left, right, kind); pieces need no more of it."""
    mesh = Mesh(np.zeros((3, 3)), np.array([[0, 1, 2]], dtype=np.int32))
    points, at = np.array([[0.0, 0, 0], [1, 0, 0]]), np.zeros(2, np.int32)
    made = tuple(Seam(id_, points, a, b, kind, at, 0.5) for id_, a, b, kind in seams)
    return PanelMap(mesh, (), made)


def cushion_panels() -> tuple[PanelMap, tuple[FlatPanel, ...]]:
    """A box cushion 500 x 450 x 100: top, bottom, four bands; top piped, back zipped."""
    bands, width = ("BOX-F", "BOX-R", "BOX-B", "BOX-L"), {0: 500.0, 1: 450.0, 2: 500.0, 3: 450.0}
    seams, flats = [], []
    for i, band in enumerate(bands):
        low = EdgeKind.ZIP if band == "BOX-B" else EdgeKind.SEWN
        seams += [(f"T{i}", "TOP", band, EdgeKind.WELT), (f"B{i}", band, "BOT", low)]
        seams.append((f"C{i}", band, bands[(i + 1) % 4], EdgeKind.SEWN))
        w = width[i]
        # round a band: bottom, right corner (up), top (against the top's way), left corner (down)
        around = [(f"B{i}", True), (f"C{i}", True), (f"T{i}", False), (f"C{(i - 1) % 4}", False)]
        flats.append(flat_panel(band, [[0, 0], [w, 0], [w, 100], [0, 100]], around))
    rectangle = [[0, 0], [500, 0], [500, 450], [0, 450]]
    flats.append(flat_panel("TOP", rectangle, [(f"T{i}", True) for i in range(4)]))
    # seen from below, its mirror image
    around = [(f"B{i}", False) for i in (0, 3, 2, 1)]
    flats.append(flat_panel("BOT", rectangle, around))
    return panel_map(seams), tuple(flats)


@pytest.fixture(scope="session")
def shapes() -> SimpleNamespace:
    """The makers of panels above."""
    return SimpleNamespace(
        flat_panel=flat_panel, bare_flat=bare_flat, panel_map=panel_map, cushion=cushion_panels,
        scale=SCALE,
    )  # fmt: skip


@pytest.fixture(scope="session")
def cushion() -> tuple[PanelMap, tuple[FlatPanel, ...]]:
    """The box cushion's panels."""
    return cushion_panels()
