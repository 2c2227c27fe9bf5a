"""From where a mesh is looked at: without perspective, or as a photo's camera does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.domain.photo import View


class Eye(Protocol):
    """From where a mesh is looked at."""

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the picture."""

    def rays(self, oversample: int) -> tuple[FloatArray, FloatArray]:
        """Origins and unit directions, each (h * oversample, w * oversample, 3)."""

    def rays_to(self, points: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Origins (n, 3), unit directions (n, 3) and distances (n,) that reach `points`."""

    def pixels(self, points: FloatArray) -> FloatArray:
        """Where `points` (n, 3) appear, (n, 2); NaN behind the eye. COLMAP's convention."""


@dataclass(frozen=True)
class ParallelEye:
    """Looks along a direction without perspective, so that one scale holds all over the picture.

    Attributes
    ----------
    direction : ndarray, shape (3,)
        Unit vector from the eye to the mesh.
    right, up : ndarray, shape (3,)
        Unit vectors of the picture's axes in the world.
    centre : ndarray, shape (3,)
        The world point in the middle of the picture.
    unit_per_px : float
        World units a pixel.
    """

    direction: FloatArray
    right: FloatArray
    up: FloatArray
    centre: FloatArray
    unit_per_px: float
    size_px: tuple[int, int]
    away: float

    @classmethod
    def looking(
        cls, mesh: Mesh, direction: FloatArray, size_px: tuple[int, int], unit_per_px: float | None
    ) -> ParallelEye:
        """See all of `mesh` along `direction`; fitted with a margin unless `unit_per_px` is given.

        The picture's up is the world's z; looking straight down it is +y.
        """
        forward = np.asarray(direction, dtype=float)
        forward = forward / np.linalg.norm(forward)
        across = np.cross(forward, [0.0, 0.0, 1.0])
        if np.linalg.norm(across) < 1e-6:
            across = np.array([1.0, 0.0, 0.0])
        right = across / np.linalg.norm(across)
        up = np.cross(right, forward)
        low, high = mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)
        flat = mesh.vertices @ np.stack([right, up, forward]).T
        middle = (flat.min(axis=0) + flat.max(axis=0)) / 2
        centre = middle @ np.stack([right, up, forward])
        if unit_per_px is None:
            unit_per_px = fitting_unit(mesh, [(right, up)], size_px)
        away = 2 * float(np.linalg.norm(high - low)) + 1e-9
        return cls(forward, right, up, centre, unit_per_px, size_px, away)

    def rays(self, oversample: int) -> tuple[FloatArray, FloatArray]:
        """Parallel rays through the sub-pixels' centres."""
        width, height = self.size_px
        x = ((np.arange(width * oversample) + 0.5) / oversample - width / 2) * self.unit_per_px
        y = ((np.arange(height * oversample) + 0.5) / oversample - height / 2) * self.unit_per_px
        start = self.centre - self.away * self.direction
        origins = start + x[None, :, None] * self.right - y[:, None, None] * self.up
        return origins, np.broadcast_to(self.direction, origins.shape)

    def rays_to(self, points: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Parallel rays that end in the points."""
        distance = (points - self.centre) @ self.direction + self.away
        directions = np.broadcast_to(self.direction, points.shape)
        return points - distance[:, None] * self.direction, directions, distance

    def pixels(self, points: FloatArray) -> FloatArray:
        """Parallel projection."""
        offset = points - self.centre
        x = offset @ self.right / self.unit_per_px + self.size_px[0] / 2
        y = -(offset @ self.up) / self.unit_per_px + self.size_px[1] / 2
        return np.column_stack([x, y])


@dataclass(frozen=True)
class ViewEye:
    """Looks as the camera of a view does, distortion included."""

    view: View

    @property
    def size_px(self) -> tuple[int, int]:
        """The camera's."""
        return self.view.camera.width_px, self.view.camera.height_px

    def rays(self, oversample: int) -> tuple[FloatArray, FloatArray]:
        """Rays from the camera's centre through the sub-pixels' centres."""
        width, height = self.size_px
        x = (np.arange(width * oversample) + 0.5) / oversample
        y = (np.arange(height * oversample) + 0.5) / oversample
        pixels = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
        rays = self.view.camera.rays_from_pixels(pixels) @ self.view.rotation
        rays /= np.linalg.norm(rays, axis=1, keepdims=True)
        directions = rays.reshape(len(y), len(x), 3)
        return np.broadcast_to(self.view.centre, directions.shape), directions

    def rays_to(self, points: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Rays from the camera's centre."""
        offset = points - self.view.centre
        distance = np.linalg.norm(offset, axis=1)
        origins = np.broadcast_to(self.view.centre, points.shape)
        return origins, offset / np.maximum(distance, 1e-12)[:, None], distance

    def pixels(self, points: FloatArray) -> FloatArray:
        """The camera's own projection."""
        return self.view.pixels_from_world(points)


def fitting_unit(
    mesh: Mesh, axes: Sequence[tuple[FloatArray, FloatArray]], size_px: tuple[int, int]
) -> float:
    """World units a pixel so that the mesh fits, with a margin of 6 %, seen along all `axes`.

    `axes` are pairs of right and up vectors.
    """
    need = 0.0
    for right, up in axes:
        wide = float(np.ptp(mesh.vertices @ right))
        tall = float(np.ptp(mesh.vertices @ up))
        need = max(need, wide / size_px[0], tall / size_px[1])
    return max(need, 1e-12) / 0.88
