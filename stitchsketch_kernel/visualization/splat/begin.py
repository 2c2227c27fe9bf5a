"""The first splats: flat discs that lie on the mesh, in the colours that photos give it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray, FloatArray, IntArray
from stitchsketch_kernel.domain.errors import SplatError
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.visualization.splat.photos import Target
from stitchsketch_kernel.visualization.splat.sights import photo_colors
from stitchsketch_kernel.visualization.splat.splats import SH_0, Splats

#: A disc's standard deviation and thickness, as shares of the distance between discs.
_DISC, _THICK = 0.55, 0.12
_OPACITY = 0.95
#: Share of the splats that are there from the beginning; the others come where photos ask.
_FIRST = 0.8
#: Discs are this many pixels of the training pictures apart, were there no limit.
_APART_PX = 0.6


def discs(
    mesh: Mesh, seen_by: Sequence[Target], most: int, rng: np.random.Generator, degree: int = 1
) -> Splats:
    """Discs spread evenly over the mesh, as dense as the photos' pixels or as `most` allows.

    Raises
    ------
    SplatError
        The mesh has no surface.
    """
    areas = mesh.face_areas()
    area = float(areas.sum())
    if not area > 0:
        raise SplatError("The mesh has no surface to begin from.", "Run the mesh stage again.")
    pixel_m = np.median(
        [np.median(t.surface.depth_m[t.inside]) / t.view.camera.fx for t in seen_by]
    )
    count = int(min(_FIRST * most, max(100, area / (_APART_PX * pixel_m) ** 2)))
    points, faces = spread(mesh, areas, count, rng)
    normals = mesh.face_normals()[faces]
    colors, known = photo_colors(points, normals, seen_by)
    if mesh.colors is not None:
        colors[~known] = mesh.colors[mesh.faces[faces[~known], 0]] / 255
    apart = np.sqrt(area / count)
    sh = np.zeros((count, (degree + 1) ** 2, 3))
    sh[:, 0] = (colors - 0.5) / SH_0
    scales = np.tile(np.log([_DISC * apart, _DISC * apart, _THICK * apart]), (count, 1))
    logit = np.full(count, np.log(_OPACITY / (1 - _OPACITY)))
    return Splats(points, scales, _lying(normals), logit, sh).as_type(np.float32)


def spread(
    mesh: Mesh, areas: FloatArray, count: int, rng: np.random.Generator
) -> tuple[FloatArray, IntArray]:
    """Points on faces, one in each equal share of the area, and their faces."""
    ends = np.cumsum(areas)
    at = (np.arange(count) + rng.random(count)) / count * ends[-1]
    faces = np.minimum(np.searchsorted(ends, at), len(areas) - 1).astype(np.int32)
    u, v = rng.random((2, count))
    root = np.sqrt(u)[:, None]
    a, b, c = (mesh.vertices[mesh.faces[faces, i]] for i in range(3))
    return (1 - root) * a + root * (1 - v)[:, None] * b + root * v[:, None] * c, faces


def _lying(normals: FloatArray) -> AnyArray:
    """Quaternions that turn z to the normals (half way between both, and that doubled)."""
    w = 1 + normals[:, 2]
    quats = np.column_stack([w, -normals[:, 1], normals[:, 0], np.zeros(len(w))])
    quats[w < 1e-6] = (0.0, 1.0, 0.0, 0.0)
    return np.asarray(quats / np.linalg.norm(quats, axis=1, keepdims=True))
