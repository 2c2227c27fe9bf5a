"""Pieces as each draw of the scan's errors would lay them flat."""

from __future__ import annotations

import numpy as np
import shapely
from scipy.sparse import coo_array, csc_array
from scipy.sparse.linalg import splu
from scipy.spatial import Delaunay, cKDTree

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray
from stitchsketch_kernel.domain.piece import FlatPanel

#: Laying flat is drawn on a coarse net: points of the outline and inside about so far apart.
_RIM_MM, _NET_MM = 12.0, 30.0
#: Keeps what no length holds (the piece as a whole) where it is.
_HELD = 1e-6


class Net:
    """A coarse net over a flat panel, to see how it would lie were the surface a little different.

    Lengths of its edges change as the surface's do; the flat follows with the least squares of what
    is left over: the first-order change of a flat that keeps lengths.

    Attributes
    ----------
    nodes : ndarray of int32
        Indices into the flat's vertices; the first `rim` of them lie on its outline, in order.
    rim : int
    """

    def __init__(self, flat: FlatPanel) -> None:
        self.nodes, self.rim = _nodes(flat)
        self._uv, self._surface = flat.uv_mm[self.nodes], flat.surface_mm[self.nodes]
        self._edges = _edges(self._uv, self.rim)
        self._solve = self._system()

    def _system(self) -> object:
        a, b = self._edges.T
        apart = self._uv[b] - self._uv[a]
        unit = apart / np.maximum(np.linalg.norm(apart, axis=1, keepdims=True), 1e-9)
        rows = np.repeat(np.arange(len(a)), 4)
        columns = np.column_stack([2 * a, 2 * a + 1, 2 * b, 2 * b + 1]).ravel()
        values = np.column_stack([-unit, unit]).ravel()
        shape = (len(a), 2 * len(self.nodes))
        self._lengths = csc_array(coo_array((values, (rows, columns)), shape=shape))
        held = coo_array((np.full(shape[1], _HELD), (range(shape[1]), range(shape[1]))))
        return splu(csc_array(self._lengths.T @ self._lengths + held))

    def laid(self, moves: FloatArray) -> FloatArray:
        """Moves of the outline's nodes in the flat.

        Parameters
        ----------
        moves : ndarray, shape (nodes, 3, draws)
            Of the surface, millimetres.

        Returns
        -------
        ndarray, shape (rim, 2, draws)
            The best rigid motion taken away.
        """
        a, b = self._edges.T
        apart = self._surface[b] - self._surface[a]
        length = np.maximum(np.linalg.norm(apart, axis=1), 1e-9)
        change = moves[b] - moves[a]
        # to second order: what moves across an edge makes it longer too
        longer = np.linalg.norm(apart[:, :, None] + change, axis=1) - length[:, None]
        flat = self._solve.solve(np.asarray(self._lengths.T @ longer))  # type: ignore[attr-defined]
        rim = flat.reshape(len(self.nodes), 2, -1)[: self.rim]
        return _without_motion(self._uv[: self.rim], rim)

    def rim_mm(self) -> FloatArray:
        """The outline's nodes in the flat, shape (rim, 2)."""
        return np.asarray(self._uv[: self.rim])


def _nodes(flat: FlatPanel) -> tuple[IntArray, int]:
    ring = flat.uv_mm[flat.boundary]
    steps = np.linalg.norm(np.diff(np.vstack([ring, ring[:1]]), axis=0), axis=1)
    run = np.concatenate([[0.0], np.cumsum(steps)])
    count = max(12, round(float(run[-1]) / _RIM_MM))
    at = np.unique(np.searchsorted(run[:-1], np.linspace(0, run[-1], count, endpoint=False)))
    # corners are least sure, and decide the sizes: all are nodes
    corners = np.unique([run[[0, -1]] for run in flat.seam_vertices.values()])
    at = np.union1d(np.minimum(at, len(ring) - 1), np.flatnonzero(np.isin(flat.boundary, corners)))
    rim = flat.boundary[at]
    low, high = ring.min(axis=0), ring.max(axis=0)
    grid = np.stack(
        np.meshgrid(*(np.arange(a, b, _NET_MM) for a, b in zip(low, high, strict=True))), axis=-1
    ).reshape(-1, 2)
    outline = shapely.Polygon(flat.uv_mm[rim])
    deep = shapely.contains_xy(outline, grid) & (
        shapely.distance(outline.exterior, shapely.points(grid)) > _NET_MM / 2
    )
    inside = np.setdiff1d(np.arange(len(flat.uv_mm)), flat.boundary)
    if not len(inside) or not deep.any():
        return np.asarray(rim, dtype=np.int32), len(rim)
    near = inside[cKDTree(flat.uv_mm[inside]).query(grid[deep])[1]]
    nodes = np.concatenate([rim, np.unique(near)])
    return nodes.astype(np.int32), len(rim)


def _edges(uv: FloatArray, rim: int) -> IntArray:
    """Edges of the Delaunay triangles within the outline, and those of the outline, each once."""
    triangles = Delaunay(uv).simplices
    outline = shapely.Polygon(uv[:rim]).buffer(1e-6)
    middle = uv[triangles].mean(axis=1)
    triangles = triangles[shapely.contains_xy(outline, middle)]
    ring = np.column_stack([np.arange(rim), (np.arange(rim) + 1) % rim])
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]], ring])
    return np.unique(np.sort(edges, axis=1), axis=0).astype(np.int32)


def _without_motion(points: FloatArray, moves: FloatArray) -> FloatArray:
    """Moves less the shift and small turn that come nearest to them, draw by draw."""
    moves = moves - moves.mean(axis=0)
    out = points - points.mean(axis=0)
    turned = np.column_stack([-out[:, 1], out[:, 0]])
    angle = np.einsum("nk,nkd->d", turned, moves) / max(float((turned**2).sum()), 1e-9)
    return np.asarray(moves - turned[:, :, None] * angle)


def outward(points: FloatArray) -> FloatArray:
    """Unit normals of a closed counter-clockwise outline (n, 2)."""
    along = np.roll(points, -1, axis=0) - np.roll(points, 1, axis=0)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    return np.column_stack([along[:, 1], -along[:, 0]])


def extents(points: FloatArray) -> FloatArray:
    """Width and length of outlines (n, 2, draws), shape (2, draws)."""
    return np.asarray(np.ptp(points, axis=0))
