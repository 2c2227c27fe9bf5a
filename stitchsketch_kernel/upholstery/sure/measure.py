"""How sure the seams and pieces of a scan are, from what the scan shows of its own errors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.panel import PanelMap, Seam
from stitchsketch_kernel.domain.piece import FlatPanel
from stitchsketch_kernel.domain.sureness import PieceSure, ScanErrors, SeamSure, Sureness
from stitchsketch_kernel.domain.units import MM_PER_M
from stitchsketch_kernel.upholstery.sure.draws import DRAWS, WITHIN, Draws
from stitchsketch_kernel.upholstery.sure.junctions import drawn_junctions
from stitchsketch_kernel.upholstery.sure.noise import Noise, pooled, surface_noise
from stitchsketch_kernel.upholstery.sure.patches import PanelSurface
from stitchsketch_kernel.upholstery.sure.pieces import Net, extents, outward
from stitchsketch_kernel.upholstery.sure.seams import (
    at_all_points,
    drawn_seam,
    stations,
    tangents,
)
from stitchsketch_kernel.upholstery.sure.sides import Side, believed, side_of

#: Confidence above which photos saw a place (as in `seams.segment`).
_SEEN = 0.2
#: A scan is never surer of a surface than this: the meshing's own error.
_LEAST_MM = 0.02
#: So much of a seam or an outline lies within its ±, in so many scans.
_SHARE = 95.0


def how_sure(
    panel_map: PanelMap, flats: Sequence[FlatPanel], errors: ScanErrors, seed: int = 0
) -> Sureness:
    """Say for each seam and piece how far it may be from the truth.

    Scans are drawn that differ from this one by what it may be off by: its scale, the bend of its
    cameras, its surface's noise beside each seam (as rough and as far correlated as the residuals
    there show), what a second fit further from the fold says, and what nobody saw. Each draw's
    seams and pieces are measured; the half-widths cover 95 % of them.

    Parameters
    ----------
    panel_map : PanelMap
    flats : sequence of FlatPanel
        Of its panels, or of some of them.
    errors : ScanErrors
    seed : int
        Of the draws.

    Returns
    -------
    Sureness
        Empty where the scan has no scale.
    """
    if not np.isfinite(errors.scale_percent):
        return Sureness()
    rng = np.random.default_rng(seed)
    points_mm = panel_map.mesh.vertices * MM_PER_M
    surfaces = _surfaces(panel_map, points_mm, rng)
    draws = Draws(surfaces, errors, points_mm.mean(axis=0), rng)
    sides = believed({seam.id: _sides(seam, surfaces) for seam in panel_map.seams})
    drawn = {seam.id: drawn_seam(seam, sides[seam.id], draws) for seam in panel_map.seams}
    junctions = drawn_junctions(panel_map, sides, draws, drawn)
    moves: dict[int, FloatArray] = {}
    told: dict[str, SeamSure] = {}
    for seam in panel_map.seams:
        moved = at_all_points(seam, drawn[seam.id], junctions) + draws.common(
            seam.points_m * MM_PER_M
        )
        told[seam.id] = _seam_sure(seam, moved)
        moves.update(zip(seam.vertices.tolist(), moved, strict=True))
    pieces = {
        flat.panel: _piece_sure(flat, draws, surfaces[flat.panel], moves)
        for flat in flats
        if flat.panel in surfaces
    }
    return Sureness(told, pieces)


def _surfaces(
    panel_map: PanelMap, points_mm: FloatArray, rng: np.random.Generator
) -> dict[str, PanelSurface]:
    """Each panel's points away from its seams, with their noise."""
    on_seams = np.unique(np.concatenate([seam.vertices for seam in panel_map.seams]))
    inner, noises = {}, {}
    for panel in panel_map.panels:
        used = np.setdiff1d(np.unique(panel_map.mesh.faces[panel.faces]), on_seams)
        inner[panel.name] = used
        noises[panel.name] = surface_noise(points_mm[used], rng, _LEAST_MM)
    known = [noise for noise in noises.values() if noise is not None]
    usual = pooled(known) if known else Noise(1.0, 3.0, 3.0)
    confidence = panel_map.mesh.confidence
    seen = np.ones(len(points_mm), bool) if confidence is None else confidence > _SEEN
    normals = _normals(panel_map)
    border = points_mm[on_seams]
    return {
        name: PanelSurface(
            points_mm[used], normals[used], seen[used], border, noises[name] or usual
        )
        for name, used in inner.items()
    }


def _normals(panel_map: PanelMap) -> FloatArray:
    """Of the vertices, outwards: those of their faces, weighed by area, of any length."""
    mesh = panel_map.mesh
    a, b, c = (mesh.vertices[mesh.faces[:, i]] for i in range(3))
    across = np.cross(b - a, c - a)
    normals = np.zeros_like(mesh.vertices)
    for corner in range(3):
        np.add.at(normals, mesh.faces[:, corner], across)
    return normals


def _sides(seam: Seam, surfaces: dict[str, PanelSurface]) -> list[Side]:
    points = seam.points_m * MM_PER_M
    places = points[stations(len(points))]
    named = [name for name in (seam.left, seam.right) if name in surfaces]
    found = [side_of(name, surfaces[name], places) for name in named]
    return [side for side in found if side is not None]


def _seam_sure(seam: Seam, moves: FloatArray) -> SeamSure:
    points = seam.points_m * MM_PER_M
    drawn = points[:, :, None] + moves
    lengths = np.linalg.norm(np.diff(drawn, axis=0), axis=1).sum(axis=0)
    along = tangents(points)
    across = moves - along[:, :, None] * np.einsum("nk,nkd->nd", along, moves)[:, None]
    off = np.percentile(np.linalg.norm(across, axis=1), _SHARE, axis=0)
    return SeamSure(seam.id, _half_width(lengths - seam.length_mm), float(np.percentile(off, 95)))


def _half_width(off: FloatArray) -> float:
    """Of the 95 % interval, from draws of an error; what they share counts too."""
    return float(WITHIN * np.sqrt((off**2).mean()))


def _piece_sure(
    flat: FlatPanel, draws: Draws, surface: PanelSurface, moves: dict[int, FloatArray]
) -> PieceSure:
    net = Net(flat)
    on_mesh = flat.vertices[net.nodes]
    moved = np.zeros((len(net.nodes), 3, DRAWS))
    missing = []
    for row, vertex in enumerate(on_mesh.tolist()):
        if vertex in moves:
            moved[row] = moves[vertex]
        else:
            missing.append(row)
    if missing:
        moved[missing] = draws.common(flat.surface_mm[net.nodes[missing]])
    rim = net.laid(moved)
    outline = net.rim_mm()
    across = np.einsum("nk,nkd->nd", outward(outline), rim)
    off = np.percentile(np.abs(across), _SHARE, axis=0)
    sizes = extents(outline[:, :, None] + rim) - extents(outline[:, :, None])
    width, length = (_half_width(one) for one in sizes)
    return PieceSure(flat.panel, float(np.percentile(off, 95)), (width, length))
