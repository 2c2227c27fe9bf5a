"""A panel's end follows its piping, also where the scan frays or spills over."""

from __future__ import annotations

import numpy as np
import pytest

from stitchsketch_kernel.upholstery.seams.curves import carried_on
from stitchsketch_kernel.upholstery.seams.even_lines import STEP_M


def end(bow_m: float) -> np.ndarray:
    """A gently bowed end of 800 mm."""
    x = np.arange(0, 0.8, STEP_M)
    return np.column_stack([x, bow_m * (1 - (x / 0.4 - 1) ** 2), np.full(len(x), 0.1)])


@pytest.mark.parametrize("bow_m", [0.0, 0.02])
@pytest.mark.parametrize("shown", [True, False])
def test_a_stretch_that_strays_runs_as_it_does_beside(bow_m, shown):
    """8 mm off over 120 mm, whether that was taken for piping or not."""
    line = end(bow_m)
    stray = (line[:, 0] > 0.3) & (line[:, 0] < 0.42)
    scanned = line + np.where(stray[:, None], [0, 0, -0.008], 0)
    found = carried_on(scanned, shown | ~stray)
    assert np.abs(found - line).max() < 0.0008


def test_a_shape_is_kept():
    """40 mm are no fraying: an arch is cut out there."""
    line = end(0.0)
    arch = (line[:, 0] > 0.3) & (line[:, 0] < 0.42)
    scanned = line + np.where(arch[:, None], [0, 0, 0.04], 0)
    assert np.array_equal(carried_on(scanned, np.ones(len(line), bool)), scanned)


def test_what_is_smooth_stays_where_it_is():
    line = end(0.03)
    assert np.array_equal(carried_on(line, np.ones(len(line), bool)), line)
