"""What other depth maps say of a point: the same surface, or that they look through it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray, FloatArray, IntArray
from stitchsketch_kernel.domain.model import Depth


@dataclass(frozen=True)
class DepthStack:
    """Depth maps laid out for `votes`: arrays of the views' cameras, maps padded to one size."""

    maps: AnyArray
    sizes: IntArray
    rotation: FloatArray
    translation: FloatArray
    pinhole: FloatArray

    @staticmethod
    def of(depths: Sequence[Depth]) -> DepthStack:
        """Lay out depth maps."""
        sizes = np.array([depth.depth_m.shape for depth in depths], dtype=np.int32)
        maps = np.zeros((len(depths), *sizes.max(axis=0)), dtype=np.float32)
        for place, depth in zip(maps, depths, strict=True):
            place[: depth.depth_m.shape[0], : depth.depth_m.shape[1]] = depth.depth_m
        cameras = [depth.view.camera for depth in depths]
        return DepthStack(
            maps,
            sizes,
            np.array([depth.view.rotation for depth in depths]),
            np.array([depth.view.translation for depth in depths]),
            np.array([[camera.fx, camera.fy, camera.cx, camera.cy] for camera in cameras]),
        )


def votes(
    points: FloatArray, stack: DepthStack, own: int, agree_m: float
) -> tuple[IntArray, IntArray]:
    """Count the other maps that agree with each point, and those that see what lies behind it.

    Parameters
    ----------
    points : ndarray, shape (n, 3)
    stack : DepthStack
    own : int
        The map that the points are from; it has no vote.
    agree_m : float
        A surface that is no further away is the same; one that is twice as far behind contradicts.

    Returns
    -------
    alike, through : ndarray of int32, shape (n,)
    """
    alike = np.zeros(len(points), dtype=np.int32)
    through = np.zeros(len(points), dtype=np.int32)
    _votes(
        np.ascontiguousarray(points), stack.maps, stack.sizes, stack.rotation, stack.translation,
        stack.pinhole, own, agree_m, alike, through,
    )  # fmt: skip
    return alike, through


@numba.njit(cache=True, nogil=True)
def _votes(points, maps, sizes, rotation, translation, pinhole, own, agree, alike, through):  # type: ignore[no-untyped-def]
    for i in range(len(points)):
        px, py, pz = points[i]
        for k in range(len(maps)):
            if k == own:
                continue
            R, t, camera = rotation[k], translation[k], pinhole[k]
            z = R[2, 0] * px + R[2, 1] * py + R[2, 2] * pz + t[2]
            if z <= 0:
                continue
            x = R[0, 0] * px + R[0, 1] * py + R[0, 2] * pz + t[0]
            y = R[1, 0] * px + R[1, 1] * py + R[1, 2] * pz + t[1]
            u = int(np.floor(camera[0] * x / z + camera[2]))
            v = int(np.floor(camera[1] * y / z + camera[3]))
            if u < 0 or v < 0 or u >= sizes[k, 1] or v >= sizes[k, 0]:
                continue
            found = maps[k, v, u]
            if found <= 0:
                continue
            if abs(found - z) < agree:
                alike[i] += 1
            elif found - z > 2 * agree:
                through[i] += 1
