"""Built-in cloths go on without a step, at the fabric's own repeat."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.domain.marker import Fabric
from stitchsketch_kernel.visualization.cover.cloths import KINDS, ClothDesign, built_in, rgb_of

PLAIN = Fabric("Cloth", 1400.0, 1370.0)
REPEAT = replace(PLAIN, repeat_vertical_mm=120.0, repeat_horizontal_mm=90.0)


def step(image: np.ndarray) -> float:
    """How much more the picture jumps over its edges than anywhere inside: at most 1 for none."""
    worst = 0.0
    for axis in (0, 1):
        inside = np.abs(np.diff(image.astype(float), axis=axis)).mean(axis=(1 - axis, 2)).max()
        over = np.abs(image.take(0, axis).astype(float) - image.take(-1, axis)).mean()
        worst = max(worst, over / max(inside, 1.0))
    return worst


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fabric", [PLAIN, replace(REPEAT, half_drop=True)], ids=["own", "drop"])
def test_a_tile_goes_on_without_a_step(kind, fabric):
    tile = built_in(ClothDesign(kind), fabric)
    assert step(tile.color) < 1.15
    assert step(tile.normal) < 1.15


def test_a_step_would_be_seen():
    ramp = np.tile(np.linspace(0, 255, 100)[None, :, None], (50, 1, 3)).astype(np.uint8)
    assert step(ramp) > 20


def test_a_tile_is_one_repeat_of_its_fabric():
    tile = built_in(ClothDesign("plaid"), REPEAT)
    assert (tile.along_mm, tile.across_mm) == (120.0, 90.0)
    assert tile.color.shape[0] / tile.color.shape[1] == pytest.approx(120 / 90, rel=0.01)
    drop = built_in(ClothDesign("floral"), replace(REPEAT, half_drop=True))
    assert (drop.along_mm, drop.across_mm) == (120.0, 180.0)
    # the second column is the first one, half a repeat further along
    high, wide = drop.color.shape[:2]
    first, second = drop.color[:, : wide // 2], drop.color[:, wide // 2 :]
    again = np.roll(first.astype(float), high // 2, axis=0)
    assert np.abs(again - second).mean() < 0.4 * np.abs(first.astype(float) - second).mean()


@pytest.mark.parametrize("kind", ["stripe", "check", "plaid"])
def test_woven_motifs_look_the_same_turned_round(kind):
    # a piece may lie upside down on a cloth without nap, turned about a motif's middle
    tile = built_in(ClothDesign(kind), PLAIN)
    turned = tile.color[::-1, ::-1].astype(float)
    assert np.abs(turned - tile.color).mean() < 12


def test_colours_and_kinds_are_looked_at():
    tile = built_in(ClothDesign("plain", ("#ff0000", "#ff0000")), PLAIN)
    assert tile.color.reshape(-1, 3).mean(axis=0) == pytest.approx([250, 0, 0], abs=12)
    assert rgb_of("#ff8000") == pytest.approx([1, 0.502, 0], abs=0.001)
    for wrong in ("red", "#12345", "#12345g", "123456"):
        with pytest.raises(SettingsError, match="not a colour"):
            ClothDesign("plain", (wrong,))
    with pytest.raises(SettingsError, match="no built-in cloth 'velvet'"):
        ClothDesign("velvet")
    with pytest.raises(SettingsError, match="sheen"):
        ClothDesign("plain", sheen=1.5)
