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
#: Patches on the whole mesh; steps of the walk between two of them, and their over-relaxation (2 /
#: (1 + sqrt(1 - r2)) for r = 0.99: about twelve faces from side to side); rounds of evening out.
_PATCHES, _WALKS, _HASTE, _ROUNDS = 8000, 25, 1.75, 6


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
        start = patch[local[seeds]]
        rough = random_walk(coarse, start, of_seed, count)
        rough = _without_islands(rough, np.column_stack(coarse.nonzero()), start)
        label = rough[patch]
        # face by face where a patch touches another label
        differ = rough[patch[pairs[:, 0]]] != rough[patch[pairs[:, 1]]]
        at_border = np.zeros(len(rough), dtype=bool)
        at_border[patch[pairs[differ]]] = True
        free = at_border[patch] & (label >= 0)
        free[local[seeds]] = False
        if free.any():
            # a label reaches the patches beside its own
            reach = (rough[:, None] == np.arange(count)).astype(np.float32)
            reach = (coarse @ reach + reach) > 0
            label = _walked_anew(pairs, ease, label, free, patch, reach)
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


def _walked_anew(
    pairs: IntArray,
    ease: FloatArray,
    label: IntArray,
    free: BoolArray,
    patch: IntArray,
    reach: BoolArray,
) -> IntArray:
    """Free faces labelled by so many steps of a walk that ends where the others lie.

    The steps of Golub and Varga (Numerische Mathematik 3, 1961: second-order Richardson) come as
    far across a border two patches wide as the solution does.

    Parameters
    ----------
    pairs : ndarray of int, shape (k, 2)
    ease : ndarray, shape (k,)
    label, patch : ndarray of int, shape (n,)
    free : ndarray of bool, shape (n,)
    reach : ndarray of bool, shape (patches, labels)
        In which patches a label may win.
    """
    count = reach.shape[1]
    near = free[pairs].any(axis=1)
    used, index = np.unique(pairs[near], return_inverse=True)
    beside = index.reshape(-1, 2)
    graph, fine = _graph(beside, ease[near], len(used)), label[used]
    here, rim = np.flatnonzero(free[used]), np.flatnonzero(~free[used])
    ease_here = np.asarray(graph.sum(axis=1)).ravel()[here]
    steps = (diags_array(_HASTE / np.maximum(ease_here, 1e-300)) @ graph[here]).astype(np.float32)
    inward, ended = steps[:, here], steps[:, rim]
    best = np.full(len(here), -1.0, dtype=np.float32)
    held, walked = fine.copy(), fine[here]
    for one in range(count):
        # elsewhere a walker hardly comes from here
        mine = np.flatnonzero(reach[patch[used[here]], one])
        of_it = (held == one).astype(np.float32)
        local, known = inward[mine][:, mine], (ended[mine] @ of_it[rim])
        before = now = of_it[here[mine]]
        for _ in range(_WALKS):
            before, now = now, local @ now + known - (_HASTE - 1) * before
        better = now > best[mine]
        walked[mine[better]], best[mine[better]] = one, now[better]
    fine[here] = walked
    # the triangles' zigzag evened out
    for _ in range(_ROUNDS):
        fine[here] = majority(graph, fine)[here]
    out = label.copy()
    out[used] = _without_islands(fine, beside, np.flatnonzero(~free[used]))
    return out


def _without_islands(label: IntArray, pairs: AnyArray, held: AnyArray) -> IntArray:
    """Parts of a label in which none of the `held` nodes lies go to what surrounds them."""
    part = _parts(pairs[label[pairs[:, 0]] == label[pairs[:, 1]]], len(label))
    kept = np.zeros(int(part.max(initial=0)) + 1, dtype=bool)
    kept[part[held]] = True
    kept[part[label < 0]] = True
    if kept.all():
        return label
    cores = np.where(kept[part], label + 1, -1).astype(np.int32)
    graph = _graph(pairs, np.ones(len(pairs)), len(label))
    return (nearest_core(graph, cores, np.inf) - 1).astype(np.int32)


def _parts(pairs: AnyArray, count: int) -> IntArray:
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
