"""PDF at full scale: on pages as wide as the roll for a plotter, or on sheets of office paper."""

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
from stitchsketch_kernel.upholstery.export.ink import (
    draw_pieces,
    printable,
    statement,
    test_squares,
)
from stitchsketch_kernel.upholstery.export.tiles import (
    MARGIN_MM,
    Paper,
    Tiling,
    draw_map,
    draw_sheet,
    tiling,
)

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
        canvas.setTitle(printable(pattern.name))
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


def write_tiled_pdf(path: Path, pattern: Pattern, paper: Paper = "A4") -> None:
    """Write every piece once at full scale on sheets of office paper, to be glued together.

    The first page is a map of the sheets with the test squares; sheets on which nothing lies are
    left out.

    Raises
    ------
    ScaleError
        The pattern's size is not known.
    ExportError
        There is no piece, or no such paper.
    """
    require_cuttable(pattern)
    tiles = tiling(pattern, paper)
    with written_aside(path) as aside:
        canvas = Canvas(str(aside), pageCompression=1, invariant=1)
        canvas.setTitle(printable(pattern.name))
        canvas.setCreator("StitchSketch")
        page = (tiles.paper_mm[0] * mm, tiles.paper_mm[1] * mm)
        canvas.setPageSize(page)
        _map_page(canvas, pattern, tiles)
        for number, sheet in enumerate(tiles.sheets, start=1):
            canvas.setPageSize(page)
            foot = f"{pattern.name}   {number} of {len(tiles.sheets)}   print at 100 %"
            draw_sheet(canvas, tiles, sheet, foot)
            canvas.showPage()
        canvas.save()


def _map_page(canvas: Canvas, pattern: Pattern, tiles: Tiling) -> None:
    width, height = tiles.paper_mm
    test_squares(canvas, MARGIN_MM, MARGIN_MM)
    lines = [
        pattern.name,
        f"{len(tiles.sheets)} sheets, {tiles.rows} rows (A at the top), {tiles.columns} columns. "
        "Print at 100 % (actual size), then measure the squares below.",
        "Trim each sheet at its solid left and top line, and lay it on the dashed line of the "
        "sheet to its left and of the one above.",
        "The red crosses then lie on each other.",
        _scale_said(pattern),
    ]
    statement(canvas, MARGIN_MM, height - MARGIN_MM - 5, lines)
    top = height - MARGIN_MM - 5 - 6 * len(lines)
    low = MARGIN_MM + 58
    draw_map(canvas, tiles, (MARGIN_MM, low), (width - 2 * MARGIN_MM, top - low))
    canvas.showPage()


def _scale_said(pattern: Pattern) -> str:
    method = pattern.scale_method.replace("_", " ")
    return f"scale from {method}, +/- {pattern.scale_uncertainty_percent:.2f} %"


def _lines(pattern: Pattern, page: int, pages: int) -> list[str]:
    return [
        pattern.name,
        f"page {page + 1} of {pages}   print at 100 % (actual size); measure the squares",
        _scale_said(pattern),
        *pattern.notes[:2],
    ]
