"""What tells panels apart on the mesh: creases, and thin lines of another colour (piping)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.spatial import cKDTree
from skimage.color import rgb2lab

from stitchsketch_kernel.domain.arrays import AnyArray, BoolArray, FloatArray, IntArray
from stitchsketch_kernel.domain.model import Mesh

#: Normals that differ by much more than this don't smooth each other.
_SAME_SIDE = 0.35
#: Piping differs from the cloth round it by this much chroma (CIELAB a, b).
_PIPING_CHROMA = 11.0
#: Below this lightness (CIELAB L) chroma is lifted in proportion, but not by more than the second.
_LIT, _MOST_LIFT = 40.0, 3.0
#: The neighbourhood that piping is compared with, and the line's own width.
_AROUND_M, _LINE_M = 0.030, 0.004
#: Of the neighbourhood so many points are asked, none nearer than this.
_AROUND_POINTS, _BESIDE_M = 48, 0.009
#: A seam's fold shows within this of it, however the scan has rounded it.
_TURN_M = 0.012
#: A change of colour is that within this.
_STEP_M = 0.004


@dataclass(frozen=True)
class DualEdges:
    """Pairs of faces that share an edge.

    Attributes
    ----------
    faces : ndarray of int32, shape (k, 2)
    vertices : ndarray of int32, shape (k, 2)
        The edge they share.
    """

    faces: IntArray
    vertices: IntArray


@dataclass(frozen=True)
class Features:
    """Of a mesh, for finding panels.

    Attributes
    ----------
    centres : ndarray, shape (m, 3)
    areas : ndarray, shape (m,)
    normals : ndarray, shape (m, 3)
        Smoothed, but not across creases.
    contrast : ndarray, shape (m,)
        How far the hue is from that of the cloth round it (chroma, CIELAB).
    dual : DualEdges
    turn_deg : ndarray, shape (m,)
        How far the surface turns within a step of 12 mm to each side: the fold angle on a crease,
        a few degrees on an arm's roll.
    """

    centres: FloatArray
    areas: FloatArray
    normals: FloatArray
    contrast: FloatArray
    dual: DualEdges
    turn_deg: FloatArray

    @cached_property
    def piping(self) -> BoolArray:
        """Faces of thin lines of another colour, shape (m,)."""
        return np.asarray(self.contrast > _PIPING_CHROMA)


def find_features(mesh: Mesh) -> Features:
    """Compute the features of a mesh (metres, with colours where it has them)."""
    dual = dual_edges(mesh.faces)
    centres = mesh.vertices[mesh.faces].mean(axis=1)
    areas = mesh.face_areas()
    normals = smooth_normals(mesh, dual, areas)
    turn = turn_deg(centres, areas, normals)
    return Features(centres, areas, normals, hue_contrast(mesh, centres), dual, turn)


def turn_deg(centres: FloatArray, areas: FloatArray, normals: FloatArray) -> FloatArray:
    """Fold angle that would spread the normals as they are spread within 12 mm of each face.

    Where half of them face one way and half another, theta apart, their mean has the length
    cos(theta / 2).
    """
    tree = cKDTree(centres)
    near = tree.query(centres, k=48, distance_upper_bound=_TURN_M, workers=-1)[1]
    weights = np.append(areas, 0.0)[near]
    padded = np.vstack([normals, np.zeros(3)])
    mean = np.zeros_like(normals)
    for k in range(near.shape[1]):
        mean += weights[:, k, None] * padded[near[:, k]]
    length = np.linalg.norm(mean, axis=1) / np.maximum(weights.sum(axis=1), 1e-15)
    return np.asarray(np.rad2deg(2 * np.arccos(np.clip(length, -1, 1))))


def dual_edges(faces: IntArray) -> DualEdges:
    """Pairs of faces that share an edge; edges with more than two faces are passed over."""
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    owner = np.tile(np.arange(len(faces)), 3)
    order = np.lexsort((edges[:, 1], edges[:, 0]))
    edges, owner = edges[order], owner[order]
    same = (edges[1:] == edges[:-1]).all(axis=1)
    first = np.flatnonzero(same)
    return DualEdges(
        np.column_stack([owner[first], owner[first + 1]]).astype(np.int32),
        edges[first].astype(np.int32),
    )


def face_graph(dual: DualEdges, weights: AnyArray, count: int) -> csr_array:
    """The symmetric graph of faces with `weights` on its dual edges."""
    i, j = dual.faces.T
    rows, columns = np.concatenate([i, j]), np.concatenate([j, i])
    return csr_array(coo_array((np.tile(weights, 2), (rows, columns)), shape=(count, count)))


def smooth_normals(mesh: Mesh, dual: DualEdges, areas: FloatArray, rounds: int = 25) -> FloatArray:
    """Normals smoothed over neighbours that face the same way (bilateral; keeps creases sharp).

    Zheng et al., Bilateral normal filtering for mesh denoising, TVCG 17 (2011), the local scheme.
    """
    normals = mesh.face_normals()
    i, j = dual.faces.T
    for _ in range(rounds):
        apart = ((normals[i] - normals[j]) ** 2).sum(axis=1)
        weight = np.exp(-apart / (2 * _SAME_SIDE**2))
        graph = face_graph(dual, weight, len(normals))
        own = areas[:, None] * normals
        total = own + graph @ own
        normals = total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-15)
    return normals


def hue_contrast(mesh: Mesh, centres: FloatArray) -> FloatArray:
    """How far each face's hue is from that of the cloth round it; large on thin lines.

    Lightness does not count: motifs and shadows change it, piping changes the hue.
    """
    if mesh.colors is None:
        return np.zeros(len(centres))
    color = mesh.colors[mesh.faces].mean(axis=1)
    lab = rgb2lab(color[None] / 255.0)[0]
    # chroma fades with the light: what lies in shadow is compared as if it were lit
    chroma = lab[:, 1:] * np.clip(_LIT / np.maximum(lab[:, :1], 1e-6), 1.0, _MOST_LIFT)
    tree = cKDTree(centres)
    near = tree.query(centres, k=6, distance_upper_bound=_LINE_M, workers=-1)[1]
    padded = np.vstack([chroma, [np.nan, np.nan]])
    line = np.nanmean(padded[near], axis=1)
    # the cloth round a face: the median over a thinned neighbourhood that is wider than a line
    coarse = thinned(centres, 0.006)
    away, around_index = cKDTree(centres[coarse]).query(
        centres, k=_AROUND_POINTS, distance_upper_bound=_AROUND_M, workers=-1
    )
    coarse_chroma = np.vstack([line[coarse], [np.nan, np.nan]])[around_index]
    # not the line itself: where the cloth ends at it, line and ragged underside were half of it all
    beside = (away >= _BESIDE_M) & np.isfinite(coarse_chroma[..., 0])
    coarse_chroma[~beside & beside.any(axis=1, keepdims=True)] = np.nan
    around = np.nanmedian(coarse_chroma, axis=1)
    return np.asarray(np.nan_to_num(np.linalg.norm(line - around, axis=1)))


def color_step(mesh: Mesh, features: Features) -> FloatArray:
    """How far the colour changes within 4 mm of each face (CIELAB), shape (m,); 0 without colours.

    What the cloth's own motif changes by (nine faces of ten) is taken off.
    """
    if mesh.colors is None:
        return np.zeros(len(mesh.faces))
    lab = rgb2lab(mesh.colors[None] / 255.0)[0]
    ends = features.dual.vertices
    for _ in range(2):
        total, touching = lab.copy(), np.ones(len(lab))
        for a, b in (ends.T, ends.T[::-1]):
            touching += np.bincount(a, minlength=len(lab))
            total += np.column_stack([np.bincount(a, lab[b, k], len(lab)) for k in range(3)])
        lab = total / touching[:, None]
    p, f = mesh.vertices[mesh.faces], lab[mesh.faces]
    across = np.cross(p[:, 2] - p[:, 1], p[:, 0] - p[:, 1])
    twice = np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-12)
    # the gradient of what is linear on a triangle: sum of f_i (normal x opposite side) / 2 area
    slope = sum(
        f[:, i, :, None]
        * np.cross(across / twice, p[:, i - 1] - p[:, i - 2])[:, None, :]
        / twice[:, :, None]
        for i in range(3)
    )
    step = _STEP_M * np.sqrt((np.asarray(slope) ** 2).sum(axis=(1, 2)))
    return np.asarray(np.maximum(step - np.percentile(step, 90), 0.0))


def thinned(points: FloatArray, cell: float) -> AnyArray:
    """Indices of one point in each cube of side `cell`."""
    cells = np.floor((points - points.min(axis=0)) / cell).astype(np.int64)
    size = cells.max(axis=0) + 1
    key = (cells[:, 0] * size[1] + cells[:, 1]) * size[2] + cells[:, 2]
    return np.unique(key, return_index=True)[1]
