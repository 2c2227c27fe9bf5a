"""Panels that lie flat by themselves come out as they are, whatever the scan adds to them."""

from __future__ import annotations

import numpy as np
import pytest

from stitchsketch_kernel.samples.rolled_panels import coned, gable, outline_off_mm, rolled, rough
from stitchsketch_kernel.upholstery.flat.even_border import even_border, roughness_mm
from stitchsketch_kernel.upholstery.flat.flatten import FlattenSettings, flatten_panel


def off_mm(exact, **faults):
    panel_map = rough(exact, **{"noise_mm": 0, "bumps_mm": 0, "jitter_mm": 0, **faults}, seed=0)
    flat = flatten_panel(panel_map, panel_map.panels[0], FlattenSettings())
    return outline_off_mm(exact, flat)


@pytest.mark.parametrize("make", [rolled, coned, gable])
def test_a_clean_panel_keeps_its_outline(make):
    assert off_mm(make(5000)).max() < 0.05


def test_a_rough_border_is_evened_out():
    off = off_mm(rolled(8000), bumps_mm=1.0, jitter_mm=0.5)
    assert np.percentile(off, 95) < 0.5 and off.max() < 0.65


def test_a_smooth_line_stays_and_a_corner_is_kept():
    corner = np.vstack([np.column_stack([np.linspace(0, 100, 51), np.zeros(51), np.zeros(51)]),
                        np.column_stack([np.full(50, 100), np.linspace(2, 100, 50),
                                         np.zeros(50)])])  # fmt: skip
    line = np.arange(len(corner))
    assert np.array_equal(even_border(corner, [line], 24.0), corner)
    noise = np.random.default_rng(2).normal(0, 0.3, corner.shape)
    assert roughness_mm(corner + noise) == pytest.approx(0.3, rel=0.3)
    even = even_border(corner + noise, [line], 24.0)
    assert np.abs(even[5:-5] - corner[5:-5]).mean() < 0.15
    # its ends, where it meets other seams, are theirs too
    assert np.array_equal(even[[0, -1]], (corner + noise)[[0, -1]])
