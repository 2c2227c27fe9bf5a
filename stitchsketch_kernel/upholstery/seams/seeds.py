"""Panels from one seed each: a random walker on the mesh's faces.

L. Grady, Random walks for image segmentation, PAMI 28 (2006), on the dual graph of the mesh: a
face belongs to the seed that a walker from it reaches first, and a walker seldom steps over a
fold or over piping.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy.sparse import csc_array, csr_array, diags_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.sparse.linalg import splu
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.arrays import AnyArray, BoolArray, FloatArray, IntArray
from stitchsketch_kernel.domain.errors import PanelError
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.upholstery.seams.edits import PanelEdits
from stitchsketch_kernel.upholstery.seams.features import Features, face_graph
from stitchsketch_kernel.upholstery.seams.segment import tidy

#: A drawn seam is drawn to folds this near to the straight line from point to point.
_BESIDE_LINE_M = 0.005
#: A seed further from the mesh than this lies on nothing.
_ON_MESH_M = 0.03
#: A walker steps over a face that turns by this much a third as easily as over a flat one.
_TURN_DEG = 14.0
#: The cloth round a seed, by which folds are told from roughness.
_ROUND_M = 0.03


def label_from_edits(
    mesh: Mesh, features: Features, edits: PanelEdits
) -> tuple[IntArray, tuple[str, ...]]:
    """Label each face by the seeds; -1 for what is ignored or reached by none.

    Returns
    -------
    label : ndarray of int32, shape (m,)
    names : tuple of str
        Of the labels.
    """
    names = tuple(dict.fromkeys(name for name, _ in edits.seeds))
    tree = cKDTree(features.centres)
    faces, of_seed = [], []
    for name, place in edits.seeds:
        faces.append(_face_at(tree, place, f"The seed of panel {name}"))
        of_seed.append(names.index(name))
    for place in edits.ignored:
        faces.append(_face_at(tree, place, "A place to ignore"))
        of_seed.append(len(names))
    cut = _cut_edges(mesh, features, edits.cuts)
    # on a rough scan every place turns a little: a fold is what turns more than the cloth does
    cloth = [face for face, name in zip(faces, of_seed, strict=True) if name < len(names)]
    usual = max(_TURN_DEG, _turn_round(features, tree, cloth))
    weights = np.exp(-((features.turn_deg[features.dual.faces].max(axis=1) / usual) ** 2))
    piping = features.piping[features.dual.faces].any(axis=1)
    weights = np.where(piping, 0.02, 1.0) * np.maximum(weights, 1e-4)
    weights[cut] = 0.0
    graph = face_graph(features.dual, weights, len(features.areas))
    graph.eliminate_zeros()
    label = random_walk(graph, np.array(faces), np.array(of_seed), len(names) + 1)
    label = np.where(label == len(names), -1, label).astype(np.int32)
    label = tidy(features, label, rounds=40)
    for index, name in enumerate(names):
        if not (label == index).any():
            raise PanelError(f"Panel {name} has no area.", "Put its seed further from its seams.")
    return label, names


def random_walk(graph: csr_array, seeds: AnyArray, of_seed: AnyArray, count: int) -> IntArray:
    """Label each node with the seed's label that a walker reaches first; -1 where none does.

    Parameters
    ----------
    graph : sparse array, shape (n, n)
        Symmetric; a walker's ease of stepping.
    seeds, of_seed : ndarray of int, shape (s,)
        Nodes and their labels.
    count : int
        Labels.
    """
    n = graph.shape[0]
    _, part = connected_components(graph, directed=False)
    reached = np.isin(part, part[seeds])
    fixed = np.zeros(n, dtype=bool)
    fixed[seeds] = True
    free = np.flatnonzero(reached & ~fixed)
    laplacian = csr_array(diags_array(np.asarray(graph.sum(axis=1)).ravel()) - graph)
    known = np.zeros((len(seeds), count))
    known[np.arange(len(seeds)), of_seed] = 1.0
    label = np.full(n, -1, dtype=np.int32)
    label[seeds] = of_seed
    if len(free):
        solver = splu(csc_array(laplacian[free][:, free]))
        chance = solver.solve(np.ascontiguousarray(-(laplacian[free][:, seeds] @ known)))
        label[free] = chance.argmax(axis=1)
    return label


def _turn_round(features: Features, tree: cKDTree, faces: list[int]) -> float:
    """How far the surface usually turns round the seeds: 75 % of it turns less."""
    near = tree.query_ball_point(features.centres[faces], _ROUND_M)
    index = np.unique(np.concatenate([np.asarray(one, dtype=int) for one in near]))
    return float(np.percentile(features.turn_deg[index], 75))


def _face_at(tree: cKDTree, place: FloatArray, what: str) -> int:
    distance, face = tree.query(place)
    if distance > _ON_MESH_M:
        raise PanelError(
            f"{what} at {place[0]:g} {place[1]:g} {place[2]:g} lies {1000 * distance:.0f} mm off "
            "the mesh.",
            "Take the place from the mesh of this very run (metres, z up).",
        )
    return int(face)


def _cut_edges(mesh: Mesh, features: Features, cuts: tuple[FloatArray, ...]) -> BoolArray:
    """Dual edges that a person's seams run along: the shortest way over the mesh's edges.

    Folds are short cuts, but only beside the straight line from point to point: a seam drawn across
    a panel must not run round it.
    """
    pairs = features.dual.vertices
    cut = np.zeros(len(pairs), dtype=bool)
    length = np.linalg.norm(mesh.vertices[pairs[:, 0]] - mesh.vertices[pairs[:, 1]], axis=1)
    fold = np.exp(-features.turn_deg[features.dual.faces].mean(axis=1) / 40.0)
    cost = length * np.maximum(fold, 0.05)
    row = {(int(a), int(b)): k for k, (a, b) in enumerate(pairs)} if cuts else {}
    tree = cKDTree(mesh.vertices)
    for line in cuts:
        for a, b in pairwise(tree.query(line)[1]):
            way = _shortest(mesh.vertices, pairs, cost, int(a), int(b))
            for here, ahead in pairwise(way):
                cut[row[min(here, ahead), max(here, ahead)]] = True
    return cut


def _shortest(vertices: FloatArray, pairs: IntArray, cost: FloatArray, a: int, b: int) -> list[int]:
    """Vertices from a to b; those near the straight line alone, where that leads there."""
    start, step = vertices[a], vertices[b] - vertices[a]
    share = np.clip((vertices - start) @ step / max(float(step @ step), 1e-12), 0, 1)
    beside = np.linalg.norm(vertices - start - share[:, None] * step, axis=1)
    cost = cost * (1 + (beside[pairs].mean(axis=1) / _BESIDE_LINE_M) ** 2)
    near = beside < 3 * _BESIDE_LINE_M
    for used in (near[pairs].all(axis=1), np.ones(len(pairs), dtype=bool)):
        i, j = pairs[used].T
        shape = (len(vertices), len(vertices))
        graph = csr_array((np.tile(cost[used], 2), (np.r_[i, j], np.r_[j, i])), shape=shape)
        _, before = dijkstra(graph, directed=False, indices=a, return_predecessors=True)
        way = [b]
        while way[-1] != a and before[way[-1]] >= 0:
            way.append(int(before[way[-1]]))
        if way[-1] == a:
            return way
    raise PanelError(
        f"A drawn seam leads from one loose part of the mesh to another, near {start[0]:.2f} "
        f"{start[1]:.2f} {start[2]:.2f}.",
        "Draw it on one part.",
    )
