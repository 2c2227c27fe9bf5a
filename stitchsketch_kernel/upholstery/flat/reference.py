"""A panel over a first flat of it, which may be stretched: the map on which darts are drawn."""

from __future__ import annotations

import igl
import numpy as np
import shapely
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.arrays import BoolArray, FloatArray, IntArray

#: So near to an edge that is stapled or tacked, too much cloth is laid in pleats.
PLEATED_MM = 60.0


class Reference:
    """A panel's surface over a reference flat, to be meshed anew with darts.

    Parameters
    ----------
    flat : ndarray, shape (n, 2)
    surface : ndarray, shape (n, 3)
    faces : ndarray of int32, shape (m, 3)
    border : ndarray of int32
        Counter-clockwise, the first not repeated.
    corners : ndarray of int32
        Places on the border (indices into `border`) where seams end.
    grain : ndarray, shape (3,)
    sewn : ndarray of bool, optional
        For each step of the border to its next point whether it is sewn, and so keeps its length;
        all are when it is not given. Along the others cloth may be pleated.
    """

    def __init__(
        self,
        flat: FloatArray,
        surface: FloatArray,
        faces: IntArray,
        border: IntArray,
        corners: IntArray,
        grain: FloatArray,
        sewn: BoolArray | None = None,
    ) -> None:
        self.flat, self.surface, self.faces, self.grain = flat, surface, faces, grain
        self.border, self.corners = border, corners
        self.sewn: BoolArray = np.ones(len(border), dtype=bool) if sewn is None else sewn
        self.outline = flat[border]
        self.size = float(np.sqrt(shapely.Polygon(self.outline).area))
        self._flat3 = np.column_stack([flat, np.zeros(len(flat))])

    def with_grain(self, grain: FloatArray) -> Reference:
        """The same with its warp along another direction, shape (3,)."""
        return Reference(
            self.flat, self.surface, self.faces, self.border, self.corners, grain, self.sewn
        )

    def step(self, inner: int) -> float:
        """Distance of points when so many fill the panel."""
        return float(np.sqrt(self.size**2 / inner * 2 / np.sqrt(3)))

    def lifted(self, flat: FloatArray) -> FloatArray:
        """Points of the reference flat on the surface: (k, 3)."""
        return self.carried(self.surface, flat)

    def carried(self, values: FloatArray, flat: FloatArray) -> FloatArray:
        """Values at its vertices (n, 3), taken at points of the reference flat: (k, 3)."""
        return lifted(self._flat3, self.faces, values, flat)

    def held(self, points: FloatArray) -> BoolArray:
        """Which points of the reference flat lie too far from a stapled edge to be pleated."""
        if self.sewn.all():
            return np.ones(len(points), dtype=bool)
        loose = cKDTree(self.outline[~self.sewn])
        away = loose.query(points, distance_upper_bound=PLEATED_MM)[0]
        return np.asarray(np.isinf(away))

    def coarse_border(self, step: float, mouths: list[int]) -> IntArray:
        """Places on the border about a step apart, among them all corners and mouths."""
        ring = np.vstack([self.outline, self.outline[:1]])
        along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(ring, axis=0), axis=1))])
        fixed = np.unique(np.concatenate([self.corners, mouths]).astype(int))
        fixed = fixed if len(fixed) else np.array([0])
        kept = []
        for a, b in zip(fixed, [*fixed[1:], fixed[0] + len(self.border)], strict=True):
            start, end = (
                along[a],
                along[b % len(self.border)] + (along[-1] if b >= len(self.border) else 0),
            )
            parts = max(1, round((end - start) / step))
            wanted = (start + (end - start) * np.arange(parts) / parts) % along[-1]
            kept.append(np.searchsorted(along[:-1], wanted + 1e-9, side="right") - 1)
        return np.unique(np.concatenate(kept)).astype(np.int32)


def lifted(mesh: FloatArray, faces: IntArray, values: FloatArray, points: FloatArray) -> FloatArray:
    """Values at vertices of a mesh (n, 3), taken linearly where points (k, 2 or 3) are nearest."""
    query = np.zeros((len(points), 3))
    query[:, : points.shape[1]] = points
    F = np.ascontiguousarray(faces, dtype=np.int64)
    _, index, foot = igl.point_mesh_squared_distance(query, mesh, F)[:3]
    corners = F[np.asarray(index).ravel()]
    a, b, c = (np.ascontiguousarray(mesh[corners[:, i]]) for i in range(3))
    shares = np.asarray(igl.barycentric_coordinates(np.ascontiguousarray(foot), a, b, c))
    return np.asarray(np.einsum("ki,kij->kj", shares, values[corners]))
