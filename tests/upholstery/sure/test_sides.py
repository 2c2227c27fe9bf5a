"""How much of what a second fit says of a surface beside a fold is believed."""

from __future__ import annotations

import numpy as np
import pytest

from stitchsketch_kernel.domain.sureness import ScanErrors
from stitchsketch_kernel.upholstery.sure.draws import DRAWS, Draws
from stitchsketch_kernel.upholstery.sure.sides import Side, believed

MANY = 400


def said(lean_mm, unsure_mm, rng):
    """Opinions of surfaces that lean by so much (standard deviation), with noise of that size."""
    shown = rng.normal(0, lean_mm, MANY) + rng.normal(0, unsure_mm, MANY)
    normals = np.tile([0.0, 0.0, 1.0], (MANY, 1))
    return Side("A", normals, np.zeros(MANY), shown, np.full(MANY, unsure_mm))


def square(side):
    return float((side.lean_mm**2 + side.unsure_mm**2).mean())


def alone(side):
    return believed({"S": [side]})["S"][0]


def test_opinions_without_noise_are_believed():
    side = said(0.8, 0.01, np.random.default_rng(1))
    kept = alone(side)
    assert kept.lean_mm == pytest.approx(side.lean_mm, abs=0.01)
    assert kept.unsure_mm.max() < 0.02


@pytest.mark.parametrize("noise_mm", [0.5, 1.0])
def test_noise_is_told_from_leaning(noise_mm):
    leaning = alone(said(0.8, noise_mm, np.random.default_rng(2)))
    assert np.sqrt(square(leaning)) == pytest.approx(0.8, rel=0.2)
    straight = alone(said(0.0, noise_mm, np.random.default_rng(3)))
    assert np.sqrt(square(straight)) < 0.4 * noise_mm


def test_where_there_is_no_opinion_surfaces_may_lean_as_the_others_do():
    side = said(0.8, 0.05, np.random.default_rng(4))
    nothing = Side("B", side.normals[:3], np.zeros(3), np.zeros(3), np.full(3, np.inf))
    narrow = believed({"S": [side], "T": [nothing]})["T"][0]
    assert narrow.unsure_mm == pytest.approx(np.full(3, 0.8), rel=0.1)
    assert not narrow.lean_mm.any()
    # and where no seam has one, nothing is known of it
    assert not believed({"T": [nothing]})["T"][0].unsure_mm.any()


def test_half_of_the_skins_error_is_each_panels_own():
    rng = np.random.default_rng(5)
    draws = Draws("AB", ScanErrors(0.0, skin_mm=0.5), np.zeros(3), rng)
    one, other = draws.skin("A"), draws.skin("B")
    for skin in (one, other):
        assert skin.std() == pytest.approx(0.5, rel=4 / np.sqrt(2 * DRAWS))
    assert np.corrcoef(one, other)[0, 1] == pytest.approx(0.5, abs=0.2)
