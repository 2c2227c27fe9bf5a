"""The quote as pdfium reads it: every figure, and room to sign."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stitchsketch_kernel.domain.errors import ScaleError, SewError
from stitchsketch_kernel.domain.panel import EdgeKind
from stitchsketch_kernel.domain.piece import SeamPair
from stitchsketch_kernel.upholstery.export.quote_pdf import quote_of, write_quote_pdf
from stitchsketch_kernel.upholstery.marker.nest import make_marker
from stitchsketch_kernel.upholstery.quote.labour import QuoteSettings

RATED = QuoteSettings(labour_rate=60.0, labour_hours=2.5, customer="Mme Dupont")


@pytest.fixture
def job(pattern, marker):
    """The rectangle alone, twice; 1 m of cloth at 40."""
    alone = replace(pattern, name="Wing chair", pieces=pattern.pieces[:1], notes=())
    placed = tuple(one for one in marker.placements if one.piece == "IB")
    fabric = replace(
        marker.fabric, name="Wool", price_per_metre=40.0, currency="CHF", repeat_vertical_mm=640.0
    )
    return alone, make_marker(alone, fabric, placed, 5.0)


@pytest.fixture
def told(job, tmp_path, read_pdf):
    def read(settings=RATED, pattern=job[0], marker=job[1]):
        write_quote_pdf(tmp_path / "quote.pdf", pattern, marker, settings, "2026-11-23")
        pages = read_pdf(tmp_path / "quote.pdf")
        return pages, "\n".join(line for page in pages for line in page.words)

    return read


def test_every_figure_is_there_on_one_page(told, job):
    pages, words = told()
    quote = quote_of(*job, RATED)
    assert len(pages) == 1 and pages[0].size_mm == pytest.approx((210, 297), abs=0.1)
    for figure in (
        "Quote: Wing chair", "Mme Dupont", "2026-11-23", "2 (mirrored pairs)", "525 x 475",
        "0.97 m (1.06 yd)", "First roll end", "0.32 m (0.35 yd)", "1.3 m (1.50 yd)", "52.00",
        "2.50 h at 60.00", "150.00", "202.00 CHF", "IB is the least sure", "Agreed (signature)",
        "Date",
    ):  # fmt: skip
        assert figure in words, figure
    assert (quote.cloth_cost, quote.labour_cost, quote.total) == (52, 150, 202)


def test_in_inches_on_letter(told):
    pages, words = told(replace(RATED, units="inches"))
    assert pages[0].size_mm == pytest.approx((215.9, 279.4), abs=0.1)
    assert (
        '20 11/16" x 18 11/16"' in words
        and "1.06 yd (0.97 m)" in words
        and "1.50 yd (1.3 m)" in words
    )
    assert '53 15/16" usable width' in words and "525 x" not in words


def test_the_marker_is_drawn_to_its_proportions(told, job):
    pages, _ = told()
    shapes = pages[0].cuts(4)
    assert len(shapes) == 2, "both copies"
    for shape in shapes:
        wide, high = shape.max(axis=0) - shape.min(axis=0)
        assert wide / high == pytest.approx(475.4 / 525.4, rel=1e-3)
        assert shape.min() > 0 and shape.max() < 297


def test_without_a_rate_there_is_no_labour(told):
    _, words = told(QuoteSettings(roll_end_repeats=0.0))
    assert "Labour" not in words and "40.00 CHF" in words


def test_many_pieces_take_more_pages_with_a_head_on_each(told, job):
    one = job[0].pieces[0]
    many = replace(job[0], pieces=(one, *(replace(one, name=f"P{i}") for i in range(80))))
    pages, words = told(pattern=many)
    assert len(pages) == 3
    assert words.count("Width x height as cut, mm") >= 2 and "P79" in words
    assert sum("Agreed (signature)" in " ".join(page.words) for page in pages) == 1
    for number, page in enumerate(pages, start=1):
        assert f"Wing chair page {number}" in page.words


def test_names_from_elsewhere_do_no_harm(told, job):
    odd = "Rückenäußeres € \ud800 " * 9
    pages, words = told(replace(RATED, customer=odd), replace(job[0], name=odd))
    assert len(pages) == 1 and "Rückenäußeres" in words


def test_what_was_cut_past_the_gate_says_so(told, job):
    _, words = told(pattern=replace(job[0], override="gathered by hand"))
    assert "DOES NOT SEW TOGETHER, cut because: gathered by hand" in words


def test_what_does_not_sew_has_no_quote(job, tmp_path):
    lost = SeamPair("S9", EdgeKind.SEWN, "IB", "GONE", 1.0, 1.0)
    with pytest.raises(SewError, match="no piece has GONE's side"):
        write_quote_pdf(tmp_path / "q.pdf", replace(job[0], seams=(lost,)), job[1], RATED)
    assert not list(tmp_path.iterdir())


def test_an_unscaled_pattern_has_no_quote(job, tmp_path):
    with pytest.raises(ScaleError):
        write_quote_pdf(tmp_path / "q.pdf", replace(job[0], scale_method="none"), job[1], RATED)
    assert not list(tmp_path.iterdir())
