"""Pieces, words and test squares on a reportlab canvas. Millimetres, y up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reportlab.lib.units import inch, mm
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.piece import Pattern
from stitchsketch_kernel.upholstery.export.drawn import DrawnPiece, arrow_head

_FONT, _BOLD = "Helvetica", "Helvetica-Bold"
_TITLE_PT, _WORDS_PT = 12.0, 9.0


def new_canvas(pattern: Pattern) -> Canvas:
    """A PDF in memory: take its bytes with ``getpdfdata``, for reportlab leaves files open."""
    canvas = Canvas("", pageCompression=1, invariant=1)
    canvas.setTitle(printable(pattern.name))
    canvas.setCreator("StitchSketch")
    return canvas


def draw_pieces(canvas: Any, pieces: Sequence[DrawnPiece], shift: FloatArray) -> None:
    """Draw pieces moved by `shift` (2,): cut lines black, sew lines dashed, notches, grain."""
    for piece in pieces:
        canvas.setStrokeColorRGB(0, 0, 0)
        canvas.setLineWidth(0.35 * mm)
        _line(canvas, piece.cut + shift, closed=True)
        for notch in piece.notches:
            _line(canvas, notch + shift)
        canvas.setLineWidth(0.25 * mm)
        canvas.setStrokeColorRGB(0.12, 0.37, 0.75)
        canvas.setDash(4 * mm, 2 * mm)
        _line(canvas, piece.sew + shift, closed=True)
        canvas.setDash()
        canvas.setStrokeColorRGB(0.45, 0.45, 0.45)
        for line in piece.internal:
            _line(canvas, line + shift)
        canvas.setStrokeColorRGB(0.18, 0.49, 0.2)
        _line(canvas, piece.grain + shift)
        _line(canvas, arrow_head(piece.grain) + shift)
        label(canvas, piece, shift)


def label(canvas: Any, piece: DrawnPiece, shift: FloatArray) -> None:
    """The piece's words where its lettering puts them."""
    canvas.setFillColorRGB(0, 0, 0)
    for i, (words, at, size) in enumerate(piece.lettering.lines()):
        canvas.setFont(_BOLD if i == 0 else _FONT, size * mm)
        x, y = at + shift
        canvas.drawString(x * mm, y * mm, printable(words))


def statement(canvas: Any, x_mm: float, y_mm: float, lines: Sequence[str]) -> None:
    """Small lines of words downwards from (x, y)."""
    canvas.setFillColorRGB(0, 0, 0)
    for i, words in enumerate(lines):
        canvas.setFont(_BOLD if i == 0 else _FONT, _TITLE_PT if i == 0 else _WORDS_PT)
        canvas.drawString(x_mm * mm, (y_mm - 6 * i) * mm, printable(words))


def wrapped(lines: Sequence[str], room_mm: float) -> list[str]:
    """Lines for `statement`, broken where they would be wider than `room_mm`; the title is cut."""
    title = fitted(lines[0], _BOLD, _TITLE_PT, room_mm)
    rest = (simpleSplit(printable(line, 600), _FONT, _WORDS_PT, room_mm * mm) for line in lines[1:])
    return [title, *(fitted(part, _FONT, _WORDS_PT, room_mm) for parts in rest for part in parts)]


def fitted(text: str, font: str, size_pt: float, room_mm: float) -> str:
    """As much of a text as is no wider than `room_mm`."""
    shown = printable(text)
    if stringWidth(shown, font, size_pt) <= room_mm * mm:
        return shown
    while shown and stringWidth(shown + "…", font, size_pt) > room_mm * mm:
        shown = shown[:-1]
    return shown + "…"


def test_squares(canvas: Any, x_mm: float, y_mm: float) -> None:
    """A square of 50 mm and one of 2 in: what a ruler must say of the print."""
    canvas.setStrokeColorRGB(0, 0, 0)
    canvas.setLineWidth(0.25 * mm)
    canvas.rect(x_mm * mm, y_mm * mm, 50 * mm, 50 * mm)
    canvas.rect((x_mm + 55) * mm, y_mm * mm, 2 * inch, 2 * inch)
    canvas.setFont(_FONT, 8)
    canvas.setFillColorRGB(0, 0, 0)
    canvas.drawString((x_mm + 3) * mm, (y_mm + 3) * mm, "50 mm")
    canvas.drawString((x_mm + 58) * mm, (y_mm + 3) * mm, "2 in")


def scale_said(pattern: Pattern) -> str:
    """How the size is known, and how surely."""
    method = pattern.scale_method.replace("_", " ")
    return f"scale from {method}, +/- {pattern.scale_uncertainty_percent:.2f} %"


def printable(text: str, longest: int = 160) -> str:
    """What Helvetica's own letters can show; the rest as question marks."""
    shown = text.encode("cp1252", errors="replace").decode("cp1252")
    return "".join(c if c.isprintable() else "?" for c in shown)[:longest]


def _line(canvas: Any, line: FloatArray, closed: bool = False) -> None:
    path = canvas.beginPath()
    path.moveTo(line[0, 0] * mm, line[0, 1] * mm)
    for x, y in line[1:]:
        path.lineTo(x * mm, y * mm)
    if closed:
        path.close()
    canvas.drawPath(path, stroke=1, fill=0)
