"""Rays against triangles (Open3D's embedding of Embree: exact, no screen and no GPU needed)."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray, BoolArray, FloatArray, IntArray


def ray_scene(vertices: FloatArray, faces: IntArray) -> Any:
    """An Open3D RaycastingScene of one mesh."""
    o3d: Any = import_module("open3d")
    scene = o3d.t.geometry.RaycastingScene()
    scene.add_triangles(
        o3d.core.Tensor(vertices.astype(np.float32)), o3d.core.Tensor(faces.astype(np.uint32))
    )
    return scene


def cast(scene: Any, rays: AnyArray) -> tuple[AnyArray, AnyArray, AnyArray]:
    """Where rays (n, 6) of origin and direction hit first.

    Returns
    -------
    depth : ndarray of float32, shape (n,)
        In lengths of the direction; infinite where nothing is hit.
    face : ndarray of uint32, shape (n,)
    uv : ndarray of float32, shape (n, 2)
        Weights of the face's second and third vertex.
    """
    o3d: Any = import_module("open3d")
    hits = scene.cast_rays(o3d.core.Tensor(rays))
    return (
        hits["t_hit"].numpy(),
        hits["primitive_ids"].numpy(),
        hits["primitive_uvs"].numpy(),
    )


def occluded(scene: Any, start: FloatArray, direction: FloatArray, reach: float) -> BoolArray:
    """Whether something lies between `start` and ``start + reach * direction``, shape (n,)."""
    o3d: Any = import_module("open3d")
    rays = np.hstack([start, direction]).astype(np.float32)
    return np.asarray(scene.test_occlusions(o3d.core.Tensor(rays), 0.0, reach).numpy(), dtype=bool)


def distances(scene: Any, points: FloatArray) -> AnyArray:
    """Distance of points (n, 3) to the mesh, float32 (n,)."""
    o3d: Any = import_module("open3d")
    return np.asarray(scene.compute_distance(o3d.core.Tensor(points.astype(np.float32))).numpy())
