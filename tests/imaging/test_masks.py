"""Masks beside the photos: found by name, read as drawn, and what is wrong with them said."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from stitchsketch_kernel.domain.errors import PhotoError
from stitchsketch_kernel.domain.photo import Photo
from stitchsketch_kernel.imaging.masks import find_masks, read_mask

PHOTOS = tuple(
    Photo(f"IMG_{k}.JPG", None, 400, 300, None, str(k), "one")  # type: ignore[arg-type]
    for k in range(3)
)


def drawn(path, size=(400, 300), white=True):
    mask = np.zeros(size[::-1], np.uint8)
    if white:
        mask[: size[1] // 2] = 255
    Image.fromarray(mask).save(path)
    return path


def test_masks_are_found_by_their_photos_names(tmp_path):
    one = drawn(tmp_path / "IMG_0.png")
    other = drawn(tmp_path / "img_2.jpg.png")
    (tmp_path / "readme.txt").write_text("white is the chair")
    assert find_masks(tmp_path, PHOTOS) == {"IMG_0.JPG": one, "IMG_2.JPG": other}


def test_a_mask_of_no_photo_is_named(tmp_path):
    drawn(tmp_path / "IMG_7.png")
    with pytest.raises(PhotoError, match=r"mask IMG_7.png belongs to none of the photos"):
        find_masks(tmp_path, PHOTOS)


def test_the_mask_of_a_photo_that_was_left_out_is_passed_over(tmp_path):
    drawn(tmp_path / "IMG_7.png")
    assert find_masks(tmp_path, PHOTOS, ["IMG_7.JPG"]) == {}


def test_two_masks_of_one_photo_are_told(tmp_path):
    drawn(tmp_path / "IMG_1.png")
    drawn(tmp_path / "IMG_1.jpg.png")
    with pytest.raises(PhotoError, match=r"IMG_1.JPG has two masks"):
        find_masks(tmp_path, PHOTOS)


def test_a_mask_may_be_larger_than_the_copy_of_its_photo(tmp_path):
    mask = read_mask(drawn(tmp_path / "IMG_0.png", (4000, 3000)), PHOTOS[0])
    assert mask.shape == (3000, 4000)
    assert mask.mean() == 0.5


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: drawn(path, (300, 400)), "is 300 x 400 pixels, its photo has other sides"),
        (lambda path: drawn(path, white=False), "is black all over"),
        (lambda path: path.write_text("mask") and path, "can't be read"),
    ],
)
def test_what_is_no_mask_is_said(tmp_path, make, says):
    path = tmp_path / "IMG_0.png"
    make(path)
    with pytest.raises(PhotoError, match=f"The mask IMG_0.png {says}"):
        read_mask(path, PHOTOS[0])
