"""How much of the light from all round comes to each place: rays cast once, before any frame."""

from __future__ import annotations

import numpy as np
import open3d as o3d

from stitchsketch_kernel.domain.arrays import AnyArray, FloatArray, IntArray

#: Rays from each place; beyond `_REACH_M` what stands in the way no longer counts in full.
_RAYS, _FLOOR_RAYS = 32, 96
_REACH_M = 0.7
_LIFT_M = 0.004
#: The floor is looked at on a grid of so many cells, this many times as wide as the furniture.
_GRID, _WIDE = 96, 2.6
_CHUNK = 40_000


class Openness:
    """Rays about a mesh and the floor it stands on."""

    def __init__(self, points_m: FloatArray, faces: IntArray) -> None:
        self._rays = o3d.t.geometry.RaycastingScene(nthreads=2)
        self._rays.add_triangles(
            o3d.core.Tensor.from_numpy(np.ascontiguousarray(points_m, dtype=np.float32)),
            o3d.core.Tensor.from_numpy(np.ascontiguousarray(faces, dtype=np.uint32)),
        )
        low, high = points_m.min(axis=0), points_m.max(axis=0)
        wide = float(max(high[:2] - low[:2])) * _WIDE
        middle = (low + high)[:2] / 2
        #: The floor's lowest x and y, its width and height.
        self.floor_box: AnyArray = np.array([*(middle - wide / 2), wide, min(0.0, low[2])])

    def of_points(self, points_m: FloatArray, normals: FloatArray, seed: int = 1) -> AnyArray:
        """Share of the sky, and of the lit floor, that each point sees; (n,) of float32."""
        out = np.empty(len(points_m), dtype=np.float32)
        around = _hemisphere(_RAYS)
        rng = np.random.default_rng(seed)
        for first in range(0, len(points_m), _CHUNK):
            here = slice(first, first + _CHUNK)
            turn = rng.uniform(0, 2 * np.pi, len(points_m[here]))
            out[here] = self._seen(points_m[here], normals[here], around, turn)
        return out

    def of_floor(self) -> AnyArray:
        """The same of the floor, (grid, grid)."""
        x0, y0, wide, height = self.floor_box
        at = (np.arange(_GRID) + 0.5) / _GRID * wide
        X, Y = np.meshgrid(x0 + at, y0 + at)
        points = np.column_stack([X.ravel(), Y.ravel(), np.full(X.size, height)])
        up = np.broadcast_to([0.0, 0.0, 1.0], points.shape)
        turn = np.random.default_rng(2).uniform(0, 2 * np.pi, len(points))
        seen = self._seen(points, up, _hemisphere(_FLOOR_RAYS), turn)
        return np.ascontiguousarray(seen.reshape(_GRID, _GRID))

    def _seen(
        self, points: FloatArray, normals: FloatArray, around: FloatArray, turn: FloatArray
    ) -> AnyArray:
        first = np.where(np.abs(normals[:, 2:]) < 0.9, [[0.0, 0.0, 1.0]], [[1.0, 0.0, 0.0]])
        right = np.cross(first, normals)
        right /= np.maximum(np.linalg.norm(right, axis=1), 1e-12)[:, None]
        up = np.cross(normals, right)
        c, s = np.cos(turn)[:, None], np.sin(turn)[:, None]
        x = around[None, :, 0] * c - around[None, :, 1] * s
        y = around[None, :, 0] * s + around[None, :, 1] * c
        ways = (
            x[..., None] * right[:, None]
            + y[..., None] * up[:, None]
            + around[None, :, 2:] * normals[:, None]
        )
        starts = np.broadcast_to((points + _LIFT_M * normals)[:, None], ways.shape)
        rays = np.concatenate([starts, ways], axis=-1).astype(np.float32)
        hit = self._rays.cast_rays(o3d.core.Tensor.from_numpy(rays))["t_hit"].numpy()
        hidden = np.exp(-((hit / _REACH_M) ** 2))
        return np.asarray(1 - hidden.mean(axis=1), dtype=np.float32)


def _hemisphere(count: int) -> FloatArray:
    """Directions about +z, more of them where a surface takes more light (cosine), (count, 3)."""
    k = np.arange(count) + 0.5
    radius, angle = np.sqrt(k / count), k * np.pi * (3 - np.sqrt(5))
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle), np.sqrt(1 - k / count)])
