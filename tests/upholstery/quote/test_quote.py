"""A quote counts what is cut and prices what is bought."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stitchsketch_kernel.domain.errors import ScaleError, SettingsError
from stitchsketch_kernel.domain.marker import Fabric, Marker
from stitchsketch_kernel.domain.piece import Pattern, Piece
from stitchsketch_kernel.upholstery.marker.yardage import metres_to_buy, yards_to_buy
from stitchsketch_kernel.upholstery.quote.price import confidence, make_quote

SQUARE = np.array([[0.0, 0.0], [100, 0], [100, 100], [0, 100]])
ARM = Piece("OA-L", SQUARE, SQUARE, (), (), SQUARE[:2], 2, True, uncertainty_mm=1.2)
SEAT = Piece("SEAT", SQUARE, SQUARE, (), (), SQUARE[:2], uncertainty_mm=1.0)
PATTERN = Pattern("chair", (ARM, SEAT), (), "mat", 0.1)
LINEN = Fabric("Linen", 1400, 1370, price_per_metre=40.0, currency="CHF")


def marker(length_mm: float) -> Marker:
    return Marker(LINEN, (), length_mm, 5.0, 0.8)


def test_a_quote_prices_bought_lengths_and_labour():
    quote = make_quote(PATTERN, marker(4512.0), labour_hours=6.5, labour_rate=80)
    assert quote.pieces == 3
    assert quote.metres == 4.512 and quote.yards == pytest.approx(4.9344, abs=1e-4)
    assert quote.metres_to_buy == 4.6 and quote.yards_to_buy == 5.0
    assert (quote.cloth_cost, quote.labour_cost, quote.total) == (184.0, 520.0, 704.0)
    assert quote.currency == "CHF"


@given(st.floats(0, 100_000))
def test_what_is_bought_is_enough_and_not_a_step_more(length_mm):
    assert -0.011 < metres_to_buy(length_mm) * 1000 - length_mm < 100
    assert -0.011 < yards_to_buy(length_mm) * 914.4 - length_mm < 228.6


@pytest.mark.parametrize(("length", "metres"), [(0, 0), (300, 0.3), (300.02, 0.4), (1000, 1.0)])
def test_whole_steps_buy_no_further_step(length, metres):
    assert metres_to_buy(length) == metres


@pytest.mark.parametrize("length", [float("nan"), float("inf"), -1.0])
def test_no_length_is_no_purchase(length):
    with pytest.raises(ValueError, match="no length to buy"):
        metres_to_buy(length)


@pytest.mark.parametrize(
    ("uncertainty", "word"),
    [
        (1.5, "Sure: SEAT"),
        (3.0, "Fair: SEAT"),
        (9.0, "Not sure: SEAT"),
        (float("nan"), "not known"),
    ],
)
def test_the_least_sure_piece_decides_the_confidence(uncertainty, word):
    pattern = replace(PATTERN, pieces=(ARM, replace(SEAT, uncertainty_mm=uncertainty)))
    assert word in confidence(pattern)


def test_the_shops_limit_decides_what_is_checked():
    wide = replace(SEAT, uncertainty_mm=1.0, size_uncertainty_mm=(3.0, 1.0))
    pattern = replace(PATTERN, pieces=(ARM, wide))
    assert "Fair: SEAT is the least sure, within 3.0 mm" in confidence(pattern)
    assert confidence(replace(pattern, check_mm=2.5)).endswith("check before cutting: SEAT.")
    assert "Not sure" in confidence(replace(pattern, pieces=(ARM,), check_mm=1.0))


def test_an_unscaled_pattern_has_no_price():
    with pytest.raises(ScaleError):
        make_quote(replace(PATTERN, scale_method="none"), marker(1000))


@pytest.mark.parametrize(("hours", "rate"), [(-1, 10), (1, -10), (float("nan"), 10)])
def test_negative_work_is_refused(hours, rate):
    with pytest.raises(SettingsError, match="labour"):
        make_quote(PATTERN, marker(1000), hours, rate)
