"""Parts of a mesh that hardly a photo saw: there the surface is a guess."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray, FloatArray
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.domain.photo import View

#: The surface is looked at in patches of about this size.
PATCH_M = 0.02
#: Depth takes two photos, which must not look along the surface.
LEAST_VIEWS, STEEPEST_COS = 2, float(np.cos(np.deg2rad(75)))
#: What lies nearer to the ray's end than this is the surface itself.
_SELF_M = 0.01
#: Underneath, and right above the floor, nobody takes photos.
_DOWN, _FLOOR_M = -0.3, 0.06
_SAME_WAY = 0.5
#: Smaller parts are not worth a word.
LEAST_PART_M2 = 0.004


@dataclass(frozen=True)
class UnseenPart:
    """A part of the surface that too few photos saw.

    Attributes
    ----------
    middle_m, normal : ndarray, shape (3,)
        Where it is, and where it faces.
    area_m2 : float
    """

    middle_m: FloatArray
    normal: FloatArray
    area_m2: float


def unseen_parts(mesh: Mesh, views: Sequence[View]) -> tuple[UnseenPart, ...]:
    """The parts that fewer than two photos saw, the largest first.

    Parameters
    ----------
    mesh : Mesh
        Metres, z up, floor at 0.
    views : sequence of View
        In the same world.
    """
    points, normals, areas = _patches(mesh)
    if not len(points):
        return ()
    hidden = _times_seen(mesh, points, normals, views) < LEAST_VIEWS
    hidden &= (normals[:, 2] > _DOWN) & (points[:, 2] > _FLOOR_M)
    where = np.flatnonzero(hidden)
    parts = [
        UnseenPart(
            np.average(points[mine], axis=0, weights=areas[mine]),
            _unit((normals[mine] * areas[mine, None]).sum(axis=0)),
            float(areas[mine].sum()),
        )
        for mine in _together(points, normals, where)
    ]
    parts = [part for part in parts if part.area_m2 >= LEAST_PART_M2]
    return tuple(sorted(parts, key=lambda part: -part.area_m2))


def _patches(mesh: Mesh) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Points, normals and areas of patches; both sides of a thin part have patches of their own."""
    corners = np.asarray(mesh.vertices, float)[mesh.faces]
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]) / 2
    areas = np.linalg.norm(cross, axis=1)
    sound = areas > 1e-12
    middles, cross, areas = corners.mean(axis=1)[sound], cross[sound], areas[sound]
    facing = np.argmax(np.abs(cross), axis=1)
    sign = np.take_along_axis(cross, facing[:, None], 1)[:, 0] > 0
    cells = np.column_stack([np.floor(middles / PATCH_M), facing, sign]).astype(np.int64)
    _, patch = np.unique(cells, axis=0, return_inverse=True)
    patch = patch.ravel()
    area = np.asarray(np.bincount(patch, areas), float)
    # a patch is looked at where its largest face is: a mean of faces may lie off the surface
    order = np.lexsort((areas, patch))
    largest = order[np.flatnonzero(np.diff(patch[order], append=-1))]
    normals = np.column_stack([np.bincount(patch, cross[:, k]) for k in range(3)])
    return middles[largest], normals / np.linalg.norm(normals, axis=1, keepdims=True), area


def _times_seen(
    mesh: Mesh, points: FloatArray, normals: FloatArray, views: Sequence[View]
) -> AnyArray:
    """How many views see each point: in the picture, not along the surface, nothing before it."""
    o3d: Any = import_module("open3d")
    scene = o3d.t.geometry.RaycastingScene()
    vertices = np.ascontiguousarray(mesh.vertices, np.float32)
    faces = np.ascontiguousarray(mesh.faces, np.uint32)
    scene.add_triangles(o3d.core.Tensor(vertices), o3d.core.Tensor(faces))
    times = np.zeros(len(points), int)
    for view in views:
        towards = points - view.centre
        distance = np.linalg.norm(towards, axis=1)
        rays = towards / np.maximum(distance, 1e-9)[:, None]
        pixels = view.pixels_from_world(points)
        inside = (pixels > 0).all(axis=1) & (
            pixels < (view.camera.width_px, view.camera.height_px)
        ).all(axis=1)
        candidates = np.flatnonzero(inside & (-(rays * normals).sum(axis=1) > STEEPEST_COS))
        if not len(candidates):
            continue
        start = np.broadcast_to(view.centre, (len(candidates), 3))
        cast = np.hstack([start, rays[candidates]]).astype(np.float32)
        hit = scene.cast_rays(o3d.core.Tensor(cast))["t_hit"].numpy()
        times[candidates[hit > distance[candidates] - _SELF_M]] += 1
    return times


def _together(points: FloatArray, normals: FloatArray, where: AnyArray) -> list[AnyArray]:
    """Indices of points that hang together and face about the same way, a list of arrays."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    if not len(where):
        return []
    pairs = cKDTree(points[where]).query_pairs(2.2 * PATCH_M, output_type="ndarray")
    a, b = pairs.T
    pairs = pairs[(normals[where[a]] * normals[where[b]]).sum(axis=1) > _SAME_WAY]
    links = coo_matrix((np.ones(len(pairs)), pairs.T), (len(where), len(where)))
    count, label = connected_components(links, directed=False)
    return [where[label == k] for k in range(count)]


def _unit(vector: FloatArray) -> FloatArray:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12))
