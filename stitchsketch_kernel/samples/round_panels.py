"""Round panels by formula: a disc, a ball's cap, a saddle. What no cloth lies flat on by itself."""

from __future__ import annotations

import numpy as np
from scipy.spatial import Delaunay

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray


def disc(faces: int) -> tuple[FloatArray, IntArray]:
    """A disc of radius 1 in about so many triangles, the border's points first, in order.

    Returns
    -------
    points : ndarray, shape (n, 2)
    triangles : ndarray of int32, shape (m, 3)
        Counter-clockwise.
    """
    step = np.sqrt(2 * np.pi / faces * 2 / np.sqrt(3))
    angle = 2 * np.pi * np.arange(round(2 * np.pi / step)) / round(2 * np.pi / step)
    x, y = np.meshgrid(np.arange(-1, 1, step), np.arange(-1, 1, step * np.sqrt(3) / 2))
    x[1::2] += step / 2
    inner = np.column_stack([x.ravel(), y.ravel()])
    inner = inner[np.hypot(*inner.T) < 1 - 0.6 * step]
    points = np.vstack([np.column_stack([np.cos(angle), np.sin(angle)]), inner])
    triangles = Delaunay(points).simplices
    ab, ac = (points[triangles[:, i]] - points[triangles[:, 0]] for i in (1, 2))
    turn = ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]
    triangles[turn < 0] = triangles[turn < 0][:, ::-1]
    return points, triangles[np.abs(turn) > 1e-4 * step**2].astype(np.int32)


def dome(degrees: float, faces: int, radius_mm: float = 300.0) -> tuple[FloatArray, IntArray]:
    """A ball's cap, so many degrees from rim to rim: points (n, 3) in mm, triangles (m, 3)."""
    points, triangles = disc(faces)
    theta = np.hypot(*points.T) * np.radians(degrees / 2)
    phi = np.arctan2(points[:, 1], points[:, 0])
    around = np.column_stack([np.cos(phi), np.sin(phi)]) * np.sin(theta)[:, None]
    return radius_mm * np.column_stack([around, np.cos(theta)]), triangles


def saddle(rise: float, faces: int, radius_mm: float = 300.0) -> tuple[FloatArray, IntArray]:
    """A round saddle whose rim goes up and down by `rise` radii; as `dome`."""
    points, triangles = disc(faces)
    height = rise * (points[:, 0] ** 2 - points[:, 1] ** 2)
    return radius_mm * np.column_stack([points, height]), triangles
