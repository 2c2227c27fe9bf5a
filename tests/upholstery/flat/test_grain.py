"""A warp turned in the flat is a direction on the furniture, and the other way round."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stitchsketch_kernel.upholstery.flat.grain import degrees_of, grain_at, turned


@pytest.fixture(scope="module")
def bent(shapes):
    """An L that lies on a slope and is bent a little: no direction of it is an axis."""
    corners = [[0, 0], [400, 0], [400, 150], [180, 150], [180, 300], [0, 300]]
    flat = shapes.flat_panel("OA-L", corners, [(f"S{i}", True) for i in range(6)])
    x, y = flat.uv_mm.T
    slope = np.column_stack([x, 0.8 * y, 0.6 * y + 0.0002 * x**2])
    return replace(flat, surface_mm=slope)


@given(degrees=st.floats(-179.9, 179.9))
@settings(max_examples=40, deadline=None)
def test_what_is_turned_in_the_flat_lies_so_in_the_flat(bent, degrees):
    assert degrees_of(bent, grain_at(bent, degrees)) == pytest.approx(degrees, abs=1e-6)


def test_the_flattener_brings_that_warp_up(bent):
    """What is asked on the flat piece is what the next run makes of it."""
    grain = grain_at(bent, 30.0)
    again = turned(bent.uv_mm, bent.surface_mm, bent.faces, grain)
    # the piece was turned by as much the other way: its warp runs up now
    angle = np.deg2rad(-30.0)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    expected = bent.uv_mm @ rotation.T
    expected -= (expected.min(axis=0) + expected.max(axis=0)) / 2
    assert np.abs(again - expected).max() < 1e-6
