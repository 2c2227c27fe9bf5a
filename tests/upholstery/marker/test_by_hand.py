"""A piece moved by hand lies where it may, and is refused in words where it may not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stitchsketch_kernel.domain.errors import NestError
from stitchsketch_kernel.domain.marker import Fabric, Zone
from stitchsketch_kernel.domain.piece import Pattern, Piece
from stitchsketch_kernel.upholstery.marker.by_hand import kept_on_pattern, moved, turned, why_not
from stitchsketch_kernel.upholstery.marker.check import make_marker
from stitchsketch_kernel.upholstery.marker.copies import copies_of

WOOL = Fabric("Wool", 1400.0, 1370.0)


def box(name, width, height) -> Piece:
    ring = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=float)
    grain = ring.mean(axis=0) + np.array([[0.0, 0.0], [0.0, 50.0]])
    return Piece(name, ring, ring, (), (), grain)


PATTERN = Pattern("test", (box("A", 600, 500), box("B", 300, 350)), (), "mat", 0.1)
ZONE = Zone(1000, 0, 80, 200)


def laid(fabric=WOOL, zones=()):
    """A from 0 to 500 along the roll and 0 to 600 across, B beside it from 700 across."""
    a, b = copies_of(PATTERN)
    placed = [a.placed(0.0, 600.0, -90.0), b.placed(0.0, 1000.0, -90.0)]
    return make_marker(PATTERN, fabric, placed, 5.0, zones=zones)


def test_a_piece_is_moved_and_the_length_follows():
    marker = laid()
    there = replace(marker.placements[1], x_mm=400.0)
    again = moved(PATTERN, marker, there)
    assert again.placements[1].x_mm == 400.0
    assert (marker.used_length_mm, again.used_length_mm) == pytest.approx((500.0, 750.0))
    assert again.density < marker.density


@pytest.mark.parametrize(
    ("x", "y", "why"),
    [
        (-3.0, 1000.0, "B would lie 3 mm before the roll's start."),
        (0.0, 1380.0, "B would lie 10 mm over the edge of the usable width."),
        (0.0, 290.0, "B would lie 10 mm over the edge of the usable width."),
        (100.0, 800.0, "B would lie on A."),
        (0.0, 903.0, "B would lie 3.0 mm from A; 5 mm are kept between pieces."),
        (990.0, 400.0, "B would lie on the roll's defect at 1000 mm."),
    ],
)
def test_where_a_piece_may_not_lie_it_is_said_why(x, y, why):
    marker = laid(zones=(ZONE,))
    there = replace(marker.placements[1], x_mm=x, y_mm=y)
    assert why_not(PATTERN, marker, there) == why
    with pytest.raises(NestError, match="Move it elsewhere"):
        moved(PATTERN, marker, there)


def test_a_piece_is_turned_in_its_place_where_the_cloth_has_no_nap():
    marker = laid()
    again = turned(PATTERN, marker, "B", 0)
    outlines = [one.placements[1].apply(PATTERN.piece("B").cut_line_mm) for one in (marker, again)]
    assert np.allclose(*[np.sort(one, axis=0) for one in outlines])
    assert again.placements[1].rotation_deg == 90.0
    with pytest.raises(NestError, match="Wool has a nap"):
        turned(PATTERN, laid(replace(WOOL, nap=True)), "B", 0)


def test_a_piece_off_its_grain_is_refused():
    marker = laid()
    with pytest.raises(NestError, match="off its grain"):
        moved(PATTERN, marker, replace(marker.placements[1], rotation_deg=0.0))
    railroaded = replace(marker.placements[1], rotation_deg=0.0, x_mm=700.0, y_mm=700.0)
    with pytest.raises(NestError, match="off its grain"):
        moved(PATTERN, marker, railroaded)
    assert moved(PATTERN, marker, railroaded, railroad=True).used_length_mm == pytest.approx(1000.0)


@pytest.mark.parametrize(
    ("fabric", "shift", "kept"),
    [
        (replace(WOOL, repeat_vertical_mm=300.0), (430.0, 77.0), (300.0, 77.0)),
        (
            replace(WOOL, repeat_vertical_mm=300.0, repeat_horizontal_mm=200.0),
            (460.0, 90.0),
            (600.0, 0.0),
        ),
        (
            replace(WOOL, repeat_vertical_mm=300.0, repeat_horizontal_mm=200.0, half_drop=True),
            (130.0, 210.0),
            (150.0, 200.0),
        ),
        (WOOL, (12.0, 34.0), (12.0, 34.0)),
    ],
)
def test_a_move_by_whole_repeats_keeps_the_pattern_on_a_piece(fabric, shift, kept):
    assert kept_on_pattern(fabric, np.array(shift)).tolist() == pytest.approx(kept)
