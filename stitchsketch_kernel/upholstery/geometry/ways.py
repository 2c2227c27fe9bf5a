"""Ways over a mesh: walks from corner to corner, and nearly shortest ways across its faces."""

from __future__ import annotations

import itertools

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra

from stitchsketch_kernel.domain.arrays import AnyArray, FloatArray, IntArray
from stitchsketch_kernel.domain.model import Mesh

#: A length of 0 would be taken for no step.
_LEAST = 1e-12


def shortest_way(
    vertices: FloatArray,
    faces: IntArray,
    start: tuple[int, FloatArray],
    end: tuple[int, FloatArray],
    count: int,
) -> FloatArray | None:
    """The shortest way from one place to another that bends only at `count` points on each edge.

    Straight lines join all points on a face's border (Lanthier, Maheshwari and Sack 1997).

    Parameters
    ----------
    vertices : ndarray, shape (n, 3)
    faces : ndarray, shape (m, 3)
        Those that it may lead over.
    start, end : tuple of int and ndarray
        The face, and the point on it.
    count : int

    Returns
    -------
    ndarray, shape (k, 3), or None
        From start to end; None where these faces don't join them.
    """
    used, small = np.unique(faces, return_inverse=True)
    faces = small.reshape(-1, 3).astype(np.int32)
    points, on_edge, edges = _points_on_edges(vertices[used], faces, count)
    pairs = [_along_edges(edges, len(used), count), _across_faces(faces, on_edge)]
    border = np.concatenate([faces, on_edge.reshape(len(faces), -1)], axis=1)
    places = np.vstack([points, start[1], end[1]])
    for k, (face, _) in enumerate((start, end)):
        own = border[face]
        pairs.append(np.column_stack([np.full(len(own), len(points) + k), own]))
    if start[0] == end[0]:
        pairs.append(np.array([[len(points), len(points) + 1]]))
    steps = np.concatenate(pairs)
    far, before = dijkstra(_graph(places, steps), indices=len(points), return_predecessors=True)
    if not np.isfinite(far[-1]):
        return None
    way = [len(places) - 1]
    while way[-1] != len(points):
        way.append(int(before[way[-1]]))
    return np.asarray(places[way[::-1]])


def _points_on_edges(
    vertices: FloatArray, faces: IntArray, count: int
) -> tuple[FloatArray, IntArray, IntArray]:
    """Vertices and points on edges; those of each face's three edges (m, 3, count); the edges."""
    sides = np.stack([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]], axis=1)
    edges, index = np.unique(np.sort(sides.reshape(-1, 2), axis=1), axis=0, return_inverse=True)
    shares = (np.arange(count) + 1)[None, :, None] / (count + 1)
    a, b = vertices[edges[:, 0], None], vertices[edges[:, 1], None]
    points = np.vstack([vertices, ((1 - shares) * a + shares * b).reshape(-1, 3)])
    own = len(vertices) + index.reshape(-1, 3)[:, :, None] * count + np.arange(count)
    return points, own, edges


def _along_edges(edges: IntArray, vertices: int, count: int) -> IntArray:
    inner = vertices + np.arange(len(edges))[:, None] * count + np.arange(count)
    chain = np.concatenate([edges[:, :1], inner, edges[:, 1:]], axis=1)
    return np.stack([chain[:, :-1], chain[:, 1:]], axis=-1).reshape(-1, 2)


def _across_faces(faces: IntArray, on_edge: IntArray) -> IntArray:
    """Pairs of points on different edges of a face, and each corner with the edge across."""
    parts = [
        _all_pairs(on_edge[:, one], on_edge[:, other])
        for one, other in itertools.combinations(range(3), 2)
    ]
    parts += [_all_pairs(faces[:, [corner]], on_edge[:, (corner + 1) % 3]) for corner in range(3)]
    return np.concatenate(parts)


def _all_pairs(one: IntArray, other: IntArray) -> IntArray:
    """Of two sets in each row."""
    a, b = np.broadcast_arrays(one[:, :, None], other[:, None, :])
    return np.stack([a, b], axis=-1).reshape(-1, 2)


def _graph(places: FloatArray, pairs: AnyArray) -> csr_array:
    """Straight steps both ways; a pair told twice would count double."""
    lengths = np.linalg.norm(places[pairs[:, 0]] - places[pairs[:, 1]], axis=1)
    weights = np.tile(np.maximum(lengths, _LEAST), 2)
    both = np.concatenate([pairs, pairs[:, ::-1]])
    return csr_array(coo_array((weights, tuple(both.T)), shape=(len(places),) * 2))


def steps_of(mesh: Mesh) -> csr_array:
    """Steps of a walk, both ways: along edges, and straight across an edge to the next corner."""
    faces, count = mesh.faces.astype(np.int64), len(mesh.vertices)
    sides = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    facing = np.concatenate([faces[:, 2], faces[:, 0], faces[:, 1]])
    edges = np.sort(sides, axis=1)
    order = np.argsort(edges[:, 0] * count + edges[:, 1], kind="stable")
    edges, facing = edges[order], facing[order]
    again = (edges[1:] == edges[:-1]).all(axis=1)
    pairs = edges[np.concatenate([[True], ~again])]
    lengths = np.linalg.norm(mesh.vertices[pairs[:, 0]] - mesh.vertices[pairs[:, 1]], axis=1)
    twice = np.flatnonzero(again)
    ends = np.column_stack([facing[twice], facing[twice + 1]])
    across = _across(mesh.vertices, edges[twice], ends)
    straight = np.isfinite(across)
    pairs = np.concatenate([pairs, ends[straight]])
    # a length of 0 would be taken for no step; of steps told twice the graph would keep the sum
    lengths = np.maximum(np.concatenate([lengths, across[straight]]), _LEAST)
    pairs, first = np.unique(np.sort(pairs, axis=1), axis=0, return_index=True)
    both = np.concatenate([pairs, pairs[:, ::-1]])
    weights = np.tile(lengths[first], 2)
    return csr_array(coo_array((weights, (both[:, 0], both[:, 1])), shape=(count, count)))


def _across(vertices: FloatArray, edges: IntArray, ends: IntArray) -> FloatArray:
    """How far it is from one end to the other, both faces laid flat; NaN past the edge's ends."""
    start = vertices[edges[:, 0]]
    along = vertices[edges[:, 1]] - start
    length = np.maximum(np.linalg.norm(along, axis=1), 1e-12)
    x, y = [], []
    for side in (0, 1):
        arm = vertices[ends[:, side]] - start
        x.append(np.einsum("nk,nk->n", arm, along) / length)
        y.append(np.sqrt(np.maximum((arm**2).sum(axis=1) - x[-1] ** 2, 0)))
    total = np.maximum(y[0] + y[1], 1e-12)
    crossing = x[0] + (x[1] - x[0]) * y[0] / total
    within = (crossing >= 0) & (crossing <= length)
    return np.asarray(np.where(within, np.hypot(x[1] - x[0], total), np.nan))
