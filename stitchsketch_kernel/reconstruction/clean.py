"""A raw mesh made sound: one skin, outward, no loose crumbs, triangles of even size."""

from __future__ import annotations

from collections.abc import Sequence

import fast_simplification
import numpy as np
import open3d as o3d
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.arrays import IntArray
from stitchsketch_kernel.domain.errors import MeshError
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.reconstruction.slivers import without_slivers


def clean_mesh(mesh: Mesh, edge_mm: float = 4.5, least_share: float = 0.04) -> Mesh:
    """Make a mesh that later stages can rely on.

    Every edge belongs to one or two faces, every vertex to one fan of faces; parts smaller than
    `least_share` of the largest are gone; triangles measure about `edge_mm` along an edge, and
    none of them is a line.

    Parameters
    ----------
    mesh : Mesh
        Metres. Confidence is kept, colours are not (they are taken from the photos afterwards).
    edge_mm : float
    least_share : float

    Raises
    ------
    MeshError
        Nothing is left.
    """
    mesh = _largest_parts(_manifold(mesh), least_share)
    area_mm2 = float(mesh.face_areas().sum()) * 1e6
    target = int(area_mm2 / (np.sqrt(3) / 4 * edge_mm**2))
    if 1000 < target < 0.9 * len(mesh.faces):
        points, faces = fast_simplification.simplify(
            mesh.vertices.astype(np.float32), mesh.faces, target_count=target, agg=3.0
        )
        confidence = None
        if mesh.confidence is not None:
            confidence = mesh.confidence[cKDTree(mesh.vertices).query(points, workers=-1)[1]]
        small = Mesh(points.astype(float), faces.astype(np.int32), None, confidence)
        mesh = _largest_parts(_manifold(small), least_share)
    mesh = _largest_parts(_manifold(without_slivers(mesh)), least_share)
    if not len(mesh.faces):
        raise MeshError(
            "No surface was left after cleaning.", "Take more photos with smaller steps."
        )
    return mesh


def joined(meshes: Sequence[Mesh]) -> Mesh:
    """Several meshes as one (colours are dropped)."""
    offsets = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes)])
    faces = [mesh.faces + offset for mesh, offset in zip(meshes, offsets, strict=False)]
    known = [mesh.confidence for mesh in meshes if mesh.confidence is not None]
    return Mesh(
        np.concatenate([mesh.vertices for mesh in meshes]),
        np.concatenate(faces).astype(np.int32),
        None,
        np.concatenate(known) if len(known) == len(meshes) else None,
    )


def _manifold(mesh: Mesh) -> Mesh:
    """Drop doubled and degenerate faces, and what makes an edge or vertex ambiguous."""
    o3 = o3d.geometry.TriangleMesh(
        o3d.utility.Vector3dVector(mesh.vertices), o3d.utility.Vector3iVector(mesh.faces)
    )
    o3.remove_degenerate_triangles()
    o3.remove_duplicated_triangles()
    o3.remove_non_manifold_edges()
    faces = _one_way(np.asarray(o3.triangles).astype(np.int32))
    vertices, faces, source = _split_fans(np.asarray(o3.vertices), faces)
    used, compact = np.unique(faces, return_inverse=True)
    confidence = None if mesh.confidence is None else mesh.confidence[source][used]
    return Mesh(vertices[used], compact.reshape(-1, 3).astype(np.int32), None, confidence)


def _one_way(faces: IntArray) -> IntArray:
    """Drop faces until no edge is walked twice in the same direction: one skin has one outside."""
    while len(faces):
        edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
        key = edges[:, 0].astype(np.int64) * (int(faces.max()) + 1) + edges[:, 1]
        _, index, count = np.unique(key, return_inverse=True, return_counts=True)
        twice = (count[index] > 1).reshape(3, -1).any(axis=0)
        if not twice.any():
            break
        faces = faces[~twice]
    return faces


def _split_fans(vertices: np.ndarray, faces: IntArray) -> tuple[np.ndarray, IntArray, np.ndarray]:
    """Give each fan of faces its own vertex where several meet in one point.

    Two corners belong to the same fan when their faces share an edge at the vertex. Returns the
    vertices, the faces, and for each vertex which one it was.
    """
    count = len(faces)
    corner = np.arange(3 * count).reshape(count, 3)
    tails, heads = faces[:, [0, 1, 2]].ravel(), faces[:, [1, 2, 0]].ravel()
    tail_corner, head_corner = corner[:, [0, 1, 2]].ravel(), corner[:, [1, 2, 0]].ravel()
    low_is_tail = tails < heads
    low = np.where(low_is_tail, tails, heads).astype(np.int64)
    high = np.where(low_is_tail, heads, tails).astype(np.int64)
    at_low = np.where(low_is_tail, tail_corner, head_corner)
    at_high = np.where(low_is_tail, head_corner, tail_corner)
    order = np.argsort(low * (int(faces.max()) + 1) + high, kind="stable")
    same = (np.diff(low[order]) == 0) & (np.diff(high[order]) == 0)
    first, second = order[:-1][same], order[1:][same]
    a = np.concatenate([at_low[first], at_high[first]])
    b = np.concatenate([at_low[second], at_high[second]])
    graph = coo_array((np.ones(len(a), dtype=bool), (a, b)), shape=(3 * count, 3 * count))
    fans, fan = connected_components(graph, directed=False)
    source = np.zeros(fans, dtype=np.int64)
    source[fan] = faces.ravel()
    return vertices[source], fan.reshape(count, 3).astype(np.int32), source


def _largest_parts(mesh: Mesh, least_share: float) -> Mesh:
    """Keep the parts that are at least `least_share` of the largest by area."""
    if not len(mesh.faces):
        return mesh
    edges = np.concatenate([mesh.faces[:, [0, 1]], mesh.faces[:, [1, 2]]])
    n = len(mesh.vertices)
    graph = coo_array((np.ones(len(edges), dtype=bool), tuple(edges.T)), shape=(n, n))
    _, label = connected_components(graph, directed=False)
    of_face = label[mesh.faces[:, 0]]
    area = np.bincount(of_face, mesh.face_areas())
    faces = mesh.faces[(area >= least_share * area.max())[of_face]]
    used, compact = np.unique(faces, return_inverse=True)
    confidence = None if mesh.confidence is None else mesh.confidence[used]
    return Mesh(mesh.vertices[used], compact.reshape(-1, 3).astype(np.int32), None, confidence)
