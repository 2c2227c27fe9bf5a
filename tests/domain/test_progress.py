"""Progress by the clock, for what can't tell its own."""

import time

import pytest

from stitchsketch_kernel.domain.progress import Cancelled, part, waiting


def test_a_wait_is_told_by_the_clock_and_ends_at_one():
    told: list[float] = []
    with waiting(lambda share, note: told.append(share), 2.0, "surface"):
        time.sleep(1.3)
    assert told[0] == 0 and told[-1] == 1 and len(told) >= 3
    assert told == sorted(told)
    assert 0.1 < told[1] < 0.95


def test_what_takes_longer_than_it_should_stands_near_its_end():
    told: list[float] = []
    with waiting(part(lambda share, note: told.append(share), 0.5, 0.7), 0.01):
        time.sleep(0.7)
    assert told[1] == pytest.approx(0.5 + 0.2 * 0.95)


def test_who_stops_the_wait_is_heard_at_its_end():
    def stop(share: float, note: str) -> None:
        if share > 0:
            raise Cancelled

    with pytest.raises(Cancelled), waiting(stop, 1.0):
        time.sleep(0.8)


def test_a_fault_while_waiting_comes_first():
    with pytest.raises(ZeroDivisionError), waiting(lambda share, note: None, 1.0):
        1 / 0  # noqa: B018
