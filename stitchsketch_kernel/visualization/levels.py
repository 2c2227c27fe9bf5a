"""A mesh and a cloud made light enough for a screen: levels of detail, thinned points, rims."""

from __future__ import annotations

from dataclasses import dataclass, field

import fast_simplification
import numpy as np
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.arrays import AnyArray, FloatArray, ImageArray
from stitchsketch_kernel.domain.errors import MeshError
from stitchsketch_kernel.domain.model import Mesh

#: What a page is ever sent of a mesh, and of a cloud.
MOST_FACES, MOST_POINTS = 1_000_000, 400_000
#: Faces of the lighter levels, the lightest first.
LIGHTER = (20_000, 60_000, 150_000, 400_000)
#: A level is worth sending only if the next finer one has this many times its faces.
_WORTH = 1.4
#: Lines of more segments than this aren't drawn whole.
_MOST_RIM = 100_000


@dataclass(frozen=True)
class Level:
    """A mesh at one level of detail; `source` is the whole mesh's vertex nearest to each of its."""

    mesh: Mesh
    source: AnyArray = field(repr=False)


def require_sound(mesh: Mesh) -> None:
    """Refuse a mesh that can't be shown.

    Raises
    ------
    MeshError
    """
    if not len(mesh.faces):
        raise MeshError("The mesh has no faces.", "Run the mesh stage again.")
    if bad := int((~np.isfinite(mesh.vertices)).any(axis=1).sum()):
        raise MeshError(
            f"{bad} of the mesh's {len(mesh.vertices)} corners have no place (their numbers are "
            "none), so it can't be shown.",
            "Run the mesh stage again; if it stays so, keep the run's folder and tell us.",
        )
    if mesh.faces.min() < 0 or mesh.faces.max() >= len(mesh.vertices):
        raise MeshError(
            "The mesh names corners that it hasn't got, so it can't be shown.",
            "Run the mesh stage again.",
        )


def level_sizes(faces: int) -> list[int]:
    """How many faces each level of a mesh has, the lightest first."""
    most = min(faces, MOST_FACES)
    return [*(size for size in LIGHTER if size * _WORTH <= most), most]


def level(mesh: Mesh, faces: int) -> Level:
    """The mesh with about so many faces; colours and confidence are the nearest vertices'.

    Parameters
    ----------
    mesh : Mesh
        Sound: see `require_sound`.
    faces : int
    """
    if faces >= len(mesh.faces):
        return Level(mesh, np.arange(len(mesh.vertices)))
    points, triangles = fast_simplification.simplify(
        mesh.vertices.astype(np.float32), mesh.faces, target_count=faces, agg=7.0
    )
    source = cKDTree(mesh.vertices).query(points, workers=-1)[1]
    small = Mesh(
        points.astype(float),
        triangles.astype(np.int32),
        None if mesh.colors is None else mesh.colors[source],
        None if mesh.confidence is None else mesh.confidence[source],
    )
    return Level(small, source)


@dataclass(frozen=True)
class ShownCloud:
    """Points that a screen can show.

    Attributes
    ----------
    points_m : ndarray of float32, shape (n, 3)
    colors : ndarray of uint8, shape (n, 3)
    found : int
        How many there were.
    nowhere : int
        How many of those had no place (NaN, infinite) and are left out.
    """

    points_m: AnyArray
    colors: ImageArray
    found: int
    nowhere: int


def thinned(points_m: FloatArray, colors: ImageArray, most: int = MOST_POINTS) -> ShownCloud:
    """At most so many points of a cloud, evenly drawn from those that have a place.

    Raises
    ------
    ValueError
        There isn't a colour for each point.
    """
    if len(colors) != len(points_m):
        raise ValueError(f"{len(colors)} colours for {len(points_m)} points")
    sound = np.flatnonzero(np.isfinite(points_m).all(axis=1))
    kept = sound
    if len(sound) > most:
        kept = np.sort(np.random.default_rng(0).choice(sound, most, replace=False, shuffle=False))
    return ShownCloud(
        points_m[kept].astype(np.float32), colors[kept], len(points_m), len(points_m) - len(sound)
    )


def open_rim(mesh: Mesh) -> AnyArray:
    """Where the surface ends, as pairs of points (k, 2, 3): nothing beyond it was seen."""
    faces = mesh.faces
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    key = edges[:, 0].astype(np.int64) * len(mesh.vertices) + edges[:, 1]
    _, first, count = np.unique(key, return_index=True, return_counts=True)
    rim = edges[first[count == 1]][:_MOST_RIM]
    return np.asarray(mesh.vertices[rim], dtype=np.float32)
