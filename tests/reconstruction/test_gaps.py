"""Photos too far from each other for depth: which they are, and which to add."""

from __future__ import annotations

import re

import numpy as np
import pytest

from stitchsketch_kernel.domain.errors import MeshError
from stitchsketch_kernel.domain.model import Region
from stitchsketch_kernel.reconstruction.dense import DenseSettings
from stitchsketch_kernel.reconstruction.dense.pairs import find_gaps, say_gaps

REGION = Region(np.array([-0.4, -0.4, -0.02]), np.array([0.4, 0.4, 0.65]))


def gaps_of(ball, turns_deg):
    views = tuple(ball.look(f"{i:02d}.png", turn) for i, turn in enumerate(turns_deg))
    return find_gaps(ball.model(views, 200), REGION, DenseSettings()), len(views)


def test_small_steps_leave_no_gap(ball):
    gaps, count = gaps_of(ball, range(0, 360, 20))
    assert gaps == ()
    assert say_gaps(gaps, count) == ""


def test_one_photo_on_the_far_side_is_told_with_what_to_add(ball):
    gaps, count = gaps_of(ball, [0, 15, 30, 45, 60, 200])
    (gap,) = gaps
    assert gap.photo == "05.png"
    assert {name for name, _ in gap.beside} == {"00.png", "04.png"}
    said = say_gaps(gaps, count)
    assert said.startswith("1 of 6 photos stand too far")
    assert re.search(r"[56] between 04.png and 05.png \(1\d\d degrees apart\)", said)


def test_eight_photos_all_round_are_too_few_and_the_places_between_are_named(ball):
    gaps, count = gaps_of(ball, range(0, 360, 45))
    assert len(gaps) == 8
    with pytest.raises(MeshError, match=r"8 of 8 photos stand too far") as told:
        say_gaps(gaps, count)
    assert told.value.todo.count("2 between") == 8, "each of the eight places once"
