"""A reconstruction held against depth that was measured for the same photos (LiDAR, or a render's).

A pixel of a depth map is where it is in the photo, whatever their sizes; depth is along the
camera's z, metres, 0 where nothing is known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray, BoolArray, FloatArray
from stitchsketch_kernel.domain.model import Mesh, SparseModel
from stitchsketch_kernel.domain.photo import View
from stitchsketch_kernel.samples.rays import cast, distances, ray_scene

#: Whether points (n, 3), as `view_points` has them, are of the piece; by the photo's name.
OfPiece = Callable[[str, FloatArray], BoolArray]


@dataclass(frozen=True)
class DepthErrors:
    """What a mesh is off, at the pixels of the piece that depth is known for.

    Attributes
    ----------
    away_mm : ndarray, shape (n,)
        From the measured point to the nearest of the mesh.
    before_mm : ndarray, shape (n,)
        How much nearer to the camera the mesh is, along the ray; NaN where the ray meets none.
    depth_m : ndarray, shape (n,)
        As it was measured.
    """

    away_mm: FloatArray
    before_mm: FloatArray
    depth_m: FloatArray


def sparse_ratios(
    model: SparseModel, depths: Mapping[str, AnyArray], within_m: tuple[float, float]
) -> FloatArray:
    """Measured depth over the model's at its points: the median of each photo, shape (photos,).

    Parameters
    ----------
    model : SparseModel
    depths : mapping of str to ndarray, shape (h, w)
        By the photos' names; photos without one are left out.
    within_m : (float, float)
        Measured depth that is believed.
    """
    ratios = []
    for index, view in enumerate(model.views):
        if view.name not in depths:
            continue
        measured = depths[view.name]
        seen = np.array([index in views for views in model.point_views], dtype=bool)
        points = model.points[seen]
        own = points @ view.rotation[2] + view.translation[2]
        size = measured.shape[1] / view.camera.width_px
        x, y = np.floor(view.pixels_from_world(points) * size).astype(int).T
        inside = (x >= 0) & (y >= 0) & (x < measured.shape[1]) & (y < measured.shape[0])
        found = measured[y[inside], x[inside]]
        good = (found > within_m[0]) & (found < within_m[1])
        if good.any():
            ratios.append(np.median(found[good] / own[inside][good]))
    return np.array(ratios)


def mesh_errors(
    mesh: Mesh,
    views: tuple[View, ...],
    depths: Mapping[str, AnyArray],
    of_piece: OfPiece,
    scale: float = 1.0,
) -> DepthErrors:
    """Hold a mesh against measured depth.

    Parameters
    ----------
    mesh : Mesh
    views : tuple of View
        In the mesh's world.
    depths : mapping of str to ndarray, shape (h, w)
    of_piece : callable
        Given a photo's name and its measured points in the camera's axes (h * w, 3), metres:
        which are of the piece. Where no depth is known all three are 0.
    scale : float
        Metres in a unit of the mesh's world.
    """
    scene = ray_scene(mesh.vertices * scale, mesh.faces)
    parts = []
    for view in views:
        if view.name not in depths:
            continue
        points = view_points(view, depths[view.name])
        points = points[of_piece(view.name, points) & (points[:, 2] > 0)]
        if len(points):
            metric = replace(view, translation=scale * view.translation)
            parts.append(_errors(scene, metric, points))
    return DepthErrors(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def view_points(view: View, depth: AnyArray) -> FloatArray:
    """What the pixels of a depth map show, in the camera's axes, shape (h * w, 3), metres."""
    camera = view.camera.scaled(depth.shape[1] / view.camera.width_px)
    y, x = np.mgrid[0 : depth.shape[0], 0 : depth.shape[1]] + 0.5
    rays = camera.rays_from_pixels(np.column_stack([x.ravel(), y.ravel()]))
    return np.asarray(rays * depth.reshape(-1, 1))


def _errors(scene: object, view: View, points: FloatArray) -> tuple[FloatArray, ...]:
    depth = points[:, 2]
    world = (points - view.translation) @ view.rotation
    rays = np.hstack([np.broadcast_to(view.centre, world.shape), (points @ view.rotation)])
    share, _, _ = cast(scene, rays.astype(np.float32))
    # directions reach to the measured point: 1 is where it lies
    before = np.where(np.isfinite(share), 1 - share, np.nan) * np.linalg.norm(points, axis=1)
    return 1000.0 * distances(scene, world), 1000.0 * before, depth
