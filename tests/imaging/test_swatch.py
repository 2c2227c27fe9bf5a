"""A photo of a cloth becomes a tile of its true size, or is refused."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image

from stitchsketch_kernel.domain.errors import PhotoError, ScaleError
from stitchsketch_kernel.domain.marker import Fabric
from stitchsketch_kernel.imaging.boards import standard_mats
from stitchsketch_kernel.imaging.drawing import draw_board, drawn_extent_mm
from stitchsketch_kernel.imaging.seamless import relief, seamless, without_lamp
from stitchsketch_kernel.imaging.swatch import SwatchScale, swatch_tile

PLAIN = Fabric("Cloth", 1400.0, 1370.0)
#: Along the warp and across.
REPEAT_MM = (90.0, 70.0)
WOVEN = replace(PLAIN, repeat_vertical_mm=REPEAT_MM[0], repeat_horizontal_mm=REPEAT_MM[1])
PX_PER_MM = 2.0


def cloth(width_mm: float, height_mm: float, px_per_mm: float = PX_PER_MM) -> np.ndarray:
    """A cloth without two equal places in a repeat: waves of several lengths, no symmetry."""
    x = (np.arange(round(width_mm * px_per_mm)) + 0.5) / px_per_mm / REPEAT_MM[1]
    y = (np.arange(round(height_mm * px_per_mm)) + 0.5) / px_per_mm / REPEAT_MM[0]
    X, Y = np.meshgrid(2 * np.pi * x, 2 * np.pi * y)
    red = 128 + 50 * np.sin(X + np.sin(Y)) + 30 * np.cos(2 * Y + 1)
    green = 120 + 60 * np.cos(Y - 0.5 * np.sin(2 * X))
    blue = 110 + 40 * np.sin(2 * X + Y)
    return np.clip(np.stack([red, green, blue], axis=-1), 0, 255).astype(np.uint8)


def photo(
    path, width_mm=700.0, height_mm=600.0, turn_deg=4.0, bent_mm=0.0, zoom=1.12, light=(1, 1, 1)
):
    """The cloth with a mat on it, photographed aslant, brighter on one side."""
    picture = cloth(width_mm, height_mm)
    board = standard_mats(1)[0]
    drawn = draw_board(board, PX_PER_MM)
    if bent_mm:
        rows = np.arange(drawn.shape[0])
        off = bent_mm * PX_PER_MM * np.sin(np.pi * rows / len(rows))
        grid = np.meshgrid(np.arange(drawn.shape[1], dtype=np.float32), rows.astype(np.float32))
        drawn = cv2.remap(drawn, grid[0] + off[:, None].astype(np.float32), grid[1],
                          cv2.INTER_LINEAR, borderValue=(255, 255, 255))  # fmt: skip
    left, bottom, right, top = drawn_extent_mm(board)
    assert drawn.shape[:2] == (round((top - bottom) * 2), round((right - left) * 2))
    picture[150 : 150 + drawn.shape[0], 140 : 140 + drawn.shape[1]] = drawn
    height, width = picture.shape[:2]
    corners = np.float32([[0, 0], [width, 0], [width, height], [0, height]])
    spin = cv2.getRotationMatrix2D((width / 2, height / 2), turn_deg, zoom)
    seen = corners @ spin[:, :2].T + spin[:, 2]
    seen[2:] += np.array([[90, 70], [-60, 40]])
    seen = seen.astype(np.float32)
    move = cv2.getPerspectiveTransform(corners, seen)
    aslant = cv2.warpPerspective(picture, move, (width, height), flags=cv2.INTER_AREA)
    lamp = np.linspace(0.75, 1.1, width)[None, :, None] * np.array(light)
    Image.fromarray(np.clip(aslant * lamp, 0, 255).astype(np.uint8)).save(path)
    return path


def likeness(tile, along_mm: float, across_mm: float) -> float:
    """Best correlation of a tile with the true cloth, whatever its phase."""
    height, width = tile.color.shape[:2]
    true = cloth(2 * across_mm, 2 * along_mm, width / across_mm)[..., 1].astype(np.float32)
    one = tile.color[..., 1].astype(np.float32)
    return float(
        cv2.matchTemplate(true, one[: height - 2, : width - 2], cv2.TM_CCOEFF_NORMED).max()
    )


def step(image: np.ndarray) -> float:
    """Jump over the edges over the largest one inside."""
    worst = 0.0
    for axis in (0, 1):
        inside = np.abs(np.diff(image.astype(float), axis=axis)).mean(axis=(1 - axis, 2)).max()
        over = np.abs(image.take(0, axis).astype(float) - image.take(-1, axis)).mean()
        worst = max(worst, over / max(inside, 1.0))
    return worst


def test_a_mat_on_the_cloth_gives_its_true_size_and_a_seamless_tile(tmp_path):
    tile = swatch_tile(photo(tmp_path / "a.png"), WOVEN)
    assert (tile.along_mm, tile.across_mm) == REPEAT_MM
    assert likeness(tile, *REPEAT_MM) > 0.97
    assert step(tile.color) < 1.6
    # the lamp is gone: both halves are as light as the cloth is there
    assert tile.color.shape[1] / tile.color.shape[0] == pytest.approx(70 / 90, rel=0.02)


@pytest.mark.parametrize("light", [(1, 1, 1), (0.8, 0.65, 0.45)], ids=["day", "lamp"])
def test_a_mats_paper_tells_what_white_is(tmp_path, light):
    tile = swatch_tile(photo(tmp_path / "a.png", light=light), WOVEN)
    color = tile.color.reshape(-1, 3).mean(axis=0)
    true = cloth(*REPEAT_MM[::-1]).reshape(-1, 3).mean(axis=0)
    bright = color / true
    assert bright / bright.mean() == pytest.approx(1, abs=0.03)  # without: 0.68 to 1.24
    assert bright.mean() == pytest.approx(240 / 255, abs=0.06)  # the mat lies where it is darker


def test_without_a_repeat_the_tile_is_what_the_photo_shows(tmp_path):
    tile = swatch_tile(photo(tmp_path / "a.png", turn_deg=0.0), PLAIN)
    per_mm = tile.color.shape[1] / tile.across_mm
    assert tile.color.shape[0] / tile.along_mm == pytest.approx(per_mm, rel=0.01)
    # three and more repeats of 70 mm: the same again 70 mm further on, and not 60 or 80
    red = tile.color[..., 0].astype(float)
    far = {mm: round(mm * per_mm) for mm in (60, 70, 80)}
    off = {mm: np.abs(red[:, px:] - red[:, :-px]).mean() for mm, px in far.items()}
    assert off[70] < 0.4 * min(off[60], off[80])


@pytest.mark.parametrize("turn_deg", [5.0, -3.0])
def test_a_pattern_a_few_degrees_off_is_put_upright(tmp_path, turn_deg):
    flat = cloth(500, 500)
    height, width = flat.shape[:2]
    spin = cv2.getRotationMatrix2D((width / 2, height / 2), turn_deg, 1.0)
    path = tmp_path / "a.png"
    turned = cv2.warpAffine(flat, spin, (width, height))[150:-150, 150:-150]
    Image.fromarray(turned).save(path)
    tile = swatch_tile(path, WOVEN, SwatchScale(mm_per_px=0.5))
    assert likeness(tile, *REPEAT_MM) > 0.99
    assert step(tile.color) < 1.3


def test_a_ruler_in_the_photo_gives_the_scale(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(cloth(300, 300)).save(path)
    tile = swatch_tile(path, WOVEN, SwatchScale(ruler_mm=100.0, ruler_px=(20, 30, 220, 30)))
    assert likeness(tile, *REPEAT_MM) > 0.98
    given = swatch_tile(path, WOVEN, SwatchScale(mm_per_px=0.5))
    assert np.array_equal(given.color, tile.color)


def test_without_a_scale_it_is_refused(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(cloth(300, 300)).save(path)
    with pytest.raises(ScaleError, match=r"Nothing in a\.png tells how large"):
        swatch_tile(path, WOVEN)
    with pytest.raises(ScaleError, match="two points"):
        swatch_tile(path, WOVEN, SwatchScale(ruler_mm=100.0))
    with pytest.raises(ScaleError, match=r"a pixel would be 1e\+11 mm"):
        swatch_tile(path, WOVEN, SwatchScale(ruler_mm=100.0, ruler_px=(5, 5, 5, 5)))


def test_a_crumpled_mat_is_refused(tmp_path):
    with pytest.raises(ScaleError, match="not flat"):
        swatch_tile(photo(tmp_path / "a.png", bent_mm=6.0), WOVEN)


def test_too_little_cloth_is_refused(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(cloth(300, 86)).save(path)
    with pytest.raises(PhotoError, match=r"8[3-6] mm of cloth that are high"):
        swatch_tile(path, WOVEN, SwatchScale(mm_per_px=0.5))


def test_a_repeat_that_the_photo_contradicts_is_refused(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(cloth(400, 400)).save(path)
    wrong = replace(WOVEN, repeat_horizontal_mm=77.0)
    with pytest.raises(ScaleError, match=r"again after 70 mm across, and the fabric says 77 mm"):
        swatch_tile(path, wrong, SwatchScale(mm_per_px=0.5))


def test_a_broken_photo_is_refused(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0 no photo")
    with pytest.raises(PhotoError):
        swatch_tile(path, WOVEN)


def test_seams_are_hidden_where_the_picture_does_not_repeat():
    rng = np.random.default_rng(3)
    noise = cv2.GaussianBlur(rng.normal(128, 90, (260, 240, 3)), (0, 0), 2.5)
    picture = np.clip(noise, 0, 255).astype(np.uint8)
    tile = seamless(picture, 200, 190)
    assert tile.shape == (200, 190, 3)
    assert step(picture[:200, :190]) > 2.5 > 1.6 > step(tile)


def test_light_that_falls_off_is_taken_for_the_lamps():
    plain = np.full((200, 300, 3), 120, np.uint8)
    lit = np.clip(plain * np.linspace(0.6, 1.2, 300)[None, :, None], 0, 255).astype(np.uint8)
    assert np.ptp(without_lamp(lit).astype(int)) < 0.15 * np.ptp(lit.astype(int))


def test_dark_threads_lie_deep_and_dyed_ground_stays_flat():
    tile = np.full((80, 80, 3), 140, np.uint8)
    tile[:, 40:] = 70  # dyed
    tile[::8] = (tile[::8] * 0.6).astype(np.uint8)  # between threads
    rise = relief(tile, 0.25)
    assert rise[4::8, 10:30].mean() > rise[::8, 10:30].mean() + 0.1
    assert abs(rise[:, 15:25].mean() - rise[:, 55:65].mean()) < 0.02


def test_a_swatch_on_a_table_is_cut_out(tmp_path):
    table = np.full((800, 1000, 3), 30, np.uint8)
    table[100:600, 300:800] = cloth(250, 250)
    path = tmp_path / "a.png"
    Image.fromarray(table).save(path)
    scale = SwatchScale(mm_per_px=0.5, crop_px=(300, 100, 500, 500))
    assert likeness(swatch_tile(path, WOVEN, scale), *REPEAT_MM) > 0.98
    for wrong in ((300, 100, 800, 500), (300, 100), (0, 0, 0, 5), (-5, 0, 9, 9)):
        with pytest.raises(PhotoError, match="1000 by 800 pixels, and crop_px"):
            swatch_tile(path, WOVEN, replace(scale, crop_px=wrong))
