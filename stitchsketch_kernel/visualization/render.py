"""Renders of a mesh without a graphics card: rays cast by Open3D, soft light from the eye."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import cv2
import numpy as np
import open3d as o3d

from stitchsketch_kernel.domain.arrays import AnyArray, BoolArray, FloatArray, ImageArray, IntArray
from stitchsketch_kernel.domain.errors import MeshError
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.domain.photo import View
from stitchsketch_kernel.visualization.palette import CLOTH, INK, PAPER, Color

#: Rays a pixel, along each side.
_OVERSAMPLE = 2
#: A corner is shaded round where the faces about it turn less than this, else sharp.
_CREASE_DEG = 38.0
#: A line counts as seen when it lies no deeper than this share of the mesh's diagonal: seams lie
#: in grooves and under piping.
_LINE_SINK = 0.008
_NO_FACE = -1


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


@dataclass(frozen=True)
class Rendering:
    """A picture of a mesh.

    Attributes
    ----------
    image : ndarray of uint8, shape (h, w, 3)
    face : ndarray of int32, shape (h, w)
        Which face is seen at each pixel, -1 for none.
    eye : Eye
    """

    image: ImageArray
    face: IntArray
    eye: Eye


@dataclass(frozen=True)
class Line:
    """A polyline (k, 3) to draw on the surface where it can be seen."""

    points: FloatArray
    color: Color = INK
    width_px: float = 2.0


@dataclass
class Scene:
    """A mesh made ready for casting rays; build once, render from many eyes."""

    mesh: Mesh
    _rays: o3d.t.geometry.RaycastingScene = field(init=False, repr=False)
    _corner_normals: FloatArray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not len(self.mesh.faces):
            raise MeshError("The mesh has no faces.", "Look at the depth maps of the stage before.")
        self._rays = o3d.t.geometry.RaycastingScene(nthreads=2)
        vertices = o3d.core.Tensor.from_numpy(
            np.ascontiguousarray(self.mesh.vertices, dtype=np.float32)
        )
        faces = o3d.core.Tensor.from_numpy(np.ascontiguousarray(self.mesh.faces, dtype=np.uint32))
        self._rays.add_triangles(vertices, faces)
        self._corner_normals = _corner_normals(self.mesh)

    @property
    def diagonal(self) -> float:
        """Of the mesh's bounding box."""
        return float(np.linalg.norm(np.ptp(self.mesh.vertices, axis=0)))

    def render(
        self,
        eye: Eye,
        colors: ImageArray | None = None,
        lines: Sequence[Line] = (),
        background: Color = PAPER,
    ) -> Rendering:
        """Render the mesh.

        Parameters
        ----------
        eye : Eye
        colors : ndarray of uint8, shape (n, 3) or (m, 3), optional
            For each vertex or for each face; a plain cloth colour without. If there are as many
            vertices as faces, they are taken for the vertices'.
        lines : sequence of Line
            Drawn where the surface does not hide them.
        background : tuple of int
        """
        origins, directions = eye.rays(_OVERSAMPLE)
        face, weights = self._cast(origins, directions)
        hit = face >= 0
        picture = np.empty((*face.shape, 3))
        picture[:] = background
        light = _light(self._normals(face[hit], weights[hit]), directions[hit])
        picture[hit] = np.clip(self._colors(colors, face[hit], weights[hit]) * light, 0, 255)
        image = np.ascontiguousarray(picture + 0.5, dtype=np.uint8)
        for line in lines:
            self._draw(image, eye, line)
        small = np.asarray(cv2.resize(image, eye.size_px, interpolation=cv2.INTER_AREA))
        return Rendering(
            small.astype(np.uint8, copy=False), face[::_OVERSAMPLE, ::_OVERSAMPLE], eye
        )

    def visible(self, eye: Eye, points: FloatArray, sink: float | None = None) -> BoolArray:
        """Which of the points (n, 3) nothing hides.

        `sink` is how deep under the surface a point may lie (world units); 0.8 % of the diagonal
        without.
        """
        sink = _LINE_SINK * self.diagonal if sink is None else sink
        origins, directions, distance = eye.rays_to(points)
        rays = np.concatenate([origins, directions], axis=1).astype(np.float32)
        hit = self._rays.cast_rays(o3d.core.Tensor.from_numpy(rays))["t_hit"].numpy()
        return np.asarray((hit > distance - sink) & np.isfinite(eye.pixels(points)).all(axis=1))

    def _cast(self, origins: FloatArray, directions: FloatArray) -> tuple[IntArray, FloatArray]:
        rays = np.concatenate([origins, directions], axis=-1).astype(np.float32)
        answer = self._rays.cast_rays(o3d.core.Tensor.from_numpy(np.ascontiguousarray(rays)))
        face = answer["primitive_ids"].numpy().astype(np.int64)
        face[face == self._rays.INVALID_ID] = _NO_FACE
        uv = answer["primitive_uvs"].numpy().astype(float)
        weights = np.stack([1 - uv[..., 0] - uv[..., 1], uv[..., 0], uv[..., 1]], axis=-1)
        return face.astype(np.int32), weights

    def _normals(self, face: IntArray, weights: FloatArray) -> FloatArray:
        normals = np.einsum("nk,nkd->nd", weights, self._corner_normals[face])
        return np.asarray(normals / np.maximum(np.linalg.norm(normals, axis=1), 1e-12)[:, None])

    def _colors(self, colors: AnyArray | None, face: IntArray, weights: FloatArray) -> FloatArray:
        if colors is None:
            return np.broadcast_to(np.asarray(CLOTH, dtype=float), (len(face), 3))
        if len(colors) == len(self.mesh.vertices):
            corners = colors[self.mesh.faces[face]].astype(float)
            return np.asarray(np.einsum("nk,nkd->nd", weights, corners))
        if len(colors) != len(self.mesh.faces):
            raise ValueError(
                f"{len(colors)} colours for {len(self.mesh.vertices)} vertices "
                f"and {len(self.mesh.faces)} faces"
            )
        return np.asarray(colors[face], dtype=float)

    def _draw(self, image: ImageArray, eye: Eye, line: Line) -> None:
        # cut into short steps so that a line ends where the surface hides it
        points = _stepped(line.points, eye)
        seen = self.visible(eye, points)
        pixels = eye.pixels(points) * _OVERSAMPLE - 0.5
        pairs = np.flatnonzero(seen[:-1] & seen[1:])
        if not len(pairs):
            return
        shift = 4
        fixed = np.round(np.stack([pixels[pairs], pixels[pairs + 1]], axis=1) * 2**shift)
        width = max(1, round(line.width_px * _OVERSAMPLE))
        cv2.polylines(
            image, list(fixed.astype(np.int32)), False, line.color, width, cv2.LINE_AA, shift
        )


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


def _corner_normals(mesh: Mesh) -> FloatArray:
    # (m, 3, 3): rounded where the surface is smooth, the face's own where it is creased
    own = mesh.face_normals()
    weighted = own * mesh.face_areas()[:, None]
    summed = np.zeros(mesh.vertices.shape)
    for corner, axis in itertools.product(range(3), range(3)):
        summed[:, axis] += np.bincount(
            mesh.faces[:, corner], weighted[:, axis], minlength=len(summed)
        )
    summed /= np.maximum(np.linalg.norm(summed, axis=1), 1e-20)[:, None]
    corners = summed[mesh.faces]
    sharp = np.einsum("mkd,md->mk", corners, own) < np.cos(np.deg2rad(_CREASE_DEG))
    return np.where(sharp[..., None], own[:, None, :], corners)


def _light(normals: FloatArray, directions: FloatArray) -> FloatArray:
    # a lamp at the eye, one from above, and light from all round; both sides are lit alike
    facing = np.abs(np.einsum("nd,nd->n", normals, directions))
    toward = np.where(np.einsum("nd,nd->n", normals, directions)[:, None] > 0, -normals, normals)
    lamp = np.array([0.35, -0.25, 0.9]) / np.linalg.norm([0.35, -0.25, 0.9])
    above = np.clip(toward @ lamp, 0, 1)
    return np.asarray(0.36 + 0.46 * facing + 0.24 * above)[:, None]


def _stepped(points: FloatArray, eye: Eye) -> FloatArray:
    pixels = eye.pixels(points)
    lengths = np.nan_to_num(np.linalg.norm(np.diff(pixels, axis=0), axis=1))
    steps = np.clip(np.ceil(lengths / 3), 1, 2000).astype(int)
    parts = [
        points[i] + np.linspace(0, 1, n, endpoint=False)[:, None] * (points[i + 1] - points[i])
        for i, n in enumerate(steps)
    ]
    return np.vstack([*parts, points[-1:]])
