"""An inch is 25.4 mm wherever a person reads it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stitchsketch_kernel.domain.units import inch_fraction, inches_from_mm, yards_from_mm


@pytest.mark.parametrize(
    ("length_mm", "shown"),
    [(0, '0"'), (25.4, '1"'), (12.7, '1/2"'), (314.3, '12 3/8"'), (-12.7, '-1/2"'), (0.1, '0"')],
)
def test_a_tape_measure_shows(length_mm, shown):
    assert inch_fraction(length_mm) == shown


def test_a_rounding_up_never_shows_sixteen_sixteenths():
    assert inch_fraction(25.39) == '1"'


@given(st.floats(min_value=-1e5, max_value=1e5))
def test_a_yard_is_36_inches(length_mm):
    assert yards_from_mm(length_mm) * 36 == pytest.approx(inches_from_mm(length_mm))


def test_a_denominator_below_one_is_refused():
    with pytest.raises(ValueError, match="denominator"):
        inch_fraction(10, 0)
