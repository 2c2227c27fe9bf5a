"""Progress by the clock, for what can't tell its own."""

import pytest

from stitchsketch_kernel.domain.progress import Wait, part


def test_a_wait_goes_on_by_the_clock_and_stands_near_its_end():
    wait = Wait("surface", until=0.9, seconds=20)
    assert wait == "surface"
    assert wait.at(0.5, 0) == 0.5
    assert wait.at(0.5, 10) == pytest.approx(0.7)
    assert wait.at(0.5, 1000) == pytest.approx(0.5 + 0.4 * 0.95)
    assert Wait("nothing", 0.4, 0).at(0.2, 1) == pytest.approx(0.39)


def test_a_parts_wait_ends_within_the_part():
    told = []
    outer = part(lambda share, note: told.append((share, note)), 0.2, 0.6)
    part(outer, 0.5, 1.0)(0.0, Wait("surface", 0.5, 20))
    share, note = told[0]
    assert (share, note.until, note.seconds) == pytest.approx((0.4, 0.5, 20))


def test_a_note_of_a_part_is_a_note():
    told = []
    part(lambda share, note: told.append((share, note)), 0.2, 0.6)(0.5, "matching")
    assert told == [(pytest.approx(0.4), "matching")]
    assert type(told[0][1]) is str
