"""Where photos see the surface, and what colour they say it has there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray, BoolArray, FloatArray
from stitchsketch_kernel.visualization.splat.photos import Target

#: A surface this much further than what a view sees there is hidden from it, metres.
_HIDDEN_M = 0.006
#: A photo that looks at a surface more along it than this is not asked (cosine).
_LEAST_FACING = 0.2


def photo_colors(
    points_m: FloatArray, normals: FloatArray, seen_by: Sequence[Target]
) -> tuple[AnyArray, BoolArray]:
    """Colours of surface points, by the photos that face them; who faces them most counts most.

    Returns
    -------
    colors : ndarray, shape (k, 3)
        sRGB, 0 to 1; grey where no photo sees the point.
    known : ndarray of bool, shape (k,)
    """
    total, weight = np.zeros((len(points_m), 3)), np.zeros(len(points_m))
    for target in seen_by:
        _add(points_m, normals, target, total, weight)
    known = weight > 0
    colors = np.full((len(points_m), 3), 0.5)
    colors[known] = total[known] / weight[known, None]
    return colors, known


@dataclass(frozen=True)
class Sights:
    """Where a photo sees surface points.

    Attributes
    ----------
    rows : ndarray of int, shape (m,)
        Which of the points.
    u, v : ndarray of float32, shape (m,)
        Pixels as OpenCV counts them.
    facing, distance_m : ndarray, shape (m,)
        Cosine between normal and line of sight, and how far off.
    """

    rows: AnyArray
    u: AnyArray
    v: AnyArray
    facing: AnyArray
    distance_m: AnyArray


def sights(points: FloatArray, normals: FloatArray, target: Target) -> Sights:
    """Where a photo sees points, unless something is before them or they look away."""
    view, camera = target.view, target.view.camera
    to_camera = view.centre - points
    distance = np.linalg.norm(to_camera, axis=1)
    facing = (normals * to_camera).sum(axis=1) / distance
    in_camera = points @ view.rotation.T + view.translation
    z = np.where(in_camera[:, 2] > 1e-3, in_camera[:, 2], np.nan)
    u = camera.fx * in_camera[:, 0] / z + camera.cx - 0.5
    v = camera.fy * in_camera[:, 1] / z + camera.cy - 0.5
    with np.errstate(invalid="ignore"):
        rows = np.flatnonzero(
            (facing > _LEAST_FACING) & (u >= 0) & (v >= 0) & (u <= camera.width_px - 1)
            & (v <= camera.height_px - 1)
        )  # fmt: skip
    u, v = u[rows].astype(np.float32), v[rows].astype(np.float32)
    x, y = np.rint(u).astype(int), np.rint(v).astype(int)
    depth = target.surface.depth_m[y, x]
    open_to = (depth > 0) & (z[rows] < depth + _HIDDEN_M / facing[rows])
    rows = rows[open_to]
    return Sights(rows, u[open_to], v[open_to], facing[rows], distance[rows])


def _add(
    points: FloatArray, normals: FloatArray, target: Target, total: FloatArray, weight: FloatArray
) -> None:
    sight = sights(points, normals, target)
    share = sight.facing**4 / sight.distance_m**2
    color = sampled(target.photo, sight.u, sight.v) / (255 * target.gain)
    total[sight.rows] += share[:, None] * color
    weight[sight.rows] += share


def sampled(image: AnyArray, u: AnyArray, v: AnyArray) -> AnyArray:
    """Colours between pixels, shape (k, 3)."""
    out = np.empty((len(u), 3))
    # remap takes pictures of fewer than 32,767 rows: lay the points out in blocks
    for begin in range(0, len(u), 30_000):
        block = np.s_[begin : begin + 30_000]
        out[block] = cv2.remap(image, u[block, None], v[block, None], cv2.INTER_LINEAR)[:, 0]
    return out
