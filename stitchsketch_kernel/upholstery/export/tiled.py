"""PDF at full scale on sheets of office paper, with a map of the sheets on the first page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from reportlab.lib.units import inch, mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from stitchsketch_kernel.disk.aside import written_aside
from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.piece import Pattern
from stitchsketch_kernel.upholstery.export.drawn import (
    DrawnPiece,
    override_said,
    require_cuttable,
)
from stitchsketch_kernel.upholstery.export.ink import (
    draw_pieces,
    fitted,
    new_canvas,
    printable,
    scale_said,
    statement,
    test_squares,
    wrapped,
)
from stitchsketch_kernel.upholstery.export.tiles import (
    MARGIN_MM,
    OVERLAP_MM,
    Paper,
    Sheet,
    Tiling,
    crosses_mm,
    neighbours,
    tiling,
)


def write_tiled_pdf(path: Path, pattern: Pattern, paper: Paper = "A4") -> None:
    """Write every piece once at full scale on sheets of office paper, to be glued together.

    The first page is a map of the sheets with the test squares; sheets on which nothing lies are
    left out.

    Raises
    ------
    ScaleError
        The pattern's size is not known.
    SewError
        Its sides don't sew together.
    ExportError
        There is no piece, or no such paper.
    """
    require_cuttable(pattern)
    tiles = tiling(pattern, paper)
    canvas = new_canvas(pattern)
    page = (tiles.paper_mm[0] * mm, tiles.paper_mm[1] * mm)
    canvas.setPageSize(page)
    _map_page(canvas, pattern, tiles)
    for number, sheet in enumerate(tiles.sheets, start=1):
        canvas.setPageSize(page)
        foot = f"{pattern.name}   {number} of {len(tiles.sheets)}   print at 100 %"
        foot = "   ".join([*override_said(pattern), foot])
        _draw_sheet(canvas, tiles, sheet, foot)
        canvas.showPage()
    with written_aside(path) as aside:
        aside.write_bytes(canvas.getpdfdata())


def _map_page(canvas: Canvas, pattern: Pattern, tiles: Tiling) -> None:
    width, height = tiles.paper_mm
    test_squares(canvas, MARGIN_MM, MARGIN_MM)
    lines = [
        pattern.name,
        *override_said(pattern),
        f"{len(tiles.sheets)} sheets, {tiles.rows} rows (A at the top), {tiles.columns} columns"
        f"{_empty_said(tiles)}.",
        "Print at 100 % (actual size), then measure both squares.",
        "Trim each sheet at its solid left and top line, and lay it on the dashed line of the "
        "sheet to its left and of the one above.",
        "The red crosses then lie on each other.",
        scale_said(pattern),
    ]
    lines = wrapped(lines, width - 2 * MARGIN_MM)
    statement(canvas, MARGIN_MM, height - MARGIN_MM - 5, lines)
    top = height - MARGIN_MM - 5 - 6 * len(lines)
    # above the test squares, or beside them where paper lies across
    left, low = (MARGIN_MM, MARGIN_MM + 58) if height > width else (MARGIN_MM + 115, MARGIN_MM)
    _draw_map(canvas, tiles, (left, low), (width - MARGIN_MM - left, top - low))
    canvas.showPage()


def _empty_said(tiles: Tiling) -> str:
    count = len(tiles.left_out)
    return f"; {count} empty, in brackets on the map, not printed" if count else ""


def _draw_sheet(canvas: Canvas, tiles: Tiling, sheet: Sheet, foot: str) -> None:
    """One sheet at full scale: drawing, frame, crosses, rulers, labels of itself and around."""
    width, height = tiles.frame_mm
    _big_label(canvas, sheet, height)
    canvas.saveState()
    clip = canvas.beginPath()
    clip.rect(MARGIN_MM * mm, MARGIN_MM * mm, width * mm, height * mm)
    canvas.clipPath(clip, stroke=0, fill=0)
    draw_pieces(canvas, tiles.shown(sheet), MARGIN_MM - sheet.low_mm)
    canvas.restoreState()
    around = {other.label for other in tiles.sheets}
    _edges(canvas, tiles, sheet, around)
    _crosses(canvas, tiles, sheet, around)
    _rulers(canvas)
    names = ", ".join(piece.name for piece in tiles.shown(sheet))
    canvas.setFillColorRGB(0, 0, 0)
    canvas.setFont("Helvetica", 7)
    head = fitted(f"{sheet.label}   {foot}   {names}", "Helvetica", 7, width - 30)
    canvas.drawString((MARGIN_MM + 30) * mm, (MARGIN_MM + height + 7.5) * mm, head)


def _big_label(canvas: Canvas, sheet: Sheet, height: float) -> None:
    canvas.setFillGray(0.85)
    canvas.setFont("Helvetica-Bold", 40)
    canvas.drawString((MARGIN_MM + 14) * mm, (MARGIN_MM + height - 28) * mm, sheet.label)


def _edges(canvas: Canvas, tiles: Tiling, sheet: Sheet, there: set[str]) -> None:
    """Solid where this sheet is trimmed, dashed where the next one is laid."""
    width, height = tiles.frame_mm
    left, low, right, high = MARGIN_MM, MARGIN_MM, MARGIN_MM + width, MARGIN_MM + height
    lines = {
        "left": (left, low, left, high),
        "above": (left, high, right, high),
        "right": (right - OVERLAP_MM, low, right - OVERLAP_MM, high),
        "below": (left, low + OVERLAP_MM, right, low + OVERLAP_MM),
    }
    words = {
        "left": (left - 3, low + 0.8 * height, 90),
        "above": (left + width / 2, high + 2, 0),
        "right": (right + 4, low + height / 2, 90),
        "below": (left + width / 2 + 30, low - 5, 0),
    }
    canvas.setStrokeGray(0.45)
    canvas.setLineWidth(0.15 * mm)
    canvas.setFillGray(0.3)
    canvas.setFont("Helvetica", 7)
    for side, label in neighbours(sheet).items():
        if label not in there:
            continue
        trimmed = side in {"left", "above"}
        canvas.setDash([] if trimmed else [2 * mm, 1.5 * mm])
        canvas.line(*(value * mm for value in lines[side]))
        x, y, turn = words[side]
        canvas.saveState()
        canvas.translate(x * mm, y * mm)
        canvas.rotate(turn)
        said = f"trim here, lay on {label}" if trimmed else f"{label} lies on here"
        canvas.drawCentredString(0, 0, said)
        canvas.restoreState()
    canvas.setDash()


def _crosses(canvas: Canvas, tiles: Tiling, sheet: Sheet, there: set[str]) -> None:
    canvas.setStrokeColorRGB(0.75, 0.1, 0.1)
    canvas.setLineWidth(0.2 * mm)
    for side, label in neighbours(sheet).items():
        if label in there:
            for x, y in crosses_mm(tiles, sheet, side) - sheet.low_mm + MARGIN_MM:
                canvas.line((x - 3) * mm, y * mm, (x + 3) * mm, y * mm)
                canvas.line(x * mm, (y - 3) * mm, x * mm, (y + 3) * mm)


def _rulers(canvas: Canvas) -> None:
    """100 mm along the lower edge, 4 in along the left one: to check each sheet by itself."""
    canvas.setStrokeGray(0)
    canvas.setFillGray(0)
    canvas.setLineWidth(0.12 * mm)
    canvas.setFont("Helvetica", 5)
    base = (MARGIN_MM - 2) * mm
    for tick in range(101):
        long = 3.0 if tick % 10 == 0 else 2.2 if tick % 5 == 0 else 1.4
        x = (MARGIN_MM + tick) * mm
        canvas.line(x, base, x, base - long * mm)
        if tick % 10 == 0:
            unit = " mm" if tick == 100 else ""
            canvas.drawString(x + 0.3 * mm, base - 5 * mm, f"{tick}{unit}")
    for tick in range(33):
        long = 3.0 if tick % 8 == 0 else 2.2 if tick % 4 == 0 else 1.4
        y = MARGIN_MM * mm + tick * inch / 8
        canvas.line(base, y, base - long * mm, y)
        if tick % 8 == 0:
            unit = " in" if tick == 32 else ""
            canvas.drawString(base - 6 * mm, y + 0.4 * mm, f"{tick // 8}{unit}")


def _draw_map(
    canvas: Canvas, tiles: Tiling, low_mm: Sequence[float], room_mm: Sequence[float]
) -> None:
    """The whole drawing small, with the sheets that show it, within a box of the page."""
    whole_low, whole_high = tiles.extent_mm()
    scale = float(np.min(np.array(room_mm) / (whole_high - whole_low)))
    canvas.saveState()
    canvas.translate(low_mm[0] * mm, low_mm[1] * mm)
    canvas.scale(scale, scale)
    canvas.translate(-whole_low[0] * mm, -whole_low[1] * mm)
    for piece in tiles.pieces:
        _filled(canvas, piece.cut, scale)
    for sheet in tiles.left_out:
        _map_sheet(canvas, tiles, sheet, scale, printed=False)
    for piece in tiles.pieces:
        _named(canvas, piece, scale)
    for sheet in tiles.sheets:
        _map_sheet(canvas, tiles, sheet, scale, printed=True)
    canvas.restoreState()


def _map_sheet(canvas: Canvas, tiles: Tiling, sheet: Sheet, scale: float, *, printed: bool) -> None:
    """A sheet on the map: red with its label, or pale and dashed when it isn't printed."""
    width, height = tiles.frame_mm
    ink = (0.75, 0.1, 0.1) if printed else (0.7, 0.7, 0.7)
    canvas.setStrokeColorRGB(*ink)
    canvas.setFillColorRGB(*ink)
    canvas.setLineWidth(0.15 * mm / scale)
    canvas.setDash([] if printed else [1 * mm / scale, 1 * mm / scale])
    x, y = sheet.low_mm
    canvas.rect(x * mm, y * mm, width * mm, height * mm)
    canvas.setDash()
    size = min(9.0, 0.25 * width * mm * scale) / scale
    canvas.setFont("Helvetica-Bold" if printed else "Helvetica", size)
    label = sheet.label if printed else f"({sheet.label})"
    canvas.drawString((x + 12) * mm, (y + height) * mm - 1.3 * size, label)


def _named(canvas: Canvas, piece: DrawnPiece, scale: float) -> None:
    """A piece's name on the map, on a light ground."""
    name, size = printable(piece.name)[:24], 7 / scale
    x, y = piece.grain.mean(axis=0) * mm
    wide = stringWidth(name, "Helvetica-Bold", size) + size
    if wide > np.ptp(piece.cut[:, 0]) * mm:
        # it would hide the piece
        y = piece.cut[:, 1].min() * mm - 1.4 * size
    canvas.setFillGray(1)
    canvas.rect(x - wide / 2, y - 0.4 * size, wide, 1.4 * size, stroke=0, fill=1)
    canvas.setFillGray(0)
    canvas.setFont("Helvetica-Bold", size)
    canvas.drawCentredString(x, y, name)


def _filled(canvas: Canvas, outline: FloatArray, scale: float) -> None:
    path = canvas.beginPath()
    path.moveTo(outline[0, 0] * mm, outline[0, 1] * mm)
    for x, y in outline[1:]:
        path.lineTo(x * mm, y * mm)
    path.close()
    canvas.setFillGray(0.92)
    canvas.setStrokeGray(0)
    canvas.setLineWidth(0.2 * mm / scale)
    canvas.drawPath(path, stroke=1, fill=1)
