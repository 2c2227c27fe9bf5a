"""Every panel of the mesh with the place on the roll that its cloth is cut from.

A point goes from the mesh to its flat panel, from there to the piece that is cut for the panel
(where a left template is cut for both sides, to that), and with the piece's placement to the roll.
So a piece that is moved, turned or cut face down on the marker moves the motif on the furniture.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.arrays import IntArray
from stitchsketch_kernel.domain.errors import MeshError, NestError
from stitchsketch_kernel.domain.marker import Marker, Placement
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.domain.piece import FlatPanel, Pattern, Piece
from stitchsketch_kernel.domain.prototype import DressedPanel, Prototype
from stitchsketch_kernel.domain.units import MM_PER_M
from stitchsketch_kernel.upholstery.pieces.mirrored import right_of
from stitchsketch_kernel.upholstery.prototype.template import on_piece

#: What of the scan lies farther from every panel than this is no cloth; piping stands out less.
_BARE_MM = 18.0
#: Less of it than this is what a seam's groove or a ragged end left over.
_CRUMBS_M2 = 0.002


def dress(
    flats: Sequence[FlatPanel], pattern: Pattern, marker: Marker, scan: Mesh | None = None
) -> Prototype:
    """Put the cloth of a marker on the panels.

    Parameters
    ----------
    flats : sequence of FlatPanel
        As the pieces were made from them.
    pattern : Pattern
    marker : Marker
        Of that pattern.
    scan : Mesh, optional
        The whole scan: what of it no panel covers stays as it was.

    Raises
    ------
    NestError
        No panel has a piece on the marker: they don't belong together.
    MeshError
        A panel has points that are no numbers.
    """
    placed = {(one.piece, one.copy): one for one in marker.placements}
    first = min((one.rotation_deg % 360 for one in marker.placements), default=0.0)
    panels, undressed = [], []
    for flat in flats:
        found = _cut_for(flat.panel, pattern, placed)
        if found is None:
            undressed.append(flat.panel)
            continue
        piece, placement = found
        _require_sound(flat)
        panels.append(
            DressedPanel(
                flat.panel,
                flat.surface_mm / MM_PER_M,
                flat.faces,
                placement.apply(on_piece(flat, piece, pattern)),
                flat.boundary,
                dict(flat.seam_vertices),
                round((placement.rotation_deg - first) / 180) % 2 == 1,
            )
        )
    if not panels:
        raise NestError(
            f"The marker of {pattern.name} has no piece for any of its panels.",
            "Run it again from the panels: the marker is of another pattern.",
        )
    bare = None if scan is None else bare_of(scan, panels)
    return Prototype(marker.fabric, tuple(panels), bare, tuple(undressed))


def with_pieces(
    flats: Sequence[FlatPanel], pattern: Pattern, marker: Marker
) -> tuple[FlatPanel, ...]:
    """The panels that a piece on the marker is cut for."""
    placed = {(one.piece, one.copy): one for one in marker.placements}
    return tuple(flat for flat in flats if _cut_for(flat.panel, pattern, placed) is not None)


def bare_of(scan: Mesh, panels: Sequence[DressedPanel]) -> Mesh | None:
    """What of a scan no panel lies on: legs, a frame; None where there is nothing."""
    tree = cKDTree(np.vstack([panel.points_m for panel in panels]))
    middles = scan.vertices[scan.faces].mean(axis=1)
    away = tree.query(middles, distance_upper_bound=_BARE_MM / MM_PER_M)[0]
    beyond = np.isinf(away)
    if scan.face_areas()[beyond].sum() < _CRUMBS_M2:
        return None
    kept = scan.faces[beyond]
    used, compact = np.unique(kept, return_inverse=True)
    faces: IntArray = compact.reshape(-1, 3).astype(np.int32)
    return Mesh(scan.vertices[used], faces, None if scan.colors is None else scan.colors[used])


def _require_sound(flat: FlatPanel) -> None:
    if not (np.isfinite(flat.surface_mm).all() and np.isfinite(flat.uv_mm).all()):
        raise MeshError(
            f"Panel {flat.panel} has points that are no numbers: its file is damaged.",
            "Run it again from the panels.",
        )


def _cut_for(
    panel: str, pattern: Pattern, placed: dict[tuple[str, int], Placement]
) -> tuple[Piece, Placement] | None:
    """The piece that is cut for a panel, and where: a right one is its left one's second copy."""
    for piece in pattern.pieces:
        own = piece.name == panel
        if own or (piece.mirrored and right_of(piece.name) == panel):
            placement = placed.get((piece.name, 0 if own else 1))
            return None if placement is None else (piece, placement)
    return None
