"""Thin lines of a declared colour are found below a pixel; what is no tape isn't."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from stitchsketch_kernel.domain.board import TagSighting
from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.domain.tape import TapeSettings, tape_rgb
from stitchsketch_kernel.imaging.tape import find_tape, paper_white

BLUE = tape_rgb("blue")
CLOTH = np.array([0.42, 0.15, 0.085])
TAPE = np.array([0.05, 0.23, 0.62])


def picture(light=1.0, warm=(1.0, 1.0, 1.0), width_px=5.0, noise=1.5, extras=(), cloth=CLOTH):
    """Cloth with a slanting tape: its middle runs along y = 60.3 + 0.2 x (pixels' own corners)."""
    factor, size = 4, (160, 200)
    y, x = np.mgrid[0 : size[0] * factor, 0 : size[1] * factor] / factor
    rng = np.random.default_rng(1)
    tone = cv2.GaussianBlur(rng.normal(0, 1, size), (0, 0), 2)
    tone = cv2.resize(1 + 0.6 * tone, None, fx=factor, fy=factor)
    scene = cloth * tone[..., None]
    off = (y - 60.3 - 0.2 * x) / np.hypot(1, 0.2)
    scene[np.abs(off) < width_px / 2] = TAPE
    for extra in extras:
        extra(scene, x, y)
    scene = scene * np.asarray(warm) * (light if np.isscalar(light) else light(x, y)[..., None])
    small = cv2.resize(scene, size[::-1], interpolation=cv2.INTER_AREA)
    coded = 255 * np.clip(cv2.GaussianBlur(small, (0, 0), 0.5), 0, 1) ** (1 / 2.2)
    return np.clip(np.rint(coded + rng.normal(0, noise, coded.shape)), 0, 255).astype(np.uint8)


def off_px(found):
    x, y = found.middle_px.T
    return (y - 60.3 - 0.2 * x) / np.hypot(1, 0.2)


def shadow(x, y):
    return np.where(x < 100, 1.0, 0.3)


@pytest.mark.parametrize(
    ("how", "most_px"),
    [
        ({}, 0.15),
        ({"width_px": 2.5}, 0.2),
        ({"light": shadow}, 0.2),
        ({"light": 0.25}, 0.2),
        ({"warm": (1.0, 0.75, 0.5)}, 0.2),
        ({"warm": (0.7, 0.85, 1.0)}, 0.2),
    ],
)
def test_the_middle_is_found_below_a_pixel_in_light_and_shadow(how, most_px):
    found = find_tape("a.jpg", picture(**how), BLUE, 12.0)
    inner = np.abs(found.middle_px[:, 0] - 100) < 80
    off = off_px(found)[inner]
    assert len(np.unique(found.middle_px[inner][:, 0] // 4)) >= 39  # of 40: no gaps
    assert np.sqrt((off**2).mean()) < most_px
    assert np.abs(off).max() < 1.5
    along = found.along_px[inner] @ (np.array([1, 0.2]) / np.hypot(1, 0.2))
    assert (np.abs(along) > 0.98).mean() > 0.95


def test_both_edges_are_told():
    found = find_tape("a.jpg", picture(width_px=6.0), BLUE, 12.0)
    wide = np.linalg.norm(found.edges_px[:, 0] - found.edges_px[:, 1], axis=1)
    assert 5.5 < np.median(wide) < 7.5


def test_cloth_somewhat_like_the_tape_hides_nothing_of_it():
    bluish = np.array([0.15, 0.25, 0.40])
    found = find_tape("a.jpg", picture(cloth=bluish), BLUE, 12.0)
    inner = np.abs(found.middle_px[:, 0] - 100) < 80
    assert len(np.unique(found.middle_px[inner][:, 0] // 4)) >= 39  # of 40: no gaps
    assert np.abs(off_px(found)[inner]).max() < 1.0


def a_blue_cushion(scene, x, y):
    scene[(np.abs(x - 60) < 30) & (np.abs(y - 120) < 25)] = TAPE


def a_red_tape(scene, x, y):
    scene[np.abs(y - 140) < 2.5] = (0.55, 0.03, 0.04)


def a_highlight(scene, x, y):
    scene[np.abs(y - 30 - 0.1 * x) < 2] += 0.6


@pytest.mark.parametrize("extra", [a_blue_cushion, a_red_tape, a_highlight])
def test_broad_places_other_colours_and_highlights_are_no_tape(extra):
    found = find_tape("a.jpg", picture(extras=[extra]), BLUE, 12.0)
    inner = np.abs(found.middle_px[:, 0] - 100) < 85
    assert np.abs(off_px(found)[inner]).max() < 2.0


def test_the_mats_paper_tells_the_lamps_colour():
    image = picture(warm=(1.0, 0.5, 0.2))
    image[20:50, 20:50] = (230, 168, 110)
    image[26:44, 26:44] = 20
    corners = np.array([[26.0, 26], [44, 26], [44, 44], [26, 44]])
    tag = TagSighting("a.jpg", "d", 1, corners, np.array([35.0, 35.0]))
    white = paper_white(image, [tag])
    assert white[0] > 1.8 * white[1] > 2.5 * white[2]
    with_white = find_tape("a.jpg", image, BLUE, 12.0, white)
    without = find_tape("a.jpg", image, BLUE, 12.0)
    count = [(np.abs(off_px(one)) < 0.5).sum() for one in (with_white, without)]
    assert count[0] > 150
    assert count[0] > 2 * count[1], count


@pytest.mark.parametrize("colour", ["white", "#808080", "blau", "#12345"])
def test_a_colour_that_is_none_is_refused_with_those_that_are(colour):
    with pytest.raises(SettingsError, match="turquoise"):
        TapeSettings(colour)


@pytest.mark.parametrize(
    "wrong", [{"tape_width_mm": 0.0}, {"tape_photos": 1}, {"tape_gap_mm": -1.0}]
)
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(SettingsError):
        TapeSettings("blue", **wrong)
