"""Panels that lie flat by themselves, with their exact flat; and a scan's faults put on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.domain.panel import EdgeKind, Panel, PanelMap, Seam
from stitchsketch_kernel.domain.piece import FlatPanel

#: Width and height of the flat rectangle, mm.
SIZE_MM = (400.0, 300.0)
#: Shortest and longest wave of bumps, mm, and how many are added up.
_SHORT_MM, _LONG_MM, _WAVES = 40.0, 120.0, 60


@dataclass(frozen=True)
class Developable:
    """A panel and its exact flat.

    Attributes
    ----------
    surface : ndarray, shape (n, 3)
        mm.
    flat : ndarray, shape (n, 2)
        mm.
    faces : ndarray of int32, shape (m, 3)
        Counter-clockwise.
    border : ndarray of int32
        Counter-clockwise from a corner, the first not repeated.
    """

    surface: FloatArray
    flat: FloatArray
    faces: IntArray
    border: IntArray


def rolled(faces: int, radius_mm: float = 250.0, turned_deg: float = 30.0) -> Developable:
    """A rectangle rolled askew on a cylinder."""
    flat, triangles, border = _rectangle(faces)
    turn = np.radians(turned_deg)
    along, across = (flat @ [np.cos(turn + q), np.sin(turn + q)] for q in (0, np.pi / 2))
    y, z = radius_mm * np.sin(across / radius_mm), radius_mm * np.cos(across / radius_mm)
    points = [along * np.cos(turn) - y * np.sin(turn), along * np.sin(turn) + y * np.cos(turn), z]
    return Developable(np.column_stack(points), flat, triangles, border)


def coned(faces: int, apex_mm: float = 500.0, half_deg: float = 60.0) -> Developable:
    """A rectangle laid on a cone whose apex lies so far below it."""
    flat, triangles, border = _rectangle(faces)
    x, y = flat[:, 0] - SIZE_MM[0] / 2, flat[:, 1] + apex_mm
    away, part = np.hypot(x, y), np.sin(np.radians(half_deg))
    turn = np.arctan2(x, y) / part
    points = [
        away * part * np.sin(turn),
        away * np.sqrt(1 - part**2),
        away * part * np.cos(turn),
    ]
    return Developable(np.column_stack(points), flat, triangles, border)


def gable(faces: int, fold_deg: float = 35.0, round_mm: float = 60.0) -> Developable:
    """A rectangle folded over a ridge that is rounded by so large a radius."""
    flat, triangles, border = _rectangle(faces)
    half, x = np.radians(fold_deg) / 2, flat[:, 0] - SIZE_MM[0] / 2
    angle = np.clip(x / round_mm, -half, half)
    straight = x - round_mm * angle
    across = round_mm * np.sin(angle) + straight * np.cos(angle)
    down = round_mm * np.cos(angle) - straight * np.sin(angle)
    return Developable(np.column_stack([across, flat[:, 1], down]), flat, triangles, border)


def rough(
    exact: Developable, noise_mm: float, bumps_mm: float, jitter_mm: float, seed: int
) -> PanelMap:
    """The panel as a scan shows it, its border one closed seam.

    Parameters
    ----------
    exact : Developable
    noise_mm, bumps_mm : float
        Standard deviation along the normal: of each point by itself, and of waves of 40 to 120 mm.
    jitter_mm : float
        Of each of the border's points, in every direction.
    seed : int
    """
    rng = np.random.default_rng(seed)
    points, faces, border = exact.surface, exact.faces, exact.border
    waves = rng.normal(size=(_WAVES, 3))
    waves *= (2 * np.pi / rng.uniform(_SHORT_MM, _LONG_MM, _WAVES)
              / np.linalg.norm(waves, axis=1))[:, None]  # fmt: skip
    phases = points @ waves.T + rng.uniform(0, 2 * np.pi, _WAVES)
    off = bumps_mm * np.sqrt(2 / _WAVES) * np.cos(phases).sum(axis=1)
    off += noise_mm * rng.normal(size=len(points))
    moved = points + off[:, None] * _normals(points, faces)
    moved[border] += jitter_mm * rng.normal(size=(len(border), 3))
    line = np.append(border, border[:1])
    seam = Seam("S01", moved[line] / 1000, "P", None, EdgeKind.SEWN, line)
    panel = Panel("P", np.arange(len(faces), dtype=np.int32), np.array([0.0, 1.0, 0.0]))
    return PanelMap(Mesh(moved / 1000, faces), (panel,), (seam,))


def outline_off_mm(exact: Developable, laid: FlatPanel) -> FloatArray:
    """How far each point of the flat's border is from the true outline, laid over it at best."""
    true, found = exact.flat[exact.border], laid.uv_mm[laid.boundary]
    wanted = exact.flat[laid.vertices[laid.boundary]]
    u, _, vt = np.linalg.svd((found - found.mean(axis=0)).T @ (wanted - wanted.mean(axis=0)))
    over = (found - found.mean(axis=0)) @ u @ vt + wanted.mean(axis=0)
    return np.asarray(shapely.distance(shapely.LinearRing(true), shapely.points(over)))


def _rectangle(faces: int) -> tuple[FloatArray, IntArray, IntArray]:
    rows = max(2, round(np.sqrt(faces / 2 * SIZE_MM[1] / SIZE_MM[0])))
    columns = max(2, round(rows * SIZE_MM[0] / SIZE_MM[1]))
    x, y = np.meshgrid(
        np.linspace(0, SIZE_MM[0], columns + 1), np.linspace(0, SIZE_MM[1], rows + 1)
    )
    wide = columns + 1
    a = (np.arange(rows)[:, None] * wide + np.arange(columns)).ravel()
    triangles = np.vstack([np.column_stack([a, a + 1, a + wide + 1]),
                           np.column_stack([a, a + wide + 1, a + wide])])  # fmt: skip
    at = np.arange(wide * (rows + 1)).reshape(rows + 1, wide)
    border = np.concatenate([at[0, :-1], at[:-1, -1], at[-1, :0:-1], at[:0:-1, 0]])
    flat = np.column_stack([x.ravel(), y.ravel()])
    return flat, triangles.astype(np.int32), border.astype(np.int32)


def _normals(points: FloatArray, faces: IntArray) -> FloatArray:
    a, b, c = (points[faces[:, i]] for i in range(3))
    across = np.cross(b - a, c - a)
    out = np.zeros_like(points)
    for corner in range(3):
        np.add.at(out, faces[:, corner], across)
    return np.asarray(out / np.linalg.norm(out, axis=1, keepdims=True))
