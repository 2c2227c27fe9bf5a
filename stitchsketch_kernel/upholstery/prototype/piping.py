"""Welts on the cover: along each seam that is piped a cord in its bias strip, in the welt's cloth.

Where along a strip its joins fall is whoever sews' choice, so no marker tells which place of the
motif comes where; that it lies at 45 degrees, and its size, are as they are cut.
"""

from __future__ import annotations

import math
from dataclasses import replace

import igl
import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.domain.panel import EdgeKind
from stitchsketch_kernel.domain.piece import Pattern
from stitchsketch_kernel.domain.prototype import DressedPanel, Prototype
from stitchsketch_kernel.domain.units import MM_PER_M
from stitchsketch_kernel.upholstery.prototype.contrast import beside

#: The strip's cloth round the cord.
_CLOTH_MM = 0.7
#: Rings along the seam, their corners, and how far the cord's middle stands out, in radii.
_STEP_MM, _CORNERS, _OUT = 6.0, 10, 0.55
#: Shorter seams are knots where others meet.
_SHORTEST_MM = 12.0


def with_piping(
    prototype: Prototype,
    pattern: Pattern,
    cord_mm: float,
    welt_color: tuple[int, int, int] | None = None,
) -> Prototype:
    """The prototype with its welts.

    Parameters
    ----------
    prototype : Prototype
    pattern : Pattern
        Tells which seams are welts.
    cord_mm : float
        The cord's thickness.
    welt_color : (r, g, b), optional
        sRGB of a welt cloth of its own; without, welts are of the face cloth, on the bias.
    """
    radius = (cord_mm / 2 + _CLOTH_MM) / MM_PER_M
    welts = [pair.seam for pair in pattern.seams if pair.edge_kind is EdgeKind.WELT]
    found = [_welt(prototype, seam, radius) for seam in welts]
    piping = tuple(one for one in found if one is not None)
    if not piping or welt_color is None:
        return replace(prototype, piping=piping)
    welts_own = [
        Mesh(
            one.points_m,
            one.faces,
            np.tile(np.array([welt_color], np.uint8), (len(one.points_m), 1)),
        )
        for one in piping
    ]
    return replace(prototype, bare=beside(prototype.bare, welts_own))


def _welt(prototype: Prototype, seam: str, radius: float) -> DressedPanel | None:
    """A seam's cord; None where no dressed panel has the seam, or it is next to nothing."""
    sides = [
        (panel, line)
        for panel in prototype.panels
        for key, line in panel.seam_vertices.items()
        if key.rstrip("*") == seam
    ]
    if not sides:
        return None
    path = sides[0][0].points_m[sides[0][1]]
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    if along[-1] * MM_PER_M < _SHORTEST_MM:
        return None
    out = sum(_normals(panel)[line] for panel, line in sides if len(line) == len(path))
    count = max(3, round(along[-1] * MM_PER_M / _STEP_MM) + 1)
    at = np.linspace(0.0, along[-1], count)
    middle, outwards = (
        np.column_stack([np.interp(at, along, values[:, axis]) for axis in range(3)])
        for values in (path, np.asarray(out))
    )
    points, faces, around = _tube(middle, outwards, radius)
    # a bias strip: its length runs at 45 degrees to the warp
    s = np.concatenate([np.repeat(at, _CORNERS + 1), at[[0, -1]]]) * MM_PER_M
    v = np.concatenate([np.tile(around, count), [0.0, 0.0]]) * radius * MM_PER_M
    roll = np.column_stack([s - v, s + v]) / math.sqrt(2.0)
    nothing: IntArray = np.zeros(0, dtype=np.int32)
    return DressedPanel(f"WELT {seam}", points, faces, roll, nothing, {})


def _normals(panel: DressedPanel) -> FloatArray:
    faces = np.ascontiguousarray(panel.faces, dtype=np.int64)
    normals = np.asarray(igl.per_vertex_normals(np.ascontiguousarray(panel.points_m), faces))
    return np.asarray(np.nan_to_num(normals), dtype=float)


def _tube(
    path: FloatArray, outwards: FloatArray, radius: float
) -> tuple[FloatArray, IntArray, FloatArray]:
    """Rings round a path with a point at either end; faces; the angles of a ring's corners.

    A ring's first corner stands there twice, so that the cloth has a beginning and an end.
    """
    ahead = _unit(np.gradient(path, axis=0))
    up = _unit(outwards - (outwards * ahead).sum(axis=1)[:, None] * ahead)
    side = np.cross(ahead, up)
    around = np.linspace(-math.pi, math.pi, _CORNERS + 1)
    middle = path + _OUT * radius * up
    # narrower at its ends, where it goes into the next seam
    size = np.full(len(path), radius)
    size[[0, -1]] *= 0.75
    rings = middle[:, None] + size[:, None, None] * (
        np.cos(around)[None, :, None] * up[:, None] + np.sin(around)[None, :, None] * side[:, None]
    )
    ends = middle[[0, -1]] + 0.6 * radius * ahead[[0, -1]] * np.array([[-1.0], [1.0]])
    points = np.vstack([rings.reshape(-1, 3), ends])
    wide, count = _CORNERS + 1, len(path)
    k, c = np.meshgrid(np.arange(count - 1), np.arange(_CORNERS), indexing="ij")
    a = (k * wide + c).ravel()
    first, last = np.arange(_CORNERS), (count - 1) * wide + np.arange(_CORNERS)
    tips = np.full(_CORNERS, count * wide)
    faces = np.vstack(
        [
            np.column_stack([a, a + wide, a + wide + 1]),
            np.column_stack([a, a + wide + 1, a + 1]),
            np.column_stack([tips, first, first + 1]),
            np.column_stack([tips + 1, last + 1, last]),
        ]
    )
    # corners go from up to the side: seen from outside, the other way round
    return points, faces[:, ::-1].astype(np.int32), around


def _unit(vectors: FloatArray) -> FloatArray:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1), 1e-12)[:, None])
