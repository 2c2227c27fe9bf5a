"""What other depth maps say of a point: the same surface, or that they look through it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray, FloatArray, IntArray
from stitchsketch_kernel.domain.model import Depth
from stitchsketch_kernel.domain.photo import View

#: So many maps are asked about a point, and so many of them stand next to the map's own view.
MOST_WITNESSES, _NEAR_WITNESSES = 48, 36


@dataclass(frozen=True)
class DepthStack:
    """Depth maps laid out for `votes`: arrays of the views' cameras, maps padded to one size."""

    maps: AnyArray
    sizes: IntArray
    rotation: FloatArray
    translation: FloatArray
    centres: FloatArray
    pinhole: FloatArray
    views: tuple[View, ...]

    @staticmethod
    def of(depths: Sequence[Depth]) -> DepthStack:
        """Lay out depth maps; each is asked for once and not held."""
        views: list[View] = []
        sizes = np.zeros((len(depths), 2), dtype=np.int32)
        maps = np.zeros((len(depths), 0, 0), dtype=np.float32)
        for i, depth in enumerate(depths):
            height, width = sizes[i] = depth.depth_m.shape
            if height > maps.shape[1] or width > maps.shape[2]:
                larger = np.zeros((len(depths), *sizes.max(axis=0)), dtype=np.float32)
                larger[:i, : maps.shape[1], : maps.shape[2]] = maps[:i]
                maps = larger
            maps[i, :height, :width] = depth.depth_m
            views.append(depth.view)
        cameras = [view.camera for view in views]
        return DepthStack(
            maps,
            sizes,
            np.array([view.rotation for view in views]),
            np.array([view.translation for view in views]),
            np.array([view.centre for view in views]),
            np.array([[camera.fx, camera.fy, camera.cx, camera.cy] for camera in cameras]),
            tuple(views),
        )

    def __len__(self) -> int:
        return len(self.views)

    def own(self, i: int) -> AnyArray:
        """The i-th map (h, w) as it lies in the stack."""
        height, width = self.sizes[i]
        return self.maps[i, :height, :width]


def witnesses(stack: DepthStack, i: int) -> IntArray:
    """The other maps that are asked about the points of one: all, or of many a fixed number.

    Most stand where the map's own view stands, and see the same side; the others are spread over
    the rest. So the time for a view doesn't grow with the number of photos.
    """
    others = np.delete(np.arange(len(stack)), i)
    if len(others) <= MOST_WITNESSES:
        return others.astype(np.int32)
    away = np.linalg.norm(stack.centres[others] - stack.centres[i], axis=1)
    others = others[np.argsort(away, kind="stable")]
    near, far = others[:_NEAR_WITNESSES], others[_NEAR_WITNESSES:]
    spread = np.linspace(0, len(far) - 1, MOST_WITNESSES - _NEAR_WITNESSES).round().astype(int)
    return np.sort(np.concatenate([near, far[spread]])).astype(np.int32)


def votes(
    points: FloatArray,
    stack: DepthStack,
    own: int,
    agree_m: float,
    normals: FloatArray | None = None,
) -> tuple[IntArray, IntArray]:
    """Count the `witnesses` that agree with each point, and those that see what lies behind it.

    Parameters
    ----------
    points : ndarray, shape (n, 3)
    stack : DepthStack
    own : int
        The map that the points are from; it has no vote.
    agree_m : float
        A surface that is no further away is the same; one that is twice as far behind contradicts.
    normals : ndarray, shape (n, 3), optional
        Of the surface, outwards: a view that stands behind it, and would see its other side,
        contradicts nothing. Without, all views do. A chair's back of black net is found by photos
        of its front; from behind it looks further away than it is.

    Returns
    -------
    alike, through : ndarray of int32, shape (n,)
    """
    alike = np.zeros(len(points), dtype=np.int32)
    through = np.zeros(len(points), dtype=np.int32)
    if normals is None:
        normals = np.zeros_like(points)
    _votes(
        np.ascontiguousarray(points), np.ascontiguousarray(normals), stack.maps, stack.sizes,
        stack.rotation, stack.translation, stack.centres, stack.pinhole, witnesses(stack, own),
        agree_m, alike, through,
    )  # fmt: skip
    return alike, through


@numba.njit(cache=True, nogil=True)
def _votes(  # type: ignore[no-untyped-def]
    points, normals, maps, sizes, rotation, translation, centres, pinhole, asked, agree, alike,
    through,
):  # fmt: skip
    # map by map, so that points side by side are looked up side by side; what is found is counted
    # without branches, which no processor foretells here
    for k in asked:
        R, t, c, (fx, fy, cx, cy) = rotation[k], translation[k], centres[k], pinhole[k]
        high, wide = sizes[k]
        for i in range(len(points)):
            px, py, pz = points[i, 0], points[i, 1], points[i, 2]
            z = R[2, 0] * px + R[2, 1] * py + R[2, 2] * pz + t[2]
            near = 1.0 / max(z, 1e-9)
            u = fx * (R[0, 0] * px + R[0, 1] * py + R[0, 2] * pz + t[0]) * near + cx
            v = fy * (R[1, 0] * px + R[1, 1] * py + R[1, 2] * pz + t[1]) * near + cy
            if (z > 0) & (u >= 0) & (v >= 0) & (u < wide) & (v < high):
                found = maps[k, np.uint32(v), np.uint32(u)]
                facing = normals[i, 0] * (c[0] - px) + normals[i, 1] * (c[1] - py)
                facing += normals[i, 2] * (c[2] - pz)
                alike[i] += (found > 0) & (abs(found - z) < agree)
                through[i] += (found > 0) & (found - z > 2 * agree) & (facing >= 0)
