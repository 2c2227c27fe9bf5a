"""Faces to panels: cores that no seam runs through, grown until they meet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.arrays import BoolArray, FloatArray, IntArray
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.upholstery.seams.features import Features, face_graph
from stitchsketch_kernel.upholstery.seams.slivers import without_slivers
from stitchsketch_kernel.upholstery.seams.two_cloths import two_cloths

#: Confidence above which photos saw a place.
SEEN = 0.2
#: A core smaller than this is no panel, but it keeps panels from growing over it.
_LEAST_CORE_M2 = 0.0003
#: A crease is taken to be this wide to each side, so that short gaps in it are closed.
_CREASE_REACH_M = 0.005
#: Two large cores joined by no more than a gap twice as wide in what divides them are two: where
#: two pipings meet, one fades before it reaches the other.
_GAP_REACH_M = 0.006
#: Panels grow this far over what separates them.
_GROW_M = 0.016
#: What photos did not see within this of piping is hidden by it, or by the panel's edge.
_BESIDE_M = 0.015
#: Two panels between which a scan frays meet: each face of the fringe is no further from the two
#: together than the first; where it is no further than the second, whatever it belongs to.
_GAP_M, _SLIT_M = 0.036, 0.010


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

    crease_deg: float = 28.0
    reach_mm: float = 7.0
    least_area_cm2: float = 60.0
    least_seen: float = 0.35


def segment(
    mesh: Mesh, features: Features, settings: SegmentSettings
) -> tuple[IntArray, tuple[str, ...]]:
    """Label each face with its panel, from 0; -1 where there is none.

    Returns
    -------
    label : ndarray of int32, shape (m,)
    notes : tuple of str
        What was left out although it is large enough for a panel.
    """
    cores = _cores(features, settings)
    label = _grown(features, cores, seen_faces(mesh))
    label = tidy(features, label)
    label, notes = _only_panels(mesh, features, label, settings)
    label = without_slivers(mesh, features, _closed(features, label))
    return two_cloths(mesh, features, label, settings.least_area_cm2 * 1e-4), notes


def _cores(features: Features, settings: SegmentSettings) -> IntArray:
    """Connected faces away from every seam: label from 0, -1 on and near seams."""
    count = len(features.areas)
    near = features.turn_deg > settings.crease_deg
    if near.any():
        creases = cKDTree(features.centres[near])
        near = creases.query(features.centres, workers=-1)[0] < _CREASE_REACH_M
    if features.piping.any():
        piping = cKDTree(features.centres[features.piping])
        near |= piping.query(features.centres, workers=-1)[0] < settings.reach_mm * 0.001
    free = ~near[features.dual.faces].any(axis=1)
    graph = face_graph(features.dual, free.astype(float), count)
    graph.eliminate_zeros()
    _, part = connected_components(graph, directed=False)
    part = _parted(features, graph, part, near, settings.least_area_cm2 * 1e-4)
    area = np.bincount(part, np.where(near, 0, features.areas))
    large = np.flatnonzero(area >= _LEAST_CORE_M2)
    order = large[np.argsort(-area[large])]
    rename = np.full(len(area), -1, dtype=np.int32)
    rename[order] = np.arange(len(order), dtype=np.int32)
    return np.where(near, -1, rename[part]).astype(np.int32)


def _parted(
    features: Features, graph: csr_array, part: IntArray, near: BoolArray, least_m2: float
) -> IntArray:
    """Parts with each divided at its bottlenecks, where what these join are panels by their size.

    Smaller pockets stay with what they hang on.
    """
    if not near.any():
        return part
    away = cKDTree(features.centres[near]).query(features.centres, workers=-1)[0]
    inner = away > _GAP_REACH_M
    kept = inner[features.dual.faces].all(axis=1)
    within = face_graph(features.dual, kept.astype(float), len(part))
    within.eliminate_zeros()
    _, body = connected_components(within, directed=False)
    area = np.bincount(body, np.where(inner, features.areas, 0))
    seed = np.where(inner & (area[body] >= least_m2), body, -1).astype(np.int32)
    bodies = np.unique(np.column_stack([part, seed])[seed >= 0], axis=0)[:, 0]
    several = np.isin(part, np.flatnonzero(np.bincount(bodies, minlength=1) > 1))
    if not several.any():
        return part
    # only parts with several bodies are divided; faces between them go to the nearest
    nearest = nearest_core(graph, np.where(several, seed, -1).astype(np.int32), np.inf)
    divided = several & (nearest >= 0)
    _, out = np.unique(np.where(divided, len(part) + nearest, part), return_inverse=True)
    return np.asarray(out, dtype=np.int32)


def _grown(features: Features, cores: IntArray, seen: BoolArray) -> IntArray:
    """Give the faces between cores to the nearest one along the surface, creases being far.

    No core grows across piping, nor into what was not seen beside it: what a panel's edge hides is
    not the panel.
    """
    steps = (
        features.centres[features.dual.faces[:, 0]] - features.centres[features.dual.faces[:, 1]]
    )
    turn = features.turn_deg[features.dual.faces].mean(axis=1)
    length = np.linalg.norm(steps, axis=1) * (1 + (turn / 30.0) ** 2)
    graph = face_graph(features.dual, length, len(cores))
    if not features.piping.any():
        return nearest_core(graph, cores, _GROW_M * 4)
    piping = cKDTree(features.centres[features.piping])
    beside = piping.query(features.centres, workers=-1)[0] < _BESIDE_M
    barrier = (features.piping | (beside & ~seen)) & (cores < 0)
    open_edge = ~barrier[features.dual.faces].any(axis=1)
    within = face_graph(features.dual, np.where(open_edge, length, 0.0), len(cores))
    within.eliminate_zeros()
    label = nearest_core(within, cores, _GROW_M * 4)
    # what no core reached without crossing is nothing's, and holds its side of the piping
    nothing = int(cores.max()) + 1
    held = np.where((label < 0) & ~features.piping, nothing, label)
    label = nearest_core(graph, held.astype(np.int32), _GROW_M)
    return np.where(label == nothing, -1, label).astype(np.int32)


def nearest_core(graph: csr_array, cores: IntArray, reach: float) -> IntArray:
    """For each face the label of the nearest core within `reach`, -1 beyond it."""
    sources = np.flatnonzero(cores >= 0)
    if not len(sources):
        return cores
    _, _, source = dijkstra(
        graph, directed=False, indices=sources, min_only=True, return_predecessors=True, limit=reach
    )
    return np.where(source >= 0, cores[np.maximum(source, 0)], -1).astype(np.int32)


def tidy(features: Features, label: IntArray, rounds: int = 8) -> IntArray:
    """Smooth the border between labels, and give islands to what surrounds them."""
    count = len(label)
    graph = face_graph(features.dual, np.ones(len(features.dual.faces)), count)
    for _ in range(rounds):
        label = majority(graph, label)
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
    # crumbs that hang on nothing are nobody's
    return np.maximum(nearest_core(graph, keep, np.inf) - 1, -1).astype(np.int32)


def majority(graph: csr_array, label: IntArray) -> IntArray:
    """Each face takes the label that two of its three neighbours share."""
    start, columns = graph.indptr, graph.indices
    full = np.flatnonzero(np.diff(start) == 3)
    near = label[np.stack([columns[start[full] + i] for i in range(3)])]
    out = label.copy()
    for a, b in ((0, 1), (1, 2), (0, 2)):
        agree = near[a] == near[b]
        out[full[agree]] = near[a][agree]
    return out


def _closed(features: Features, label: IntArray) -> IntArray:
    """Give gaps between two panels to the nearer of them.

    A gap is a connected part without a panel, most of which lies narrowly between two panels, and
    any place that is very narrow; what lies beside one alone, or reaches far out, is none.
    """
    count = int(label.max(initial=-1)) + 1
    empty = np.flatnonzero(label < 0)
    if count < 2 or not len(empty):
        return label
    centres = features.centres
    away = np.stack([_distance(centres[label == one], centres[empty]) for one in range(count)])
    nearest = np.argsort(away, axis=0)[:2]
    both = np.take_along_axis(away, nearest, axis=0).sum(axis=0)
    bare = (label[features.dual.faces] < 0).all(axis=1)
    graph = face_graph(features.dual, bare.astype(float), len(label))
    graph.eliminate_zeros()
    part = connected_components(graph, directed=False)[1][empty]
    area = features.areas[empty]
    between = np.bincount(part, np.where(both < _GAP_M, area, 0.0))
    gap = (between > 0.6 * np.bincount(part, area))[part] | (both < _SLIT_M)
    out = label.copy()
    out[empty[gap]] = nearest[0][gap]
    return out


def _distance(targets: FloatArray, points: FloatArray) -> FloatArray:
    found = cKDTree(targets).query(points, distance_upper_bound=_GAP_M, workers=-1)[0]
    return np.asarray(np.minimum(found, _GAP_M))


def _only_panels(
    mesh: Mesh, features: Features, label: IntArray, settings: SegmentSettings
) -> tuple[IntArray, tuple[str, ...]]:
    """Drop regions that are too small, look down, or were hardly seen; largest first."""
    seen = seen_faces(mesh)
    kept: list[tuple[float, int]] = []
    notes = []
    for one in np.unique(label[label >= 0]):
        mine = label == one
        areas = features.areas[mine]
        area = float(areas.sum())
        if area * 1e4 < settings.least_area_cm2 or areas @ features.normals[mine, 2] < -0.6 * area:
            continue
        share = float(features.areas[mine & seen].sum()) / area
        if share >= settings.least_seen:
            kept.append((-area, int(one)))
        else:
            notes.append(_hardly_seen(areas @ features.centres[mine] / area, area, share))
    rename = np.full(int(label.max(initial=-1)) + 2, -1, dtype=np.int32)
    for new, (_, old) in enumerate(sorted(kept)):
        rename[old] = new
    return np.asarray(rename[label], dtype=np.int32), tuple(notes)


def _hardly_seen(middle: FloatArray, area_m2: float, share: float) -> str:
    return (
        f"A region of {area_m2 * 1e4:.0f} cm2 near x {middle[0]:.2f}, y {middle[1]:.2f}, height "
        f"{middle[2]:.2f} m is left out: it was hardly seen ({share:.0%} of it). Take more photos "
        "of that side if it is a panel."
    )


def seen_faces(mesh: Mesh) -> BoolArray:
    """Faces that photos saw."""
    if mesh.confidence is None:
        return np.ones(len(mesh.faces), dtype=bool)
    confidence: FloatArray = mesh.confidence[mesh.faces].mean(axis=1)
    return np.asarray(confidence > SEEN)
