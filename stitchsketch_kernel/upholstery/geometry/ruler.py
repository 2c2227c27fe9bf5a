"""Lengths between two places on a mesh: straight, and along its surface."""

from __future__ import annotations

from dataclasses import dataclass, field

import igl
import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.arrays import BoolArray, FloatArray
from stitchsketch_kernel.domain.errors import MeshError
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.domain.units import MM_PER_M
from stitchsketch_kernel.upholstery.geometry.ways import shortest_way, steps_of

#: The shortest way is first looked for where walks are at most so many times as long as the
#: shortest walk. Walking along edges and across single edges turns in steps of some 30 degrees, so
#: walks are 4 % too long at most.
_STRIP = 1.06
#: Points on an edge at first and afterwards; rounds, and the gain after which it is enough.
_FEW, _MANY, _ROUNDS, _ENOUGH = 2, 9, 8, 1e-4
#: Vertices about a way are looked for so often along it.
_EVERY_M = 0.002
#: A way that is found may be longer than the shortest by this share (measured: 0.07 to 0.2 %).
LONGER = 0.002
#: Points of a way along the surface that is drawn.
_POINTS = 120
#: A ray may pass a face's edge by this share of the face.
_EDGE = 1e-9


@dataclass(frozen=True)
class Place:
    """A place on a mesh: which face, and where, in metres."""

    face: int
    point_m: FloatArray


@dataclass(frozen=True)
class Measured:
    """A length between two places.

    Attributes
    ----------
    straight_mm : float
    along_mm : float or None
        The shortest way on the surface; None where the two lie on parts that don't touch.
    path_m : ndarray, shape (k, 3)
        That way; the straight line where there is none.
    """

    straight_mm: float
    along_mm: float | None
    path_m: FloatArray


@dataclass
class SurfaceRuler:
    """Measures on one mesh; build once, ask often.

    Raises
    ------
    MeshError
        The mesh has no faces.
    """

    mesh: Mesh
    _graph: csr_array = field(init=False, repr=False)
    _tree: cKDTree = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not len(self.mesh.faces):
            raise MeshError("The mesh has no faces.", "Look at the depth maps of the stage before.")
        self._graph = steps_of(self.mesh)
        self._tree = cKDTree(self.mesh.vertices)

    def hit(self, origin_m: FloatArray, direction: FloatArray) -> Place | None:
        """The place that a ray meets first."""
        if not (np.isfinite(origin_m).all() and np.isfinite(direction).all()):
            return None
        found = _met(self.mesh, np.asarray(origin_m, float), np.asarray(direction, float))
        return None if found is None else Place(*found)

    def nearest(self, point_m: FloatArray) -> Place:
        """The place of the surface that is nearest to a point (libigl's search)."""
        asked = np.asarray(point_m, dtype=float)[None]
        _, face, point = igl.point_mesh_squared_distance(
            asked, np.asarray(self.mesh.vertices, dtype=float), self.mesh.faces.astype(np.int64)
        )
        return Place(int(np.ravel(face)[0]), np.asarray(point, dtype=float).reshape(3))

    def between(self, a: Place, b: Place) -> Measured:
        """The lengths between two places.

        The way along the surface is looked for among points on the edges, first with a few about
        the shortest walk from corner to corner, then with more about what was found, until it gets
        no shorter: up to `LONGER` too long.
        """
        straight = float(np.linalg.norm(b.point_m - a.point_m))
        line = np.array([a.point_m, b.point_m])
        if a.face == b.face:
            return Measured(MM_PER_M * straight, MM_PER_M * straight, line)
        path = self._along(a, b)
        if path is None:
            return Measured(MM_PER_M * straight, None, line)
        return Measured(MM_PER_M * straight, MM_PER_M * _long(path), _evenly(path, _POINTS))

    def _along(self, a: Place, b: Place) -> FloatArray | None:
        """The shortest way on the surface (k, 3); None where the two don't hang together."""
        walks = self._walked(a) + self._walked(b)
        if not np.isfinite(walks.min()):
            return None
        near: BoolArray = np.asarray(walks <= _STRIP * walks.min())
        path = None
        while path is None:
            path = self._within(near, a, b, _FEW)
            near = self._grown(near)  # a strip along edges only may be cut in two
        for _ in range(_ROUNDS):
            better = self._within(self._beside(path), a, b, _MANY)
            if better is None:
                break
            gain = 1 - _long(better) / _long(path)
            path = better if gain > 0 else path
            if gain < _ENOUGH:
                break
        return path

    def _within(self, near: BoolArray, a: Place, b: Place, count: int) -> FloatArray | None:
        """The shortest way over faces whose corners are `near`, by so many points on each edge."""
        kept: BoolArray = np.asarray(near[self.mesh.faces].all(axis=1), dtype=bool)
        kept[[a.face, b.face]] = True
        rows = np.flatnonzero(kept)
        ends = [(int(np.searchsorted(rows, place.face)), place.point_m) for place in (a, b)]
        return shortest_way(self.mesh.vertices, self.mesh.faces[rows], ends[0], ends[1], count)

    def _beside(self, path: FloatArray) -> BoolArray:
        """The vertices about a way."""
        near = np.zeros(len(self.mesh.vertices), bool)
        along = _evenly(path, max(2, int(_long(path) / _EVERY_M)))
        near[self._tree.query(along, k=6)[1].ravel()] = True
        return self._grown(self._grown(near))

    def _grown(self, near: BoolArray) -> BoolArray:
        """With the vertices beside them."""
        grown: BoolArray = np.array(near, dtype=bool)
        grown[self.mesh.faces[near[self.mesh.faces].any(axis=1)]] = True
        return grown

    def _walked(self, place: Place) -> FloatArray:
        """How long a walk each vertex is away, metres."""
        corners = self.mesh.faces[place.face]
        first = np.linalg.norm(self.mesh.vertices[corners] - place.point_m, axis=1)
        walks = dijkstra(self._graph, indices=corners)
        return np.asarray((walks + first[:, None]).min(axis=0))


def _met(mesh: Mesh, origin: FloatArray, direction: FloatArray) -> tuple[int, FloatArray] | None:
    """The first face that a ray meets, and where (Moeller and Trumbore 1997, all faces at once)."""
    a, b, c = (mesh.vertices[mesh.faces[:, i]] for i in range(3))
    ab, ac, to = b - a, c - a, origin - a
    across = np.cross(direction, ac)
    twice = np.einsum("nk,nk->n", ab, across)
    turned = np.cross(to, ab)
    with np.errstate(divide="ignore", invalid="ignore"):
        u = np.einsum("nk,nk->n", to, across) / twice
        v = turned @ direction / twice
        far = np.einsum("nk,nk->n", ac, turned) / twice
        # a ray between two faces meets one of them
        hit = (u >= -_EDGE) & (v >= -_EDGE) & (u + v <= 1 + _EDGE) & (far > 0)
    if not hit.any():
        return None
    face = int(np.argmin(np.where(hit, far, np.inf)))
    return face, origin + far[face] * direction


def _long(path: FloatArray) -> float:
    return float(np.linalg.norm(np.diff(path, axis=0), axis=1).sum())


def _evenly(points: FloatArray, count: int) -> FloatArray:
    """So many points along a polyline."""
    at = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    steps = np.linspace(0, at[-1], count)
    return np.column_stack([np.interp(steps, at, points[:, k]) for k in range(3)])
