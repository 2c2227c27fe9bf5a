"""The mesh as a view sees it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray, BoolArray, FloatArray, IntArray
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.domain.photo import View
from stitchsketch_kernel.visualization.cover.raster import nearest_faces


@dataclass(frozen=True)
class Surface:
    """A mesh seen by a camera without distortion.

    Attributes
    ----------
    face : ndarray of int32, shape (h, w)
        -1 where there is none.
    depth_m : ndarray of float32, shape (h, w)
        Along the camera's z; 0 where there is none.
    """

    face: IntArray
    depth_m: AnyArray


def seen_surface(mesh: Mesh, view: View) -> Surface:
    """Which face is seen at each pixel and how far off."""
    camera = view.camera
    in_camera = mesh.vertices @ view.rotation.T + view.translation
    depth = np.where(in_camera[:, 2] > 1e-3, in_camera[:, 2], np.nan)
    at_px = np.column_stack(
        [
            camera.fx * in_camera[:, 0] / depth + camera.cx,
            camera.fy * in_camera[:, 1] / depth + camera.cy,
        ]
    )
    face, near = nearest_faces(
        at_px.astype(np.float32), (1 / depth).astype(np.float32), mesh.faces, camera.width_px,
        camera.height_px,
    )  # fmt: skip
    with np.errstate(divide="ignore"):
        depth_m = np.where(face >= 0, 1 / near, 0).astype(np.float32)
    return Surface(face, depth_m)


def points_of(surface: Surface, view: View, where: BoolArray) -> FloatArray:
    """World points (k, 3) that pixels show."""
    camera = view.camera
    y, x = np.nonzero(where)
    depth = surface.depth_m[y, x].astype(float)
    rays = np.column_stack(
        [(x + 0.5 - camera.cx) / camera.fx, (y + 0.5 - camera.cy) / camera.fy, np.ones(len(x))]
    )
    return np.asarray((rays * depth[:, None] - view.translation) @ view.rotation)
