"""Depth maps to one cloud: points that other views confirm, averaged, with normals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray, FloatArray
from stitchsketch_kernel.domain.errors import MeshError
from stitchsketch_kernel.domain.model import Depth, Region
from stitchsketch_kernel.domain.progress import Progress, part, silent
from stitchsketch_kernel.reconstruction.dense.pictures import world_points
from stitchsketch_kernel.reconstruction.votes import DepthStack, votes

#: A pixel is believed where no depth within this window jumps by more than this share.
_RIM_PX, _RIM_JUMP = 5, 0.03
#: A point is no surface where more views than this share of those that agree look through it.
_MOST_THROUGH = 0.25


@dataclass(frozen=True)
class Cloud:
    """Points on the surface.

    Attributes
    ----------
    points, normals : ndarray, shape (n, 3)
        Metres; normals point out, towards the cameras.
    weights : ndarray, shape (n,)
        How many views saw the point, each counted by its confidence.
    """

    points: FloatArray
    normals: FloatArray
    weights: FloatArray


def fuse(
    depths: Sequence[Depth],
    region: Region,
    voxel_m: float,
    agree_m: float,
    least_views: int = 2,
    progress: Progress = silent,
) -> Cloud:
    """Fuse depth maps into a cloud.

    Parameters
    ----------
    depths : sequence of Depth
    region : Region
    voxel_m : float
        Points in one voxel of this size become one.
    agree_m : float
        How near another view's surface must be to confirm a point (at the region's distance).
    least_views : int
        Views that must see a point, its own included.

    Raises
    ------
    MeshError
        No point was confirmed.
    """
    points, normals, weights = [], [], []
    sure = _confirmed(depths, agree_m, least_views - 1, part(progress, 0, 0.5))
    stack = DepthStack.of(sure)
    for i, depth in enumerate(sure):
        own = _own_points(depth)
        if len(own.points):
            alike, through = votes(own.points, stack, i, agree_m)
            keep = (alike + 1 >= least_views) & (through <= _MOST_THROUGH * alike)
            keep &= region.contains(own.points)
            points.append(own.points[keep])
            normals.append(own.normals[keep])
            weights.append(own.weights[keep] * (1 + alike[keep]))
        progress(0.5 + 0.5 * (i + 1) / len(sure), f"checking view {i + 1} of {len(sure)}")
    if not sum(len(p) for p in points):
        raise MeshError(
            "No part of the surface was seen alike by two photos.",
            "Take sharper photos with smaller steps between them, in brighter light.",
        )
    return _thinned(
        Cloud(np.concatenate(points), np.concatenate(normals), np.concatenate(weights)), voxel_m
    )


def _confirmed(
    depths: Sequence[Depth], agree_m: float, others: int, progress: Progress
) -> list[Depth]:
    """The maps without what fewer than `others` see alike: a lone match looks through nothing.

    On dark or plain cloth seen aslant many matches are wrong; as witnesses against what others see
    they would leave holes.
    """
    stack, sure = DepthStack.of(depths), []
    for i, depth in enumerate(depths):
        rows = np.nonzero(depth.depth_m > 0)
        points = world_points(depth.depth_m, depth.view)[rows]
        alike, _ = votes(points, stack, i, agree_m)
        kept = np.zeros_like(depth.depth_m)
        kept[rows] = np.where(alike >= others, depth.depth_m[rows], 0)
        sure.append(replace(depth, depth_m=kept))
        progress((i + 1) / len(depths), f"comparing view {i + 1} of {len(depths)}")
    return sure


def _own_points(depth: Depth) -> Cloud:
    """The map's pixels as points, with normals from their neighbours."""
    camera, view = depth.view.camera, depth.view
    z = cv2.medianBlur(np.ascontiguousarray(depth.depth_m), 3)
    z = np.where((depth.depth_m > 0) & (z > 0), depth.depth_m, 0)
    u, v = np.meshgrid(np.arange(z.shape[1]) + 0.5, np.arange(z.shape[0]) + 0.5)
    rays = np.stack(
        [(u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy, np.ones_like(u)], axis=-1
    )
    xyz = rays * z[..., None]
    normal, good = _map_normals(xyz, z)
    rows = (z > 0) & good
    world = (xyz[rows] - view.translation) @ view.rotation
    return Cloud(world, normal[rows] @ view.rotation, depth.confidence[rows].astype(float))


def _map_normals(xyz: AnyArray, z: AnyArray) -> tuple[FloatArray, AnyArray]:
    """Normals (h, w, 3) towards the camera from differences over five pixels, and where they hold.

    They hold where all depths around belong together: no hole, no jump.
    """
    step = 2
    right, left = np.roll(xyz, -step, axis=1), np.roll(xyz, step, axis=1)
    down, up = np.roll(xyz, -step, axis=0), np.roll(xyz, step, axis=0)
    # matching makes what is in front a little too wide: its rim is left to views that see it whole
    rim = np.ones((_RIM_PX, _RIM_PX), np.uint8)
    near, far = (
        cv2.erode(np.asarray(z, np.float32), rim),
        cv2.dilate(np.asarray(z, np.float32), rim),
    )
    good = (near > 0) & (far - near < _RIM_JUMP * near)
    normal = np.cross(down - up, right - left)
    length = np.linalg.norm(normal, axis=-1, keepdims=True)
    normal = np.divide(normal, length, out=np.zeros_like(normal), where=length > 0)
    facing = -(normal * xyz).sum(axis=-1)
    normal *= np.where(facing < 0, -1.0, 1.0)[..., None]
    slant = np.abs(facing) / np.maximum(np.linalg.norm(xyz, axis=-1), 1e-9)
    good &= slant > 0.15
    edge = np.ones_like(good)
    edge[step:-step, step:-step] = False
    return normal, good & ~edge


def _thinned(cloud: Cloud, voxel_m: float) -> Cloud:
    """One point a voxel and side: the weighted mean (surfaces back to back stay apart)."""
    cells = np.floor(cloud.points / voxel_m).astype(np.int64)
    cells -= cells.min(axis=0)
    side = np.argmax(np.abs(cloud.normals), axis=1) * 2
    side += np.take_along_axis(cloud.normals, (side // 2)[:, None], axis=1)[:, 0] > 0
    size = cells.max(axis=0) + 1
    key = ((cells[:, 0] * size[1] + cells[:, 1]) * size[2] + cells[:, 2]) * 6 + side
    _, index = np.unique(key, return_inverse=True)
    total = np.bincount(index, cloud.weights).astype(float)

    def mean(values: FloatArray) -> FloatArray:
        columns = [np.bincount(index, cloud.weights * column) for column in values.T]
        return np.asarray(np.column_stack(columns) / total[:, None])

    normals = mean(cloud.normals)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    return Cloud(mean(cloud.points), normals, total)
