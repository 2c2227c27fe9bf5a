"""PDF at full scale as pdfium reads its paths."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stitchsketch_kernel.upholstery.export.pdf import write_pdf

EXACT_MM = 0.05


def outlines(page, pieces):
    """The cut line of each piece: the only closed black path of so many points and such a size."""
    out = []
    for piece in pieces:
        want = piece.cut_line_mm
        found = [
            points
            for points in page.cuts(len(want))
            if np.abs(np.ptp(points, axis=0) - np.ptp(want, axis=0)).max() < 1
        ]
        assert found, piece.name
        out.append(found)
    return out


@pytest.fixture
def pages(pattern, marker, tmp_path, read_pdf):
    write_pdf(tmp_path / "pattern.pdf", pattern)
    write_pdf(tmp_path / "marker.pdf", pattern, marker)
    return {name: read_pdf(tmp_path / f"{name}.pdf") for name in ("pattern", "marker")}


def test_pieces_have_their_exact_shape(pages, pattern):
    (page,) = pages["pattern"]
    for found, piece in zip(outlines(page, pattern.pieces), pattern.pieces, strict=True):
        (points,) = found
        shift = points.min(axis=0) - piece.cut_line_mm.min(axis=0)
        np.testing.assert_allclose(points, piece.cut_line_mm + shift, atol=EXACT_MM)


def test_the_marker_lays_every_copy_where_it_should(pages, pattern, marker):
    (page,) = pages["marker"]
    black = [p.points for p in page.paths if p.closed and p.colour == (0, 0, 0)]
    shift = None
    for one in marker.placements:
        want = one.apply(pattern.piece(one.piece).cut_line_mm)
        shift = black[0][0] - want[0] if shift is None else shift
        off = [np.abs(p - want - shift).max() for p in black if len(p) == len(want)]
        assert min(off) < EXACT_MM, one


@pytest.mark.parametrize("name", ["pattern", "marker"])
def test_a_ruler_finds_50_mm_and_2_in(pages, name):
    sizes = pages[name][0].squares()
    assert sizes == pytest.approx([50.0, 50.8], abs=0.01)


@pytest.mark.parametrize("name", ["pattern", "marker"])
def test_squares_and_words_keep_below_the_pieces(pages, pattern, name):
    (page,) = pages[name]
    lowest = min(points[:, 1].min() for points in page.cuts(4) if np.ptp(points, axis=0).max() > 60)
    squares = [p for p in page.cuts(4) if np.ptp(p, axis=0).max() < 51]
    assert max(points[:, 1].max() for points in squares) < lowest - 5
    assert any("print at 100 %" in line for line in page.words)
    assert any("scale from mat, +/- 0.21 %" in line for line in page.words)


def test_everything_lies_on_the_page(pages):
    for (page,) in pages.values():
        points = np.vstack([path.points for path in page.paths])
        assert (points > 0).all() and (points < page.size_mm).all()


def test_names_are_shown_as_far_as_helvetica_has_letters(pages):
    said = "\n".join(pages["pattern"][0].words)
    for name in ("IB", "<b>&\"';???]]>", "Rückenäußeres € ?", "0?EOF?"):
        assert name in said


def test_a_long_marker_goes_on_exactly_on_the_next_page(pattern, marker, tmp_path, read_pdf):
    far = replace(marker.placements[0], x_mm=marker.placements[0].x_mm + 4700)
    long = replace(marker, placements=(far,), used_length_mm=6000.0)
    write_pdf(tmp_path / "long.pdf", pattern, long)
    first, second = read_pdf(tmp_path / "long.pdf")
    assert first.size_mm[0] <= 5000 + EXACT_MM
    a, b = _largest(first), _largest(second)
    np.testing.assert_allclose(a[:, 1], b[:, 1], atol=EXACT_MM)
    moved = (a - b)[:, 0]
    assert np.ptp(moved) < EXACT_MM
    # where the first page's clip ends, the second's begins
    assert first.clip[2] - moved[0] == pytest.approx(second.clip[0], abs=EXACT_MM)
    assert any("page 2 of 2" in line for line in second.words)


def _largest(page):
    return max(page.cuts(4), key=lambda points: np.ptp(points, axis=0).sum())
