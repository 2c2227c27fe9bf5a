"""A panel laid flat within a blink, for the screen: what the exact way makes of it takes seconds.

The panel's triangles are made fewer and its border is the scan's own, a triangle wide; nothing is
cut from this.
"""

from __future__ import annotations

from dataclasses import dataclass

import fast_simplification
import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.arrays import BoolArray, FloatArray, IntArray
from stitchsketch_kernel.domain.errors import FlattenError
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.domain.units import MM_PER_M
from stitchsketch_kernel.upholstery.flat.denoise import denoise
from stitchsketch_kernel.upholstery.flat.grain import turned
from stitchsketch_kernel.upholstery.geometry.border import border_loop
from stitchsketch_kernel.upholstery.geometry.strain import strain_percent
from stitchsketch_kernel.upholstery.geometry.unroll import unroll

#: So many triangles are laid out.
_FACES = 3000
#: Bumps of the scan, and teeth of its border, that are shorter than this are smoothed.
_SMOOTH_MM, _TOOTH_MM = 12.0, 8.0
#: Points nearer to each other than this are one.
_COINCIDE_MM = 0.05
#: Rounds of evening out the border, and of ARAP.
_ROUNDS, _UNROLLING = 6, 30
#: A part of less than this share of the panel is a crumb of the scan.
_CRUMB = 0.05


@dataclass(frozen=True)
class FlatPreview:
    """A panel as it will lie, nearly.

    Attributes
    ----------
    uv_mm : ndarray, shape (n, 2)
        Warp up, its middle at the origin.
    faces : ndarray of int32, shape (m, 3)
    boundary : ndarray of int32, shape (k,)
        The border's vertices, counter-clockwise.
    strain_percent : ndarray, shape (m,)
    """

    uv_mm: FloatArray
    faces: IntArray
    boundary: IntArray
    strain_percent: FloatArray

    @property
    def size_mm(self) -> tuple[float, float]:
        """Across and along the warp."""
        across, along = np.ptp(self.uv_mm[self.boundary], axis=0)
        return float(across), float(along)

    @property
    def strain_95_percent(self) -> float:
        """What 95 % of the triangles stay below."""
        return float(np.percentile(self.strain_percent, 95))


def flat_preview(mesh: Mesh, mine: BoolArray, grain_m: FloatArray, name: str) -> FlatPreview:
    """Lay the faces `mine` of a mesh flat, roughly.

    Parameters
    ----------
    mesh : Mesh
        Metres.
    mine : ndarray of bool, shape (m,)
    grain_m : ndarray, shape (3,)
        Direction of the warp.
    name : str
        The panel's, for the errors.

    Raises
    ------
    FlattenError
        The panel lies in several places, goes all round, or folds over itself.
    """
    vertices, faces = _fewer(mesh.vertices * MM_PER_M, _largest(mesh, mine, name))
    ring = _outer_ring(vertices, faces, name)
    vertices = _evened(vertices, ring)
    surface = denoise(vertices, faces, ring, _SMOOTH_MM)
    uv = turned(unroll(surface, faces, _UNROLLING), surface, faces, grain_m)
    if not shapely.Polygon(uv[ring]).is_valid:
        raise FlattenError(
            f"Panel {name} folds over itself when it is laid flat.",
            "It is too round for one piece of cloth: draw a seam across it.",
        )
    return FlatPreview(uv, faces, ring, strain_percent(surface, uv, faces))


def _largest(mesh: Mesh, mine: BoolArray, name: str) -> IntArray:
    """Faces of the panel's one large part."""
    faces = mesh.faces[mine]
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]]])
    count = len(mesh.vertices)
    graph = coo_array((np.ones(len(edges), dtype=bool), tuple(edges.T)), shape=(count, count))
    part = connected_components(graph, directed=False)[1][faces[:, 0]]
    sizes = np.bincount(part)
    if (sizes > _CRUMB * len(faces)).sum() > 1:
        raise FlattenError(
            f"Panel {name} lies in two places that don't touch.", "Give one of them another name."
        )
    return np.asarray(faces[part == int(np.argmax(sizes))])


def _fewer(vertices: FloatArray, faces: IntArray) -> tuple[FloatArray, IntArray]:
    """The panel by itself, with about `_FACES` triangles."""
    points, triangles = _used(vertices, faces)
    if len(triangles) > _FACES:
        points, triangles = fast_simplification.simplify(
            points.astype(np.float32), triangles, 1 - _FACES / len(triangles)
        )
    return _used(points, _without_fins(_welded(points, triangles)))


def _used(points: FloatArray, faces: IntArray) -> tuple[FloatArray, IntArray]:
    """The points that faces use, and the faces into these."""
    used, compact = np.unique(faces, return_inverse=True)
    return (
        np.asarray(points[used], dtype=np.float64),
        np.asarray(compact.reshape(-1, 3), dtype=np.int32),
    )


def _welded(points: FloatArray, faces: IntArray) -> IntArray:
    """Faces with one vertex for all that coincide; those that come to nothing go."""
    pairs = cKDTree(points).query_pairs(_COINCIDE_MM, output_type="ndarray")
    graph = coo_array((np.ones(len(pairs), dtype=bool), tuple(pairs.T)), shape=(len(points),) * 2)
    group = connected_components(graph, directed=False)[1]
    first = np.full(group.max(initial=-1) + 1, len(points))
    np.minimum.at(first, group, np.arange(len(points)))
    one = first[group][faces]
    whole = (one != np.roll(one, 1, axis=1)).all(axis=1)
    return np.asarray(one[whole], dtype=np.int32)


def _without_fins(faces: IntArray) -> IntArray:
    """Faces without those that lie back to back: making triangles fewer folds some onto others."""
    _, same, times = np.unique(
        np.sort(faces, axis=1), axis=0, return_inverse=True, return_counts=True
    )
    return np.asarray(faces[times[same.ravel()] == 1])


def _outer_ring(vertices: FloatArray, faces: IntArray, name: str) -> IntArray:
    ring = border_loop(faces)
    if ring is None:
        raise FlattenError(
            f"Panel {name} goes all round or has a hole: it can't be laid flat.",
            "Draw two seams across it, one on each side.",
        )
    return ring


def _evened(vertices: FloatArray, ring: IntArray) -> FloatArray:
    """The border without the teeth that whole triangles make; corners stay."""
    line = vertices[ring]
    for _ in range(_ROUNDS):
        even = (np.roll(line, 1, axis=0) + 2 * line + np.roll(line, -1, axis=0)) / 4
        near = np.linalg.norm(even - vertices[ring], axis=1) < _TOOTH_MM
        line = np.where(near[:, None], even, line)
    out = vertices.copy()
    out[ring] = line
    return out
