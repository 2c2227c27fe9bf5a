"""Faces to panels: cores that no seam runs through, grown until they meet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.arrays import BoolArray, FloatArray, IntArray
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.upholstery.features import Features, face_graph

#: A core smaller than this is no panel, but it keeps panels from growing over it.
_LEAST_CORE_M2 = 0.0003
#: Panels grow this far over what separates them.
_GROW_M = 0.016


@dataclass(frozen=True)
class SegmentSettings:
    """How panels are told apart.

    Attributes
    ----------
    crease_deg : float
        A turn of the surface by more is a seam.
    reach_mm : float
        Piping is taken to be this wide to each side, so that short gaps in it are closed.
    least_area_cm2 : float
        Smaller regions are no panels (legs, trim).
    least_seen : float
        Regions that photos saw less of (0 to 1) are no panels.
    """

    crease_deg: float = 38.0
    reach_mm: float = 7.0
    least_area_cm2: float = 60.0
    least_seen: float = 0.35


def segment(mesh: Mesh, features: Features, settings: SegmentSettings) -> IntArray:
    """Label each face with its panel, from 0; -1 where there is none.

    Returns
    -------
    ndarray of int32, shape (m,)
    """
    cores = _cores(features, settings)
    label = _grown(features, cores)
    label = _tidy(features, label)
    return _only_panels(mesh, features, label, settings)


def _cores(features: Features, settings: SegmentSettings) -> IntArray:
    """Connected faces away from every seam: label from 0, -1 on and near seams."""
    count = len(features.areas)
    near = features.turn_deg > settings.crease_deg
    if features.piping.any():
        piping = cKDTree(features.centres[features.piping])
        near |= piping.query(features.centres, workers=-1)[0] < settings.reach_mm * 0.001
    free = ~near[features.dual.faces].any(axis=1)
    graph = face_graph(features.dual, free.astype(float), count)
    graph.eliminate_zeros()
    _, part = connected_components(graph, directed=False)
    area = np.bincount(part, np.where(near, 0, features.areas))
    large = np.flatnonzero(area >= _LEAST_CORE_M2)
    order = large[np.argsort(-area[large])]
    rename = np.full(len(area), -1, dtype=np.int32)
    rename[order] = np.arange(len(order), dtype=np.int32)
    return np.where(near, -1, rename[part]).astype(np.int32)


def _grown(features: Features, cores: IntArray) -> IntArray:
    """Give the faces between cores to the nearest one along the surface, creases being far."""
    steps = (
        features.centres[features.dual.faces[:, 0]] - features.centres[features.dual.faces[:, 1]]
    )
    turn = features.turn_deg[features.dual.faces].mean(axis=1)
    length = np.linalg.norm(steps, axis=1) * (1 + (turn / 30.0) ** 2)
    return nearest_core(face_graph(features.dual, length, len(cores)), cores, _GROW_M * 4)


def nearest_core(graph: csr_array, cores: IntArray, reach: float) -> IntArray:
    """For each face the label of the nearest core within `reach`, -1 beyond it."""
    sources = np.flatnonzero(cores >= 0)
    if not len(sources):
        return cores
    _, _, source = dijkstra(
        graph, directed=False, indices=sources, min_only=True, return_predecessors=True, limit=reach
    )
    return np.where(source >= 0, cores[np.maximum(source, 0)], -1).astype(np.int32)


def _tidy(features: Features, label: IntArray, rounds: int = 8) -> IntArray:
    """Smooth the border between labels, and give islands to what surrounds them."""
    count = len(label)
    graph = face_graph(features.dual, np.ones(len(features.dual.faces)), count)
    for _ in range(rounds):
        label = _majority(graph, label)
    same = label[features.dual.faces[:, 0]] == label[features.dual.faces[:, 1]]
    inner = face_graph(features.dual, same.astype(float), count)
    inner.eliminate_zeros()
    _, part = connected_components(inner, directed=False)
    area = np.bincount(part, features.areas)
    main = np.zeros(len(area), dtype=bool)
    of_part = np.full(len(area), -1, dtype=np.int64)
    of_part[part] = label
    for one in np.unique(label):
        mine = np.flatnonzero(of_part == one)
        main[mine[np.argmax(area[mine])]] = True
    if -1 in label:
        main[of_part == -1] |= area[of_part == -1] > 10 * _LEAST_CORE_M2
    keep = np.where(main[part], label + 1, -1).astype(np.int32)
    return (nearest_core(graph, keep, np.inf) - 1).astype(np.int32)


def _majority(graph: csr_array, label: IntArray) -> IntArray:
    """Each face takes the label that two of its three neighbours share."""
    start, columns = graph.indptr, graph.indices
    full = np.flatnonzero(np.diff(start) == 3)
    near = label[np.stack([columns[start[full] + i] for i in range(3)])]
    out = label.copy()
    for a, b in ((0, 1), (1, 2), (0, 2)):
        agree = near[a] == near[b]
        out[full[agree]] = near[a][agree]
    return out


def _only_panels(
    mesh: Mesh, features: Features, label: IntArray, settings: SegmentSettings
) -> IntArray:
    """Drop regions that are too small, look down, or were hardly seen; largest first."""
    seen = seen_faces(mesh)
    kept: list[tuple[float, int]] = []
    for one in np.unique(label[label >= 0]):
        mine = label == one
        area = float(features.areas[mine].sum())
        normal = features.areas[mine] @ features.normals[mine] / area
        enough = area * 1e4 >= settings.least_area_cm2
        looked_at = float(features.areas[mine & seen].sum()) >= settings.least_seen * area
        if enough and looked_at and normal[2] > -0.6:
            kept.append((-area, int(one)))
    rename = np.full(int(label.max(initial=-1)) + 2, -1, dtype=np.int32)
    for new, (_, old) in enumerate(sorted(kept)):
        rename[old] = new
    return np.asarray(rename[label], dtype=np.int32)


def seen_faces(mesh: Mesh) -> BoolArray:
    """Faces that photos saw."""
    if mesh.confidence is None:
        return np.ones(len(mesh.faces), dtype=bool)
    confidence: FloatArray = mesh.confidence[mesh.faces].mean(axis=1)
    return np.asarray(confidence > 0.2)
