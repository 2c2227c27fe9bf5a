"""Patches at the very edge of a picture: none is read from beyond it."""

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
