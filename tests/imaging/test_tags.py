"""Tags: found where they are, to a few hundredths of a pixel, and never guessed."""

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.imaging import tag_fit, tags
from stitchsketch_kernel.imaging.boards import standard_mats
from stitchsketch_kernel.imaging.mat import draw_board, drawn_extent_mm
from stitchsketch_kernel.imaging.tag_fit import diagonals_cross
from stitchsketch_kernel.imaging.tags import find_tags

SIZE = (1000, 800)
FINE = 4  # drawn so much finer, then averaged: pixels of a camera are areas
MAT = standard_mats(1)[0]


def photo_of(board, distance_mm=900.0, tilt_deg=40.0, turn_deg=0.0, blur_px=0.8, noise=2.0):
    """A rendered photo of a board (gamma 2.2) and where its tags' centres truly are."""
    focal, tilt, turn = 950.0, np.deg2rad(tilt_deg), np.deg2rad(turn_deg)
    c, s = np.cos(turn), np.sin(turn)
    rotation = np.diag([1.0, -1.0, -1.0]) @ np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    c, s = np.cos(tilt), np.sin(tilt)
    rotation = np.array([[1, 0, 0], [0, c, s], [0, -s, c]]) @ rotation
    lens = np.array([[focal, 0, SIZE[0] / 2], [0, focal, SIZE[1] / 2], [0, 0, 1]])
    onto = lens @ np.column_stack([rotation[:, :2], [0, 0, distance_mm]])
    scale = focal / distance_mm * FINE
    drawn = draw_board(board, scale)[:, :, 0].astype(np.float32) / 255
    left, _, _, top = drawn_extent_mm(board)
    from_drawn = np.array([[1 / scale, 0, left], [0, -1 / scale, top], [0, 0, 1]])
    middle = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    finer = np.array([[FINE, 0, -0.5], [0, FINE, -0.5], [0, 0, 1]])
    fine = cv2.warpPerspective(
        0.04 + 0.8 * drawn,
        finer @ onto @ from_drawn @ middle,
        (SIZE[0] * FINE, SIZE[1] * FINE),
        borderValue=0.4,
    )
    light = cv2.GaussianBlur(cv2.resize(fine, SIZE, interpolation=cv2.INTER_AREA), (0, 0), blur_px)
    grey = 255 * light ** (1 / 2.2) + np.random.default_rng(0).normal(0, noise, light.shape)
    truth = np.column_stack([board.centres_mm, np.ones(len(board.centres_mm))]) @ onto.T
    image = np.clip(grey, 0, 255).round().astype(np.uint8)
    return np.repeat(image[:, :, None], 3, axis=2), truth[:, :2] / truth[:, 2:]


@pytest.fixture(scope="module")
def upright():
    return photo_of(MAT, tilt_deg=0.0)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    tilt=st.floats(0, 55), turn=st.floats(-180, 180), distance=st.floats(500, 1100),
    blur=st.floats(0.5, 1.0),
)  # fmt: skip
def test_centres_lie_within_a_tenth_of_a_pixel(tilt, turn, distance, blur):
    image, truth = photo_of(MAT, distance, tilt, turn, blur)
    sightings = find_tags("p.jpg", image)
    assert len(sightings) >= 10
    errors = np.array([s.centre_px - truth[MAT.tag_ids.index(s.tag_id)] for s in sightings])
    assert np.sqrt((errors**2).sum(axis=1).mean()) < 0.1
    assert np.linalg.norm(errors.mean(axis=0)) < 0.05


def test_corners_come_in_the_tags_own_order(upright):
    image, truth = upright
    for sighting in find_tags("p.jpg", image):
        offsets = np.sign(sighting.corners_px - truth[MAT.tag_ids.index(sighting.tag_id)])
        assert offsets.tolist() == [[-1, -1], [1, -1], [1, 1], [-1, 1]]


def test_other_dictionaries_are_found_only_when_asked_for(upright):
    image, _ = upright
    assert find_tags("p.jpg", image, ("DICT_4X4_50",)) == []
    both = find_tags("p.jpg", image, ("DICT_4X4_50", MAT.dictionary))
    assert {s.dictionary for s in both} == {MAT.dictionary}


def test_unknown_dictionary_is_named(upright):
    with pytest.raises(SettingsError, match="DICT_9X9"):
        find_tags("p.jpg", upright[0], ("DICT_9X9",))


def test_a_tag_seen_twice_is_left_out(upright):
    image, truth = upright
    x, y = truth[0].round().astype(int)
    doubled = image.copy()
    copied = image[y - 26 : y + 27, x - 26 : x + 27]
    doubled[20 : 20 + len(copied), 20 : 20 + len(copied)] = copied
    assert MAT.tag_ids[0] in {s.tag_id for s in find_tags("p.jpg", image)}
    assert MAT.tag_ids[0] not in {s.tag_id for s in find_tags("p.jpg", doubled)}


def test_a_half_hidden_tag_is_not_measured(upright):
    image, truth = upright
    x, y = truth[5].round().astype(int)
    hidden = image.copy()
    hidden[y : y + 30, x - 30 : x + 30] = 128
    assert MAT.tag_ids[5] not in {s.tag_id for s in find_tags("p.jpg", hidden)}


def test_a_misread_tag_is_not_measured(upright, monkeypatch):
    image, _ = upright
    read = tags._read(image[:, :, 0], MAT.dictionary)
    monkeypatch.setattr(tags, "_read", lambda *_: {40: read[0], 41: read[1]})
    assert find_tags("p.jpg", image) == []


def test_a_fit_that_runs_away_is_not_believed(upright, monkeypatch):
    image, _ = upright
    read = tags._read(image[:, :, 0], MAT.dictionary)
    assert {s.tag_id for s in find_tags("p.jpg", image)} == set(read)
    monkeypatch.setattr(tags, "_read", lambda *_: {k: q + 3.0 for k, q in read.items()})
    assert find_tags("p.jpg", image) == []


def test_nothing_is_found_in_noise():
    noise = np.random.default_rng(1).integers(0, 256, (600, 800, 3), dtype=np.uint8)
    assert find_tags("p.jpg", noise) == []


def test_diagonals_cross_at_the_image_of_the_centre():
    onto = np.array([[40, 5, 300], [3, 35, 200], [0.1, 0.2, 1]])
    square = np.array([[-1, -1, 1], [1, -1, 1], [1, 1, 1], [-1, 1, 1], [0, 0, 1]]) @ onto.T
    pixels = square[:, :2] / square[:, 2:]
    assert np.allclose(diagonals_cross(pixels[:4]), pixels[4])
    assert not np.allclose(pixels[:4].mean(axis=0), pixels[4], atol=0.5)


def test_least_squares_of_a_fit_are_numpys():
    rng = np.random.default_rng(3)
    A = rng.standard_normal((5000, 8)) * [1, 2, 3, 1, 2, 3, 300, 90]
    b = rng.standard_normal(5000)
    assert np.allclose(tag_fit._least_squares(A, b), np.linalg.lstsq(A, b)[0], rtol=1e-9, atol=0)
    A[:, 7] = A[:, 6]  # nothing tells these two apart: the shortest of the best
    assert np.allclose(tag_fit._least_squares(A, b), np.linalg.lstsq(A, b)[0], rtol=1e-6, atol=0)
