"""SVG at real size: a user unit is a millimetre, y turned so that pieces stand upright."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import svgwrite

from stitchsketch_kernel.disk.aside import written_aside
from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.marker import Marker
from stitchsketch_kernel.domain.piece import Pattern
from stitchsketch_kernel.upholstery.export.drawn import (
    DrawnPiece,
    arrow_head,
    bounds,
    drawn_pieces,
    override_said,
    require_cuttable,
)

_MARGIN_MM = 10.0
_STYLE = {
    "cut": {"stroke": "#000000", "stroke_width": 0.5},
    "sew": {"stroke": "#1f5fbf", "stroke_width": 0.3, "stroke_dasharray": "4,2"},
    "notch": {"stroke": "#c02020", "stroke_width": 0.5},
    "grain": {"stroke": "#2e7d32", "stroke_width": 0.4},
    "internal": {"stroke": "#777777", "stroke_width": 0.3},
}


def write_svg(path: Path, pattern: Pattern, marker: Marker | None = None) -> None:
    """Write every piece once in rows, or with a marker the whole marker with the roll's edges.

    Groups: one a piece (``id="piece-N"``), in it one path a kind of line (``class="cut"``,
    ``sew``, ``notch``, ``grain``, ``internal``) and the words.

    Raises
    ------
    ScaleError
        The pattern's size is not known.
    SewError
        Its sides don't sew together.
    """
    require_cuttable(pattern)
    pieces = drawn_pieces(pattern, marker)
    low, high = bounds(pieces, marker)
    size = high - low + 2 * _MARGIN_MM
    drawing = svgwrite.Drawing(
        size=(f"{size[0]:.3f}mm", f"{size[1]:.3f}mm"),
        viewBox=f"0 0 {size[0]:.3f} {size[1]:.3f}",
        debug=False,
    )
    desc = " ".join(["Millimetres, real size. Print at 100 %.", *override_said(pattern)])
    drawing.set_desc(title=writable(pattern.name), desc=writable(desc))
    corner = np.array([low[0] - _MARGIN_MM, high[1] + _MARGIN_MM])
    if marker is not None:
        drawing.add(_roll(drawing, marker, corner))
    for line in override_said(pattern):
        drawing.add(_warning(drawing, line))
    for number, piece in enumerate(pieces, start=1):
        drawing.add(_group(drawing, piece, number, corner))
    with written_aside(path) as aside:
        aside.write_text(drawing.tostring(), encoding="utf-8")


def _group(drawing: Any, piece: DrawnPiece, number: int, corner: FloatArray) -> Any:
    group = drawing.g(id=f"piece-{number}")
    group.set_desc(title=writable(piece.name))
    lines: dict[str, Sequence[FloatArray]] = {
        "cut": [_ring(piece.cut)],
        "sew": [_ring(piece.sew)],
        "notch": piece.notches,
        "grain": [piece.grain, arrow_head(piece.grain)],
        "internal": piece.internal,
    }
    for kind, parts in lines.items():
        if len(parts):
            data = " ".join(_path(part, corner) for part in parts)
            group.add(drawing.path(d=data, fill="none", class_=kind, **_STYLE[kind]))
    for words, at, size in piece.lettering.lines():
        x, y = _down(at, corner)
        text = drawing.text(
            writable(words), insert=(f"{x:.2f}", f"{y:.2f}"), font_size=f"{size:.2f}",
            font_family="Helvetica, Arial, sans-serif", class_="words",
        )  # fmt: skip
        group.add(text)
    return group


def _warning(drawing: Any, line: str) -> Any:
    """Red words in the upper margin."""
    return drawing.text(
        writable(line), insert=(f"{_MARGIN_MM:.2f}", f"{0.7 * _MARGIN_MM:.2f}"), font_size="6",
        font_family="Helvetica, Arial, sans-serif", fill="#c02020", class_="override",
    )  # fmt: skip


def writable(text: str) -> str:
    """Text without the characters that no XML file may hold."""
    return "".join(c if c.isprintable() else "?" for c in text)


def _roll(drawing: Any, marker: Marker, corner: FloatArray) -> Any:
    low = _down(np.array([0.0, marker.fabric.usable_width_mm]), corner)
    return drawing.rect(
        insert=(f"{low[0]:.3f}", f"{low[1]:.3f}"),
        size=(f"{marker.used_length_mm:.3f}", f"{marker.fabric.usable_width_mm:.3f}"),
        fill="none", stroke="#999999", stroke_width=0.5, class_="roll",
    )  # fmt: skip


def _down(point: FloatArray, corner: FloatArray) -> FloatArray:
    """To SVG's axes: x from the left edge, y from the top."""
    return np.array([point[0] - corner[0], corner[1] - point[1]])


def _path(line: FloatArray, corner: FloatArray) -> str:
    points = np.column_stack([line[:, 0] - corner[0], corner[1] - line[:, 1]])
    closed = len(points) > 2 and np.array_equal(line[0], line[-1])
    if closed:
        points = points[:-1]
    words = " L".join(f"{x:.3f},{y:.3f}" for x, y in points)
    return f"M{words}" + (" Z" if closed else "")


def _ring(outline: FloatArray) -> FloatArray:
    return np.vstack([outline, outline[:1]])
