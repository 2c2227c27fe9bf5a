"""A prototype made ready for pictures: one mesh of all panels, its cloth's tile in levels."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray, BoolArray, FloatArray, ImageArray, IntArray
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.domain.prototype import ClothTile, Prototype
from stitchsketch_kernel.visualization.cover.openness import Openness


@dataclass(frozen=True)
class Covered:
    """All that is seen, as one mesh; points on seams stand there once for each panel.

    Attributes
    ----------
    points_m, normals, tangents : ndarray, shape (n, 3)
        Tangents are unit directions of the cloth's right; zero where there is no cloth.
    faces : ndarray of int32, shape (m, 3)
    roll_mm : ndarray, shape (n, 2)
    cloth : ndarray of bool, shape (m,)
    own : ndarray of float32, shape (n, 3)
        Linear colours of what is no cloth.
    first_face : dict of str to (int, int)
        Each panel's faces.
    open_to : ndarray of float32, shape (n,)
    floor : ndarray of float32, shape (g, g)
    floor_box : ndarray, shape (4,)
    """

    points_m: FloatArray
    normals: FloatArray
    tangents: FloatArray
    faces: IntArray
    roll_mm: FloatArray
    cloth: BoolArray
    own: AnyArray
    first_face: dict[str, tuple[int, int]]
    open_to: AnyArray
    floor: AnyArray
    floor_box: AnyArray


@dataclass(frozen=True)
class Levels:
    """A tile and its halves, its halves' halves and so on: `tile` (k, 5), `levels` (l, 3)."""

    tile: ImageArray
    levels: IntArray


def covered(prototype: Prototype) -> Covered:
    """One mesh of a prototype's panels and of what stays bare."""
    points, faces, roll, normals, tangents, first = [], [], [], [], [], {}
    count = total = 0
    for panel in prototype.cloth:
        points.append(panel.points_m)
        faces.append(panel.faces + count)
        roll.append(panel.roll_mm)
        normals.append(vertex_normals(panel.points_m, panel.faces))
        tangents.append(_tangents(panel.points_m, panel.faces, panel.roll_mm))
        first[panel.panel] = (total, total + len(panel.faces))
        count, total = count + len(panel.points_m), total + len(panel.faces)
    own = [np.zeros((count, 3), dtype=np.float32)]
    if prototype.bare is not None:
        bare = prototype.bare
        points.append(bare.vertices)
        faces.append(bare.faces + count)
        roll.append(np.zeros((len(bare.vertices), 2)))
        normals.append(vertex_normals(bare.vertices, bare.faces))
        tangents.append(np.zeros_like(bare.vertices))
        own.append(_linear(bare))
    return _whole(
        np.vstack(points), np.vstack(faces).astype(np.int32), np.vstack(roll), np.vstack(normals),
        np.vstack(tangents), np.vstack(own), first, total,
    )  # fmt: skip


def uncovered(scan: Mesh) -> Covered:
    """The scan as it was photographed, in its own colours."""
    zero = np.zeros((len(scan.vertices), 3))
    return _whole(
        scan.vertices, scan.faces, zero[:, :2], vertex_normals(scan.vertices, scan.faces), zero,
        _linear(scan), {}, 0,
    )  # fmt: skip


def _whole(
    points: FloatArray,
    faces: IntArray,
    roll: FloatArray,
    normals: FloatArray,
    tangents: FloatArray,
    own: AnyArray,
    first: dict[str, tuple[int, int]],
    cloth_faces: int,
) -> Covered:
    light = Openness(points, faces)
    cloth: BoolArray = np.arange(len(faces)) < cloth_faces
    open_to = _evened(light.of_points(points, normals), faces)
    return Covered(
        points, normals, tangents, faces, roll, cloth, own, first, open_to, light.of_floor(),
        light.floor_box,
    )  # fmt: skip


def levels_of(tile: ClothTile) -> Levels:
    """The tile with all its halves; light is averaged, not the numbers that stand for it."""
    light = linear(tile.color)
    slope = tile.normal[..., :2].astype(np.float32) / 127.5 - 1
    rows, levels, first = [], [], 0
    while True:
        height, width = light.shape[:2]
        packed = np.concatenate([np.sqrt(light) * 255, (slope + 1) * 127.5], axis=-1)
        rows.append(np.clip(packed + 0.5, 0, 255).astype(np.uint8).reshape(-1, 5))
        levels.append((first, width, height))
        first += width * height
        if max(width, height) == 1:
            break
        size = (max(1, width // 2), max(1, height // 2))
        light = np.asarray(cv2.resize(light, size, interpolation=cv2.INTER_AREA))
        slope = np.asarray(cv2.resize(slope, size, interpolation=cv2.INTER_AREA))
        light = light.reshape(size[1], size[0], 3)
        slope = slope.reshape(size[1], size[0], 2)
    return Levels(np.concatenate(rows), np.array(levels, dtype=np.int32))


def linear(color: ImageArray) -> AnyArray:
    """SRGB of 0 to 255 as light, 0 to 1, float32."""
    share = color.astype(np.float32) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def _linear(mesh: Mesh) -> AnyArray:
    if mesh.colors is None:
        return np.full((len(mesh.vertices), 3), 0.4, dtype=np.float32)
    return linear(mesh.colors).astype(np.float32)


def vertex_normals(points: FloatArray, faces: IntArray) -> FloatArray:
    """Unit normals (n, 3), each face counting by its area."""
    a, b, c = (points[faces[:, i]] for i in range(3))
    return _unit(_summed(np.cross(b - a, c - a), faces, len(points)))


def _tangents(points: FloatArray, faces: IntArray, roll: FloatArray) -> FloatArray:
    """Directions on the surface in which the cloth's right (the roll's -y) runs, (n, 3)."""
    a, b, c = (points[faces[:, i]] for i in range(3))
    P, Q = roll[faces[:, 1]] - roll[faces[:, 0]], roll[faces[:, 2]] - roll[faces[:, 0]]
    det = P[:, 0] * Q[:, 1] - P[:, 1] * Q[:, 0]
    det = np.where(np.abs(det) < 1e-12, 1e-12, det)[:, None]
    along_y = (P[:, :1] * (c - a) - Q[:, :1] * (b - a)) / det
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)[:, None]
    return _unit(_summed(-along_y * area, faces, len(points)))


def _summed(of_faces: FloatArray, faces: IntArray, count: int) -> FloatArray:
    out = np.zeros((count, 3))
    for corner in range(3):
        for axis in range(3):
            out[:, axis] += np.bincount(faces[:, corner], of_faces[:, axis], minlength=count)
    return out


def _unit(vectors: FloatArray) -> FloatArray:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1), 1e-20)[:, None])


def _evened(values: AnyArray, faces: IntArray, rounds: int = 3) -> AnyArray:
    """Values at vertices, each evened out with its neighbours'."""
    ends = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    ends = np.concatenate([ends, ends[:, ::-1]])
    many = np.bincount(ends[:, 0], minlength=len(values)) + 1.0
    for _ in range(rounds):
        summed = values + np.bincount(ends[:, 0], values[ends[:, 1]], minlength=len(values))
        values = (summed / many).astype(np.float32)
    return values
