"""Renders of a mesh without a graphics card: rays cast by Open3D, soft light from the eye."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import open3d as o3d

from stitchsketch_kernel.domain.arrays import AnyArray, BoolArray, FloatArray, ImageArray, IntArray
from stitchsketch_kernel.domain.errors import MeshError
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.visualization.eyes import Eye
from stitchsketch_kernel.visualization.palette import CLOTH, INK, PAPER, Color

#: Rays a pixel, along each side.
_OVERSAMPLE = 2
#: A corner is shaded round where the faces about it turn less than this, else sharp.
_CREASE_DEG = 38.0
#: A line counts as seen when it lies no deeper than this share of the mesh's diagonal: seams lie
#: in grooves and under piping.
_LINE_SINK = 0.008
_NO_FACE = -1


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
