"""A roll that ends: what fits lies before its end, nothing across it, the rest beyond."""

from __future__ import annotations

import numpy as np
import pytest

from stitchsketch_kernel.domain.errors import NestError
from stitchsketch_kernel.domain.marker import Fabric, Zone
from stitchsketch_kernel.domain.piece import Pattern, Piece
from stitchsketch_kernel.pipeline.offer import NestAgain
from stitchsketch_kernel.upholstery.marker.by_hand import placement_of, why_not
from stitchsketch_kernel.upholstery.marker.ends import beyond_end, defects_of, within_roll
from stitchsketch_kernel.upholstery.marker.nest import NestSettings, nest

CLOTH = Fabric("Twill", 1000.0, 1000.0, True)
QUICK = NestSettings(seconds=1, workers=1)
SCAR = Zone(0.0, 0.0, 30.0, 30.0)


def box(name: str, across_mm: float, along_mm: float) -> Piece:
    ring = np.array([[0, 0], [across_mm, 0], [across_mm, along_mm], [0, along_mm]], dtype=float)
    return Piece(name, ring, ring, (), (), ring.mean(axis=0) + np.array([[0.0, 0], [0, 50]]), 1)


#: Three that take the whole width, 500 mm each: two lie on 1.2 m, one doesn't.
PATTERN = Pattern("test", tuple(box(n, 900, 500) for n in ("A", "B", "C")), (), "mat", 0.1)


@pytest.fixture(scope="module")
def free():
    return nest(PATTERN, CLOTH, QUICK, zones=(SCAR,))


@pytest.fixture(scope="module")
def short(free):
    return within_roll(PATTERN, free, 1200.0, QUICK)


def spans(marker) -> list[tuple[float, float]]:
    found = [one.apply(PATTERN.piece(one.piece).cut_line_mm)[:, 0] for one in marker.placements]
    return sorted((float(x.min()), float(x.max())) for x in found)


def test_no_piece_lies_across_the_end_and_what_does_not_fit_is_told(free, short):
    assert any(low < 1200 < high for low, high in spans(free))  # so it does without an end
    assert [high <= 1200 for _, high in spans(short)] == [True, True, False]
    assert spans(short)[2][0] >= 1200
    [(name, copy)] = beyond_end(PATTERN, short, 1200.0)
    assert name in "ABC" and copy == 0
    assert defects_of(short) == (SCAR,)


def test_a_marker_that_fits_stays_as_it_is(free):
    for length_mm in (free.used_length_mm, np.inf):
        assert within_roll(PATTERN, free, length_mm, QUICK) is free
        assert beyond_end(PATTERN, free, length_mm) == ()


def test_by_hand_nothing_is_laid_across_the_end(short):
    from dataclasses import replace

    [(name, copy)] = beyond_end(PATTERN, short, 1200.0)
    one = placement_of(short, name, copy)
    across = replace(one, x_mm=one.x_mm - 250.0)
    assert "across the roll's end at 1200 mm" in why_not(PATTERN, short, across)


def test_nesting_again_keeps_to_the_end_round_what_is_pinned(short):
    [(name, copy)] = beyond_end(PATTERN, short, 1200.0)
    pinned = (placement_of(short, name, copy),)
    again = NestAgain(PATTERN, CLOTH, QUICK, pinned, defects_of(short), 1200.0)
    marker = again.go(lambda *_: None)
    assert beyond_end(PATTERN, marker, 1200.0) == ((name, copy),)
    assert not any(low < 1200 < high for low, high in spans(marker))


def test_a_roll_of_nothing_is_told(free):
    with pytest.raises(NestError, match="0 mm are left on the roll of Twill"):
        within_roll(PATTERN, free, 0.0, QUICK)
