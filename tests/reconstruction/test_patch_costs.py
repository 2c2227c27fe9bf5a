"""What a plane costs: at a picture's very edge, and where another is as good already."""

from __future__ import annotations

import numpy as np
import pytest

from stitchsketch_kernel.reconstruction.dense import patchmatch
from stitchsketch_kernel.reconstruction.dense.patchmatch import REACH_PX, SIDE, WORST

HEIGHT, WIDTH = 301, 400
F = np.float32


def cost_at(v, down, right):
    """The cost of a patch whose middle lies at row `v`; a pixel down and right move it so much."""
    A = np.array([[0.1, 1, 200], [right, down, v], [0, 0, 1]], F)
    other = np.random.default_rng(0).normal(128, 50, HEIGHT * WIDTH).astype(F)
    even = np.full(SIDE * SIDE, 1 / SIDE**2, F)
    zero = F(0)
    return patchmatch._one_cost.py_func(
        even, even, F(9), zero, zero, other, np.int32(WIDTH), np.int32(HEIGHT), np.int32(WIDTH),
        A, np.zeros(3, F), zero, zero, zero,
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_a_patch_that_ends_on_the_last_row_reads_nothing_below_it(seed):
    # its reach is rounded otherwise than the places of its pixels: a kernel died of it
    random = np.random.default_rng(seed)
    for _ in range(30):
        down, right = random.uniform(0.5, 2, 2).astype(F)
        reach = F(REACH_PX) * (down + right)
        v = F(HEIGHT - 1) - reach
        for _ in range(4):
            assert 0 <= cost_at(v, down, right) <= WORST
            v = np.nextafter(v, F(0))


def test_a_patch_well_inside_is_compared():
    assert cost_at(F(150), F(1), F(0.5)) < WORST


@pytest.mark.parametrize("seed", range(5))
def test_a_plane_is_given_up_only_where_it_is_no_better(seed):
    random = np.random.default_rng(seed)
    own = random.normal(128, 50, (60, 60)).astype(F)
    others = (own + random.normal(0, 20, (3, 60, 60))).astype(F).reshape(3, -1)
    patch, weight, costs = np.empty(SIDE**2, F), np.empty(SIDE**2, F), np.empty(3, F)
    patchmatch._read(own, 30, 30, patch, weight)
    variance = patchmatch.own_variance(own)[30, 30]
    A = np.array([np.eye(3) + 0.2 * at * np.eye(3, k=2) for at in range(3)], F)
    sizes, zero = np.full((3, 2), 60, np.int32), F(0)

    def cost(order, asked, least):
        return patchmatch._cost.py_func(
            patch, weight, variance, 30, 30, others, 60, sizes, A, np.zeros((3, 3), F), zero, zero,
            zero, np.array(order, np.uint8), 2, asked, costs, F(least),
        )  # fmt: skip

    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0)):
        whole = cost(order, 2, WORST)
        assert 0 < whole < WORST
        assert cost(order, 2, whole * 1.01) == whole
        assert cost(order, 2, whole * 0.2) == WORST  # the first view alone is worse than that
        # where more are asked than count, none is left out
        assert cost(order, 3, whole * 0.2) <= whole
