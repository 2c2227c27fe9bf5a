"""The mat as a shop prints it: one page a mat, exact, with bars to measure and a few words."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stitchsketch_kernel.domain.board import Board
from stitchsketch_kernel.domain.errors import MatError, SettingsError, StorageError
from stitchsketch_kernel.domain.units import MM_PER_INCH
from stitchsketch_kernel.imaging.boards import PAPER_MM
from stitchsketch_kernel.imaging.drawing import draw_board, drawn_extent_mm, tag_modules

__all__ = ["check_bar", "draw_board", "drawn_extent_mm", "tag_modules", "write_mat_pdf"]

#: What no printer prints on.
MARGIN_MM = 10.0
#: Bars to lay a ruler on: one along the paper's way through the printer, one across it.
BAR_MM, CROSS_BAR_MM = 200.0, 150.0
#: How far off a bar may be: what a person reads off a steel ruler.
BAR_TOLERANCE_MM = 0.5

_HEAD_MM = 14.0
_QUIET_MM = 10.0
_BAND_MM = 36.0  # for the long bar, left of the tags
_POINTS_PER_MM = 72 / MM_PER_INCH
_ADVICE = (
    "1  Print at 100 % (“actual size”), never “fit to page”. Then lay a ruler on both bars: they",
    f"    must measure {BAR_MM:.0f} mm and {CROSS_BAR_MM:.0f} mm. If they don't, print again.",
    "2  Tape the mats flat to the floor, close round the piece, on all its sides. They may lie",
    "    turned as they like. Print each mat once: two with the same tags can't be told apart.",
    "3  Move neither mats nor piece until the last photo. Have a mat or two in most photos.",
)


def check_bar(measured_mm: float, nominal_mm: float = BAR_MM) -> None:
    """Compare what a person's ruler says of a printed bar with what it must be.

    Raises
    ------
    MatError
        If the printer has rescaled the mat: every measure of the piece would be off as much.
    """
    if not (math.isfinite(measured_mm) and abs(measured_mm - nominal_mm) <= BAR_TOLERANCE_MM):
        raise MatError(
            f"The mat was printed at {measured_mm / nominal_mm:.1%}: its bar measures "
            f"{measured_mm:g} mm and must measure {nominal_mm:g} mm.",
            "Print it again at 100 % (“actual size”, never “fit to page”), and take new photos.",
        )


def write_mat_pdf(path: Path, boards: Sequence[Board], paper: str = "A4") -> None:
    """Write a PDF with one page a board, to be printed at 100 %.

    Tags are filled outlines, exact to 0.0001 mm. On A4 and Letter the same grid is printed.

    Parameters
    ----------
    path : Path
    boards : sequence of Board
        As of `boards.standard_mats`, or any that fits.
    paper : {"A4", "Letter"}

    Raises
    ------
    SettingsError
        If a board doesn't fit the paper, or there is no such paper.
    StorageError
        If the file can't be written.
    """
    from reportlab.pdfgen.canvas import Canvas

    if paper not in PAPER_MM:
        raise SettingsError(f"There is no mat for the paper {paper!r}.", "Use A4 or Letter.")
    for board in boards:
        _check_fits(board, paper)
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    size = tuple(side * _POINTS_PER_MM for side in PAPER_MM[paper])
    try:
        canvas = Canvas(str(aside), pagesize=size, invariant=1, pageCompression=1)
        canvas.setTitle("StitchSketch mats")
        canvas.setViewerPreference("PrintScaling", "None")
        for board in boards:
            _draw_page(_Page(canvas), board, paper)
            canvas.showPage()
        canvas.save()
        aside.replace(path)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise StorageError(
            f"{path.name} can't be written ({error.strerror or error}).",
            "Free some space, or choose another folder.",
        ) from error


class _Page:
    """A reportlab canvas in millimetres from the lower left corner."""

    def __init__(self, canvas: Any) -> None:
        self.canvas = canvas

    def text(self, x: float, y: float, text: str, points: float, bold: bool = False) -> None:
        self.canvas.setFont("Helvetica-Bold" if bold else "Helvetica", points)
        self.canvas.drawString(x * _POINTS_PER_MM, y * _POINTS_PER_MM, text)

    def line(self, x0: float, y0: float, x1: float, y1: float, width_mm: float = 0.2) -> None:
        self.canvas.setLineWidth(width_mm * _POINTS_PER_MM)
        self.canvas.line(*(at * _POINTS_PER_MM for at in (x0, y0, x1, y1)))

    def boxes(self, boxes: Sequence[tuple[float, float, float, float]]) -> None:
        """Left, bottom, width and height of boxes that are filled as one: no seams show."""
        outline = self.canvas.beginPath()
        for box in boxes:
            outline.rect(*(at * _POINTS_PER_MM for at in box))
        self.canvas.drawPath(outline, stroke=0, fill=1)


def _check_fits(board: Board, paper: str) -> None:
    left, bottom, right, top = drawn_extent_mm(board, 0.0)
    width, height = PAPER_MM[paper]
    room_x = width - 2 * MARGIN_MM - _BAND_MM
    room_y = height - 2 * MARGIN_MM - _HEAD_MM - 40.0
    if right - left > room_x or top - bottom > room_y:
        raise SettingsError(
            f"{board.name} is {right - left:.0f} x {top - bottom:.0f} mm and doesn't fit {paper}, "
            f"which has room for {room_x:.0f} x {room_y:.0f} mm.",
            "Give it fewer or smaller tags.",
        )


def _draw_page(page: _Page, board: Board, paper: str) -> None:
    width, height = PAPER_MM[paper]
    left, bottom, right, top = drawn_extent_mm(board, 0.0)
    # the sheet's origin on the page: tags stand to the right, below the name
    x0 = width - MARGIN_MM - 4.0 - right
    y0 = height - MARGIN_MM - _HEAD_MM - top
    _draw_head(page, board, height)
    for tag_id, centre in zip(board.tag_ids, board.centres_mm, strict=True):
        _draw_tag(page, board, tag_id, x0 + centre[0], y0 + centre[1])
    below = y0 + min(bottom, top - BAR_MM) - _QUIET_MM
    _draw_long_bar(page, MARGIN_MM + 8.0, y0 + top - BAR_MM)
    _draw_cross_bar(page, x0 + left, below)
    for number, line in enumerate(_ADVICE):
        page.text(x0 + left, below - 8.0 - 3.6 * number, line, 8.6)
    _draw_picture(page, MARGIN_MM + 17.0, below - 10.0)


def _draw_head(page: _Page, board: Board, height: float) -> None:
    y = height - MARGIN_MM - 5.0
    page.text(MARGIN_MM, y, f"StitchSketch {board.name}", 15, bold=True)
    family = board.dictionary.removeprefix("DICT_").replace("APRILTAG_", "AprilTag ")
    ids = _in_words(board.tag_ids)
    page.text(MARGIN_MM + 90.0, y, f"{family}, tags {ids}, side {board.tag_side_mm:g} mm", 9)


def _in_words(ids: Sequence[int]) -> str:
    """0 to 11 for consecutive tags, else a list."""
    if len(ids) > 2 and list(ids) == list(range(ids[0], ids[0] + len(ids))):
        return f"{ids[0]} to {ids[-1]}"
    return ", ".join(str(tag_id) for tag_id in ids)[:60]


def _draw_tag(page: _Page, board: Board, tag_id: int, x: float, y: float) -> None:
    """A tag round (x, y), its black modules as boxes, row by row."""
    modules = tag_modules(board.dictionary, tag_id) == 0
    n, side = len(modules), board.tag_side_mm
    module = side / n
    boxes = []
    for row in range(n):
        column = 0
        while column < n:
            run = column
            while run < n and modules[row, run]:
                run += 1
            if run > column:
                at = (x - side / 2 + column * module, y + side / 2 - (row + 1) * module)
                boxes.append((*at, (run - column) * module, module))
            column = run + 1
    page.boxes(boxes)


def _draw_long_bar(page: _Page, x: float, y: float) -> None:
    """Upwards from (x, y), a tick a centimetre."""
    page.boxes([(x, y, 2.0, BAR_MM)])
    for tick in range(0, int(BAR_MM) + 1, 10):
        page.line(x + 2.0, y + tick, x + (8.0 if tick % 50 == 0 else 5.0), y + tick)
        if tick % 50 == 0:
            page.text(x + 9.0, y + tick - (2.4 if tick == BAR_MM else 0.0), f"{tick}", 8)
    page.canvas.saveState()
    page.canvas.translate((x - 2.0) * _POINTS_PER_MM, (y + 8.0) * _POINTS_PER_MM)
    page.canvas.rotate(90)
    text = f"this bar must measure {BAR_MM:.0f} mm; if not, print at 100 % (“actual size”)"
    page.text(0.0, 0.0, text, 10, bold=True)
    page.canvas.restoreState()


def _draw_cross_bar(page: _Page, x: float, y: float) -> None:
    """To the right from (x, y), with end marks like the other's."""
    page.boxes([(x, y, CROSS_BAR_MM, 2.0)])
    for tick in range(0, int(CROSS_BAR_MM) + 1, 10):
        page.line(x + tick, y, x + tick, y - (2.0 if tick % 50 == 0 else 1.0))
    page.text(x + 2.0, y - 3.4, f"and this one {CROSS_BAR_MM:.0f} mm", 8, bold=True)


def _draw_picture(page: _Page, x: float, y: float) -> None:
    """The piece from above with four mats round it, and the round of the camera."""
    canvas, unit = page.canvas, _POINTS_PER_MM
    canvas.saveState()
    canvas.setLineWidth(0.3 * unit)
    canvas.setFillGray(0.85)
    canvas.roundRect((x - 5) * unit, (y - 5) * unit, 10 * unit, 10 * unit, 2 * unit, 1, 1)
    canvas.setFillGray(0.0)
    page.text(x - 2.9, y - 0.8, "piece", 6)
    for turn, away in ((8, 0), (-12, 90), (15, 180), (-6, 270)):
        canvas.saveState()
        angle = math.radians(away + 45)
        canvas.translate((x + 10 * math.cos(angle)) * unit, (y + 10 * math.sin(angle)) * unit)
        canvas.rotate(away + turn)
        canvas.rect(-1.5 * unit, -2 * unit, 3 * unit, 4 * unit, 1, 0)
        page.boxes([(i - 0.35, j - 0.35, 0.7, 0.7) for i in (-0.7, 0.7) for j in (-1, 0, 1)])
        canvas.restoreState()
    canvas.setDash(1.2, 1.8)
    canvas.circle(x * unit, y * unit, 14.5 * unit, 1, 0)
    canvas.restoreState()
