"""The printed mat: exact on paper, read back by a renderer that is not ours."""

import numpy as np
import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stitchsketch_kernel.domain.board import Board
from stitchsketch_kernel.domain.errors import MatError, SettingsError, StorageError
from stitchsketch_kernel.imaging.boards import PAPER_MM, standard_mats
from stitchsketch_kernel.imaging.mat import check_bar, draw_board, drawn_extent_mm, write_mat_pdf
from stitchsketch_kernel.imaging.tags import find_tags

POINT_MM = 25.4 / 72


def boxes_mm(page):
    """Left, bottom, right, top of every filled outline on the page."""
    bounds = [
        item.get_bounds()
        for item in page.get_objects()
        if item.type == pypdfium2.raw.FPDF_PAGEOBJ_PATH
    ]
    return np.array(bounds) * POINT_MM


@pytest.fixture(params=["A4", "Letter"])
def printed(request, tmp_path):
    write_mat_pdf(tmp_path / "mat.pdf", standard_mats(4, request.param), request.param)
    with pypdfium2.PdfDocument(tmp_path / "mat.pdf") as document:
        yield request.param, document


def test_each_mat_is_a_page_of_the_paper(printed):
    paper, document = printed
    assert len(document) == 4
    assert np.array(document[0].get_size()) * POINT_MM == pytest.approx(PAPER_MM[paper], abs=1e-3)


def test_tags_and_bars_are_exact(printed):
    _, document = printed
    boxes = boxes_mm(document[1])
    size = boxes[:, 2:] - boxes[:, :2]
    tags = boxes[np.abs(size - 40).max(axis=1) < 0.5]
    assert np.abs(tags[:, 2:] - tags[:, :2] - 40).max() < 2e-4  # bounds are 32-bit floats
    centres = (tags[:, :2] + tags[:, 2:]) / 2
    steps = (centres - centres.mean(axis=0)) - standard_mats(2)[1].centres_mm
    assert np.abs(steps).max() < 2e-4
    assert np.abs(size[:, 1] - 200).min() < 2e-4
    assert np.abs(size[:, 0] - 150).min() < 2e-4


def test_nothing_lies_where_printers_do_not_print(printed):
    paper, document = printed
    width, height = PAPER_MM[paper]
    rendered = document[0].render(scale=100 * POINT_MM / 25.4, grayscale=True).to_numpy().squeeze()
    rows, columns = np.nonzero(rendered < 250)
    mm = 25.4 / 100
    assert columns.min() * mm >= 9.7
    assert (columns.max() + 1) * mm <= width - 9.7
    assert rows.min() * mm >= 9.7
    assert (rows.max() + 1) * mm <= height - 9.7


def test_the_printed_tags_are_read_at_their_places(printed):
    paper, document = printed
    image = document[2].render(scale=5 * POINT_MM).to_numpy()[:, :, :3].copy()
    px_per_mm = np.array(image.shape[1::-1]) / PAPER_MM[paper]  # whole pixels: not quite 5
    found = {s.tag_id: s.centre_px for s in find_tags("mat", image)}
    mat = standard_mats(3)[2]
    assert set(found) == set(mat.tag_ids)
    places = np.array([found[tag_id] for tag_id in mat.tag_ids]) * (1, -1) / px_per_mm
    off = (places - places.mean(axis=0)) - mat.centres_mm
    assert np.abs(off).max() < 0.1  # the renderer fills boxes to whole pixels: half of one


def test_both_bars_are_spoken_of(printed):
    _, document = printed
    text = document[0].get_textpage().get_text_range()
    assert "this bar must measure 200 mm" in text
    assert "150 mm" in text
    assert "mat 1" in text
    assert "tags 0 to 11" in text


def test_the_same_mat_is_the_same_file(tmp_path):
    for name in ("a.pdf", "b.pdf"):
        write_mat_pdf(tmp_path / name, standard_mats(1))
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()


def test_a_board_too_large_for_the_paper_is_refused(tmp_path):
    centres = np.array([[0.0, 0.0], [160.0, 0.0]])
    board = Board("wide", "DICT_4X4_50", (0, 1), centres, 40.0)
    with pytest.raises(SettingsError, match="wide is 200 x 40 mm and doesn't fit A4"):
        write_mat_pdf(tmp_path / "mat.pdf", [board])
    with pytest.raises(SettingsError, match="B5"):
        write_mat_pdf(tmp_path / "mat.pdf", standard_mats(1), "B5")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(StorageError, match=r"mat.pdf can't be written"):
        write_mat_pdf(tmp_path / "no" / "mat.pdf", standard_mats(1))


@pytest.mark.parametrize("measured_mm", [194.0, 199.4, 200.6, float("nan")])
def test_a_rescaled_print_is_refused(measured_mm):
    with pytest.raises(MatError, match="its bar measures"):
        check_bar(measured_mm)


@pytest.mark.parametrize("measured_mm", [199.5, 200.0, 200.5])
def test_a_ruler_may_be_half_a_millimetre_off(measured_mm):
    check_bar(measured_mm)


@given(st.floats(0.3, 7.0))
def test_a_drawn_board_holds_the_same_black_at_any_resolution(px_per_mm):
    board = Board("b", "DICT_4X4_50", (7,), np.array([[3.3, -8.1]]), 30.0)
    drawn = draw_board(board, px_per_mm)[:, :, 0].astype(float)
    left, bottom, right, top = drawn_extent_mm(board)
    fine = draw_board(board, 40 / 6)[:, :, 0].astype(float)
    black_mm2 = (255 - fine).sum() / 255 / (40 / 6) ** 2
    assert (255 - drawn).sum() / 255 / px_per_mm**2 == pytest.approx(black_mm2, rel=0.01)
    assert drawn.shape == (round((top - bottom) * px_per_mm), round((right - left) * px_per_mm))
    rows, columns = np.indices(drawn.shape) + 0.5
    if px_per_mm > 1:  # the outline's black is centred on the tag, in the convention told
        ink = 255 - drawn
        assert left + columns[ink > 0].min() / px_per_mm == pytest.approx(
            3.3 - 15, abs=1 / px_per_mm
        )
        assert top - rows[ink > 0].min() / px_per_mm == pytest.approx(-8.1 + 15, abs=1 / px_per_mm)
