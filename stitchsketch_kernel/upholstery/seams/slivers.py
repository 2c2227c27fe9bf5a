"""Regions too narrow to be a panel, given to the neighbour whose surface they are."""

from __future__ import annotations

import numpy as np
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.arrays import BoolArray, FloatArray, IntArray
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.upholstery.seams.features import Features, face_graph

#: A strip whose faces lie so near its sides can't be meshed: what is nearer to a seam than 7.5 mm
#: is left out. A panel has at least this share of its faces' area further away.
_BESIDE_M, _LEAST_WITHIN = 0.009, 0.2
#: It is a neighbour's where that lies so near along the surface, and where the two surfaces turn
#: from each other by less (cosine of 30 degrees): a fold is a seam, however narrow what it bounds.
_REACH_M, _SAME_SURFACE = 0.036, 0.866
#: Of a sliver so much must be so.
_MOSTLY = 0.5


def without_slivers(mesh: Mesh, features: Features, label: IntArray) -> IntArray:
    """Labels with each sliver given to the neighbours that it is the same surface as.

    Parameters
    ----------
    mesh : Mesh
    features : Features
    label : ndarray of int32, shape (m,)
        From 0; -1 for none.

    Returns
    -------
    ndarray of int32, shape (m,)
        Numbered from 0 on in the same order. A sliver between folds keeps its label: it may be a
        strip of the cover, and whoever meshes it says that it is too narrow.
    """
    count = int(label.max(initial=-1)) + 1
    inner = _inner(mesh, features, label)
    area = np.bincount(label[label >= 0], features.areas[label >= 0], minlength=count)
    within = np.bincount(label[inner], features.areas[inner], minlength=count)
    thin = np.flatnonzero(within < _LEAST_WITHIN * area)
    if not len(thin):
        return label
    given = _given(features, label, inner & ~np.isin(label, thin))
    out = label.copy()
    for one in thin:
        mine = label == one
        told = mine & (given >= 0)
        if features.areas[told].sum() > _MOSTLY * area[one]:
            # the rest lies in the rounding of a fold: it goes with what is next to it
            nearest = cKDTree(features.centres[told]).query(features.centres[mine])[1]
            out[mine] = given[told][nearest]
    left = np.unique(out[out >= 0])
    rename = np.full(count + 1, -1, dtype=np.int32)
    rename[left] = np.arange(len(left))
    return np.asarray(rename[out], dtype=np.int32)


def _inner(mesh: Mesh, features: Features, label: IntArray) -> BoolArray:
    """Faces of a label that lie away from its borders, the ends of the mesh among them."""
    i, j = features.dual.faces.T
    ends: list[FloatArray] = [
        mesh.vertices[features.dual.vertices[label[i] != label[j]]].mean(axis=1)
    ]
    sides = np.sort(
        np.concatenate([mesh.faces[:, [0, 1]], mesh.faces[:, [1, 2]], mesh.faces[:, [2, 0]]]),
        axis=1,
    )
    sides, times = np.unique(sides, axis=0, return_counts=True)
    ends.append(mesh.vertices[sides[times == 1]].mean(axis=1))
    border = np.concatenate(ends)
    if not len(border):
        return np.asarray(label >= 0)
    away = cKDTree(border).query(features.centres, workers=-1)[0]
    return np.asarray((label >= 0) & (away > _BESIDE_M))


def _given(features: Features, label: IntArray, panel: BoolArray) -> IntArray:
    """For each face the label whose inner faces are nearest along the surface and face its way.

    -1 where none is in reach, or where its surface is another. What was no panel stays away.
    """
    pairs = features.dual.faces
    steps = np.linalg.norm(features.centres[pairs[:, 0]] - features.centres[pairs[:, 1]], axis=1)
    turn = features.turn_deg[pairs].mean(axis=1)
    on_panels = (label[pairs] >= 0).all(axis=1)
    length = np.where(on_panels, steps * (1 + (turn / 60.0) ** 2), 0.0)
    graph = face_graph(features.dual, length, len(label))
    graph.eliminate_zeros()
    source = dijkstra(
        graph,
        directed=False,
        indices=np.flatnonzero(panel),
        min_only=True,
        return_predecessors=True,
        limit=_REACH_M,
    )[2]
    nearest = np.maximum(source, 0)
    alike = (features.normals * features.normals[nearest]).sum(axis=1) > _SAME_SURFACE
    return np.where((source >= 0) & alike, label[nearest], -1).astype(np.int32)
