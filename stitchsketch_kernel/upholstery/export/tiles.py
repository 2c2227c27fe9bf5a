"""Which sheets of office paper show a pattern at full scale, and what part of it each shows.

Sheets overlap by `OVERLAP_MM`. The one to the left and the one above lie beneath: a sheet is
trimmed at its solid left and top line and laid on the dashed line of those, so that the crosses
in the overlap meet.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
import shapely

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.errors import ExportError
from stitchsketch_kernel.domain.piece import Pattern, Piece
from stitchsketch_kernel.upholstery.export.drawn import DrawnPiece, draw_moved, row_shifts

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


@dataclass(frozen=True, eq=False)
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
    sheets, left_out : tuple of Sheet
        Those with something to show, row by row from the top; and the rest, which isn't printed.
    pieces : tuple of DrawnPiece
    """

    paper_mm: tuple[float, float]
    frame_mm: tuple[float, float]
    rows: int
    columns: int
    sheets: tuple[Sheet, ...]
    left_out: tuple[Sheet, ...]
    pieces: tuple[DrawnPiece, ...]

    def extent_mm(self) -> tuple[FloatArray, FloatArray]:
        """Low and high corner of all sheets' frames, those left out too."""
        lows = np.array([sheet.low_mm for sheet in (*self.sheets, *self.left_out)])
        return lows.min(axis=0), lows.max(axis=0) + self.frame_mm

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
    empty = tuple(sheet for sheet in sheets if sheet not in used)
    return order, shifts, Tiling(size, frame, up, across, used, empty, ())


def _needed(
    sheets: tuple[Sheet, ...], frame: tuple[float, float], pieces: shapely.Geometry
) -> tuple[Sheet, ...]:
    """Sheets that show some of the pieces which no other shows."""
    shapely.prepare(pieces)
    low = np.array([sheet.low_mm for sheet in sheets])
    boxes = shapely.box(*low.T, *(low + frame).T)
    # a line at a frame's very edge would be clipped
    inner = shapely.buffer(boxes, -_CLEAR_MM)
    places = np.array([(sheet.row, sheet.column) for sheet in sheets])
    kept = shapely.intersects(pieces, boxes)
    for index in np.flatnonzero(kept):
        # no frame reaches further than the sheets beside its own
        beside = kept & (np.abs(places - places[index]).max(axis=1) <= 1)
        beside[index] = False
        alone = shapely.difference(boxes[index], shapely.union_all(inner[beside]))
        kept[index] = pieces.intersects(alone)
    return tuple(sheet for sheet, one in zip(sheets, kept, strict=True) if one)


def neighbours(sheet: Sheet) -> dict[str, str]:
    """Labels of the places left, right, above and below; there may be no sheet."""
    row, column = sheet.row, sheet.column
    around = {"left": (row, column - 1), "right": (row, column + 1),
              "above": (row - 1, column), "below": (row + 1, column)}  # fmt: skip
    return {
        side: f"{row_letters(r)}{c + 1}" for side, (r, c) in around.items() if min(r, c) >= 0
    }  # fmt: skip


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
