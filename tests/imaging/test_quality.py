"""What is said of photos: the bad ones by name, the good ones not at all."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from stitchsketch_kernel.domain.photo import Photo
from stitchsketch_kernel.imaging.photos import load_image, read_photos
from stitchsketch_kernel.imaging.quality import judge, measure


def photos_of(images, keys=None):
    return [
        Photo(f"{k}.jpg", Path(f"{k}.jpg"), im.shape[1], im.shape[0], None, "", key)
        for k, (im, key) in enumerate(zip(images, keys or ["cam/size"] * len(images), strict=True))
    ]


@pytest.fixture(scope="module")
def sharp(ten_jpegs):
    return [
        cv2.cvtColor(cv2.imdecode(np.frombuffer(data, np.uint8), 1), cv2.COLOR_BGR2RGB)
        for data in ten_jpegs
    ]


def said(images, keys=None):
    notes = judge(photos_of(images, keys), [measure(image) for image in images])
    return [(n.photo, n.kind, n.severity) for n in notes if n.kind != "few"]


def test_nothing_is_said_of_good_photos(sharp):
    assert said(sharp) == []


@pytest.mark.parametrize(("sigma", "severity"), [(1.2, "warn"), (4.0, "refuse")])
def test_a_blurred_photo_is_named(sharp, sigma, severity):
    images = [*sharp[:4], cv2.GaussianBlur(sharp[4], (0, 0), sigma), *sharp[5:]]
    assert said(images) == [("4.jpg", "blur", severity)]


def test_a_soft_set_is_said_once(sharp):
    images = [cv2.GaussianBlur(image, (0, 0), 3) for image in sharp]
    assert said(images) == [("", "blur", "warn")]


@pytest.mark.parametrize(
    ("change", "kind", "severity"),
    [
        (lambda im: im // 20, "dark", "refuse"),
        (lambda im: np.where(np.arange(im.shape[1])[:, None] < 450, 3, im), "dark", "warn"),
        (lambda im: np.where(np.arange(im.shape[1])[:, None] < 360, 255, im), "bright", "warn"),
        (lambda im: np.full_like(im, 255), "bright", "refuse"),
    ],
)
def test_bad_light_is_named(sharp, change, kind, severity):
    images = [change(sharp[0]).astype(np.uint8), *sharp[1:]]
    assert ("0.jpg", kind, severity) in said(images)
    assert {name for name, _, _ in said(images)} == {"0.jpg"}


def test_a_photo_taken_from_the_same_place_is_named(sharp):
    again = np.clip(sharp[3].astype(int) + 3, 0, 255).astype(np.uint8)
    assert said([*sharp, again]) == [("10.jpg", "duplicate", "warn")]


def test_another_zoom_is_named_and_turning_the_phone_is_not(sharp):
    turned = [np.ascontiguousarray(np.rot90(sharp[0])), *sharp[1:]]
    keys = ["cam/540x720", *["cam/720x540"] * 8, "tele/720x540"]
    assert said(turned, keys) == [("9.jpg", "mixed", "warn")]


@pytest.mark.parametrize(("width", "severity"), [(500, "warn"), (200, "refuse")])
def test_a_shrunken_photo_is_named(sharp, width, severity):
    little = cv2.resize(sharp[0], (width, width * 3 // 4), interpolation=cv2.INTER_AREA)
    assert ("0.jpg", "small", severity) in said([little, *sharp[1:]])


def test_few_photos_are_said_of_the_set(sharp):
    notes = judge(photos_of(sharp), [measure(image) for image in sharp])
    assert [(n.photo, n.kind) for n in notes] == [("", "few")]


@pytest.mark.parametrize(
    ("name", "count"), [("office_chair_lidar", 18), ("icl_white_armchair", 53)]
)
def test_nothing_is_held_against_the_real_sets(shared_data, tmp_path, name, count):
    result = read_photos(shared_data / name / "images", tmp_path)
    assert len(result.photos) == count
    assert {note.kind for note in result.notes} <= {"few"}


def test_blur_in_the_real_set_is_found(shared_data):
    paths = sorted((shared_data / "office_chair_lidar" / "images").glob("*.jpg"))[:8]
    images = [load_image(path) for path in paths]
    images[2] = cv2.GaussianBlur(images[2], (0, 0), 6)
    assert said(images) == [("2.jpg", "blur", "refuse")]
