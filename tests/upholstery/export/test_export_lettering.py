"""Words stand on their piece: inside its sew line and clear of its grain line."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from stitchsketch_kernel.upholstery.export.drawn import drawn_marker, drawn_rows, notch_line
from stitchsketch_kernel.upholstery.export.lettering import letter

WORDS = ("CUSH-TOP", "cut 2 (mirrored pairs)", "sewn 480 x 430 mm", '18 7/8" x 16 15/16"')


def cover(piece):
    return shapely.box(*piece.lettering.box())


def test_words_stay_inside_the_sew_line_and_off_the_grain(pattern, marker):
    for piece in (*drawn_rows(pattern), *drawn_marker(pattern, marker)):
        if piece.name == "ZIP":  # the sliver: shorter than a word
            continue
        assert shapely.Polygon(piece.sew).contains(cover(piece)), piece.name
        assert not shapely.LineString(piece.grain).intersects(cover(piece)), piece.name


def test_a_sliver_still_has_its_name(pattern):
    sliver = drawn_rows(pattern)[-1]
    assert sliver.lettering.words == ("ZIP",)


def test_a_strip_is_lettered_large_enough_to_be_read(pattern):
    strip = drawn_rows(pattern)[4]
    assert strip.lettering.letter_mm >= 2.5


@settings(deadline=None, max_examples=40)
@given(st.floats(60, 900), st.floats(60, 900), st.floats(0, 2 * np.pi))
def test_on_every_rectangle_of_a_hands_breadth_all_words_fit(width, height, turn):
    c, s = np.cos(turn), np.sin(turn)
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]]) @ [[c, s], [-s, c]]
    middle = corners.mean(axis=0)
    half = np.array([0.0, 10.0])
    grain = np.array([middle - half, middle + half])
    placed = letter(corners, [grain], middle, WORDS)
    box = shapely.box(*placed.box())
    assert shapely.Polygon(corners).contains(box)
    assert "".join(placed.words).startswith(WORDS[0]) and len(placed.words) >= 2


@pytest.mark.parametrize("depth", [6.0, 12.7, 40.0])
def test_a_notch_is_never_cut_beyond_the_sew_line(pattern, depth):
    notch = pattern.pieces[0].notches[0]
    line = notch_line(type(notch)(notch.seam, 0.3, notch.sew_mm, notch.cut_mm, depth))
    assert np.hypot(*(line[1] - line[0])) == pytest.approx(min(depth, 12.7))
