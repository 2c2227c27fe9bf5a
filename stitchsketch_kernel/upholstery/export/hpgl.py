"""HPGL for plotters and cutters: 40 units a millimetre, plain PU and PD, x along the roll."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from stitchsketch_kernel.disk.aside import written_aside
from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.marker import Marker
from stitchsketch_kernel.domain.piece import Pattern
from stitchsketch_kernel.upholstery.export.drawn import (
    DrawnPiece,
    arrow_head,
    ascii_only,
    drawn_pieces,
    override_said,
    require_cuttable,
)

UNITS_PER_MM = 40
CUT_PEN, SEW_PEN, TEXT_PEN = 1, 2, 3


def write_hpgl(path: Path, pattern: Pattern, marker: Marker | None = None) -> None:
    """Write the marker, or without one every piece once in rows.

    Words, grain and sew lines come first with pens 3 and 2; pen 1 cuts notches and outlines, last,
    so that nothing has moved when the words are drawn.

    Raises
    ------
    ScaleError
        The pattern's size is not known.
    SewError
        Its sides don't sew together.
    """
    require_cuttable(pattern)
    pieces = drawn_pieces(pattern, marker)
    low = np.min([piece.cut.min(axis=0) for piece in pieces], axis=0)
    # plotters know no negative place
    shift = np.maximum(0.0, -np.floor(low))
    said = [_warning(line, low + shift) for line in override_said(pattern)]
    lines = ["IN;", "PA;", *said, *_drawing(pieces, shift), "PU;", "SP0;"]
    with written_aside(path) as aside:
        aside.write_text("\n".join(lines) + "\n", encoding="ascii", newline="\n")


def _warning(line: str, low: FloatArray) -> str:
    """Words at the drawing's low corner, 7 mm high: over the cloth's edge, under nothing."""
    x, y = np.rint((low + 2) * UNITS_PER_MM).astype(int)
    return f"SP{TEXT_PEN};PU{x},{y};SI0.38,0.7;LB{ascii_only(line)}\x03;"


def _drawing(pieces: Sequence[DrawnPiece], shift: FloatArray) -> Iterable[str]:
    yield f"SP{TEXT_PEN};"
    for piece in pieces:
        yield _polyline(piece.grain + shift)
        yield _polyline(arrow_head(piece.grain) + shift)
        yield from _label(piece, shift)
    yield f"SP{SEW_PEN};"
    for piece in pieces:
        yield _polyline(_ring(piece.sew) + shift)
        for line in piece.internal:
            yield _polyline(line + shift)
    yield f"SP{CUT_PEN};"
    for piece in pieces:
        for notch in piece.notches:
            yield _polyline(notch + shift)
        yield _polyline(_ring(piece.cut) + shift)


def _ring(outline: FloatArray) -> FloatArray:
    return np.vstack([outline, outline[:1]])


def _polyline(line: FloatArray) -> str:
    units = np.rint(line * UNITS_PER_MM).astype(int)
    first, rest = units[0], units[1:]
    return f"PU{first[0]},{first[1]};PD" + ",".join(f"{x},{y}" for x, y in rest) + ";"


def _label(piece: DrawnPiece, shift: FloatArray) -> Iterable[str]:
    for words, at, size in piece.lettering.lines():
        x, y = np.rint((at + shift) * UNITS_PER_MM).astype(int)
        # SI takes centimetres: a letter's cell is half as wide again as the letter
        yield f"PU{x},{y};SI{size * 0.038:.3f},{size * 0.07:.3f};"
        # a label ends at the character ETX; semicolons within it are letters
        yield f"LB{ascii_only(words)}\x03;"
