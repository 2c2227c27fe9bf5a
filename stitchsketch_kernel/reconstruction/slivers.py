"""Triangles without area taken out of a mesh without tearing it.

Whoever lays a mesh flat divides by areas and angles: one triangle that is a line can cost a panel.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from stitchsketch_kernel.domain.arrays import BoolArray, FloatArray, IntArray
from stitchsketch_kernel.domain.model import Mesh

#: Ends of an edge that is shorter than this are one point.
COINCIDE_M = 5e-5
#: A face whose height is under this share of its longest side has no area.
THIN = 1e-3


def without_slivers(mesh: Mesh) -> Mesh:
    """The mesh with no edge shorter than 0.05 mm and no face that is a line.

    Ends of short edges become one point; of a face that is a line still, the longest side is
    turned to its neighbour's far corner, and at a border it is dropped. Points that coincide
    without an edge between them stay two: there, surfaces touch. Points are moved by less than
    0.05 mm. Colours are dropped; points that no face uses may be left over.
    """
    faces = _collapsed(mesh.vertices, mesh.faces)
    thin = thin_faces(mesh.vertices, faces)
    if thin.any():
        faces = _turned(mesh.vertices, faces, thin)
    return Mesh(mesh.vertices, faces, None, mesh.confidence)


def thin_faces(points: FloatArray, faces: IntArray) -> BoolArray:
    """Which faces are lines or points, shape (m,)."""
    corners = points[faces]
    sides = corners - np.roll(corners, 1, axis=1)
    longest = (sides**2).sum(axis=2).max(axis=1, initial=0)
    double = np.linalg.norm(np.cross(sides[:, 0], sides[:, 1]), axis=1)
    return np.asarray(double <= THIN * longest)


def _collapsed(points: FloatArray, faces: IntArray) -> IntArray:
    """Faces with the ends of short edges made one; those that lose a corner are gone."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    length = np.linalg.norm(points[edges[:, 0]] - points[edges[:, 1]], axis=1)
    short = edges[length < COINCIDE_M]
    if not len(short):
        return faces
    n = len(points)
    graph = coo_array((np.ones(len(short), dtype=bool), tuple(short.T)), shape=(n, n))
    _, group = connected_components(graph, directed=False)
    _, first = np.unique(group, return_index=True)
    faces = first[group[faces]].astype(np.int32)
    whole = (faces != np.roll(faces, 1, axis=1)).all(axis=1)
    return np.asarray(faces[whole])


def _turned(points: FloatArray, faces: IntArray, thin: BoolArray) -> IntArray:
    """Faces with the longest side of each thin one turned; thin is taken out where that fails."""
    faces = faces.copy()
    beside = np.flatnonzero(np.isin(faces, faces[thin]).any(axis=1))
    owner = {side: int(i) for i in beside for side in _sides(faces[i])}
    gone = np.zeros(len(faces), dtype=bool)
    touched: set[int] = set()
    for i in np.flatnonzero(thin):
        a, b, c = _longest_first(points, faces[i])
        other = owner.get((b, a))
        if other is None or other in touched or i in touched or thin[other]:
            gone[i] = True
            continue
        d = next(int(corner) for corner in faces[other] if corner not in {a, b})
        if (c, d) in owner or (d, c) in owner:
            gone[i] = True
            continue
        faces[i], faces[other] = (a, d, c), (d, b, c)
        touched |= {int(i), other}
    return np.asarray(faces[~gone])


def _sides(face: IntArray) -> tuple[tuple[int, int], ...]:
    a, b, c = (int(corner) for corner in face)
    return (a, b), (b, c), (c, a)


def _longest_first(points: FloatArray, face: IntArray) -> tuple[int, int, int]:
    """The face's corners, so that its longest side is that from the first to the second."""
    sides = _sides(face)
    lengths = [float(np.linalg.norm(points[a] - points[b])) for a, b in sides]
    at = int(np.argmax(lengths))
    return sides[at][0], sides[at][1], sides[(at + 1) % 3][1]
