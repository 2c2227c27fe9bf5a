"""Full-scale drawings cut into sheets of office paper: which sheets, and what is drawn on each.

Sheets overlap by `OVERLAP_MM`. The one to the left and the one above lie beneath: a sheet is
trimmed at its solid left and top line and laid on the dashed line of those, so that the crosses
in the overlap meet.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np
import shapely
from reportlab.lib.units import inch, mm
from reportlab.pdfbase.pdfmetrics import stringWidth

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.errors import ExportError
from stitchsketch_kernel.domain.piece import Pattern, Piece
from stitchsketch_kernel.upholstery.export.drawn import DrawnPiece, draw_moved, row_shifts
from stitchsketch_kernel.upholstery.export.ink import draw_pieces, printable

Paper: TypeAlias = Literal["A4", "Letter"]
PAPERS_MM: dict[str, tuple[float, float]] = {"A4": (210.0, 297.0), "Letter": (215.9, 279.4)}
OVERLAP_MM = 10.0
#: Office printers leave up to 6 mm blank; the rest is for rulers and labels.
MARGIN_MM = 14.0
#: Lines keep off the outermost sheets' edge by this.
_CLEAR_MM = 1.0
#: Crosses in the overlap stand on multiples of this, in the drawing's own coordinates.
_CROSS_STEP_MM = 50.0
#: Widths of the rows that are tried, in sheets.
_COLUMNS = range(2, 9)


@dataclass(frozen=True)
class Sheet:
    """One sheet: `row` from the top, `column` from the left, and its frame's low corner (mm)."""

    row: int
    column: int
    low_mm: FloatArray

    @property
    def label(self) -> str:
        """``"B3"``: second row from the top, third column."""
        return f"{row_letters(self.row)}{self.column + 1}"


@dataclass(frozen=True)
class Tiling:
    """A drawing and the sheets that show it.

    Attributes
    ----------
    paper_mm, frame_mm : tuple of float
        Size of a sheet, and of what it shows of the drawing.
    rows, columns : int
    sheets : tuple of Sheet
        Those with something to show, row by row from the top.
    pieces : tuple of DrawnPiece
    """

    paper_mm: tuple[float, float]
    frame_mm: tuple[float, float]
    rows: int
    columns: int
    sheets: tuple[Sheet, ...]
    pieces: tuple[DrawnPiece, ...]

    def frame(self, sheet: Sheet) -> shapely.Polygon:
        """What a sheet shows, in the drawing's coordinates."""
        return shapely.box(*sheet.low_mm, *(sheet.low_mm + self.frame_mm))

    def shown(self, sheet: Sheet) -> list[DrawnPiece]:
        """The pieces that lie on a sheet, if only with their inside."""
        frame = self.frame(sheet)
        return [piece for piece in self.pieces if frame.intersects(shapely.Polygon(piece.cut))]


def row_letters(row: int) -> str:
    """A to Z, then AA, AB and so on."""
    letters = ""
    row += 1
    while row:
        row, rest = divmod(row - 1, 26)
        letters = string.ascii_uppercase[rest] + letters
    return letters


def tiling(pattern: Pattern, paper: Paper) -> Tiling:
    """Every piece once in rows, laid and the paper turned so that it takes the fewest sheets.

    Raises
    ------
    ExportError
        The paper is not one of `PAPERS_MM`.
    """
    if paper not in PAPERS_MM:
        raise ExportError(f"There is no paper called {paper}.", f"Take {' or '.join(PAPERS_MM)}.")
    upright = PAPERS_MM[paper]
    tallest = tuple(sorted(pattern.pieces, key=lambda one: -float(np.ptp(one.cut_line_mm[:, 1]))))
    tried = [
        _laid(order, size, columns)
        for size in (upright, upright[::-1])
        for order in (pattern.pieces, tallest)
        for columns in _COLUMNS
    ]
    order, shifts, grid = min(tried, key=lambda one: len(one[2].sheets))
    pieces = tuple(draw_moved(one, shift) for one, shift in zip(order, shifts, strict=True))
    return replace(grid, pieces=pieces)


def _laid(
    order: Sequence[Piece], size: tuple[float, float], columns: int
) -> tuple[Sequence[Piece], list[FloatArray], Tiling]:
    """Pieces in rows as wide as some columns of sheets, and the sheets that they lie on."""
    frame = (size[0] - 2 * MARGIN_MM, size[1] - 2 * MARGIN_MM)
    pitch = np.array(frame) - OVERLAP_MM
    shifts = row_shifts(order, columns * pitch[0] + OVERLAP_MM - 2 * _CLEAR_MM)
    cuts = [one.cut_line_mm + shift for one, shift in zip(order, shifts, strict=True)]
    low, high = np.vstack(cuts).min(axis=0), np.vstack(cuts).max(axis=0)
    need = high - low + 2 * _CLEAR_MM
    across, up = np.maximum(1, np.ceil((need - OVERLAP_MM) / pitch)).astype(int).tolist()
    # what the sheets have to spare goes to both sides
    start = (low + high - pitch * [across, up] - OVERLAP_MM) / 2
    sheets = tuple(
        Sheet(row, column, start + pitch * [column, up - 1 - row])
        for row in range(up)
        for column in range(across)
    )
    outlines = shapely.polygons([shapely.linearrings(cut) for cut in cuts])
    used = _needed(sheets, frame, shapely.union_all(outlines))
    return order, shifts, Tiling(size, frame, up, across, used, ())


def _needed(
    sheets: tuple[Sheet, ...], frame: tuple[float, float], pieces: shapely.Geometry
) -> tuple[Sheet, ...]:
    """Sheets that show some of the pieces which no other shows."""
    shapely.prepare(pieces)
    boxes = [shapely.box(*one.low_mm, *(one.low_mm + frame)) for one in sheets]
    kept = [i for i, box in enumerate(boxes) if pieces.intersects(box)]
    for index in list(kept):
        # a line at a frame's very edge would be clipped
        others = [boxes[i].buffer(-_CLEAR_MM) for i in kept if i != index]
        alone = shapely.difference(boxes[index], shapely.union_all(others))
        if not pieces.intersects(alone):
            kept.remove(index)
    return tuple(sheets[i] for i in kept)


def draw_sheet(canvas: Any, tiles: Tiling, sheet: Sheet, foot: str) -> None:
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
    head = printable(f"{sheet.label}   {foot}   {names}")
    canvas.drawString((MARGIN_MM + 30) * mm, (MARGIN_MM + height + 7.5) * mm, head)


def neighbours(sheet: Sheet) -> dict[str, str]:
    """Labels of the places left, right, above and below; there may be no sheet."""
    row, column = sheet.row, sheet.column
    around = {"left": (row, column - 1), "right": (row, column + 1),
              "above": (row - 1, column), "below": (row + 1, column)}  # fmt: skip
    return {
        side: f"{row_letters(r)}{c + 1}" for side, (r, c) in around.items() if min(r, c) >= 0
    }  # fmt: skip


def _big_label(canvas: Any, sheet: Sheet, height: float) -> None:
    canvas.setFillGray(0.85)
    canvas.setFont("Helvetica-Bold", 40)
    canvas.drawString((MARGIN_MM + 14) * mm, (MARGIN_MM + height - 28) * mm, sheet.label)


def _edges(canvas: Any, tiles: Tiling, sheet: Sheet, there: set[str]) -> None:
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
        "left": (left - 3, low + height / 2, 90),
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


def _crosses(canvas: Any, tiles: Tiling, sheet: Sheet, there: set[str]) -> None:
    canvas.setStrokeColorRGB(0.75, 0.1, 0.1)
    canvas.setLineWidth(0.2 * mm)
    for side, label in neighbours(sheet).items():
        if label in there:
            for x, y in crosses_mm(tiles, sheet, side) - sheet.low_mm + MARGIN_MM:
                canvas.line((x - 3) * mm, y * mm, (x + 3) * mm, y * mm)
                canvas.line(x * mm, (y - 3) * mm, x * mm, (y + 3) * mm)


def crosses_mm(tiles: Tiling, sheet: Sheet, side: str) -> FloatArray:
    """Crosses in the overlap with a neighbour, in the drawing's coordinates: (n, 2)."""
    low, high = sheet.low_mm, sheet.low_mm + tiles.frame_mm
    half = OVERLAP_MM / 2
    across = {"left": low[0] + half, "right": high[0] - half,
              "below": low[1] + half, "above": high[1] - half}[side]  # fmt: skip
    along = 1 if side in {"left", "right"} else 0
    first, last = np.ceil((low[along] + 15) / _CROSS_STEP_MM), (high[along] - 15) / _CROSS_STEP_MM
    at = np.arange(first, np.floor(last) + 1) * _CROSS_STEP_MM
    fixed = np.full(len(at), across)
    return np.column_stack([fixed, at] if along else [at, fixed])


def _rulers(canvas: Any) -> None:
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


def draw_map(canvas: Any, tiles: Tiling, low_mm: Sequence[float], room_mm: Sequence[float]) -> None:
    """The whole drawing small, with the sheets that show it, within a box of the page."""
    whole_low, whole_high = _extent(tiles)
    scale = float(np.min(np.array(room_mm) / (whole_high - whole_low)))
    canvas.saveState()
    canvas.translate(low_mm[0] * mm, low_mm[1] * mm)
    canvas.scale(scale, scale)
    canvas.translate(-whole_low[0] * mm, -whole_low[1] * mm)
    for piece in tiles.pieces:
        _filled(canvas, piece.cut, scale)
    for sheet in tiles.sheets:
        canvas.setStrokeColorRGB(0.75, 0.1, 0.1)
        canvas.setLineWidth(0.15 * mm / scale)
        x, y = sheet.low_mm
        canvas.rect(x * mm, y * mm, tiles.frame_mm[0] * mm, tiles.frame_mm[1] * mm)
        canvas.setFillColorRGB(0.75, 0.1, 0.1)
        size = min(9.0, 0.25 * tiles.frame_mm[0] * mm * scale) / scale
        canvas.setFont("Helvetica-Bold", size)
        top = (y + tiles.frame_mm[1]) * mm - 1.3 * size
        canvas.drawString((x + 12) * mm, top, sheet.label)
    for piece in tiles.pieces:
        _named(canvas, piece, scale)
    canvas.restoreState()


def _named(canvas: Any, piece: DrawnPiece, scale: float) -> None:
    """A piece's name on the map, on a light ground."""
    name, size = printable(piece.name)[:24], 7 / scale
    x, y = piece.grain.mean(axis=0) * mm
    wide = stringWidth(name, "Helvetica-Bold", size) + size
    canvas.setFillGray(1)
    canvas.rect(x - wide / 2, y - 0.4 * size, wide, 1.4 * size, stroke=0, fill=1)
    canvas.setFillGray(0)
    canvas.setFont("Helvetica-Bold", size)
    canvas.drawCentredString(x, y, name)


def _filled(canvas: Any, outline: FloatArray, scale: float) -> None:
    path = canvas.beginPath()
    path.moveTo(outline[0, 0] * mm, outline[0, 1] * mm)
    for x, y in outline[1:]:
        path.lineTo(x * mm, y * mm)
    path.close()
    canvas.setFillGray(0.92)
    canvas.setStrokeGray(0)
    canvas.setLineWidth(0.2 * mm / scale)
    canvas.drawPath(path, stroke=1, fill=1)


def _extent(tiles: Tiling) -> tuple[FloatArray, FloatArray]:
    lows = np.array([sheet.low_mm for sheet in tiles.sheets])
    return lows.min(axis=0), lows.max(axis=0) + tiles.frame_mm
