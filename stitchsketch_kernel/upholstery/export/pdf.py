"""PDF at full scale, on pages as wide as the roll, for a plotter."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from stitchsketch_kernel.disk.aside import written_aside
from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.marker import Marker
from stitchsketch_kernel.domain.piece import Pattern
from stitchsketch_kernel.upholstery.export.drawn import (
    bounds,
    drawn_pieces,
    override_said,
    require_cuttable,
)
from stitchsketch_kernel.upholstery.export.ink import (
    draw_pieces,
    new_canvas,
    scale_said,
    statement,
    test_squares,
    wrapped,
)
from stitchsketch_kernel.upholstery.export.tiled import write_tiled_pdf

__all__ = ["write_pdf", "write_tiled_pdf"]

_MARGIN_MM = 15.0
_FOOT_MM = 75.0
#: Where the foot's words begin, right of the test squares, and how many lines fit there.
_WORDS_AT_MM, _FOOT_LINES = 120.0, 9
#: So much of a page is always there, for the foot.
_SHORTEST_MM = 260.0
#: Acrobat and many plotters refuse pages that are longer (200 inches is the format's own limit).
_LONGEST_PAGE_MM = 5000.0


def write_pdf(path: Path, pattern: Pattern, marker: Marker | None = None) -> None:
    """Write the marker (or every piece once) at full scale, on pages of up to 5 m.

    The roll's length runs to the right. A marker that is longer goes on on the next page, where
    lines simply continue at the edge.

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
    room = _LONGEST_PAGE_MM - 2 * _MARGIN_MM
    pages = max(1, int(np.ceil((high[0] - low[0]) / room)))
    height = high[1] - low[1] + _FOOT_MM + 2 * _MARGIN_MM
    canvas = new_canvas(pattern)
    for page in range(pages):
        start = low[0] + page * room
        here = max(_SHORTEST_MM, min(room, high[0] - start))
        canvas.setPageSize(((here + 2 * _MARGIN_MM) * mm, height * mm))
        canvas.saveState()
        _clip(canvas, page, pages, here, height)
        shift = np.array([_MARGIN_MM - start, _MARGIN_MM + _FOOT_MM - low[1]])
        if marker is not None:
            _roll(canvas, marker, shift)
        draw_pieces(canvas, pieces, shift)
        canvas.restoreState()
        test_squares(canvas, _MARGIN_MM, _MARGIN_MM)
        lines = _lines(pattern, marker, page, pages)
        _foot(canvas, lines, here - _WORDS_AT_MM)
        canvas.showPage()
    with written_aside(path) as aside:
        aside.write_bytes(canvas.getpdfdata())


def _clip(canvas: Canvas, page: int, pages: int, here: float, height: float) -> None:
    """Cut the drawing off where the next page goes on, and only there."""
    left = 0.0 if page == 0 else _MARGIN_MM
    right = here + (2 if page == pages - 1 else 1) * _MARGIN_MM
    clip = canvas.beginPath()
    clip.rect(left * mm, 0, (right - left) * mm, height * mm)
    canvas.clipPath(clip, stroke=0, fill=0)


def _roll(canvas: Canvas, marker: Marker, shift: FloatArray) -> None:
    canvas.setStrokeGray(0.6)
    canvas.setLineWidth(0.4 * mm)
    size = (marker.used_length_mm, marker.fabric.usable_width_mm)
    canvas.rect(shift[0] * mm, shift[1] * mm, size[0] * mm, size[1] * mm)


def _foot(canvas: Canvas, lines: list[str], room_mm: float) -> None:
    """Words beside the test squares, below all pieces."""
    shown = wrapped(lines, room_mm)[:_FOOT_LINES]
    statement(canvas, _MARGIN_MM + _WORDS_AT_MM, _MARGIN_MM + 45, shown)


def _lines(pattern: Pattern, marker: Marker | None, page: int, pages: int) -> list[str]:
    lines = [
        pattern.name,
        f"page {page + 1} of {pages}   print at 100 % (actual size); measure the squares",
        *override_said(pattern),
        scale_said(pattern),
    ]
    if marker is not None:
        fabric = marker.fabric
        lines.append(
            f"{fabric.name}, {fabric.usable_width_mm:.0f} mm usable, "
            f"{marker.used_length_mm:.0f} mm long ({marker.yardage:.2f} yd)"
        )
    return [*lines, *pattern.notes[:2]]
