"""Labour comes from what is sewn and cut, at the shop's own rates."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.domain.marker import Fabric
from stitchsketch_kernel.domain.panel import EdgeKind
from stitchsketch_kernel.domain.piece import Pattern, Piece, SeamPair
from stitchsketch_kernel.upholstery.quote.labour import QuoteSettings, hours_of, labour_lines

CHINTZ = Fabric("Chintz", 1400, 1370, repeat_vertical_mm=640.0)

SQUARE = np.array([[0.0, 0.0], [100, 0], [100, 100], [0, 100]])
PIECE = Piece("SEAT", SQUARE, SQUARE, (), (), SQUARE[:2], 3)
SEAMS = (
    SeamPair("S1", EdgeKind.WELT, "A", "B", 2000.0, 2001.0),
    SeamPair("S2", EdgeKind.WELT, "A", "C", 999.0, 998.0),
    SeamPair("S3", EdgeKind.STAPLE, "A", None, 5000.0, None),
)
PATTERN = Pattern("chair", (PIECE,), SEAMS, "mat", 0.1)


def test_each_seam_is_counted_once_by_its_longer_side_and_kind():
    lines = labour_lines(PATTERN, QuoteSettings(welt_min_per_m=10, staple_min_per_m=4))
    assert [(line.what, line.amount, line.minutes) for line in lines] == [
        ("Welt edges", "3.00 m", pytest.approx(30.0)),
        ("Staple edges", "5.00 m", pytest.approx(20.0)),
        ("Marking and cutting", "3 pieces", 18.0),
        ("The job itself", "", 60.0),
    ]
    assert hours_of(lines) == pytest.approx(128 / 60)


def test_hours_that_were_agreed_on_stand_alone():
    (line,) = labour_lines(PATTERN, QuoteSettings(labour_hours=6.5))
    assert line.minutes == 390


@pytest.mark.parametrize("kind", list(EdgeKind))
def test_every_edge_kind_has_its_rate(kind):
    assert QuoteSettings().minutes_per_m(kind) > 0


@pytest.mark.parametrize(
    "name", [f.name for f in fields(QuoteSettings) if isinstance(f.default, float)]
)
@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf")])
def test_nonsense_is_refused_by_name(name, value):
    with pytest.raises(SettingsError, match=f"quote.{name} can't be"):
        QuoteSettings(**{name: value})


def test_the_first_roll_end_is_half_a_repeat_or_what_the_shop_says():
    assert QuoteSettings().roll_end_mm(CHINTZ) == 320
    assert QuoteSettings(roll_end_repeats=1.0).roll_end_mm(CHINTZ) == 640
