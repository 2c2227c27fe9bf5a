"""A cover from several cloths has a line for each, and its labour once."""

from __future__ import annotations

from dataclasses import replace

import pypdfium2
import pytest

from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.domain.marker import Fabric
from stitchsketch_kernel.upholstery.export.quote_pdf import write_quote_pdf
from stitchsketch_kernel.upholstery.marker.check import make_marker
from stitchsketch_kernel.upholstery.marker.copies import copies_of
from stitchsketch_kernel.upholstery.pieces.make import make_pattern
from stitchsketch_kernel.upholstery.quote.cover import quote_cover
from stitchsketch_kernel.upholstery.quote.labour import QuoteSettings

LINEN = Fabric("Linen", 1400.0, 1370.0, price_per_metre=40.0)
SETTINGS = QuoteSettings(labour_rate=60.0, labour_hours=2.0, customer="Ann Smith")


@pytest.fixture(scope="module")
def pattern(cushion, shapes):
    return make_pattern("cushion", *cushion, scale=shapes.scale)


def in_a_row(pattern, fabric, names):
    """A marker of those pieces, one after the other along the roll."""
    some = replace(pattern, pieces=tuple(one for one in pattern.pieces if one.name in names))
    placed, x = [], 0.0
    for copy in copies_of(some):
        low, high = (getattr(copy.piece.cut_line_mm, end)(axis=0) for end in ("min", "max"))
        placed.append(copy.placed(x - low[1], high[0], -90.0))
        x += high[1] - low[1] + 5.0
    return make_marker(some, fabric, placed, 5.0)


def test_labour_is_paid_once_and_each_cloth_bought(pattern):
    names = {one.name for one in pattern.pieces}
    face = in_a_row(pattern, LINEN, names - {"BOT"})
    under = in_a_row(pattern, replace(LINEN, name="Cambric", price_per_metre=8.0), {"BOT"})
    quote = quote_cover(pattern, [face, under], SETTINGS)
    bought = [one.metres_to_buy for one in quote.cloths]
    assert quote.labour_cost == 120.0
    assert quote.total == pytest.approx(120.0 + 40.0 * bought[0] + 8.0 * bought[1])
    assert quote.total_minor == round(100 * quote.total)


def test_prices_in_two_currencies_make_no_total(pattern):
    names = {one.name for one in pattern.pieces}
    markers = [
        in_a_row(pattern, LINEN, names - {"BOT"}),
        in_a_row(pattern, replace(LINEN, currency="GBP"), {"BOT"}),
    ]
    with pytest.raises(SettingsError, match="EUR and GBP"):
        quote_cover(pattern, markers, SETTINGS)


def test_the_paper_shows_every_cloth_with_its_marker(pattern, tmp_path):
    names = {one.name for one in pattern.pieces}
    face = in_a_row(pattern, LINEN, names - {"BOT"})
    under = in_a_row(pattern, replace(LINEN, name="Cambric", price_per_metre=8.0), {"BOT"})
    write_quote_pdf(tmp_path / "quote.pdf", pattern, face, SETTINGS, "2030-01-02", [under])
    with pypdfium2.PdfDocument(tmp_path / "quote.pdf") as document:
        words = "\n".join(page.get_textpage().get_text_range() for page in document)
    assert "Linen, 1370 mm usable width" in words
    assert "Cambric, 1370 mm usable width" in words
    assert words.count("All labour") == 1
    assert f"{quote_cover(pattern, [face, under], SETTINGS).total:.2f} EUR" in words
    assert "Agreed (signature)" in words
