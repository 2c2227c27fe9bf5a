"""HPGL as a plotter takes it: one command after the other, a pen that is up or down."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
import pytest

from stitchsketch_kernel.upholstery.export.hpgl import write_hpgl

EXACT_MM = 0.05


@dataclass
class Plotter:
    """What has been drawn, by pen, in millimetres; and the labels."""

    lines: list = field(default_factory=list)
    labels: list = field(default_factory=list)
    order: list = field(default_factory=list)


def plot(data: str) -> Plotter:
    plotter, pen, at, place = Plotter(), 0, 0, np.zeros(2)
    while at < len(data):
        if data[at].isspace():
            at += 1
            continue
        command = data[at : at + 2]
        assert re.fullmatch("[A-Z]{2}", command), data[at : at + 20]
        end = data.index("\x03" if command == "LB" else ";", at)
        text, at = data[at + 2 : end], end + 1
        if command == "LB":
            plotter.labels.append((text, place / 40))
        elif command == "SP":
            pen = int(text)
            plotter.order.append(pen)
        elif command in {"PU", "PD"} and text:
            points = np.array([int(value) for value in text.split(",")]).reshape(-1, 2)
            if command == "PD":
                plotter.lines.append((pen, np.vstack([place, points]) / 40))
            place = points[-1]
        else:
            assert command in {"IN", "PA", "PU", "SI"} or text == "", command
        if command == "LB" and at < len(data) and data[at] == ";":
            at += 1
    return plotter


@pytest.fixture(scope="module")
def plotted(pattern, marker, tmp_path_factory):
    path = tmp_path_factory.mktemp("plt") / "marker.plt"
    write_hpgl(path, pattern, marker)
    return plot(path.read_bytes().decode("ascii"))


def test_the_marker_is_cut_where_it_lays_the_pieces(plotted, pattern, marker):
    cuts = [line for pen, line in plotted.lines if pen == 1 and len(line) > 2]
    wanted = [one.apply(pattern.piece(one.piece).cut_line_mm) for one in marker.placements]
    assert len(cuts) == len(wanted) == 8
    for cut, want in zip(cuts, wanted, strict=True):
        np.testing.assert_allclose(cut[:-1], want, atol=EXACT_MM)
        np.testing.assert_array_equal(cut[0], cut[-1])


def test_sew_lines_are_drawn_with_another_pen(plotted, pattern, marker):
    sews = [line[:-1] for pen, line in plotted.lines if pen == 2 and len(line) > 3]
    wanted = [one.apply(pattern.piece(one.piece).sew_line_mm) for one in marker.placements]
    for sew, want in zip(sews, wanted, strict=True):
        np.testing.assert_allclose(sew, want, atol=EXACT_MM)


def test_notches_are_cut_six_millimetres_deep_before_their_outline(plotted, pattern):
    cutting = [line for pen, line in plotted.lines if pen == 1]
    for notch in cutting[:2]:
        assert np.hypot(*(notch[1] - notch[0])) == pytest.approx(6.0, abs=EXACT_MM)
    assert len(cutting[2]) == len(pattern.pieces[0].cut_line_mm) + 1


def test_it_cuts_last_and_puts_the_pen_away(plotted):
    assert plotted.order == [3, 2, 1, 0]


def test_a_name_cannot_end_its_label(plotted):
    said = [text for text, _ in plotted.labels]
    assert "IB  1/2" in said and "FACE DOWN" in said
    assert "<b>&\"';???]]>" in said


def test_no_place_is_negative(pattern, marker, tmp_path):
    write_hpgl(tmp_path / "rows.plt", pattern)
    for pen, line in plot((tmp_path / "rows.plt").read_text("ascii")).lines:
        assert pen and (line >= 0).all()


def test_without_a_marker_each_piece_is_cut_once_in_its_exact_size(pattern, tmp_path):
    write_hpgl(tmp_path / "rows.plt", pattern)
    lines = plot((tmp_path / "rows.plt").read_text("ascii")).lines
    cuts = [line for pen, line in lines if pen == 1 and len(line) > 2]
    for cut, piece in zip(cuts, pattern.pieces, strict=True):
        want = np.ptp(piece.cut_line_mm, axis=0)
        np.testing.assert_allclose(np.ptp(cut, axis=0), want, atol=EXACT_MM)
