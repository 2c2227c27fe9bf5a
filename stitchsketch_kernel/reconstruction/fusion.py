"""Depth maps to one cloud: points that other views confirm, averaged, with normals."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial

import cv2
import numba
import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray, FloatArray, IntArray
from stitchsketch_kernel.domain.errors import MeshError
from stitchsketch_kernel.domain.model import Depth, Region
from stitchsketch_kernel.domain.photo import View
from stitchsketch_kernel.domain.progress import Progress, part, silent
from stitchsketch_kernel.reconstruction.dense.held import in_turn
from stitchsketch_kernel.reconstruction.votes import DepthStack, votes

#: A pixel is believed where no depth within this window jumps by more than this share.
_RIM_PX, _RIM_JUMP = 5, 0.03
#: A normal is told by pixels so far to all sides, and holds where the surface is seen less aslant
#: than this (cosine).
_STEP_PX, _LEAST_SLANT = 2, 0.15
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
        alike, through = votes(own.points, stack, i, agree_m, own.normals)
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
        points, rows = _known(stack.own(i), stack.views[i])
        alike, _ = votes(points, stack, i, agree_m)
        kept = np.zeros(stack.own(i).shape, dtype=bool)
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


def _known(depth: AnyArray, view: View) -> tuple[FloatArray, tuple[AnyArray, AnyArray]]:
    """What a map's known pixels show, shape (n, 3), and their rows and columns."""
    rows, columns = np.nonzero(depth > 0)
    camera, z = view.camera, depth[rows, columns].astype(float)
    x = (columns + 0.5 - camera.cx) / camera.fx * z
    y = (rows + 0.5 - camera.cy) / camera.fy * z
    return (np.column_stack([x, y, z]) - view.translation) @ view.rotation, (rows, columns)


def _own_points(depth: Depth) -> Cloud:
    """The map's pixels as points, with normals from their neighbours.

    Those alone round which all depths belong together: no hole, no jump.
    """
    camera, view = depth.view.camera, depth.view
    z = cv2.medianBlur(np.ascontiguousarray(depth.depth_m), 3)
    z = np.where((depth.depth_m > 0) & (z > 0), depth.depth_m, np.float32(0))
    # matching makes what is in front a little too wide: its rim is left to views that see it whole
    rim = np.ones((_RIM_PX, _RIM_PX), np.uint8)
    near, far = cv2.erode(z, rim), cv2.dilate(z, rim)
    rows, columns = np.nonzero((near > 0) & (far - near < _RIM_JUMP * near))
    points, normals = np.empty((2, len(rows), 3))
    good = _normals(
        z, rows, columns, np.array([camera.fx, camera.fy, camera.cx, camera.cy]), points, normals
    )
    points, normals = points[good], normals[good]
    weights = depth.confidence[rows[good], columns[good]].astype(float)
    return Cloud((points - view.translation) @ view.rotation, normals @ view.rotation, weights)


@numba.njit(cache=True, nogil=True)
def _normals(z, rows, columns, pinhole, points, normals):  # type: ignore[no-untyped-def]
    # points and normals towards the camera, from differences over five pixels; those that hold
    good = np.zeros(len(rows), np.bool_)
    fx, fy, cx, cy = pinhole
    for i in range(len(rows)):
        y, x = rows[i], columns[i]
        if y < _STEP_PX or x < _STEP_PX or y >= z.shape[0] - _STEP_PX or x >= z.shape[1] - _STEP_PX:
            continue
        up, down = np.float64(z[y - _STEP_PX, x]), np.float64(z[y + _STEP_PX, x])
        left, right = np.float64(z[y, x - _STEP_PX]), np.float64(z[y, x + _STEP_PX])
        u, v, d = (x + 0.5 - cx) / fx, (y + 0.5 - cy) / fy, np.float64(z[y, x])
        step_u, step_v = _STEP_PX / fx, _STEP_PX / fy
        ax, ay, az = u * (down - up), (v + step_v) * down - (v - step_v) * up, down - up
        bx, by, bz = (u + step_u) * right - (u - step_u) * left, v * (right - left), right - left
        nx, ny, nz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
        px, py = u * d, v * d
        facing = -(nx * px + ny * py + nz * d)
        length = np.sqrt(nx * nx + ny * ny + nz * nz)
        if not abs(facing) > _LEAST_SLANT * length * np.sqrt(px * px + py * py + d * d):
            continue
        towards = 1 / length if facing > 0 else -1 / length
        points[i, 0], points[i, 1], points[i, 2] = px, py, d
        normals[i, 0], normals[i, 1], normals[i, 2] = nx * towards, ny * towards, nz * towards
        good[i] = True
    return good


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
