"""Sheets of office paper, laid together again as a person would: each on its neighbours' lines."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
import shapely

from stitchsketch_kernel.domain.errors import ExportError
from stitchsketch_kernel.upholstery.export.tiled import write_tiled_pdf

EXACT_MM = 0.05
OVERLAP_MM = 10.0
RED = (191, 26, 26)


HEAD = r"([A-Z]\d+) +Sessel .{0,40} \d+ of \d+ +print at 100 %"


class Sheets:
    """The pages after the map, each with where it lies when all are laid together."""

    def __init__(self, pages):
        self.map, *self.pages = pages
        heads = [re.search(HEAD, " ".join(page.words)) for page in self.pages]
        self.labels = [head[1] for head in heads]
        # pdfium forgets a clip that cuts nothing
        clips = np.array([page.clip for page in self.pages if page.clip is not None])
        assert np.ptp(clips, axis=0).max() < 1e-3
        self.frame = clips[0]
        self.pitch = self.frame[2:] - self.frame[:2] - OVERLAP_MM

    def shifts(self):
        """Of each sheet, by its label alone."""
        places = [label(text) for text in self.labels]
        return [np.array([column, -row]) * self.pitch for row, column in places]

    def frames(self):
        for shift in self.shifts():
            yield shapely.box(*(self.frame + np.tile(shift, 2)))


def label(text):
    """Row and column of "B3"; None of other words."""
    found = re.fullmatch(r"([A-Z])(\d+)", text.strip())
    return (ord(found[1]) - 65, int(found[2]) - 1) if found else None


def outlines(sheets, piece):
    """The piece's cut line as each sheet that shows it has it, laid together."""
    want = piece.cut_line_mm - piece.cut_line_mm.min(axis=0)
    for page, shift in zip(sheets.pages, sheets.shifts(), strict=True):
        for points in page.cuts(len(want)):
            if np.abs(points - points.min(axis=0) - want).max() < 1:
                yield points + shift


@pytest.fixture(scope="module", params=["A4", "Letter"])
def paper(request):
    return request.param


@pytest.fixture(scope="module")
def sheets(paper, pattern, tmp_path_factory, read_pdf):
    path = tmp_path_factory.mktemp("tiled") / "pattern.pdf"
    write_tiled_pdf(path, pattern, paper)
    return Sheets(read_pdf(path))


def test_every_page_is_of_the_paper(sheets, paper):
    size = sorted({"A4": (210.0, 297.0), "Letter": (215.9, 279.4)}[paper])
    for page in (sheets.map, *sheets.pages):
        assert sorted(page.size_mm) == pytest.approx(size, abs=EXACT_MM)


def test_lines_meet_when_the_sheets_are_laid_together(sheets, pattern):
    seen = 0
    for piece in pattern.pieces:
        first, *others = outlines(sheets, piece)
        shift = first.min(axis=0) - piece.cut_line_mm.min(axis=0)
        np.testing.assert_allclose(first, piece.cut_line_mm + shift, atol=EXACT_MM)
        for other in others:
            np.testing.assert_allclose(other, first, atol=EXACT_MM)
        seen += len(others)
    assert seen > 10


def test_every_piece_is_shown_as_a_whole(sheets, pattern):
    shown = shapely.union_all(list(sheets.frames()))
    for piece in pattern.pieces:
        assert shown.covers(shapely.Polygon(next(outlines(sheets, piece))).buffer(0.3))


def test_crosses_of_neighbours_lie_on_each_other(sheets):
    laid = [crosses(page) + s for page, s in zip(sheets.pages, sheets.shifts(), strict=True)]
    frames = list(sheets.frames())
    met = 0
    for i, one in enumerate(laid):
        for j, other in enumerate(laid):
            both = frames[i].intersection(frames[j])
            in_both = [
                p for p in one if i != j and both.area > 500 and both.covers(shapely.Point(p))
            ]
            for point in in_both:
                assert np.linalg.norm(other - point, axis=1).min() < EXACT_MM
                met += 1
    assert met > 40


def crosses(page):
    """Middles of the red crosses: two red lines of 6 mm through one point."""
    arms = [p.points for p in page.paths if p.colour == RED and len(p.points) == 2]
    middles = np.array([arm.mean(axis=0) for arm in arms])
    np.testing.assert_allclose(middles[0::2], middles[1::2], atol=1e-3)
    return middles[0::2]


def test_the_map_shows_each_sheet_and_what_is_left_out(sheets):
    text = " ".join(sheets.map.words)
    printed = re.findall(r"(?<![(\w])[A-Z]\d+(?![\w)])", text)
    assert sorted(printed) == sorted(sheets.labels)
    left_out = re.findall(r"\(([A-Z]\d+)\)", text)
    rows, columns = (max(place) + 1 for place in zip(*map(label, printed + left_out), strict=True))
    assert len(printed) + len(left_out) == rows * columns
    assert f"{len(printed)} sheets, {rows} rows (A at the top), {columns} columns" in text


def test_a_sheet_with_nothing_on_it_is_not_printed(paper, pattern, piece_of, tmp_path, read_pdf):
    corner = [[0, 0], [1000, 0], [1000, 60], [60, 60], [60, 1000], [0, 1000]]
    path = tmp_path / "corner.pdf"
    write_tiled_pdf(path, replace(pattern, pieces=(piece_of("CORNER", corner),)), paper)
    sheets = Sheets(read_pdf(path))
    piece = piece_of("CORNER", corner)
    (first, *_) = outlines(sheets, piece)
    on_it = [frame.intersects(shapely.Polygon(first)) for frame in sheets.frames()]
    assert all(on_it) and len(on_it) < 13
    assert "empty, in brackets on the map, not printed" in " ".join(sheets.map.words)


def test_a_ruler_finds_50_mm_and_2_in_on_the_first_page(sheets):
    # both squares are the only ones of that size on the map
    assert [s for s in sheets.map.squares() if 49 < s < 52] == pytest.approx([50, 50.8], abs=0.01)


def test_each_sheet_says_which_it_is_and_which_lie_beside_it(sheets):
    assert len(set(sheets.labels)) == len(sheets.labels) > 5
    for page, own in zip(sheets.pages, sheets.labels, strict=True):
        row, column = label(own)
        right = f"{own[0]}{column + 2}"
        said = any(f"{right} lies on here" in line for line in page.words)
        assert said == (right in sheets.labels), (own, row)


def test_nothing_comes_nearer_to_the_edge_than_printers_reach(sheets):
    low, high = sheets.frame[:2], sheets.frame[2:]
    assert (low >= 10).all() and (high <= np.array(sheets.map.size_mm) - 10).all()


def test_a_small_piece_takes_one_sheet(paper, pattern, tmp_path, read_pdf):
    path = tmp_path / "one.pdf"
    write_tiled_pdf(path, replace(pattern, pieces=pattern.pieces[-1:]), paper)
    _, sheet = read_pdf(path)
    assert re.search(HEAD, " ".join(sheet.words))[1] == "A1"


def test_an_unknown_paper_is_refused(pattern, tmp_path):
    with pytest.raises(ExportError, match="no paper called A3"):
        write_tiled_pdf(tmp_path / "a3.pdf", pattern, "A3")
    assert not list(tmp_path.iterdir())
