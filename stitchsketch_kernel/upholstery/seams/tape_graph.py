"""Single sightings of tape to a graph of lines: drawn together, thinned, joined, freed of hairs."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, dijkstra, minimum_spanning_tree
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.arrays import AnyArray, BoolArray, FloatArray, IntArray
from stitchsketch_kernel.domain.tape import TapeSightings

#: Sightings of one place lie within this share of the tape's width, and run alike (cosine).
_AGREE, _ALIKE = 0.6, 0.8
#: Of the photos that have a good view of a place, this share must show it.
_SHARE = 0.34
#: Points whose surface faces further apart than this (cosine) lie on two sides of a thin edge.
_SAME_FACE = 0.0
#: Nodes lie this far apart; neighbours are joined over so many steps.
STEP_M, _JOIN = 0.003, 2.3
_DRAWN = 5
#: A line is carried on over a gap to what lies ahead of its end within this angle (cosine).
_AHEAD = 0.77
#: Hairs are shorter than so many widths; crossings nearer than so many are one.
_HAIR, _ONE_CROSSING = 2.5, 1.5
#: No way round longer than this is looked for.
_FAR_M = 0.3

Edges = set[tuple[int, int]]


@dataclass(frozen=True)
class TapeGraph:
    """Lines as nodes and edges.

    Attributes
    ----------
    nodes_m : ndarray, shape (n, 3)
    branches : tuple of ndarray of int32
        Nodes from end or crossing to end or crossing; a ring repeats its first.
    crossings : frozenset of int
        Nodes where more than two branches meet.
    bridged : frozenset of (int, int)
        Edges (lower node first) over gaps that were closed.
    """

    nodes_m: FloatArray
    branches: tuple[IntArray, ...]
    crossings: frozenset[int]
    bridged: frozenset[tuple[int, int]]


def agreeing(sightings: TapeSightings, photos: int, width_mm: float) -> BoolArray:
    """Which sightings enough photos share: `photos` of them, and a third of those that could.

    A highlight wanders from photo to photo, a reflection is seen in one.
    """
    reach, points = _AGREE * width_mm / 1000, sightings.points_m
    count = np.zeros(len(points), dtype=np.int64)
    for one in np.unique(sightings.photo):
        mine = np.flatnonzero(sightings.photo == one)
        away, near = cKDTree(points[mine]).query(points, distance_upper_bound=reach)
        found = np.isfinite(away)
        index = mine[np.where(found, near, 0)]
        found &= np.abs((sightings.along[index] * sightings.along).sum(axis=1)) > _ALIKE
        found &= (sightings.normals[index] * sightings.normals).sum(axis=1) > _SAME_FACE
        count += found
    return np.asarray((count >= photos) & (count >= _SHARE * sightings.seeing))


def drawn_together(
    points: FloatArray, along: FloatArray, normals: FloatArray, reach_m: float
) -> tuple[FloatArray, FloatArray]:
    """Points moved across their line to where most lie, and the line's direction there."""
    tree, asked, direction = cKDTree(points), points, along
    for _ in range(_DRAWN):
        away, near = tree.query(asked, k=32, distance_upper_bound=2 * reach_m)
        index = np.where(np.isfinite(away), near, 0)
        weight = np.exp(-((np.minimum(away, 1.0) / reach_m) ** 2))
        turn = np.einsum("ij,ikj->ik", direction, along[index])
        weight *= np.where(np.abs(turn) > 0.6, 1.0, 0.05)
        weight *= np.einsum("ij,ikj->ik", normals, normals[index]) > _SAME_FACE
        total = np.maximum(weight.sum(axis=1, keepdims=True), 1e-12)
        mean = np.einsum("ik,ikj->ij", weight, points[index]) / total
        direction = np.einsum("ik,ikj->ij", weight * np.sign(turn), along[index])
        direction /= np.maximum(np.linalg.norm(direction, axis=1, keepdims=True), 1e-12)
        move = mean - asked
        asked = asked + move - (move * direction).sum(axis=1, keepdims=True) * direction
    return asked, direction


def lines_of(
    points: FloatArray, along: FloatArray, normals: FloatArray, width_mm: float, gap_mm: float
) -> TapeGraph:
    """The graph of lines through points that were drawn together."""
    kept = _apart(points)
    nodes = points[kept]
    edges = _tree(nodes, along[kept], normals[kept])
    bridged = _bridges(nodes, edges, gap_mm / 1000)
    edges = _without_hairs(nodes, edges | bridged, _HAIR * width_mm / 1000)
    nodes, edges, bridged = _crossings_merged(nodes, edges, bridged, width_mm / 1000)
    crossings = frozenset(node for node, others in _around(edges).items() if len(others) > 2)
    return TapeGraph(nodes, _branches(edges), crossings, frozenset(bridged & edges))


def _apart(points: FloatArray) -> IntArray:
    """Indices of points no two of which are nearer than a step, where most lie first."""
    tree = cKDTree(points)
    crowd = tree.query_ball_point(points, STEP_M / 2, return_length=True)
    free = np.ones(len(points), dtype=bool)
    kept = []
    for one in np.argsort(-crowd, kind="stable"):
        if free[one]:
            kept.append(int(one))
            free[tree.query_ball_point(points[one], STEP_M)] = False
    return np.array(sorted(kept), dtype=np.int32)


def _tree(nodes: FloatArray, along: FloatArray, normals: FloatArray) -> Edges:
    """The shortest edges that join what is joined; an edge along its line counts as shorter."""
    pairs = cKDTree(nodes).query_pairs(_JOIN * STEP_M, output_type="ndarray")
    pairs = pairs[(normals[pairs[:, 0]] * normals[pairs[:, 1]]).sum(axis=1) > _SAME_FACE]
    if not len(pairs):
        return set()
    a, b = pairs.T
    step = nodes[b] - nodes[a]
    length = np.linalg.norm(step, axis=1)
    leans = [np.abs((step * along[end]).sum(axis=1)) / length for end in (a, b)]
    weight = length * (2 - np.maximum(*leans))
    graph = coo_array((weight, (a, b)), shape=(len(nodes), len(nodes)))
    tree = minimum_spanning_tree(csr_array(graph)).tocoo()
    return {_edge(i, j) for i, j in zip(tree.row.tolist(), tree.col.tolist(), strict=True)}


def _edge(a: int, b: int) -> tuple[int, int]:
    return (a, b) if a < b else (b, a)


def _bridges(nodes: FloatArray, edges: Edges, gap_m: float) -> Edges:
    """Edges from ends on to what lies ahead of them, where no short way leads there yet."""
    around, tree = _around(edges), cKDTree(nodes)
    options = []
    for end, others in around.items():
        if len(others) != 1:
            continue
        out = _outward(nodes, around, end)
        for other in tree.query_ball_point(nodes[end], max(gap_m, _JOIN * STEP_M)):
            away = nodes[other] - nodes[end]
            far = float(np.linalg.norm(away))
            if other != end and other in around and away @ out > _AHEAD * far:
                options.append((far * (2 - float(away @ out) / far), far, end, other))
    made: Edges = set()
    done: set[int] = set()
    for _, far, end, other in sorted(options):
        if end in done or _way_m(nodes, edges | made, end, other) < 4 * far + 4 * STEP_M:
            continue
        made.add(_edge(end, other))
        done |= {end, other} if len(around[other]) == 1 else {end}
    return made


def _outward(nodes: FloatArray, around: dict[int, list[int]], end: int) -> FloatArray:
    """The direction in which a line leads beyond its end."""
    way = [end]
    while len(way) < 8:
        onward = [one for one in around[way[-1]] if one not in way[-2:]]
        if len(onward) != 1:
            break
        way.append(onward[0])
    out = nodes[end] - nodes[way[-1]]
    return np.asarray(out / max(float(np.linalg.norm(out)), 1e-12))


def _way_m(nodes: FloatArray, edges: Edges, a: int, b: int) -> float:
    pairs: AnyArray = np.array(sorted(edges)).reshape(-1, 2)
    length = np.linalg.norm(nodes[pairs[:, 0]] - nodes[pairs[:, 1]], axis=1)
    graph = csr_array(coo_array((length, tuple(pairs.T)), shape=(len(nodes), len(nodes))))
    return float(dijkstra(graph, directed=False, indices=a, limit=_FAR_M)[b])


def _metres(nodes: FloatArray, branch: IntArray) -> float:
    return float(np.linalg.norm(np.diff(nodes[branch], axis=0), axis=1).sum())


def _without_hairs(nodes: FloatArray, edges: Edges, least_m: float) -> Edges:
    """Edges without short branches from a crossing to nothing, the shortest taken first."""
    while True:
        around = _around(edges)
        hairs = []
        for branch in _branches(edges):
            ends = sorted(len(around[int(branch[k])]) for k in (0, -1))
            if ends[0] == 1 and ends[1] > 2 and (length := _metres(nodes, branch)) < least_m:
                hairs.append((length, branch.tolist()))
        if not hairs:
            return edges
        edges = edges - {_edge(a, b) for a, b in pairwise(min(hairs)[1])}


def _crossings_merged(
    nodes: FloatArray, edges: Edges, bridged: Edges, width_m: float
) -> tuple[FloatArray, Edges, Edges]:
    """Crossings that lie within a tape's width of each other are one, in their middle."""
    around = _around(edges)
    same = [
        (int(a), int(b))
        for branch in _branches(edges)
        if all(len(around[int(branch[k])]) > 2 for k in (0, -1))
        and _metres(nodes, branch) < _ONE_CROSSING * width_m
        for a, b in pairwise(branch)
    ]
    if not same:
        return nodes, edges, bridged
    count = len(nodes)
    graph = coo_array((np.ones(len(same)), tuple(np.array(same).T)), shape=(count, count))
    group = connected_components(graph, directed=False)[1]
    _, first, members = np.unique(group, return_index=True, return_counts=True)
    middle = np.column_stack([np.bincount(group, nodes[:, k]) for k in range(3)])
    nodes = (middle / members[:, None])[group]
    to = first[group].tolist()

    def renamed(some: Edges) -> Edges:
        return {_edge(to[a], to[b]) for a, b in some if to[a] != to[b]}

    return nodes, renamed(edges), renamed(bridged)


def _branches(edges: Edges) -> tuple[IntArray, ...]:
    """Ways between nodes that are no mere passage; rings at last."""
    around, left, out = _around(edges), set(edges), []
    stops = sorted(node for node, others in around.items() if len(others) != 2)
    for start in [*stops, *sorted(around)]:
        for onward in around[start]:
            if _edge(start, onward) not in left:
                continue
            way = [start, onward]
            left.discard(_edge(start, onward))
            while len(around[way[-1]]) == 2 and way[-1] != start:
                ahead = next(one for one in around[way[-1]] if one != way[-2])
                left.discard(_edge(way[-1], ahead))
                way.append(ahead)
            out.append(np.array(way, dtype=np.int32))
    return tuple(out)


def _around(edges: Edges) -> dict[int, list[int]]:
    around: dict[int, list[int]] = defaultdict(list)
    for a, b in sorted(edges):
        around[a].append(b)
        around[b].append(a)
    return dict(around)
