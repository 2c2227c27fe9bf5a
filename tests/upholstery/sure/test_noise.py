"""The noise that a panel's points show is the noise that was put on them."""

from __future__ import annotations

import numpy as np
import pytest

from stitchsketch_kernel.upholstery.sure.fields import SmoothField
from stitchsketch_kernel.upholstery.sure.noise import surface_noise


def bowed_sheet(rng):
    at = np.stack(np.meshgrid(np.arange(0, 240, 3.0), np.arange(0, 180, 3.0)), -1).reshape(-1, 2)
    at += rng.normal(0, 0.4, at.shape)
    return np.column_stack([at, 4e-4 * at[:, 0] ** 2])


@pytest.mark.parametrize(("sigma_mm", "reach_mm"), [(0.2, 0.5), (0.5, 3.0), (0.5, 8.0), (1.0, 6.0)])
def test_noise_and_its_reach_are_found(sigma_mm, reach_mm):
    rng = np.random.default_rng(3)
    points = bowed_sheet(rng)
    points[:, 2] += sigma_mm * SmoothField(reach_mm, 1, rng).at(points)[:, 0]
    found = surface_noise(points, np.random.default_rng(1))
    assert found is not None
    assert found.sigma_mm == pytest.approx(sigma_mm, rel=0.15)
    assert 0.7 * reach_mm <= found.reach_mm <= 1.4 * reach_mm
    assert found.spacing_mm == pytest.approx(2.5, abs=0.3)


def test_a_few_crumbs_are_no_noise():
    rng = np.random.default_rng(3)
    points = bowed_sheet(rng)
    points[:, 2] += rng.normal(0, 0.2, len(points))
    points[rng.permutation(len(points))[:60], 2] += 12.0
    found = surface_noise(points, np.random.default_rng(1))
    assert found is not None and found.sigma_mm < 0.4


def test_a_smooth_field_has_unit_variance_and_its_reach():
    rng = np.random.default_rng(0)
    line = np.column_stack([np.linspace(0, 60, 3), np.zeros(3), np.zeros(3)])
    values = SmoothField(30.0, 20000, rng).at(line)
    assert values.std() == pytest.approx(1.0, abs=0.05)
    likeness = (values[0] * values[1]).mean()
    assert likeness == pytest.approx(np.exp(-0.5), abs=0.12)


def test_too_few_points_say_nothing():
    assert surface_noise(np.zeros((8, 3)), np.random.default_rng(0)) is None
