"""PDF at full scale for a plotter: the marker or the pieces on pages as wide as the roll."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from stitchsketch_kernel.domain.marker import Marker
from stitchsketch_kernel.domain.piece import Pattern
from stitchsketch_kernel.upholstery.export.aside import written_aside
from stitchsketch_kernel.upholstery.export.drawn import (
    bounds,
    drawn_marker,
    drawn_rows,
    require_cuttable,
)
from stitchsketch_kernel.upholstery.export.ink import draw_pieces, statement, test_squares

_MARGIN_MM = 15.0
_FOOT_MM = 75.0
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
    """
    require_cuttable(pattern)
    pieces = drawn_rows(pattern) if marker is None else drawn_marker(pattern, marker)
    low, high = bounds(pieces)
    if marker is not None:
        low = np.minimum(low, [0.0, 0.0])
        high = np.maximum(high, [marker.used_length_mm, marker.fabric.usable_width_mm])
    room = _LONGEST_PAGE_MM - 2 * _MARGIN_MM
    length, width = high - low
    pages = max(1, int(np.ceil(length / room)))
    with written_aside(path) as aside:
        canvas = Canvas(str(aside), pageCompression=1, invariant=1)
        canvas.setTitle(pattern.name)
        canvas.setCreator("StitchSketch")
        for page in range(pages):
            start = low[0] + page * room
            here = max(260.0, min(room, high[0] - start))
            height = width + _FOOT_MM + 2 * _MARGIN_MM
            canvas.setPageSize(((here + 2 * _MARGIN_MM) * mm, height * mm))
            canvas.saveState()
            clip = canvas.beginPath()
            clip.rect(_MARGIN_MM * mm, 0, here * mm, height * mm)
            canvas.clipPath(clip, stroke=0, fill=0)
            shift = np.array([_MARGIN_MM - start, _MARGIN_MM + _FOOT_MM - low[1]])
            if marker is not None:
                canvas.setStrokeGray(0.6)
                canvas.setLineWidth(0.4 * mm)
                canvas.rect(
                    shift[0] * mm,
                    shift[1] * mm,
                    marker.used_length_mm * mm,
                    marker.fabric.usable_width_mm * mm,
                )
            draw_pieces(canvas, pieces, shift)
            canvas.restoreState()
            test_squares(canvas, _MARGIN_MM, _MARGIN_MM)
            statement(canvas, _MARGIN_MM + 120, _MARGIN_MM + 45, _lines(pattern, page, pages))
            canvas.showPage()
        canvas.save()


def _lines(pattern: Pattern, page: int, pages: int) -> list[str]:
    return [
        pattern.name,
        f"page {page + 1} of {pages}   print at 100 % (actual size); measure the squares",
        f"scale from {pattern.scale_method.replace('_', ' ')}, "
        f"+/- {pattern.scale_uncertainty_percent:.2f} %",
        *pattern.notes[:2],
    ]
