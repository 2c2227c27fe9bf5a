"""Panels that lie flat by themselves come out as they are, whatever the scan adds to them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stitchsketch_kernel.samples.rolled_panels import coned, gable, outline_off_mm, rolled, rough
from stitchsketch_kernel.samples.round_panels import dome, saddle
from stitchsketch_kernel.upholstery.flat import plain
from stitchsketch_kernel.upholstery.flat.developed import developed
from stitchsketch_kernel.upholstery.flat.even_border import (
    even_border,
    even_outline,
    roughness_mm,
)
from stitchsketch_kernel.upholstery.flat.flatten import FlattenSettings, flatten_panel


def off_mm(exact, **faults):
    panel_map = rough(exact, **{"noise_mm": 0, "bumps_mm": 0, "jitter_mm": 0, **faults}, seed=0)
    flat = flatten_panel(panel_map, panel_map.panels[0], FlattenSettings())
    return outline_off_mm(exact, flat)


@pytest.mark.parametrize("make", [rolled, coned, gable])
def test_a_clean_panel_keeps_its_outline(make):
    assert off_mm(make(5000)).max() < 0.05


@pytest.mark.parametrize("make", [rolled, gable])
def test_noise_does_not_make_a_panel_larger(make):
    assert off_mm(make(60_000), noise_mm=0.5).max() < 0.05


@pytest.mark.parametrize("make", [rolled, coned, gable])
def test_bumps_and_a_rough_border_leave_little(make):
    off = off_mm(make(20_000), bumps_mm=1.0, jitter_mm=0.5)
    assert np.percentile(off, 95) < 0.3 and off.max() < 0.5


@pytest.mark.parametrize("shape", [dome(60, 3000), dome(20, 3000), saddle(0.1, 3000)])
def test_a_round_panel_is_taken_for_no_plane_sheet(shape):
    assert developed(*shape, 12.0) is None


def test_a_border_that_another_panel_shares_keeps_its_place_and_length():
    exact = rolled(8000)
    panel_map = rough(exact, 0.3, 0.0, 0.0, seed=3)
    # the seam is placed: it has no noise
    clean = panel_map.mesh.vertices.copy()
    clean[exact.border] = exact.surface[exact.border] / 1000
    line = panel_map.seams[0].vertices
    seam = replace(panel_map.seams[0], points_m=clean[line], right="Q")
    panel_map = replace(panel_map, mesh=replace(panel_map.mesh, vertices=clean), seams=(seam,))
    flat = flatten_panel(panel_map, panel_map.panels[0], FlattenSettings())
    assert np.array_equal(flat.surface_mm[flat.boundary], 1000 * clean[flat.boundary])
    steps = np.diff(flat.uv_mm[flat.seam_vertices["S01"]], axis=0)
    want = np.linalg.norm(np.diff(1000 * seam.points_m, axis=0), axis=1)
    assert np.linalg.norm(steps, axis=1) == pytest.approx(want, abs=2e-3)


def stretched(sheet, uv):
    return replace(sheet, control=1.03 * sheet.control), uv


def folded(sheet, uv):
    return sheet, np.abs(uv - uv.mean(axis=0))


@pytest.mark.parametrize("fault", [stretched, folded])
def test_a_sheet_that_does_not_fit_gives_way_to_unrolling(monkeypatch, fault):
    exact = rolled(3000)
    panel_map = rough(exact, 0.0, 0.0, 0.0, seed=0)
    found = fault(*developed(exact.surface, exact.faces, 12.0))
    monkeypatch.setattr(plain, "developed", lambda *_: found)
    flat = flatten_panel(panel_map, panel_map.panels[0], FlattenSettings())
    assert outline_off_mm(exact, flat).max() < 0.05
    assert np.percentile(flat.strain_percent, 95) < 0.1


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


def rectangle(step=3.0):
    """A rectangle's outline, counter-clockwise from a corner."""
    x, y = np.arange(0, 240, step), np.arange(0, 150, step)
    sides = [(x, 0 * x), (0 * y + 240, y), (240 - x, 0 * x + 150), (0 * y, 150 - y)]
    return np.vstack([np.column_stack(side) for side in sides])


def test_an_outline_is_evened_as_far_as_its_noise_asks_for():
    true = rectangle()
    noisy = true + np.random.default_rng(1).normal(0, 0.5, true.shape)
    even = even_outline(noisy, np.ones(len(true), dtype=bool))
    sides = [even[1:80, 1], even[81:130, 0] - 240, even[131:210, 1] - 150, even[211:, 0]]
    assert max(np.abs(side).max() for side in sides) < 0.4
    # its corners lie where its sides meet
    assert np.linalg.norm((even - true)[[0, 80, 130, 210]], axis=1).max() < 0.4
    assert even_outline(true, np.ones(len(true), dtype=bool)) == pytest.approx(true, abs=0.02)


def test_what_is_held_of_an_outline_stays_and_the_rest_begins_there():
    true = rectangle()
    noisy = true + np.random.default_rng(1).normal(0, 0.5, true.shape)
    rough = np.zeros(len(true), dtype=bool)
    rough[1:80] = rough[-5:] = True
    even = even_outline(noisy, rough)
    assert np.array_equal(even[~rough], noisy[~rough])
    # a few points tell nothing of their noise
    assert np.array_equal(even[-5:], noisy[-5:])
    assert np.abs(np.diff(even[1:80, 1])).max() < 0.1
