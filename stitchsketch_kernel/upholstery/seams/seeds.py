"""Panels from one seed each: a random walker on the mesh's faces, in two steps.

L. Grady, Random walks for image segmentation, PAMI 28 (2006), on the dual graph of the mesh: a
face belongs to the seed that a walker from it reaches first, and a walker seldom steps over a
fold or over piping. It walks on patches of some thirty faces first; then, face by face, on those
patches alone where two panels meet.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array, csc_array, csr_array, diags_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.arrays import AnyArray, BoolArray, FloatArray, IntArray
from stitchsketch_kernel.upholstery.seams.features import Features, face_graph, thinned
from stitchsketch_kernel.upholstery.seams.segment import majority, nearest_core

#: A walker steps over a face that turns by this much a seventh as easily as over a flat one; where
#: so many of the mesh's faces turn more, it is rough, and a fold is what turns more than these do.
_TURN_DEG, _CLOTH_SHARE = 14.0, 0.6
#: Over piping it steps so seldom, over a sharp fold as seldom as this.
_PIPING, _LEAST = 0.02, 1e-5
#: Patches on the whole mesh, and the rounds of evening out the border between panels.
_PATCHES, _ROUNDS = 6000, 12


class Walker:
    """What stays the same from seed to seed of one mesh: a walker's steps, and the patches.

    Parameters
    ----------
    features : Features
    """

    def __init__(self, features: Features) -> None:
        self._features = features
        pairs = features.dual.faces
        usual = max(_TURN_DEG, _usual_turn(features))
        weights = np.exp(-2 * (features.turn_deg[pairs].max(axis=1) / usual) ** 2)
        piping = features.piping[pairs].any(axis=1)
        self._ease = np.where(piping, _PIPING, 1.0) * np.maximum(weights, _LEAST)
        self._patch = _patches(features, usual)

    def divide(
        self, mine: BoolArray, cut: BoolArray, seeds: AnyArray, of_seed: AnyArray, count: int
    ) -> IntArray:
        """Divide faces between seeds.

        Parameters
        ----------
        mine : ndarray of bool, shape (m,)
            The faces that are divided.
        cut : ndarray of bool, shape (k,)
            Dual edges that nothing steps over.
        seeds, of_seed : ndarray of int, shape (s,)
            Faces of `mine`, and the label that each stands for.
        count : int
            Labels.

        Returns
        -------
        ndarray of int32, shape (m,)
            -1 for what is not `mine`, or reached by none.
        """
        faces = np.flatnonzero(mine)
        local = np.full(len(mine), -1, dtype=np.int32)
        local[faces] = np.arange(len(faces), dtype=np.int32)
        open_edge = mine[self._features.dual.faces].all(axis=1) & ~cut
        pairs, ease = local[self._features.dual.faces[open_edge]], self._ease[open_edge]
        patch = self._split_patches(faces, pairs, local[seeds], of_seed)
        coarse = _between(patch, pairs, ease)
        label = random_walk(coarse, patch[local[seeds]], of_seed, count)[patch]
        graph = _graph(pairs, ease, len(faces))
        # face by face where a patch touches another label
        at_border = np.zeros(int(patch.max()) + 1, dtype=bool)
        differ = label[pairs[:, 0]] != label[pairs[:, 1]]
        at_border[patch[pairs[differ]]] = True
        free = at_border[patch] & (label >= 0)
        free[local[seeds]] = False
        if free.any():
            label = _walked_anew(graph, label, free, count)
        label = _without_islands(label, pairs, local[seeds], of_seed)
        out = np.full(len(mine), -1, dtype=np.int32)
        out[faces] = label
        return out

    def _split_patches(
        self, faces: AnyArray, pairs: IntArray, seeds: AnyArray, of_seed: AnyArray
    ) -> IntArray:
        """Patches that hang together within `faces` and hold seeds of one label at most."""
        patch = self._patch[faces].astype(np.int64)
        same = patch[pairs[:, 0]] == patch[pairs[:, 1]]
        whole = _parts(pairs[same], len(faces))
        owner = np.full(int(whole.max()) + 1, -1, dtype=np.int64)
        owner[whole[seeds]] = of_seed
        shared = np.unique(whole[seeds][owner[whole[seeds]] != of_seed])
        if not len(shared):
            return whole
        centres = self._features.centres[faces]
        nearer = np.zeros(len(faces), dtype=np.int64)
        for one in shared:
            own, here = np.flatnonzero(whole == one), np.flatnonzero(whole[seeds] == one)
            near = cKDTree(centres[seeds[here]]).query(centres[own])[1]
            nearer[own] = np.asarray(of_seed)[here[near]]
        same &= nearer[pairs[:, 0]] == nearer[pairs[:, 1]]
        return _parts(pairs[same], len(faces))


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
    label = np.full(n, -1, dtype=np.int32)
    label[seeds] = of_seed
    if len(free):
        rows = graph[free]
        known = csr_array(
            (np.ones(len(seeds)), (np.asarray(seeds), np.asarray(of_seed))), shape=(n, count)
        )
        known.data = np.minimum(known.data, 1.0)  # a node given twice counts once
        laplacian = diags_array(np.asarray(rows.sum(axis=1)).ravel()) - rows[:, free]
        solver = splu(csc_array(laplacian), permc_spec="MMD_AT_PLUS_A", options=_SYMMETRIC)
        chance = solver.solve(np.ascontiguousarray((rows @ known).toarray()))
        label[free] = chance.argmax(axis=1)
    return label


#: For SuperLU: the matrix is symmetric and its diagonal dominates.
_SYMMETRIC = {"SymmetricMode": True}


def _usual_turn(features: Features) -> float:
    """How far the surface turns at most on most of the cloth, in degrees."""
    order = np.argsort(features.turn_deg)
    area = np.cumsum(features.areas[order])
    return float(features.turn_deg[order[np.searchsorted(area, _CLOTH_SHARE * area[-1])]])


def _patches(features: Features, usual_deg: float) -> IntArray:
    """Patches of about the same size, shape (m,); they begin beside folds and end upon them."""
    pairs, count = features.dual.faces, len(features.areas)
    step = np.linalg.norm(features.centres[pairs[:, 0]] - features.centres[pairs[:, 1]], axis=1)
    turn = features.turn_deg[pairs].mean(axis=1)
    graph = face_graph(features.dual, step * (1 + (turn / usual_deg) ** 2), count)
    cell = float(np.sqrt(features.areas.sum() / _PATCHES))
    patch = np.full(count, -1, dtype=np.int32)
    for some in (features.turn_deg < usual_deg, np.ones(count, dtype=bool)):
        # on a loose part that is nowhere flat they begin anywhere
        from_here = np.flatnonzero(some & (patch < 0))
        if len(from_here):
            middles = from_here[thinned(features.centres[from_here], cell)]
            patch[middles] = np.arange(len(middles)) + patch.max(initial=-1) + 1
            patch = nearest_core(graph, patch, np.inf)
    return patch


def _walked_anew(graph: csr_array, label: IntArray, free: BoolArray, count: int) -> IntArray:
    """Free faces labelled by a walk that ends where others lie; then their zigzag evened out."""
    beside = (graph @ free.astype(float)) > 0
    used = np.flatnonzero(free | beside)
    local, held = graph[used][:, used], np.flatnonzero(~free[used])
    fine = random_walk(local, held, label[used][held], count)
    fine = np.where(fine < 0, label[used], fine)
    for _ in range(_ROUNDS):
        evened = majority(local, fine)
        fine = np.where(free[used], evened, fine).astype(np.int32)
    out = label.copy()
    out[used] = fine
    return out


def _without_islands(
    label: IntArray, pairs: IntArray, seeds: AnyArray, of_seed: AnyArray
) -> IntArray:
    """Parts of a label that hold none of its seeds go to what surrounds them."""
    same = label[pairs[:, 0]] == label[pairs[:, 1]]
    part = _parts(pairs[same], len(label))
    held = np.zeros(int(part.max()) + 1, dtype=bool)
    held[part[seeds[label[seeds] == of_seed]]] = True
    held[part[label < 0]] = True
    if held.all():
        return label
    lost = ~held[part]
    near = pairs[lost[pairs].any(axis=1)]
    used, local = np.unique(near, return_inverse=True)
    cores = np.where(lost[used], -1, label[used] + 1).astype(np.int32)
    graph = _graph(local.reshape(-1, 2), np.ones(len(near)), len(used))
    out = label.copy()
    out[used] = nearest_core(graph, cores, np.inf) - 1
    return out


def _parts(pairs: IntArray, count: int) -> IntArray:
    graph = coo_array((np.ones(len(pairs), dtype=bool), tuple(pairs.T)), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1])


def _graph(pairs: AnyArray, weights: FloatArray, count: int) -> csr_array:
    i, j = pairs.T
    place = (np.concatenate([i, j]), np.concatenate([j, i]))
    return csr_array(coo_array((np.tile(weights, 2), place), shape=(count, count)))


def _between(patch: IntArray, pairs: IntArray, ease: FloatArray) -> csr_array:
    """The graph of patches: a walker steps from one to another over all the faces between them."""
    ends = patch[pairs]
    apart = ends[:, 0] != ends[:, 1]
    return _graph(ends[apart], ease[apart], int(patch.max()) + 1)
