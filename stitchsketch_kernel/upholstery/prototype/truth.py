"""How true the cloth lies on the furniture: measured on the mesh, not on the marker."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import igl
import numpy as np
import shapely

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray
from stitchsketch_kernel.domain.marker import Marker, MatchLevel
from stitchsketch_kernel.domain.piece import Pattern
from stitchsketch_kernel.domain.prototype import DressedPanel, Prototype
from stitchsketch_kernel.domain.units import MM_PER_M
from stitchsketch_kernel.upholstery.marker.links import links_of
from stitchsketch_kernel.upholstery.marker.repeats import off_lattice

#: A square's side is followed over the surface in so many steps.
_STEPS = 25


@dataclass(frozen=True)
class SeamJump:
    """How far the cloth's pattern jumps where two panels meet.

    Attributes
    ----------
    seam, a, b : str
    at_mm : float
        At the seam's middle, where markers match.
    along_mm : float
        The largest along the seam.
    allowed_mm : float
        The largest that is left all along wherever the two flat pieces are moved to, grain kept:
        their seam lines are not the same curve, or run at an angle to each other. Told by the
        pieces alone.
    off_piece_mm : float
        How far the cloth under the mesh's seam is from the pieces' own seam lines, at most.
    apart_mm : float
        How far apart the two panels' own points of the seam are on the mesh, at most.
    matched : bool
        Whether the marker calls the seam matched.
    """

    seam: str
    a: str
    b: str
    at_mm: float
    along_mm: float
    allowed_mm: float
    off_piece_mm: float
    apart_mm: float
    matched: bool


def square_sides_mm(panel: DressedPanel, side_mm: float = 50.0) -> FloatArray:
    """Lengths on the mesh of the sides of squares that are printed on the cloth, (k,).

    The squares' corners lie on the roll's own lattice. Each side is followed over the surface;
    those that leave the panel are left out.
    """
    low, high = panel.roll_mm.min(axis=0), panel.roll_mm.max(axis=0)
    grid = [
        np.arange(np.ceil(a / side_mm), np.floor(b / side_mm) + 1) * side_mm
        for a, b in zip(low, high, strict=True)
    ]
    corners = np.stack(np.meshgrid(*grid, indexing="ij"), axis=-1).reshape(-1, 2)
    sides = np.concatenate([_sides(corners, np.array(way) * side_mm) for way in ((1, 0), (0, 1))])
    on_roll = np.column_stack([panel.roll_mm, np.zeros(len(panel.roll_mm))])
    faces = np.ascontiguousarray(panel.faces, dtype=np.int64)
    query = np.column_stack([sides.reshape(-1, 2), np.zeros(sides.shape[0] * sides.shape[1])])
    square, index, foot = igl.point_mesh_squared_distance(query, on_roll, faces)[:3]
    at = faces[np.asarray(index).ravel()]
    a, b, c = (np.ascontiguousarray(on_roll[at[:, i]]) for i in range(3))
    shares = np.asarray(igl.barycentric_coordinates(np.ascontiguousarray(foot), a, b, c))
    points = np.einsum("ki,kij->kj", shares, panel.points_m[at]) * MM_PER_M
    inside = (np.asarray(square).reshape(sides.shape[:2]) < 1e-6).all(axis=1)
    lines = points.reshape(*sides.shape[:2], 3)[inside]
    return np.asarray(np.linalg.norm(np.diff(lines, axis=1), axis=2).sum(axis=1))


def _sides(corners: FloatArray, way: FloatArray) -> FloatArray:
    share = np.linspace(0, 1, _STEPS + 1)[None, :, None]
    return np.asarray(corners[:, None] + share * way)


def seam_jumps(prototype: Prototype, pattern: Pattern, marker: Marker) -> tuple[SeamJump, ...]:
    """For each seam between two dressed panels how the pattern goes on over it.

    Measured from the cloth under the mesh's own points of the seam, on both sides. Of two pieces
    that lie opposite ways the second's cloth is taken as turned about a motif's middle, which a
    cloth without nap looks the same by.
    """
    fabric, panels = prototype.fabric, {one.panel: one for one in prototype.panels}
    flat = _flat_seams(pattern, marker)
    good = {one.seam for one in marker.matches if one.matched and one.seam}
    motif = np.array([fabric.motif_along_mm, fabric.motif_across_mm])
    found = []
    for pair in pattern.seams:
        a, b = panels.get(pair.piece_a), panels.get(pair.piece_b or "")
        if a is None or b is None or a is b:
            continue
        line_a, line_b = a.seam_vertices.get(pair.seam), b.seam_vertices.get(pair.seam)
        if line_a is None or line_b is None or len(line_a) != len(line_b):
            continue
        here, there = (_with_middle(*side) for side in ((a, line_a), (b, line_b)))
        there = 2 * motif - there if a.turned != b.turned else there
        jump = np.hypot(*off_lattice(there - here, fabric).T)
        apart = np.linalg.norm(a.points_m[line_a] - b.points_m[line_b], axis=1) * MM_PER_M
        allowed, off = _by_pieces(flat.get(pair.seam), (a, line_a), (b, line_b), motif)
        found.append(
            SeamJump(
                pair.seam, a.panel, b.panel, float(jump[0]), float(jump.max()), allowed, off,
                float(apart.max()), pair.seam in good,
            )
        )  # fmt: skip
    return tuple(found)


def _flat_seams(pattern: Pattern, marker: Marker) -> dict[str, tuple[FloatArray, FloatArray, bool]]:
    """Both sides of each seam as the pieces lie on the roll; whether they lie opposite ways."""
    placed = {(one.piece, one.copy): one for one in marker.placements}
    found = {}
    for link in links_of(pattern, MatchLevel.ALL):
        if link.b is None or link.a.key not in placed or link.b.key not in placed:
            continue
        a, b = placed[link.a.key], placed[link.b.key]
        opposite = round((b.rotation_deg - a.rotation_deg) / 180) % 2 == 1
        found[link.seam] = (a.apply(link.a.line_mm), b.apply(link.b.line_mm), opposite)
    return found


def _by_pieces(
    flat: tuple[FloatArray, FloatArray, bool] | None,
    a: tuple[DressedPanel, IntArray],
    b: tuple[DressedPanel, IntArray],
    motif: FloatArray,
) -> tuple[float, float]:
    """What the flat pieces allow along a seam, and how far the mesh's cloth is from them.

    Both are nan where the pattern can't tell the two sides of a seam.
    """
    if flat is None:
        return float("nan"), float("nan")
    line_a, line_b, opposite = flat
    apart = (2 * motif - line_b if opposite else line_b) - line_a
    # wherever the pieces are moved to, these differences move as one: the smallest circle round
    # them has the jump that is left as its radius
    allowed = cv2.minEnclosingCircle(apart.astype(np.float32)[:, None])[1]
    lines = [shapely.LineString(line) for line in (line_a, line_b)]
    off = [
        min(
            float(shapely.distance(shapely.points(panel.roll_mm[own]), line).max())
            for line in lines
        )
        for panel, own in (a, b)
    ]
    return float(allowed), max(off)


def _with_middle(panel: DressedPanel, line: IntArray) -> FloatArray:
    """The cloth at the middle of a seam, and at each of its points."""
    points, roll = panel.points_m[line], panel.roll_mm[line]
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    middle = [np.interp(along[-1] / 2, along, roll[:, axis]) for axis in (0, 1)]
    return np.vstack([middle, roll])
