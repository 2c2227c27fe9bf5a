"""Panels meshed anew, so that seams run along edges and neighbours share the seam's points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.arrays import BoolArray, FloatArray, IntArray
from stitchsketch_kernel.domain.errors import PanelError
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.upholstery.geometry.triangles import triangulate
from stitchsketch_kernel.upholstery.geometry.unroll import unroll
from stitchsketch_kernel.upholstery.seams.features import dual_edges, face_graph

#: A face whose height is under this share of its longest side is none.
_THIN = 1e-3
#: Points of a scan nearer to each other than this are one.
_COINCIDE_M = 5e-5
#: Scan points nearer to a seam are rounded by the fold or lie on piping: they are left out.
_NEAR_SEAM_M = 0.0075
#: A seam's point is laid flat by the map of this many scan points round it.
_MAP_POINTS = 24


@dataclass(frozen=True)
class PanelMesh:
    """A panel between its seams.

    Attributes
    ----------
    inner_m : ndarray, shape (k, 3)
        Scan points within the panel.
    inner_source : ndarray of int, shape (k,)
        Which vertices of the scan they are.
    faces : ndarray of int32, shape (m, 3)
        Into the border's points followed by `inner_m`; counter-clockwise from outside.
    """

    inner_m: FloatArray
    inner_source: IntArray
    faces: IntArray


def mesh_panel(mesh: Mesh, mine: BoolArray, border_m: FloatArray, name: str) -> PanelMesh:
    """Mesh what lies within a closed border.

    Parameters
    ----------
    mesh : Mesh
        The scan.
    mine : ndarray of bool
        The scan's faces that are this panel's.
    border_m : ndarray, shape (b, 3)
        Counter-clockwise, the first not repeated; points about 4 mm apart.
    name : str
        For the message when it can't be done.

    Raises
    ------
    PanelError
        The border crosses itself when laid flat, or runs where nothing was seen.
    """
    faces = mesh.faces[mine]
    away = cKDTree(border_m).query(mesh.vertices[faces.ravel()])[0].reshape(-1, 3)
    faces = _manifold(_with_area(mesh.vertices, faces[(away > _NEAR_SEAM_M).all(axis=1)]))
    used, corners = _largest_part(faces) if len(faces) else (faces[:, 0], faces)
    if len(used) < _MAP_POINTS:
        raise PanelError(
            f"Panel {name} is too narrow to be meshed.", "Merge it with its neighbour, or leave it."
        )
    points = mesh.vertices[used]
    uv = unroll(points, corners, rounds=10)
    border_uv = _carried(border_m, points, uv)
    outline = shapely.Polygon(border_uv)
    if not outline.is_valid:
        raise PanelError(
            f"The border of panel {name} crosses itself.",
            "Correct its seams in the file of panels, or take more photos of that side.",
        )
    shapely.prepare(outline)
    inner = np.flatnonzero(shapely.contains_xy(outline, uv[:, 0], uv[:, 1]))
    inner = inner[_apart(points[inner])]
    triangles = triangulate(np.vstack([border_uv, uv[inner]]), len(border_m))
    if triangles is None:
        raise PanelError(
            f"Panel {name} can't be closed along its seams.",
            "Correct its seams in the file of panels, or take more photos of that side.",
        )
    return PanelMesh(points[inner], used[inner].astype(np.int32), triangles)


def _apart(points: FloatArray) -> BoolArray:
    """Which points are kept so that no two coincide."""
    kept = np.ones(len(points), dtype=bool)
    pairs = cKDTree(points).query_pairs(_COINCIDE_M, output_type="ndarray")
    kept[pairs.max(axis=1, initial=0)[: len(pairs)]] = False
    return kept


def _with_area(points: FloatArray, faces: IntArray) -> IntArray:
    """Faces without those that are lines or points: they have no angles to lay flat by."""
    a, b, c = (points[faces[:, k]] for k in range(3))
    longest = np.max([((p - q) ** 2).sum(axis=1) for p, q in ((a, b), (b, c), (c, a))], axis=0)
    return np.asarray(faces[np.linalg.norm(np.cross(b - a, c - a), axis=1) > _THIN * longest])


def _manifold(faces: IntArray) -> IntArray:
    """Faces without those that share an edge with two others (a scan's folds beside piping)."""
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    key = edges[:, 0].astype(np.int64) * (int(faces.max(initial=0)) + 1) + edges[:, 1]
    _, inverse, counts = np.unique(key, return_inverse=True, return_counts=True)
    return faces[(counts[inverse].reshape(3, -1) <= 2).all(axis=0)]


def _largest_part(faces: IntArray) -> tuple[IntArray, IntArray]:
    """Vertices of the largest part that hangs together by edges, and its faces into these."""
    dual = dual_edges(faces)
    graph = face_graph(dual, np.ones(len(dual.faces)), len(faces))
    _, part = connected_components(graph, directed=False)
    used, compact = np.unique(faces[part == np.bincount(part).argmax()], return_inverse=True)
    return used.astype(np.int32), compact.reshape(-1, 3).astype(np.int32)


def _carried(border: FloatArray, points: FloatArray, uv: FloatArray) -> FloatArray:
    """Where the border's points come to lie, by the affine map of the scan points round each.

    The map is taken in the tangent plane of these points; 10 mm beyond them on a roll of 60 mm it
    is off by less than 0.1 mm, and only the triangles' shape depends on it.
    """
    _, near = cKDTree(points).query(border, k=_MAP_POINTS)
    out = np.empty((len(border), 2))
    for i, index in enumerate(near):
        local, flat = points[index], uv[index]
        centre, centre_uv = local.mean(axis=0), flat.mean(axis=0)
        axes = np.linalg.svd(local - centre, full_matrices=False)[2][:2]
        plane = (local - centre) @ axes.T
        turn = np.linalg.lstsq(plane, flat - centre_uv, rcond=None)[0]
        out[i] = centre_uv + ((border[i] - centre) @ axes.T) @ turn
    return out
