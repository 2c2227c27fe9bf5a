"""What is drawn of a piece, in its own or the roll's coordinates: the same for every format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.errors import ExportError, ScaleError
from stitchsketch_kernel.domain.marker import Marker, Placement
from stitchsketch_kernel.domain.piece import Pattern, Piece
from stitchsketch_kernel.domain.units import inch_fraction

#: Gap between pieces that are laid out in rows.
_GAP_MM = 20.0


@dataclass(frozen=True)
class DrawnPiece:
    """A piece where it is drawn, millimetres, y up.

    Attributes
    ----------
    name : str
    cut, sew : ndarray, shape (n, 2)
        Closed, the first point not repeated.
    notches : tuple of ndarray, shape (2, 2)
        From the cut line inwards to the sew line.
    grain : ndarray, shape (2, 2)
        Tail and head.
    internal : tuple of ndarray, shape (k, 2)
    centre : ndarray, shape (2,)
        Where its words are written.
    words : tuple of str
    """

    name: str
    cut: FloatArray
    sew: FloatArray
    notches: tuple[FloatArray, ...]
    grain: FloatArray
    internal: tuple[FloatArray, ...]
    centre: FloatArray
    words: tuple[str, ...]


def require_cuttable(pattern: Pattern) -> None:
    """Refuse to draw a cut file of a pattern whose size is not known.

    Raises
    ------
    ScaleError
        The scan has no scale.
    ExportError
        There is no piece.
    """
    if pattern.scale_method == "none":
        raise ScaleError(
            "No cut file is written: the size of the scan is not known.",
            "Lay printed mats round the piece and photograph it again, or give a length that you "
            "measured (--length).",
        )
    if not pattern.pieces:
        raise ExportError("There is no piece to cut.", "Look at the panels and give seeds.")


def drawn_rows(pattern: Pattern, width_mm: float = 1400.0) -> tuple[DrawnPiece, ...]:
    """Every piece once, unturned, in rows no wider than `width_mm` where they can be."""
    out: list[DrawnPiece] = []
    x = y = row = 0.0
    for piece in pattern.pieces:
        low, high = piece.cut_line_mm.min(axis=0), piece.cut_line_mm.max(axis=0)
        size = high - low
        if x > 0 and x + size[0] > width_mm:
            x, y, row = 0.0, y + row + _GAP_MM, 0.0
        out.append(draw(piece, np.array([x, y]) - low))
        x, row = x + float(size[0]) + _GAP_MM, max(row, float(size[1]))
    return tuple(out)


def drawn_marker(pattern: Pattern, marker: Marker) -> tuple[DrawnPiece, ...]:
    """Every copy of every piece where the marker lays it; x along the roll."""
    return tuple(
        place(pattern.piece(placement.piece), placement) for placement in marker.placements
    )


def draw(piece: Piece, shift: FloatArray) -> DrawnPiece:
    """A piece moved by `shift`."""
    return DrawnPiece(
        piece.name,
        piece.cut_line_mm + shift,
        piece.sew_line_mm + shift,
        tuple(np.array([notch.cut_mm, notch.sew_mm]) + shift for notch in piece.notches),
        piece.grain_mm + shift,
        tuple(line + shift for line in piece.internal_mm),
        piece.grain_mm.mean(axis=0) + shift,
        words(piece),
    )


def place(piece: Piece, placement: Placement) -> DrawnPiece:
    """A piece on the roll."""
    at = placement.apply
    label = words(piece)
    if piece.quantity > 1:
        label = (f"{label[0]}  {placement.copy + 1}/{piece.quantity}", *label[1:])
    return DrawnPiece(
        piece.name,
        at(piece.cut_line_mm),
        at(piece.sew_line_mm),
        tuple(at(np.array([notch.cut_mm, notch.sew_mm])) for notch in piece.notches),
        at(piece.grain_mm),
        tuple(at(line) for line in piece.internal_mm),
        at(piece.grain_mm).mean(axis=0),
        label,
    )


def words(piece: Piece) -> tuple[str, ...]:
    """What is written on a piece: name, how many to cut, size, how sure."""
    size = np.ptp(piece.sew_line_mm, axis=0)
    cut = f"cut {piece.quantity}"
    if piece.mirrored:
        cut += " (mirrored pairs)"
    lines = [
        piece.name,
        cut,
        f"sewn {size[0]:.0f} x {size[1]:.0f} mm",
        f"{inch_fraction(float(size[0]))} x {inch_fraction(float(size[1]))}",
    ]
    if np.isfinite(piece.uncertainty_mm):
        lines.append(f"+/- {piece.uncertainty_mm:.1f} mm")
    return (*lines, *piece.notes)


def bounds(pieces: Sequence[DrawnPiece]) -> tuple[FloatArray, FloatArray]:
    """Low and high corner of all cut lines."""
    points = np.concatenate([piece.cut for piece in pieces])
    return points.min(axis=0), points.max(axis=0)


def ascii_only(text: str) -> str:
    """Text for formats that know seven bits, without line breaks."""
    plain = text.replace("±", "+/-").encode("ascii", errors="replace").decode("ascii")
    return "".join(c if c.isprintable() else "?" for c in plain)
