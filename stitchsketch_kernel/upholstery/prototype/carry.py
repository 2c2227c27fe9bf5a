"""Any points on the furniture carried to the roll, and panels with fewer triangles."""

from __future__ import annotations

from dataclasses import replace

import igl
import numpy as np
import shapely

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray
from stitchsketch_kernel.domain.prototype import DressedPanel, Prototype
from stitchsketch_kernel.domain.units import MM_PER_M
from stitchsketch_kernel.upholstery.flat.reference import lifted
from stitchsketch_kernel.upholstery.geometry.lattice import lattice_within
from stitchsketch_kernel.upholstery.geometry.triangles import triangulate


def carried(panel: DressedPanel, points_m: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Where on the roll the cloth comes from that lies on these points of a panel.

    Each point goes to the nearest place of the surface that was laid flat. A dart's two legs are
    two borders of it, so a point beside a dart goes to its own side.

    Parameters
    ----------
    panel : DressedPanel
    points_m : ndarray, shape (k, 3)
        Of a finer or rougher mesh of the same panel.

    Returns
    -------
    roll_mm : ndarray, shape (k, 2)
    away_mm : ndarray, shape (k,)
        How far each point is from the surface that was laid flat.
    """
    faces = np.ascontiguousarray(panel.faces, dtype=np.int64)
    V = np.ascontiguousarray(panel.points_m)
    square, index, foot = igl.point_mesh_squared_distance(
        np.ascontiguousarray(points_m, dtype=np.float64), V, faces
    )[:3]
    corners = faces[np.asarray(index).ravel()]
    a, b, c = (np.ascontiguousarray(V[corners[:, i]]) for i in range(3))
    shares = np.asarray(igl.barycentric_coordinates(np.ascontiguousarray(foot), a, b, c))
    roll = np.einsum("ki,kij->kj", shares, panel.roll_mm[corners])
    return np.asarray(roll), np.sqrt(np.asarray(square).ravel()) * MM_PER_M


def thinned(prototype: Prototype, step_mm: float) -> Prototype:
    """The same with triangles about `step_mm` wide, for a phone; seams stay closed."""
    panels = tuple(_thinned(panel, step_mm) for panel in prototype.panels)
    return replace(prototype, panels=panels)


def redressed(thin: Prototype, full: Prototype, other: Prototype) -> Prototype:
    """A thinned prototype in the cloth of another marker, on the very same triangles.

    Parameters
    ----------
    thin : Prototype
        What `thinned` made of `full`.
    full, other : Prototype
        The same panels, on two markers.
    """
    panels = []
    for panel in thin.panels:
        before, after = full.panel(panel.panel), other.panel(panel.panel)
        on_roll = np.column_stack([before.roll_mm, np.zeros(len(before.roll_mm))])
        roll = lifted(on_roll, before.faces, after.roll_mm, panel.roll_mm)
        panels.append(replace(panel, roll_mm=roll, turned=after.turned))
    return replace(thin, fabric=other.fabric, panels=tuple(panels), undressed=other.undressed)


def _thinned(panel: DressedPanel, step: float) -> DressedPanel:
    """A panel meshed anew on the roll; as it was where no triangles can fill its outline.

    Of each seam the same points stay on both its sides: which, the seam alone decides.
    """
    kept = {key: _along(panel, line, step) for key, line in panel.seam_vertices.items()}
    chosen = np.zeros(len(panel.points_m), dtype=bool)
    for line in kept.values():
        chosen[line] = True
    border = panel.boundary[chosen[panel.boundary]]
    outline = panel.roll_mm[border]
    if len(border) < 3 or not shapely.Polygon(outline).is_valid:
        return panel
    inner = lattice_within(outline, step)
    flat = np.vstack([outline, inner])
    faces = triangulate(flat, len(outline))
    if faces is None:
        return panel
    on_roll = np.column_stack([panel.roll_mm, np.zeros(len(panel.roll_mm))])
    points = np.vstack(
        [panel.points_m[border], lifted(on_roll, panel.faces, panel.points_m, inner)]
    )
    place = {int(vertex): at for at, vertex in enumerate(border)}
    seams = {
        key: np.array([place[int(vertex)] for vertex in line], dtype=np.int32)
        for key, line in kept.items()
    }
    order: IntArray = np.arange(len(border), dtype=np.int32)
    return replace(
        panel, points_m=points, faces=faces, roll_mm=flat, boundary=order, seam_vertices=seams
    )


def _along(panel: DressedPanel, line: IntArray, step: float) -> IntArray:
    """Points of a seam about a step apart; both panels of the seam choose the same ones."""
    points = panel.points_m[line] * MM_PER_M
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    parts = max(2, round(along[-1] / step))
    # in micrometres: the two sides' points are the same but for the last digits
    at = np.searchsorted(np.round(along, 3), np.round(along[-1] * np.arange(parts) / parts, 3))
    return np.asarray(line[np.unique([*np.minimum(at, len(line) - 1), len(line) - 1])])
