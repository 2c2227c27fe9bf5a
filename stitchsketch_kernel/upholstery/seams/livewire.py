"""Seams drawn by a few points: the cheapest way over the mesh's edges from point to point.

E. Mortensen, W. Barrett, Interactive segmentation with intelligent scissors, Graphical Models and
Image Processing 60 (1998), on a mesh: the way is cheap along folds, piping and changes of colour.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.arrays import AnyArray, BoolArray, FloatArray, IntArray
from stitchsketch_kernel.domain.errors import PanelError
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.upholstery.seams.features import Features, color_step

#: A click further from the mesh than this lies on nothing.
ON_MESH_M = 0.03
#: A fold of so many degrees, piping of so much chroma, or so much change of colour within 4 mm
#: (CIELAB) makes a way half as dear; what is sharper is cheaper still, down to the last.
_FOLD_DEG, _PIPING_CHROMA, _COLOR_STEP, _CHEAPEST = 20.0, 11.0, 12.0, 0.002
#: A click is drawn to the cheapest place so near, if that is cheaper by this for its distance.
_SNAP_M, _SNAP_PULL = 0.006, 0.3
#: A way round that is so much longer than the straight one, or not cheaper by as much as this, is
#: not what was meant.
_MOST_DETOUR, _WORTH_IT = 1.6, 0.75
#: The straight way runs so near to the line from point to point, seen from above the cloth, and
#: rises or falls from it by no more than this share of its length.
_BESIDE_LINE_M, _MOST_BOW = 0.005, 0.6
#: A seam that ends so near to another, to the mesh's end or to its own beginning runs on to it.
_REACH_M = 0.015
#: A closed seam is longer than this.
_LEAST_RING_M = 0.06
#: So near to a seam that is there already nothing is cheap: it need not be drawn again.
_BESIDE_SEAM_M, _ALONG_SEAM = 0.012, 3.0
#: A given line is followed from every so many of its points, within so much to the side; so far off
#: it a way is five times as dear.
_EVERY, _TUBE_M, _OFF_LINE_M = 4, 0.015, 0.002
#: A drawn line is rounded by this: triangles make a zigzag.
_ZIGZAG_M = 0.004


class LiveWire:
    """What stays the same from seam to seam of one mesh: its edges, their costs, a search tree.

    Parameters
    ----------
    mesh : Mesh
    features : Features
    base : ndarray of int32, shape (m,)
        Panels that are there already, by face: their seams count as drawn.

    Attributes
    ----------
    length_m : ndarray, shape (k,)
        Of each dual edge.
    stops : ndarray of bool, shape (n,)
        Vertices on the panels' seams, and where the mesh ends.
    """

    def __init__(self, mesh: Mesh, features: Features, base: IntArray) -> None:
        self._vertices = mesh.vertices
        self._pairs = features.dual.vertices
        self._key = self._pairs[:, 0].astype(np.int64) * len(mesh.vertices) + self._pairs[:, 1]
        ends = mesh.vertices[self._pairs]
        self.length_m = np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1)
        self._tree = cKDTree(mesh.vertices)
        self._normals = np.zeros_like(mesh.vertices)
        for corner in mesh.faces.T:
            np.add.at(self._normals, corner, features.normals)
        self._normals /= np.maximum(np.linalg.norm(self._normals, axis=1, keepdims=True), 1e-12)
        seam = (base[features.dual.faces[:, 0]] != base[features.dual.faces[:, 1]]).nonzero()[0]
        self.stops = _rim(mesh.faces, len(mesh.vertices))
        self.stops[self._pairs[seam]] = True
        cheap = _cheapness(mesh, features)
        if len(seam):
            beside = cKDTree(mesh.vertices[np.unique(self._pairs[seam])])
            near = beside.query(mesh.vertices, distance_upper_bound=_BESIDE_SEAM_M)[0]
            cheap[np.isfinite(near)[self._pairs].any(axis=1)] = 1.0
        self._costs = self.length_m * cheap
        self._costs[seam] *= _ALONG_SEAM
        self._cost = _graph(self._pairs, self._costs, len(mesh.vertices))
        self._straight = _graph(self._pairs, self.length_m, len(mesh.vertices))
        touching = np.bincount(self._pairs.ravel(), minlength=len(mesh.vertices))
        usual = np.bincount(self._pairs.ravel(), np.repeat(cheap, 2), len(mesh.vertices))
        self._ease = usual / np.maximum(touching, 1)
        self._known: dict[tuple[int, int], list[int]] = {}

    def way(self, points_m: FloatArray, stops: BoolArray) -> IntArray:
        """Vertices of the mesh along a seam.

        Parameters
        ----------
        points_m : ndarray, shape (k, 3)
            As clicked.
        stops : ndarray of bool, shape (n,)
            Vertices of what a seam may end on; an end that is near runs on to it.

        Raises
        ------
        PanelError
            A point lies off the mesh, or no way leads from one to the next.
        """
        clicked = [self._vertex_at(point) for point in points_m]
        way = clicked[:1]
        for a, b in pairwise(clicked):
            if (a, b) not in self._known:
                self._known[a, b] = self._between(a, b)
            way += self._known[a, b][1:]
        return self.run_on(way, stops)

    def run_on(self, way: AnyArray | list[int], stops: BoolArray) -> IntArray:
        """The way, its ends carried on to a stop or to its own beginning that is near."""
        way = [int(vertex) for vertex in way]
        if way[0] != way[-1]:
            own = stops.copy()
            own[way[0]] |= self._metres(way) > _LEAST_RING_M
            way += self._onward(way[-1], own)[1:]
        if way[0] != way[-1]:
            way = self._onward(way[0], stops)[:0:-1] + way
        return np.array(way, dtype=np.int32)

    def way_along(self, line_m: FloatArray) -> IntArray:
        """Vertices along a dense line, as near to it as edges go, whatever shows there."""
        clicked = [int(vertex) for vertex in self._tree.query(line_m[::_EVERY])[1]]
        clicked += [int(self._tree.query(line_m[-1])[1])]
        line = cKDTree(line_m)
        way = clicked[:1]
        for a, b in pairwise(clicked):
            middle, reach = (
                self._vertices[[a, b]].mean(axis=0),
                self._vertices[a] - self._vertices[b],
            )
            radius = float(np.linalg.norm(reach)) / 2 + _TUBE_M
            used = np.array(sorted(self._tree.query_ball_point(middle, radius)))
            part = self._straight[used][:, used].tocoo()
            off = line.query(self._vertices[used])[0] / _OFF_LINE_M
            part.data = part.data * (1 + (off[part.row] + off[part.col]) ** 2)
            way += (_shortest(csr_array(part), used, a, b) if a != b else [a])[1:]
        return np.array(way, dtype=np.int32)

    def edges(self, way: IntArray) -> IntArray:
        """Indices of the dual edges that a way runs along."""
        low, high = np.minimum(way[:-1], way[1:]), np.maximum(way[:-1], way[1:])
        key = np.unique(low.astype(np.int64) * len(self._vertices) + high)
        first, last = (np.searchsorted(self._key, key, side) for side in ("left", "right"))
        return np.concatenate(
            [np.arange(a, b) for a, b in zip(first, last, strict=True)] or [np.zeros(0)]
        ).astype(np.int32)

    def curve(self, way: IntArray) -> FloatArray:
        """The way as a line to be shown: without the triangles' zigzag, a point each 2 mm."""
        points = self._vertices[way]
        along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
        at = np.linspace(0, along[-1], max(2, round(float(along[-1]) / 0.002) + 1))
        even = np.column_stack([np.interp(at, along, points[:, k]) for k in range(3)])
        if way[0] == way[-1]:
            ring = gaussian_filter1d(even[:-1], _ZIGZAG_M / 0.002, axis=0, mode="wrap")
            return np.vstack([ring, ring[:1]])
        # smoothed as what it differs by from the straight line: so both ends stay
        line = even[0] + (at / max(float(at[-1]), 1e-12))[:, None] * (even[-1] - even[0])
        odd = np.vstack([even - line, -(even - line)[-2:0:-1]])
        smooth = gaussian_filter1d(odd, _ZIGZAG_M / 0.002, axis=0, mode="wrap")[: len(even)]
        return np.asarray(line + smooth)

    def _metres(self, way: list[int]) -> float:
        return float(np.linalg.norm(np.diff(self._vertices[way], axis=0), axis=1).sum())

    def _vertex_at(self, place: FloatArray) -> int:
        distance, vertex = self._tree.query(place)
        if distance > ON_MESH_M:
            raise off_mesh("A point of a seam", place, distance)
        near = np.array(self._tree.query_ball_point(place, _SNAP_M), dtype=int)
        if not len(near):
            return int(vertex)
        away = np.linalg.norm(self._vertices[near] - place, axis=1)
        return int(near[np.argmin(self._ease[near] + _SNAP_PULL * away / _SNAP_M)])

    def _between(self, a: int, b: int) -> list[int]:
        """The cheapest way; the straight one where that would be a long way round."""
        if a == b:
            return [a]
        start, end = self._vertices[[a, b]]
        from_ends = [np.linalg.norm(self._vertices - one, axis=1) for one in (start, end)]
        chord = float(np.linalg.norm(end - start))
        # no way of this length leaves the ellipsoid
        inside = from_ends[0] + from_ends[1] <= _MOST_DETOUR * chord + 2 * _BESIDE_LINE_M
        direct = self._along_line(a, b)
        for allowed in (inside, np.ones(len(inside), dtype=bool)):
            used = np.flatnonzero(allowed)
            way = _shortest(self._cost[used][:, used], used, a, b)
            if way and (not direct or self._is_worth_it(way, direct)):
                return way
            if direct:
                return direct
        raise PanelError(
            f"A drawn seam leads from one loose part of the mesh to another, near {start[0]:.2f} "
            f"{start[1]:.2f} {start[2]:.2f}.",
            "Draw it on one part.",
        )

    def _is_worth_it(self, way: list[int], direct: list[int]) -> bool:
        shorter = self._metres(way) <= _MOST_DETOUR * self._metres(direct)
        cost, usual = (float(self._costs[self.edges(np.array(w))].sum()) for w in (way, direct))
        return shorter and cost <= _WORTH_IT * usual

    def _along_line(self, a: int, b: int) -> list[int]:
        """The way below the straight line from a to b; none where the mesh leaves it."""
        start, step = self._vertices[a], self._vertices[b] - self._vertices[a]
        chord = float(np.linalg.norm(step))
        from_start = self._vertices - start
        across = np.cross(step, self._normals[a] + self._normals[b])
        across /= max(float(np.linalg.norm(across)), 1e-12)
        share = np.clip(from_start @ step / max(chord**2, 1e-12), 0, 1)
        away = np.linalg.norm(from_start - share[:, None] * step, axis=1)
        beside = np.abs(from_start @ across)
        used = np.flatnonzero((beside < 3 * _BESIDE_LINE_M) & (away < _MOST_BOW * chord + 1e-9))
        part = self._cost[used][:, used].tocoo()
        off = (beside[used][part.row] + beside[used][part.col]) / 2
        part.data = part.data * (1 + (off / _BESIDE_LINE_M) ** 2)
        return _shortest(csr_array(part), used, a, b)

    def _onward(self, vertex: int, stops: BoolArray) -> list[int]:
        """From a seam's end to the nearest stop within reach; the end alone where there is none."""
        if stops[vertex]:
            return [vertex]
        used = np.array(sorted(self._tree.query_ball_point(self._vertices[vertex], _REACH_M)))
        local = self._straight[used][:, used]
        here = int(np.searchsorted(used, vertex))
        away, before = dijkstra(local, indices=here, return_predecessors=True, limit=_REACH_M)
        away = np.where(stops[used], away, np.inf)
        nearest = int(np.argmin(away))
        return _walked(before, here, nearest, used) if np.isfinite(away[nearest]) else [vertex]


def off_mesh(what: str, place: FloatArray, distance_m: float) -> PanelError:
    """The error for a click that lies on nothing."""
    return PanelError(
        f"{what} at {place[0]:g} {place[1]:g} {place[2]:g} lies {1000 * distance_m:.0f} mm off "
        "the mesh.",
        "Take the place from the mesh of this very run (metres, z up).",
    )


def _cheapness(mesh: Mesh, features: Features) -> FloatArray:
    """What a metre along each dual edge costs: 1 on even cloth, down to `_CHEAPEST`, shape (k,)."""
    pairs = features.dual.faces
    fold = (features.turn_deg[pairs].mean(axis=1) / _FOLD_DEG) ** 2
    piping = features.contrast[pairs].mean(axis=1) / _PIPING_CHROMA
    color = (color_step(mesh, features)[pairs].mean(axis=1) / _COLOR_STEP) ** 2
    return np.asarray(np.maximum(1 / (1 + (fold + piping + color) ** 2), _CHEAPEST))


def _rim(faces: IntArray, count: int) -> BoolArray:
    """Vertices where the mesh ends."""
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    key, times = np.unique(edges[:, 0].astype(np.int64) * count + edges[:, 1], return_counts=True)
    rim = np.zeros(count, dtype=bool)
    rim[key[times == 1] // count] = True
    rim[key[times == 1] % count] = True
    return rim


def _graph(pairs: IntArray, cost: FloatArray, count: int) -> csr_array:
    rows, columns = np.concatenate([pairs, pairs[:, ::-1]]).T
    return csr_array(coo_array((np.tile(cost, 2), (rows, columns)), shape=(count, count)))


def _shortest(graph: csr_array, used: AnyArray, a: int, b: int) -> list[int]:
    """Vertices from a to b in the graph of those used; empty where there is no way."""
    here, there = (int(one) for one in np.searchsorted(used, [a, b]))
    _, before = dijkstra(graph, indices=here, return_predecessors=True)
    return _walked(before, here, there, used) if before[there] >= 0 else []


def _walked(before: AnyArray, here: int, there: int, name: AnyArray) -> list[int]:
    way = [there]
    while way[-1] != here:
        way.append(int(before[way[-1]]))
    return [int(name[one]) for one in reversed(way)]
