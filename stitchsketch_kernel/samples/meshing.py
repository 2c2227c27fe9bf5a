"""Triangles for panels, piping tubes and plain boxes, with cloth coordinates at each vertex."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from scipy.spatial import Delaunay

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray
from stitchsketch_kernel.samples.surfaces import Surface


@dataclass(frozen=True)
class Patch:
    """Triangles of one material.

    Attributes
    ----------
    vertices, normals : ndarray, shape (n, 3)
    texture_mm : ndarray, shape (n, 2)
        Where each vertex lies on its cloth.
    faces : ndarray of int32, shape (m, 3)
        Counter-clockwise seen from outside.
    material : str
    panel : str or None
        The panel that these faces are, None for piping, legs and the room.
    """

    vertices: FloatArray
    normals: FloatArray
    texture_mm: FloatArray
    faces: IntArray
    material: str
    panel: str | None = None


def triangulate(outline_mm: FloatArray, spacing_mm: float) -> tuple[FloatArray, IntArray]:
    """Triangles of about `spacing_mm` inside a closed outline; its points come first, all kept.

    Delaunay of the outline and a hexagonal grid inside. An outline as dense as the grid is an
    edge path of that triangulation, so no constraint is needed; the area proves it.

    Raises
    ------
    ValueError
        When the triangles do not fill the outline exactly (points too far apart).
    """
    polygon = shapely.Polygon(outline_mm)
    shapely.prepare(polygon)
    inside = _hexagonal_grid(outline_mm, spacing_mm)
    shapes = shapely.points(inside)
    keep = shapely.contains(polygon, shapes)
    keep &= shapely.distance(polygon.exterior, shapes) > 0.6 * spacing_mm
    points = np.vstack([outline_mm, inside[keep]])
    faces = Delaunay(points).simplices.astype(np.int32)
    a, b, c = (points[faces[:, i]] for i in range(3))
    double = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    middle = (a + b + c) / 3
    good = (np.abs(double) > 1e-7 * spacing_mm**2) & shapely.contains_xy(polygon, middle)
    faces[double < 0] = faces[double < 0][:, ::-1]
    area = float(np.abs(double[good]).sum() / 2)
    if abs(area - polygon.area) > 1e-6 * polygon.area:
        raise ValueError(f"triangles cover {area:.3f} of {polygon.area:.3f} mm²")
    return points, faces[good]


def _hexagonal_grid(outline: FloatArray, spacing: float) -> FloatArray:
    low, high = outline.min(axis=0), outline.max(axis=0)
    rows = np.arange(low[1], high[1], spacing * np.sqrt(0.75))
    columns = np.arange(low[0], high[0], spacing)
    x = columns[None] + np.where(np.arange(len(rows)) % 2, spacing / 2, 0.0)[:, None]
    return np.column_stack([x.ravel(), np.broadcast_to(rows[:, None], x.shape).ravel()])


def panel_patch(
    name: str, surface: Surface, outline_m: FloatArray, spacing_m: float, material: str
) -> Patch:
    """A panel's triangles; the outline's points (n, 3) are its boundary vertices, bit for bit."""
    flat, faces = triangulate(surface.flat(outline_m), spacing_m * 1000)
    vertices = surface.world(flat)
    vertices[: len(outline_m)] = outline_m
    return Patch(vertices, surface.normals(flat), flat, faces, material, name)


def tube_patch(line_m: FloatArray, radius_m: float, material: str, sides: int = 10) -> Patch:
    """Piping: a round tube along a polyline (n, 3), its frame carried along without twist."""
    tangent = np.gradient(line_m, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    closed = bool(np.allclose(line_m[0], line_m[-1]))
    side = np.cross(tangent[0], np.eye(3)[np.argmin(np.abs(tangent[0]))])
    ring_sides = np.empty_like(line_m)
    for index, direction in enumerate(tangent):  # parallel transport
        side = side - direction * (side @ direction)
        side /= np.linalg.norm(side)
        ring_sides[index] = side
    other = np.cross(tangent, ring_sides)
    angle = np.linspace(0, 2 * np.pi, sides + 1)
    normals = (
        np.cos(angle)[None, :, None] * ring_sides[:, None]
        + np.sin(angle)[None, :, None] * other[:, None]
    )
    vertices = line_m[:, None] + radius_m * normals
    run = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line_m, axis=0), axis=1))])
    texture = np.stack(
        np.broadcast_arrays(1000 * run[:, None], 1000 * radius_m * angle[None]), axis=-1
    )
    faces = _strip_faces(len(line_m), sides + 1)
    tube = Patch(
        vertices.reshape(-1, 3), normals.reshape(-1, 3), texture.reshape(-1, 2), faces, material
    )
    if closed:
        return tube
    return merge(
        [tube, *(ball_patch(line_m[end], radius_m, material) for end in (0, -1))], material
    )


def ribbon_patch(
    line_m: FloatArray, normals: FloatArray, width_m: float, lift_m: float, material: str
) -> Patch:
    """Tape stuck along a polyline (n, 3) on a surface with `normals` there, `lift_m` off it.

    It lies on the surface's tangent planes; ends are cut square.
    """
    tangent = np.gradient(line_m, axis=0)
    if np.allclose(line_m[0], line_m[-1]):
        tangent[[0, -1]] = line_m[1] - line_m[-2]
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    side = np.cross(normals, tangent)
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    across = np.linspace(-width_m / 2, width_m / 2, 5)
    vertices = (line_m + lift_m * normals)[:, None] + across[:, None] * side[:, None]
    run = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line_m, axis=0), axis=1))])
    texture = np.stack(np.broadcast_arrays(1000 * run[:, None], 1000 * across), axis=-1)
    return Patch(
        vertices.reshape(-1, 3),
        np.repeat(normals, len(across), axis=0),
        texture.reshape(-1, 2),
        _strip_faces(len(line_m), len(across)),
        material,
    )


def ball_patch(centre: FloatArray, radius: float, material: str) -> Patch:
    """A ball: rounds off a tube's end, so that pipings meeting in a corner leave no hole."""
    lat, lon = np.linspace(-np.pi / 2, np.pi / 2, 7), np.linspace(0, 2 * np.pi, 11)
    normals = np.stack(
        np.broadcast_arrays(
            np.cos(lat)[:, None] * np.cos(lon),
            np.cos(lat)[:, None] * np.sin(lon),
            np.sin(lat)[:, None],
        ),
        axis=-1,
    ).reshape(-1, 3)
    faces = _strip_faces(len(lat), len(lon))[:, ::-1]
    return Patch(
        centre + radius * normals, normals, 1000 * radius * normals[:, :2], faces, material
    )


def _strip_faces(rows: int, columns: int) -> IntArray:
    a = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    b = a + columns
    faces = np.concatenate([np.column_stack([a, b, a + 1]), np.column_stack([b, b + 1, a + 1])])
    return np.asarray(faces[:, ::-1], dtype=np.int32)


def grid_patch(
    corner: FloatArray, u: FloatArray, v: FloatArray, material: str, stops: tuple[FloatArray, ...]
) -> Patch:
    """A flat rectangle ``corner + a u + b v`` cut at `stops` (a and b, metres); normal u x v."""
    a, b = (np.asarray(stop) for stop in stops)
    aa, bb = (grid.ravel() for grid in np.meshgrid(a, b, indexing="ij"))
    vertices = corner + aa[:, None] * u + bb[:, None] * v
    normals = np.broadcast_to(np.cross(u, v), vertices.shape).copy()
    texture = np.column_stack([aa, bb]) * 1000
    faces = _strip_faces(len(a), len(b))[:, ::-1]
    return Patch(vertices, normals, texture, faces, material)


def box_patch(low: Sequence[float], high: Sequence[float], material: str, step: float) -> Patch:
    """The six sides of an upright box, in squares of about `step` metres."""
    lo, hi = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
    sides = []
    for axis in range(3):
        u, v = np.eye(3)[(axis + 1) % 3], np.eye(3)[(axis + 2) % 3]
        span = [(hi - lo) @ u, (hi - lo) @ v]
        stops = [np.linspace(0, s, max(2, int(np.ceil(s / step)) + 1)) for s in span]
        top = lo.copy()
        top[axis] = hi[axis]
        sides.append(grid_patch(top, u, v, material, (stops[0], stops[1])))
        sides.append(grid_patch(lo, v, u, material, (stops[1], stops[0])))
    return merge(sides, material)


def merge(patches: Sequence[Patch], material: str, panel: str | None = None) -> Patch:
    """Several patches as one of the given material."""
    offsets = np.cumsum([0, *(len(patch.vertices) for patch in patches[:-1])])
    return Patch(
        np.vstack([patch.vertices for patch in patches]),
        np.vstack([patch.normals for patch in patches]),
        np.vstack([patch.texture_mm for patch in patches]),
        np.vstack(
            [patch.faces + offset for patch, offset in zip(patches, offsets, strict=True)]
        ).astype(np.int32),
        material,
        panel,
    )
