"""DXF for cutting rooms: R12, one block a piece, following the ASTM D6673-10 layer convention.

The standard was withdrawn in 2019 and is still what cutters read. Layers: 1 boundary, 2 turn
points, 3 curve points, 4 notches, 7 grain, 8 internal lines, 14 sew line, 15 annotation; what
programs read of a piece or the style is text on layer 1. AAMA readers expect the sew line on
layer 8.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

import numpy as np
from ezdxf.addons.gerber_D6673 import export_stream
from ezdxf.document import Drawing

from stitchsketch_kernel.disk.aside import written_aside
from stitchsketch_kernel.domain.arrays import BoolArray, FloatArray
from stitchsketch_kernel.domain.piece import Pattern
from stitchsketch_kernel.upholstery.export.drawn import (
    DrawnPiece,
    ascii_only,
    drawn_rows,
    override_said,
    require_cuttable,
)

BOUNDARY, TURN, CURVE, NOTCH, GRAIN, INTERNAL, SEW, TEXT = (
    "1", "2", "3", "4", "7", "8", "14", "15",
)  # fmt: skip
#: A point of an outline that turns by more is a turn point, else a curve point.
_TURN_DEG = 20.0


def write_dxf(path: Path, pattern: Pattern, layers: Literal["astm", "aama"] = "astm") -> None:
    """Write all pieces, each once, as a DXF file in millimetres.

    Parameters
    ----------
    path : Path
    pattern : Pattern
    layers : {"astm", "aama"}
        Where the sew line is: on layer 14, or on 8 as AAMA readers expect it.

    Raises
    ------
    ScaleError
        The pattern's size is not known.
    SewError
        Its sides don't sew together.
    """
    require_cuttable(pattern)
    # ezdxf.new would set units, which R12 can't hold, and warn of it
    document = Drawing.new("R12")
    for layer in (BOUNDARY, TURN, CURVE, NOTCH, GRAIN, INTERNAL, SEW, TEXT):
        document.layers.add(layer)
    space = document.modelspace()
    sew_layer = SEW if layers == "astm" else INTERNAL
    drawn = zip(_block_names(pattern), drawn_rows(pattern), pattern.pieces, strict=True)
    for name, piece, cut in drawn:
        block = document.blocks.new(name=name)
        _add_piece(block, piece, sew_layer, ("ANNOTATION: MIRRORED PAIRS",) if cut.mirrored else ())
        space.add_blockref(name, (0, 0), dxfattribs={"layer": BOUNDARY})
    for i, line in enumerate(_style_words(pattern)):
        text = space.add_text(line, height=10, dxfattribs={"layer": BOUNDARY})
        text.set_placement((0, -20 - 15 * i))
    # cutting rooms' readers refuse blocks that are no pieces; this writer leaves out AutoCAD's own
    with written_aside(path) as aside, aside.open("w", encoding="ascii", newline="\r\n") as file:
        export_stream(document, file)


def _style_words(pattern: Pattern) -> tuple[str, ...]:
    # R12 has no $INSUNITS that readers heed: the words are the convention
    return (
        "UNITS: METRIC",
        f"STYLE NAME: {ascii_only(pattern.name)[:60]}",
        f"ANNOTATION: SCALE +/- {pattern.scale_uncertainty_percent:.2f} %",
        "AUTHOR: STITCHSKETCH",
        *(f"ANNOTATION: {ascii_only(line)[:200]}" for line in override_said(pattern)),
    )


def _block_names(pattern: Pattern) -> list[str]:
    """Names that R12 allows: capitals, digits, - and _, 31 at most, unique."""
    names: list[str] = []
    for piece in pattern.pieces:
        base = re.sub(r"[^A-Z0-9_-]", "_", ascii_only(piece.name).upper())[:26] or "PIECE"
        name, number = base, 2
        while name in names:
            name, number = f"{base}_{number}", number + 1
        names.append(name)
    return names


def _add_piece(block: Any, piece: DrawnPiece, sew_layer: str, more: tuple[str, ...]) -> None:
    _closed(block, piece.cut, BOUNDARY)
    _closed(block, piece.sew, sew_layer)
    turns = turn_points(piece.cut)
    for point, is_turn in zip(piece.cut, turns, strict=True):
        block.add_point(tuple(point), dxfattribs={"layer": TURN if is_turn else CURVE})
    for notch in piece.notches:
        _add_notch(block, notch)
    block.add_line(tuple(piece.grain[0]), tuple(piece.grain[1]), dxfattribs={"layer": GRAIN})
    for line in piece.internal:
        block.add_polyline2d([tuple(p) for p in line], dxfattribs={"layer": INTERNAL})
    _words(block, piece, more)


def _add_notch(block: Any, notch: FloatArray) -> None:
    """A point whose thickness is the notch's depth and whose angle is its way into the piece.

    The line shows it to those who cut what they see.
    """
    along = notch[1] - notch[0]
    cut = {
        "layer": NOTCH,
        "thickness": float(np.hypot(*along)),
        "angle": float(np.degrees(np.arctan2(along[1], along[0]))) % 360,
    }
    block.add_point(tuple(notch[0]), dxfattribs=cut)
    block.add_line(tuple(notch[0]), tuple(notch[1]), dxfattribs={"layer": NOTCH})


def _closed(block: Any, line: FloatArray, layer: str) -> None:
    block.add_polyline2d([tuple(p) for p in line], close=True, dxfattribs={"layer": layer})


def _words(block: Any, piece: DrawnPiece, more: tuple[str, ...]) -> None:
    """What programs read goes on the boundary's layer, what people read on that of annotation."""
    name = f"PIECE NAME: {ascii_only(piece.name)[:100]}"
    system = (name, f"QUANTITY: {piece.quantity}", *more)
    x, y = piece.lettering.at_mm
    for i, line in enumerate(system):
        text = block.add_text(line, height=2, dxfattribs={"layer": BOUNDARY})
        text.set_placement((float(x), float(y) + 12 + 3 * i))
    for words, at, size in piece.lettering.lines():
        text = block.add_text(
            ascii_only(words)[:120], height=0.7 * size, dxfattribs={"layer": TEXT}
        )
        text.set_placement((float(at[0]), float(at[1])))


def turn_points(outline: FloatArray) -> BoolArray:
    """Which points of a closed outline are corners, shape (n,)."""
    before = outline - np.roll(outline, 1, axis=0)
    after = np.roll(outline, -1, axis=0) - outline
    angle = np.arctan2(
        before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0], (before * after).sum(axis=1)
    )
    return np.asarray(np.abs(np.rad2deg(angle)) > _TURN_DEG)
