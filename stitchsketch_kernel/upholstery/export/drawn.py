"""What is drawn of a piece, in its own or the roll's coordinates: the same for every format."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.errors import ExportError
from stitchsketch_kernel.domain.marker import Marker
from stitchsketch_kernel.domain.piece import Notch, Pattern, Piece
from stitchsketch_kernel.domain.units import inch_fraction
from stitchsketch_kernel.upholstery.export.lettering import Lettering, letter
from stitchsketch_kernel.upholstery.pieces.gate import require_sewable
from stitchsketch_kernel.upholstery.pieces.make import require_metric

#: Gap between pieces that are laid out in rows.
_GAP_MM = 20.0
#: Notes are broken into lines of about this many letters.
_NOTE_LETTERS = 34


@dataclass(frozen=True)
class DrawnPiece:
    """A piece where it is drawn, millimetres, y up.

    Attributes
    ----------
    name : str
    quantity : int
        How often it is cut.
    cut, sew : ndarray, shape (n, 2)
        Closed, the first point not repeated.
    notches : tuple of ndarray, shape (2, 2)
        From the cut line inwards, as deep as they are cut.
    grain : ndarray, shape (2, 2)
        Tail and head.
    internal : tuple of ndarray, shape (k, 2)
    lettering : Lettering
    """

    name: str
    quantity: int
    cut: FloatArray
    sew: FloatArray
    notches: tuple[FloatArray, ...]
    grain: FloatArray
    internal: tuple[FloatArray, ...]
    lettering: Lettering


def require_cuttable(pattern: Pattern) -> None:
    """Refuse to draw a cut file of a pattern whose size is not known or that can't be sewn.

    Raises
    ------
    ScaleError
        The scan has no scale.
    ExportError
        There is no piece, or one whose lines hold a point that is no number.
    SewError
        Its sides don't sew together, and nobody said why it is cut all the same.
    """
    require_metric(pattern)
    if not pattern.pieces:
        raise ExportError("There is no piece to cut.", "Look at the panels and give seeds.")
    for piece in pattern.pieces:
        notches = (points for one in piece.notches for points in (one.sew_mm, one.cut_mm))
        lines = (piece.cut_line_mm, piece.sew_line_mm, piece.grain_mm, *piece.internal_mm, *notches)
        # HPGL would make some number of it, and a plotter would go there
        if not all(np.isfinite(line).all() for line in lines):
            raise ExportError(
                f"Piece {piece.name} has a point that is no number.", "Flatten its panel anew."
            )
    require_sewable(pattern)


def override_said(pattern: Pattern) -> tuple[str, ...]:
    """The line for every cut file that was made past the gate; none for one that passed it."""
    return (f"DOES NOT SEW TOGETHER, cut because: {pattern.override}",) if pattern.override else ()


def drawn_pieces(pattern: Pattern, marker: Marker | None) -> tuple[DrawnPiece, ...]:
    """Every copy where the marker lays it, or without one every piece once in rows."""
    return drawn_rows(pattern) if marker is None else drawn_marker(pattern, marker)


def drawn_rows(pattern: Pattern, width_mm: float = 1400.0) -> tuple[DrawnPiece, ...]:
    """Every piece once, unturned, in rows no wider than `width_mm` where they can be."""
    shifts = row_shifts(pattern.pieces, width_mm)
    return tuple(
        draw_moved(piece, shift) for piece, shift in zip(pattern.pieces, shifts, strict=True)
    )


def row_shifts(pieces: Sequence[Piece], width_mm: float) -> list[FloatArray]:
    """How far each piece is moved (2,) when they lie in rows, the first row lowest."""
    out: list[FloatArray] = []
    x = y = row = 0.0
    for piece in pieces:
        low, high = piece.cut_line_mm.min(axis=0), piece.cut_line_mm.max(axis=0)
        size = high - low
        if x > 0 and x + size[0] > width_mm:
            x, y, row = 0.0, y + row + _GAP_MM, 0.0
        out.append(np.array([x, y]) - low)
        x, row = x + float(size[0]) + _GAP_MM, max(row, float(size[1]))
    return out


def drawn_marker(pattern: Pattern, marker: Marker) -> tuple[DrawnPiece, ...]:
    """Every copy of every piece where the marker lays it; x along the roll.

    Raises
    ------
    ExportError
        The marker lays nothing, or is one of another pattern.
    """
    unknown = {one.piece for one in marker.placements} - {one.name for one in pattern.pieces}
    if unknown or not marker.placements:
        what = f"piece {min(unknown)}, which is not in the pattern" if unknown else "no piece"
        raise ExportError(f"The marker lays {what}.", "Nest the pattern anew.")
    out = []
    for placement in marker.placements:
        piece = pattern.piece(placement.piece)
        label = words(piece)
        if piece.quantity > 1:
            label = (f"{label[0]}  {placement.copy + 1}/{piece.quantity}", *label[1:])
        if placement.flipped:
            label = (label[0], "FACE DOWN", *label[1:])
        out.append(_draw(piece, placement.apply, label))
    return tuple(out)


def draw_moved(piece: Piece, shift: FloatArray) -> DrawnPiece:
    """A piece moved by `shift`."""
    return _draw(piece, lambda points: points + shift, words(piece))


def _draw(
    piece: Piece, at: Callable[[FloatArray], FloatArray], label: tuple[str, ...]
) -> DrawnPiece:
    sew, grain = at(piece.sew_line_mm), at(piece.grain_mm)
    internal = tuple(at(line) for line in piece.internal_mm)
    return DrawnPiece(
        piece.name,
        piece.quantity,
        at(piece.cut_line_mm),
        sew,
        tuple(at(notch_line(notch)) for notch in piece.notches),
        grain,
        internal,
        letter(sew, (grain, *internal), grain.mean(axis=0), label),
    )


def notch_line(notch: Notch) -> FloatArray:
    """A notch as it is cut (2, 2): from the cut line, never beyond the sew line."""
    inwards = notch.sew_mm - notch.cut_mm
    length = float(np.linalg.norm(inwards))
    share = min(1.0, notch.depth_mm / length) if length > 0 else 0.0
    return np.array([notch.cut_mm, notch.cut_mm + share * inwards])


def arrow_head(grain: FloatArray) -> FloatArray:
    """The head of a grain line (3, 2): 8 mm long, 5 mm wide."""
    along = grain[1] - grain[0]
    along = along / max(float(np.linalg.norm(along)), 1e-9)
    across = np.array([-along[1], along[0]])
    back = grain[1] - 8 * along
    return np.array([back + 2.5 * across, grain[1], back - 2.5 * across])


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
    for note in piece.notes:
        lines.extend(textwrap.wrap(note, _NOTE_LETTERS))
    return tuple(lines)


def bounds(
    pieces: Sequence[DrawnPiece], marker: Marker | None = None
) -> tuple[FloatArray, FloatArray]:
    """Low and high corner of all cut lines, and of the roll as far as the marker uses it."""
    points = np.concatenate([piece.cut for piece in pieces])
    if marker is not None:
        roll = [[0.0, 0.0], [marker.used_length_mm, marker.fabric.usable_width_mm]]
        points = np.concatenate([points, roll])
    return points.min(axis=0), points.max(axis=0)


def ascii_only(text: str) -> str:
    """Text for formats that know seven bits, without line breaks."""
    plain = text.replace("±", "+/-").encode("ascii", errors="replace").decode("ascii")
    return "".join(c if c.isprintable() else "?" for c in plain)
