"""Depth maps to one cloud: points that other views confirm, averaged, with normals."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray, FloatArray, IntArray
from stitchsketch_kernel.domain.errors import MeshError
from stitchsketch_kernel.domain.model import Depth, Region
from stitchsketch_kernel.domain.progress import Progress, part, silent
from stitchsketch_kernel.reconstruction.dense.held import in_turn
from stitchsketch_kernel.reconstruction.dense.pictures import world_points
from stitchsketch_kernel.reconstruction.votes import DepthStack, votes

#: A pixel is believed where no depth within this window jumps by more than this share.
_RIM_PX, _RIM_JUMP = 5, 0.03
#: A point is no surface where more views than this share of those that agree look through it.
_MOST_THROUGH = 0.25
#: Views at a time: each takes 0.2 GB.
THREADS = min(4, os.cpu_count() or 1)
#: Points that wait to be summed up by voxels.
_AT_ONCE = 2_000_000


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
    stack: DepthStack | None = None,
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
    progress : Progress, optional
    stack : DepthStack, optional
        Of these maps, where it was laid out before; it is changed.

    Raises
    ------
    MeshError
        No point was confirmed.
    """
    thinner = _Thinner(region, voxel_m)
    stack = stack or DepthStack.of(depths)
    _keep_confirmed(stack, agree_m, least_views - 1, part(progress, 0, 0.5))

    def checked(i: int) -> Cloud:
        own = _own_points(replace(depths[i], depth_m=stack.own(i)))
        alike, through = votes(own.points, stack, i, agree_m)
        keep = (alike + 1 >= least_views) & (through <= _MOST_THROUGH * alike)
        keep &= region.contains(own.points)
        return Cloud(own.points[keep], own.normals[keep], own.weights[keep] * (1 + alike[keep]))

    with closing(in_turn((partial(checked, i) for i in range(len(stack))), THREADS)) as clouds:
        for i, cloud in enumerate(clouds, start=1):
            thinner.add(cloud)
            progress(0.5 + 0.5 * i / len(stack), f"checking view {i} of {len(stack)}")
    cloud = thinner.cloud()
    if not len(cloud.points):
        raise MeshError(
            "No part of the surface was seen alike by two photos.",
            "Take sharper photos with smaller steps between them, in brighter light.",
        )
    return cloud


def _keep_confirmed(stack: DepthStack, agree_m: float, others: int, progress: Progress) -> None:
    """Take from the maps what fewer than `others` see alike: a lone match looks through nothing.

    On dark or plain cloth seen aslant many matches are wrong; as witnesses against what others see
    they would leave holes.
    """

    def confirmed(i: int) -> AnyArray:
        depth = stack.own(i)
        rows = np.nonzero(depth > 0)
        alike, _ = votes(world_points(depth, stack.views[i])[rows], stack, i, agree_m)
        kept = np.zeros(depth.shape, dtype=bool)
        kept[rows] = alike >= others
        return np.packbits(kept)

    # all maps are asked as they came: what falls is only noted, a bit a pixel
    sure = []
    with closing(in_turn((partial(confirmed, i) for i in range(len(stack))), THREADS)) as found:
        for i, bits in enumerate(found, start=1):
            sure.append(bits)
            progress(i / len(stack), f"comparing view {i} of {len(stack)}")
    for i, bits in enumerate(sure):
        own = stack.own(i)
        own[~np.unpackbits(bits, count=own.size).reshape(own.shape).astype(bool)] = 0


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


class _Thinner:
    """One point a voxel and side: the weighted mean (surfaces back to back stay apart).

    Clouds are summed up as they come: all points of 200 photos would take 6 GB.
    """

    def __init__(self, region: Region, voxel_m: float) -> None:
        self._voxel_m = voxel_m
        self._low = np.floor(region.low_m / voxel_m).astype(np.int64)
        self._size = np.floor(region.high_m / voxel_m).astype(np.int64) + 1 - self._low
        self._keys = np.empty(0, dtype=np.int64)
        #: A row a voxel: the points' and normals' sums, each times its weight, and the weights'.
        self._sums = np.empty((0, 7))
        self._waiting: list[Cloud] = []

    def add(self, cloud: Cloud) -> None:
        """Take in points of the region."""
        self._waiting.append(cloud)
        if sum(len(one.points) for one in self._waiting) > _AT_ONCE:
            self._sum_up()

    def cloud(self) -> Cloud:
        """What was taken in, thinned."""
        self._sum_up()
        total = self._sums[:, 6]
        means = self._sums[:, :6] / total[:, None]
        normals = means[:, 3:]
        normals = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
        return Cloud(np.ascontiguousarray(means[:, :3]), normals, total.copy())

    def _sum_up(self) -> None:
        keys = np.concatenate([self._keys, *(self._key(one) for one in self._waiting)])
        self._keys, index = np.unique(keys, return_inverse=True)
        sums = np.empty((len(self._keys), 7))
        for column in range(7):
            values = [self._sums[:, column]]
            for one in self._waiting:
                of = (*one.points.T, *one.normals.T, np.ones(len(one.points)))[column]
                values.append(one.weights * of)
            sums[:, column] = np.bincount(index, np.concatenate(values), len(self._keys))
        self._sums, self._waiting = sums, []

    def _key(self, cloud: Cloud) -> IntArray:
        cells = np.floor(cloud.points / self._voxel_m).astype(np.int64) - self._low
        side = np.argmax(np.abs(cloud.normals), axis=1) * 2
        side += np.take_along_axis(cloud.normals, (side // 2)[:, None], axis=1)[:, 0] > 0
        flat = (cells[:, 0] * self._size[1] + cells[:, 1]) * self._size[2] + cells[:, 2]
        return np.asarray(flat * 6 + side)
