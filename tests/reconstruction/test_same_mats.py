"""Two pieces on the same mats are told by what neighbouring photos share, and refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stitchsketch_kernel.domain.errors import AlignError
from stitchsketch_kernel.domain.model import Region
from stitchsketch_kernel.reconstruction.surroundings.two_pieces import (
    find_two_pieces,
    refuse_two_pieces,
)

REGION = Region(np.array([-0.4, -0.4, -0.02]), np.array([0.4, 0.4, 0.65]))


def model_of(ball, turns_deg, piece_of, points=1200):
    """A sparse model whose points of the ball are seen by the photos of one piece that face them.

    Points of the floor are seen by all.
    """
    views = tuple(ball.look(f"{i:02d}.png", turn) for i, turn in enumerate(turns_deg))
    model = ball.model(views, 2 * points)
    piece = np.random.default_rng(5).integers(0, max(piece_of) + 1, len(model.points))
    seen = []
    for number, point in enumerate(model.points):
        out = point - np.array(ball.centre)
        facing = [
            i
            for i, view in enumerate(views)
            if number >= points
            or (piece_of[i] == piece[number] and out @ (view.centre - point) > 0.16)
        ]
        seen.append(np.array(facing, np.int32))
    return replace(model, point_views=tuple(seen))


RING = range(0, 360, 15)


def test_two_pieces_are_told_and_each_photo_with_its_own(ball):
    """As photographed: all round the one, then all round the other."""
    model = model_of(ball, [*RING, *(turn + 7 for turn in RING)], [0] * 24 + [1] * 24)
    found = find_two_pieces(model, REGION)
    assert {found.one, found.other} == {
        tuple(f"{i:02d}.png" for i in range(24)), tuple(f"{i:02d}.png" for i in range(24, 48)),
    }  # fmt: skip
    assert found.unclear == ()
    with pytest.raises(AlignError, match=r"two different pieces on the same mats: 00.png") as told:
        refuse_two_pieces(model, REGION)
    assert "folder of its own" in told.value.todo


def test_a_photo_that_shows_little_of_either_is_said_to_be_unclear(ball):
    model = model_of(ball, [*RING, *(turn + 7 for turn in RING)], [0] * 24 + [1] * 24)
    seen = tuple(one[one != 3] if high else one for one, high in
                 zip(model.point_views, model.points[:, 2] > 0.05, strict=True))  # fmt: skip
    model = replace(model, point_views=seen)
    with pytest.raises(AlignError, match=r"Of 03.png it can't be told"):
        refuse_two_pieces(model, REGION)


def test_one_piece_is_one_all_round(ball):
    refuse_two_pieces(model_of(ball, RING, [0] * 24), REGION)


def test_front_and_back_of_one_piece_share_nothing_and_are_one(ball):
    """Nobody stood beside: that they share nothing says nothing."""
    turns = [*range(-30, 31, 10), *range(150, 211, 10)]
    model = model_of(ball, turns, [0] * 14)
    assert find_two_pieces(model, REGION) is None


def test_a_few_strays_are_no_piece(ball):
    """Two photos of something else among many."""
    piece = [int(i in {4, 5}) for i in range(24)]
    assert find_two_pieces(model_of(ball, RING, piece), REGION) is None


def test_cloth_with_hardly_a_point_tells_nothing(ball):
    model = model_of(ball, [*RING, *(turn + 7 for turn in RING)], [0] * 24 + [1] * 24, 60)
    assert find_two_pieces(model, REGION) is None
