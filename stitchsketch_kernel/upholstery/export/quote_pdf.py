"""The quote on paper: pieces, the marker, cloth, labour, how sure it is, and a line to sign."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from reportlab.lib.units import mm

from stitchsketch_kernel.disk.aside import written_aside
from stitchsketch_kernel.domain.marker import Marker
from stitchsketch_kernel.domain.piece import Pattern, Piece
from stitchsketch_kernel.domain.units import MM_PER_M, inch_fraction, yards_from_mm
from stitchsketch_kernel.upholstery.export.drawn import (
    drawn_marker,
    override_said,
    require_cuttable,
)
from stitchsketch_kernel.upholstery.export.ink import fitted, new_canvas, wrapped
from stitchsketch_kernel.upholstery.export.tiles import PAPERS_MM
from stitchsketch_kernel.upholstery.quote.cover import quote_cover
from stitchsketch_kernel.upholstery.quote.labour import QuoteSettings, hours_of, labour_lines
from stitchsketch_kernel.upholstery.quote.price import Quote

_MARGIN_MM = 18.0
_ROW_MM = 6.0
_PLAIN, _BOLD = "Helvetica", "Helvetica-Bold"
#: The marker's picture is no higher than this.
_PICTURE_MM = 70.0


def quote_of(pattern: Pattern, marker: Marker, settings: QuoteSettings) -> Quote:
    """The quote by a shop's settings: labour from seams and pieces, the first roll end bought.

    Raises
    ------
    ScaleError
        The pattern's size is not known.
    """
    return quote_cover(pattern, [marker], settings).cloths[0]


def write_quote_pdf(
    path: Path,
    pattern: Pattern,
    marker: Marker,
    settings: QuoteSettings,
    made_at: str = "",
    further: Sequence[Marker] = (),
) -> None:
    """Write the quote, on A4 in millimetres or on Letter in inches, as many pages as it needs.

    Parameters
    ----------
    path : Path
    pattern : Pattern
    marker : Marker
    settings : QuoteSettings
    made_at : str
        The date in words, printed at the top.
    further : sequence of Marker
        Of the other cloths that the cover is cut from: welt, dust cover.

    Raises
    ------
    ScaleError
        The pattern's size is not known.
    SewError
        Its sides don't sew together.
    SettingsError
        The cloths' prices are in different currencies.
    """
    require_cuttable(pattern)
    markers = (marker, *further)
    quote = quote_cover(pattern, markers, settings)
    sheet = _Sheet(pattern, settings)
    sheet.title(pattern.name, [part for part in (settings.customer, made_at) if part])
    for line in override_said(pattern):
        sheet.words([line], _BOLD)
    _pieces(sheet, pattern.pieces, settings)
    for one, own in zip(markers, quote.cloths, strict=True):
        sheet.picture(pattern, one)
        _cloth(sheet, own, one, settings)
    if settings.labour_rate > 0:
        _labour(sheet, quote.cloths[0], pattern, settings)
    sheet.room(75)
    sheet.row(("Total", "", _money(quote.total, quote.currency)), _BOLD, rule=True)
    sheet.space(4)
    sheet.words(sheet.broken(quote.confidence))
    sheet.words(sheet.broken("Prices are for the cloth and the work named here."))
    sheet.sign()
    with written_aside(path) as aside:
        aside.write_bytes(sheet.done())


def _pieces(sheet: _Sheet, pieces: Sequence[Piece], settings: QuoteSettings) -> None:
    unit = "inches" if settings.units == "inches" else "mm"
    head = ("Piece", "To cut", f"Width x height as cut, {unit}")
    sheet.row(head, _BOLD, rule=True)
    for piece in pieces:
        wide, high = (float(side) for side in np.ptp(piece.cut_line_mm, axis=0))
        if settings.units == "inches":
            size = f"{inch_fraction(wide)} x {inch_fraction(high)}"
        else:
            size = f"{wide:.0f} x {high:.0f}"
        pairs = " (mirrored pairs)" if piece.mirrored else ""
        sheet.row((piece.name, f"{piece.quantity}{pairs}", size), again=head)
    sheet.space(4)


def _cloth(sheet: _Sheet, quote: Quote, marker: Marker, settings: QuoteSettings) -> None:
    fabric = marker.fabric
    if settings.units == "inches":
        width = f"{inch_fraction(fabric.usable_width_mm)} usable width"
    else:
        width = f"{fabric.usable_width_mm:.0f} mm usable width"
    sheet.row(("Cloth", "", quote.currency), _BOLD, rule=True)
    used = _length(quote.used_length_mm, settings)
    sheet.row((f"{fabric.name}, {width}: used", used, ""))
    if quote.roll_end_mm > 0:
        sheet.row(("First roll end", _length(quote.roll_end_mm, settings), ""))
    bought = f"{quote.metres_to_buy:.1f} m ({quote.yards_to_buy:.2f} yd)"
    if settings.units == "inches":
        bought = f"{quote.yards_to_buy:.2f} yd ({quote.metres_to_buy:.1f} m)"
    price = f"at {fabric.price_per_metre:.2f} a metre"
    sheet.row((f"To buy, {price}", bought, f"{quote.cloth_cost:.2f}"))
    sheet.space(4)


def _length(length_mm: float, settings: QuoteSettings) -> str:
    """Metres and yards, those first that the shop works in."""
    both = (f"{length_mm / MM_PER_M:.2f} m", f"{yards_from_mm(length_mm):.2f} yd")
    first, second = both[::-1] if settings.units == "inches" else both
    return f"{first} ({second})"


def _labour(sheet: _Sheet, quote: Quote, pattern: Pattern, settings: QuoteSettings) -> None:
    lines = labour_lines(pattern, settings)
    head = ("Labour", "", quote.currency)
    sheet.row(head, _BOLD, rule=True)
    for line in lines:
        amount = f"{line.amount}, " if line.amount else ""
        sheet.row((line.what, f"{amount}{line.minutes:.0f} min", ""), again=head)
    amount = f"{hours_of(lines):.2f} h at {settings.labour_rate:.2f}"
    sheet.row(("All labour", amount, f"{quote.labour_cost:.2f}"), again=head)
    sheet.space(4)


def _money(amount: float, currency: str) -> str:
    return f"{amount:.2f} {currency}"


class _Sheet:
    """Rows down a page, and on to the next one where it is full."""

    def __init__(self, pattern: Pattern, settings: QuoteSettings) -> None:
        paper = "Letter" if settings.units == "inches" else "A4"
        self._size = PAPERS_MM[paper]
        self._canvas: Any = new_canvas(pattern)
        self._name, self._page = pattern.name, 0
        self._begin()

    @property
    def _width(self) -> float:
        return self._size[0] - 2 * _MARGIN_MM

    def _begin(self) -> None:
        self._page += 1
        self._canvas.setPageSize((self._size[0] * mm, self._size[1] * mm))
        self._y = self._size[1] - _MARGIN_MM
        foot = fitted(f"{self._name}   page {self._page}", _PLAIN, 8, self._width)
        self._put(foot, _MARGIN_MM, _MARGIN_MM - 8, _PLAIN, 8)

    def _put(self, text: str, x: float, y: float, font: str, size: float) -> None:
        self._canvas.setFont(font, size)
        self._canvas.setFillGray(0)
        self._canvas.drawString(x * mm, y * mm, text)

    def room(self, need_mm: float) -> bool:
        """Go on on another page where less than this is left; whether it did."""
        if self._y - need_mm >= _MARGIN_MM:
            return False
        self._canvas.showPage()
        self._begin()
        return True

    def space(self, by_mm: float) -> None:
        """Leave some room."""
        self._y -= by_mm

    def title(self, name: str, lines: Sequence[str]) -> None:
        """The first page's head."""
        self._y -= 4
        self._put(fitted(f"Quote: {name}", _BOLD, 16, self._width), _MARGIN_MM, self._y, _BOLD, 16)
        self._y -= 5
        self.words([fitted(line, _PLAIN, 10, self._width) for line in lines])
        self.space(2)

    def broken(self, text: str) -> list[str]:
        """A long text in lines of the sheet's width."""
        return wrapped(["", text], self._width)[1:]

    def words(self, lines: Sequence[str], font: str = _PLAIN) -> None:
        """Lines over the whole width."""
        for line in lines:
            self.room(_ROW_MM)
            shown = fitted(line, font, 9, self._width)
            self._put(shown, _MARGIN_MM, self._y - 4, font, 9)
            self._y -= 5

    def row(
        self,
        cells: tuple[str, str, str],
        font: str = _PLAIN,
        rule: bool = False,
        again: tuple[str, str, str] | None = None,
    ) -> None:
        """Three cells: left, middle and right-aligned; `again` is the head of a further page."""
        # a head does not stand alone at a page's foot
        if self.room(3 * _ROW_MM if rule else _ROW_MM) and again is not None:
            self.row(again, _BOLD, rule=True)
        left, middle, right = self._width * 0.47, self._width * 0.28, self._width * 0.24
        base = self._y - 4
        self._put(fitted(cells[0], font, 9.5, left), _MARGIN_MM, base, font, 9.5)
        self._put(fitted(cells[1], font, 9.5, middle), _MARGIN_MM + left + 2, base, font, 9.5)
        self._canvas.drawRightString(
            (_MARGIN_MM + self._width) * mm, base * mm, fitted(cells[2], font, 9.5, right + 20)
        )
        self._y -= _ROW_MM
        if rule:
            self._line(self._y + 0.6)

    def _line(self, y: float, until: float | None = None) -> None:
        self._canvas.setLineWidth(0.2 * mm)
        self._canvas.setStrokeGray(0.4)
        end = _MARGIN_MM + (self._width if until is None else until)
        self._canvas.line(_MARGIN_MM * mm, y * mm, end * mm, y * mm)

    def picture(self, pattern: Pattern, marker: Marker) -> None:
        """The roll from above, as wide as the sheet where it is not too high then."""
        length, width = marker.used_length_mm, marker.fabric.usable_width_mm
        scale = min(self._width / length, _PICTURE_MM / width)
        self.room(width * scale + 8)
        low = self._y - width * scale
        canvas = self._canvas
        canvas.saveState()
        canvas.translate(_MARGIN_MM * mm, low * mm)
        canvas.scale(scale, scale)
        canvas.setLineWidth(0.15 * mm / scale)
        canvas.setStrokeGray(0.5)
        canvas.rect(0, 0, length * mm, width * mm)
        canvas.setStrokeGray(0)
        for piece in drawn_marker(pattern, marker):
            path = canvas.beginPath()
            path.moveTo(*(piece.cut[0] * mm))
            for point in piece.cut[1:]:
                path.lineTo(*(point * mm))
            path.close()
            canvas.setFillGray(0.9)
            canvas.drawPath(path, stroke=1, fill=1)
            middle = (piece.cut.min(axis=0) + piece.cut.max(axis=0)) / 2
            inside = shapely.Polygon(piece.cut).contains(shapely.Point(middle))
            x, y = middle if inside else piece.grain.mean(axis=0)
            name = fitted(piece.name, _PLAIN, 6, float(np.ptp(piece.cut[:, 0])) * scale)
            canvas.setFont(_PLAIN, 6 / scale)
            canvas.setFillGray(0)
            canvas.drawCentredString(x * mm, y * mm - 2 / scale, name)
        canvas.restoreState()
        self._y = low - 4
        self.space(3)

    def sign(self) -> None:
        """Two lines to write on: who agrees, and when."""
        self.space(16)
        self._line(self._y, until=0.6 * self._width)
        self._put("Agreed (signature)", _MARGIN_MM, self._y - 4, _PLAIN, 8)
        self._canvas.line(
            (_MARGIN_MM + 0.68 * self._width) * mm, self._y * mm,
            (_MARGIN_MM + self._width) * mm, self._y * mm,
        )  # fmt: skip
        self._put("Date", _MARGIN_MM + 0.68 * self._width, self._y - 4, _PLAIN, 8)

    def done(self) -> bytes:
        """The PDF's bytes."""
        self._canvas.showPage()
        data: bytes = self._canvas.getpdfdata()
        return data
