"""Tape seen in photos brought onto the mesh: each place a sighting, with its view's direction.

A sighting's edges must lie as far apart on the mesh as the tape is wide. So a broad coloured place,
a line half hidden by a fold, and one that jumps from a near surface to a far one fall out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import open3d as o3d

from stitchsketch_kernel.domain.arrays import AnyArray, FloatArray, IntArray
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.domain.photo import View
from stitchsketch_kernel.domain.tape import PhotoTape, TapeSightings

#: Narrower than this share of its width, a tape is half hidden; wider, it is none. Lens, sensor and
#: smoothing widen a line by some pixels.
_NARROW, _WIDE, _BLUR_PX = 0.6, 1.5, 3.0
#: Surfaces seen flatter than this (cosine) say too little.
_GRAZING = 0.17
#: A photo has a good view of a place that faces it by this (cosine), where the tape is so many
#: pixels wide.
_FACES, _TAPE_PX = 0.4, 2.0
#: Photos are counted for one place in each cube of this side.
_CELL_M = 0.006
#: Rays to a camera begin so far off the mesh.
_LIFT_M = 0.004


def on_mesh(
    mesh: Mesh, views: Sequence[View], found: Sequence[PhotoTape], width_mm: float
) -> TapeSightings:
    """Sightings of all photos on the mesh.

    Parameters
    ----------
    mesh : Mesh
        Metres, z up.
    views : sequence of View
        Of the same world; a photo without a view says nothing.
    found : sequence of PhotoTape
    width_mm : float
        Of the tape.
    """
    scene = o3d.t.geometry.RaycastingScene()
    scene.add_triangles(
        o3d.core.Tensor.from_numpy(mesh.vertices.astype(np.float32)),
        o3d.core.Tensor.from_numpy(mesh.faces.astype(np.uint32)),
    )
    by_name: Mapping[str, int] = {view.name: k for k, view in enumerate(views)}
    normals = _smooth_normals(mesh)
    parts = [
        _sighted(scene, mesh, normals, views[by_name[one.photo]], one, width_mm / 1000)
        for one in found
        if one.photo in by_name
    ]
    owners = [by_name[one.photo] for one in found if one.photo in by_name]
    points, across, along, plane, pixel = (
        np.concatenate([part[k] for part in parts] or [np.zeros(shape)])
        for k, shape in enumerate([(0, 3)] * 4 + [(0,)])
    )
    photo = np.repeat(np.array(owners, dtype=np.int32), [len(part[0]) for part in parts])
    seeing = _seeing(scene, points, across, [views[k] for k in owners], width_mm / 1000)
    return TapeSightings(points, across, along, plane, pixel, photo.astype(np.int32), seeing)


def widest_px(mesh: Mesh, views: Sequence[View], width_mm: float) -> float:
    """How wide a tape of that width can be in any of the photos, in pixels.

    Seen from where the mesh is nearest to any camera (but for the nearest hundredth).
    """
    some = mesh.vertices[:: max(1, len(mesh.vertices) // 2000)]
    wide = [
        max(view.camera.fx, view.camera.fy)
        / max(float(np.percentile(np.linalg.norm(some - view.centre, axis=1), 1)), 1e-3)
        for view in views
    ]
    return float(_WIDE * max(wide, default=0.0) * width_mm / 1000 + _BLUR_PX)


def _sighted(
    scene: o3d.t.geometry.RaycastingScene,
    mesh: Mesh,
    normals: FloatArray,
    view: View,
    tape: PhotoTape,
    width_m: float,
) -> tuple[FloatArray, ...]:
    """Points, normals, directions, planes, pixel sizes of one photo's places that hold."""
    first, _, _ = _hits(scene, view, tape.edges_px[:, 0])
    second, _, _ = _hits(scene, view, tape.edges_px[:, 1])
    middle, face, uv = _hits(scene, view, tape.middle_px)
    hit = np.isfinite(first + second + middle).all(axis=1)
    weights = np.column_stack([1 - uv.sum(axis=1), uv])
    corner = normals[mesh.faces[np.where(hit, face, 0)]]
    normal = (weights[:, :, None] * corner).sum(axis=1)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    # the line and the camera span a plane; where it meets the surface the line runs
    ahead = _rays(view, tape.middle_px + tape.along_px)
    behind = _rays(view, tape.middle_px - tape.along_px)
    plane = np.cross(behind, ahead)
    plane /= np.maximum(np.linalg.norm(plane, axis=1, keepdims=True), 1e-12)
    along = np.cross(plane, normal)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-12)
    towards = view.centre - middle
    distance = np.linalg.norm(towards, axis=1)
    facing = (towards * normal).sum(axis=1) / np.maximum(distance, 1e-9)
    # a pixel across the line, as long as it is on the surface
    lean = np.abs((np.cross(normal, along) * plane).sum(axis=1))
    pixel = distance / view.camera.fx / np.maximum(lean, 0.05)
    wide = np.linalg.norm(first - second, axis=1)
    good = hit & (facing > _GRAZING)
    good &= (wide > _NARROW * width_m) & (wide < _WIDE * width_m + _BLUR_PX * pixel)
    # between the edges, but on the surface: perspective draws the middle aside on a slant
    half = (first + second) / 2
    place = middle + plane * ((half - middle) * plane).sum(axis=1, keepdims=True)
    return place[good], normal[good], along[good], plane[good], pixel[good]


def _rays(view: View, pixels: FloatArray) -> FloatArray:
    """Directions in the world, camera z = 1."""
    return np.asarray(view.camera.rays_from_pixels(pixels) @ view.rotation)


def _hits(
    scene: o3d.t.geometry.RaycastingScene, view: View, pixels: FloatArray
) -> tuple[FloatArray, AnyArray, FloatArray]:
    """Where the pixels' rays meet the mesh (else NaN), the face and the place on it."""
    directions = _rays(view, pixels)
    rays = np.column_stack([np.broadcast_to(view.centre, directions.shape), directions])
    found = scene.cast_rays(o3d.core.Tensor.from_numpy(rays.astype(np.float32)))
    depth = found["t_hit"].numpy().astype(np.float64)
    depth[~np.isfinite(depth)] = np.nan
    return (
        view.centre + depth[:, None] * directions,
        found["primitive_ids"].numpy().astype(np.int64),
        found["primitive_uvs"].numpy().astype(np.float64),
    )


def _seeing(
    scene: o3d.t.geometry.RaycastingScene,
    points: FloatArray,
    normals: FloatArray,
    views: Sequence[View],
    width_m: float,
) -> IntArray:
    """How many of the views have a good view of each point."""
    if not len(points):
        return np.zeros(0, dtype=np.int32)
    cell = np.floor(points / _CELL_M).astype(np.int64)
    _, one, of_cell = np.unique(cell, axis=0, return_index=True, return_inverse=True)
    places, facing = points[one], normals[one]
    count = np.zeros(len(places), dtype=np.int32)
    for view in views:
        towards = view.centre - places
        distance = np.linalg.norm(towards, axis=1)
        towards = towards / distance[:, None]
        pixels = np.nan_to_num(view.pixels_from_world(places), nan=-1.0)
        size = np.array([view.camera.width_px, view.camera.height_px])
        good = ((pixels > 0) & (pixels < size)).all(axis=1)
        good &= (towards * facing).sum(axis=1) > _FACES
        good &= width_m * view.camera.fx / distance > _TAPE_PX
        rays = np.column_stack([places + _LIFT_M * facing, towards]).astype(np.float32)
        hidden = scene.test_occlusions(o3d.core.Tensor.from_numpy(rays)).numpy()
        count += good & ~hidden
    return np.asarray(count[of_cell.ravel()], dtype=np.int32)


def _smooth_normals(mesh: Mesh, rounds: int = 6) -> FloatArray:
    """Normals (n, 3) of the vertices, evened out over some rings: a scan's own are noise."""
    from scipy.sparse import coo_array

    a, b, c = mesh.faces.T
    rows, columns = np.concatenate([a, b, c]), np.concatenate([b, c, a])
    count = len(mesh.vertices)
    graph = coo_array((np.ones(len(rows)), (rows, columns)), shape=(count, count)).tocsr()
    graph = graph + graph.T
    twice = np.cross(mesh.vertices[b] - mesh.vertices[a], mesh.vertices[c] - mesh.vertices[a])
    normals = np.zeros_like(mesh.vertices)
    for corner in (a, b, c):
        np.add.at(normals, corner, twice)
    for _ in range(rounds):
        normals = normals + graph @ normals / 3
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-15)
    return np.asarray(normals)
