"""Panels of two cloths: where the cover changes its colour for good, there is a seam.

A motif changes its colour too, but to and fro: two cloths are two colours, each in one piece and
no mere stripe, with hardly anything between them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.cluster.vq import ClusterError, kmeans2
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree
from skimage.color import rgb2lab

from stitchsketch_kernel.domain.arrays import BoolArray, FloatArray, IntArray
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.upholstery.seams.features import Features, face_graph, thinned

#: Colours are those of the cloth within this, told at places so far apart; where the two cloths
#: meet, of what is within the last, at every face.
_CLOTH_M, _APART_M, _NARROW_M = 0.010, 0.006, 0.005
#: Two cloths differ by this much; no more than this share of the panel may have a colour between
#: them (the middle third of the way).
_DIFFER, _BETWEEN = 14.0, 0.1
#: Light falls differently on a bent panel: lightness counts so much, and colours are compared as
#: if they had this one.
_LIGHTNESS, _LIT = 0.25, 60.0
#: Of each cloth so much must be in one piece.
_ONE_PIECE = 0.9
#: And of the lesser one this share of the least panel must lie away from the other, and this share
#: of itself: piping whose colour lies on a panel's rim all round has some 13 % at its corners.
_CORE, _CORE_OF_ITSELF = 0.5, 0.25


def two_cloths(mesh: Mesh, features: Features, label: IntArray, least_area_m2: float) -> IntArray:
    """Labels with every panel of two cloths divided between them.

    Parameters
    ----------
    mesh : Mesh
        With colours; without any nothing is divided.
    features : Features
    label : ndarray of int32, shape (m,)
        From 0; -1 for none.
    least_area_m2 : float
        A smaller part is no panel (a label, a stain).

    Returns
    -------
    ndarray of int32, shape (m,)
        The lesser part of each has a label of its own, from the first that is free.
    """
    if mesh.colors is None:
        return label
    cloth = _Cloth.of(mesh, features)
    out, free = label.copy(), int(label.max(initial=-1)) + 1
    for one in range(free):
        mine = np.flatnonzero(label == one).astype(np.int32)
        second = cloth.second(mine, least_area_m2)
        if second is not None:
            out[mine[second]] = free
            free += 1
    return out


def _evenly_lit(mesh: Mesh) -> FloatArray:
    """Colour of each face as if all had the same light, shape (m, 3): little of L, a, b.

    L + 16, a and b go with the cube root of the light (CIE 1976), so their ratios stay.
    """
    assert mesh.colors is not None
    lab = rgb2lab(mesh.colors[mesh.faces].mean(axis=1)[None] / 255.0)[0]
    lab[:, 1:] *= (_LIT + 16) / (lab[:, :1] + 16)
    lab[:, 0] *= _LIGHTNESS
    return np.asarray(lab)


def _means(tree: cKDTree, colors: FloatArray, places: FloatArray, within_m: float) -> FloatArray:
    near = tree.query(places, k=32, distance_upper_bound=within_m, workers=-1)[1]
    return np.asarray(np.nanmean(np.vstack([colors, np.full(3, np.nan)])[near], axis=1))


@dataclass(frozen=True)
class _Cloth:
    """The faces' own colours, and those of the cloth round them."""

    features: Features
    own: FloatArray
    tree: cKDTree
    round_it: FloatArray

    @classmethod
    def of(cls, mesh: Mesh, features: Features) -> _Cloth:
        own, centres = _evenly_lit(mesh), features.centres
        tree, coarse = cKDTree(centres), thinned(centres, _APART_M)
        means = _means(tree, own, centres[coarse], _CLOTH_M)
        nearest = cKDTree(centres[coarse]).query(centres, workers=-1)[1]
        return cls(features, own, tree, means[nearest])

    def second(self, mine: IntArray, least_area_m2: float) -> BoolArray | None:
        """Which faces of a panel are of its lesser cloth; None where it has one alone."""
        colors, areas = self.round_it[mine], self.features.areas[mine]
        if np.ptp(colors, axis=0).max() < _DIFFER / 2:
            return None
        try:
            middles, of = _two_means(colors)
        except ClusterError:  # four fifths and more have one colour: no second cloth
            return None
        share = np.bincount(of, areas, minlength=2)
        if share.min() < least_area_m2 or not _clearly_two(colors, areas, middles):
            return None
        if not all(_in_one_piece(self.features, mine[of == k]) for k in (0, 1)):
            return None
        core = self._core_m2(mine, of == int(np.argmin(share)))
        if core < max(_CORE * least_area_m2, _CORE_OF_ITSELF * share.min()):
            return None
        of = self._told_narrowly(mine, of, middles)
        return np.asarray(of == int(np.argmin(share)))

    def _core_m2(self, mine: IntArray, part: BoolArray) -> float:
        """How much of a part lies away from the rest: of a stripe (piping, braid) nothing does."""
        centres = self.features.centres[mine]
        away = cKDTree(centres[~part]).query(centres[part], workers=-1)[0] > _CLOTH_M
        return float(self.features.areas[mine][part][away].sum())

    def _told_narrowly(self, mine: IntArray, of: IntArray, middles: FloatArray) -> IntArray:
        """The same, told from the nearest cloth alone where the two meet."""
        centres = self.features.centres[mine]
        beside = np.zeros(len(mine), dtype=bool)
        for k in (0, 1):
            other = cKDTree(centres[of != k]).query(centres[of == k], workers=-1)[0]
            beside[of == k] = other < _CLOTH_M
        colors = _means(self.tree, self.own, centres[beside], _NARROW_M)
        out = of.copy()
        away = np.linalg.norm(colors[:, None] - middles[None], axis=2)
        out[beside] = np.argmin(away, axis=1)
        return out


def _clearly_two(colors: FloatArray, areas: FloatArray, middles: FloatArray) -> bool:
    """Whether the two middles differ, and little has a colour between them."""
    way = middles[1] - middles[0]
    apart = float(np.linalg.norm(way))
    if apart < _DIFFER:
        return False
    along = (colors - middles[0]) @ way / apart**2
    between = areas[(along > 1 / 3) & (along < 2 / 3)].sum()
    return bool(between <= _BETWEEN * areas.sum())


def _two_means(colors: FloatArray) -> tuple[FloatArray, IntArray]:
    """Middles (2, 3) and which of them each colour is nearer to (Lloyd's algorithm)."""
    off = colors - colors.mean(axis=0)
    axis = np.linalg.eigh(off.T @ off)[1][:, -1]
    low, high = np.percentile(off @ axis, [10, 90])
    start = colors.mean(axis=0) + np.outer([low, high], axis)
    middles, of = kmeans2(colors, start, minit="matrix", missing="raise", check_finite=True)
    return np.asarray(middles), np.asarray(of)


def _in_one_piece(features: Features, faces: IntArray) -> bool:
    inside = np.zeros(len(features.areas), dtype=bool)
    inside[faces] = True
    own = inside[features.dual.faces].all(axis=1)
    graph = face_graph(features.dual, own.astype(float), len(inside))
    graph.eliminate_zeros()
    part = connected_components(graph, directed=False)[1][faces]
    area = np.bincount(part, features.areas[faces])
    return bool(area.max() > _ONE_PIECE * area.sum())
