"""A scan made ready for finding panels: loose crumbs away, small holes closed.

Beside piping a scan is torn: crumbs float, and holes part two panels that are sewn together. What
closes a hole was not seen: its confidence is 0.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray
from stitchsketch_kernel.domain.model import Mesh

#: A loose part of the mesh smaller than this is noise.
_LEAST_PART_M2 = 0.002
#: Holes with a longer rim are no tears: the surface ends there.
_LONGEST_RIM_M = 0.25


def made_whole(mesh: Mesh) -> Mesh:
    """The mesh without crumbs and with its small holes closed."""
    return without_small_holes(without_crumbs(mesh))


def without_crumbs(mesh: Mesh) -> Mesh:
    """The mesh without loose parts that are too small to carry a panel."""
    count = len(mesh.vertices)
    edges = np.concatenate([mesh.faces[:, [0, 1]], mesh.faces[:, [1, 2]]])
    graph = coo_array((np.ones(len(edges), dtype=bool), tuple(edges.T)), shape=(count, count))
    _, part = connected_components(graph, directed=False)
    of_face = part[mesh.faces[:, 0]]
    large = np.bincount(of_face, mesh.face_areas(), minlength=count) >= _LEAST_PART_M2
    faces = mesh.faces[large[of_face]]
    used, compact = np.unique(faces, return_inverse=True)
    return replace(
        mesh,
        vertices=mesh.vertices[used],
        faces=compact.reshape(-1, 3).astype(np.int32),
        colors=None if mesh.colors is None else mesh.colors[used],
        confidence=None if mesh.confidence is None else mesh.confidence[used],
    )


def without_small_holes(mesh: Mesh) -> Mesh:
    """The mesh with a fan of triangles in every hole whose rim is short and passes no point twice.

    The fan's middle takes the rim's mean place and colour, and confidence 0.
    """
    rims = [rim for rim in _rims(mesh.faces) if _length(mesh.vertices[rim]) <= _LONGEST_RIM_M]
    if not rims:
        return mesh
    first = len(mesh.vertices)
    fans = [
        np.column_stack([rim, np.roll(rim, -1), np.full(len(rim), first + i)])
        for i, rim in enumerate(rims)
    ]
    middles = np.array([mesh.vertices[rim].mean(axis=0) for rim in rims])
    colors, confidence = mesh.colors, mesh.confidence
    if colors is not None:
        means = [np.round(colors[rim].mean(axis=0)) for rim in rims]
        colors = np.vstack([colors, np.array(means, dtype=np.uint8)])
    if confidence is not None:
        confidence = np.concatenate([confidence, np.zeros(len(rims))])
    faces = np.vstack([mesh.faces, *fans]).astype(np.int32)
    return Mesh(np.vstack([mesh.vertices, middles]), faces, colors, confidence)


def _rims(faces: IntArray) -> list[IntArray]:
    """Closed rims of holes, each in the order that faces filling it would have.

    Rims that meet in a vertex are passed over: how to fill them is not clear.
    """
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).astype(np.int64)
    size = int(faces.max()) + 1
    forward, backward = edges[:, 0] * size + edges[:, 1], edges[:, 1] * size + edges[:, 0]
    open_edges = edges[~np.isin(forward, backward)][:, ::-1]
    starts, counts = np.unique(open_edges[:, 0], return_counts=True)
    shared = set(starts[counts > 1].tolist())
    following = dict(open_edges.tolist())
    rims = []
    while following:
        start, ahead = following.popitem()
        rim = [start]
        while ahead in following:
            rim.append(ahead)
            ahead = following.pop(ahead)
        if ahead == start and len(rim) >= 3 and not shared.intersection(rim):
            rims.append(np.array(rim))
    return rims


def _length(points: FloatArray) -> float:
    return float(np.linalg.norm(points - np.roll(points, -1, axis=0), axis=1).sum())
