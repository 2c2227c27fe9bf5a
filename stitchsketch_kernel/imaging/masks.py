"""Masks as files: white is the furniture, black is not, one file a photo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from stitchsketch_kernel.domain.arrays import BoolArray
from stitchsketch_kernel.domain.errors import PhotoError
from stitchsketch_kernel.domain.photo import Photo

#: Beside the photos: the folder whose files are masks.
FOLDER = "masks"
_SUFFIXES = (".png", ".jpg", ".jpeg")
#: A mask's sides may differ from its photo's by this share: rounding, when both were shrunk.
_ROUNDED = 0.01


def find_masks(
    folder: Path, photos: Sequence[Photo], left_out: Sequence[str] = ()
) -> dict[str, Path]:
    """The mask of each photo that has one, by the photo's name.

    ``IMG_1.jpg`` has the mask ``IMG_1.png`` or ``IMG_1.jpg.png`` (or with ``.jpg`` at its end).

    Parameters
    ----------
    folder : Path
    photos : sequence of Photo
        Those that are used.
    left_out : sequence of str
        Names of those that are not: their masks are passed over.

    Raises
    ------
    PhotoError
        A mask belongs to no photo, or two belong to the same one.
    """
    names = {photo.name.casefold(): photo.name for photo in photos}
    stems = {Path(photo.name).stem.casefold(): photo.name for photo in photos}
    unused = {form for name in left_out for form in (name.casefold(), Path(name).stem.casefold())}
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in _SUFFIXES or path.name.startswith("."):
            continue
        stem = path.stem.casefold()
        photo = names.get(stem) or stems.get(stem)
        if photo is None and stem in unused:
            continue
        if photo is None:
            raise PhotoError(
                f"The mask {path.name} belongs to none of the photos that are used.",
                "Name it as its photo, with .png at the end, or take it out of the folder.",
            )
        if photo in found:
            raise PhotoError(
                f"{photo} has two masks, {found[photo].name} and {path.name}.", "Leave one of them."
            )
        found[photo] = path
    return found


def read_mask(path: Path, photo: Photo) -> BoolArray:
    """Where the furniture is, shape (h, w), as the mask was drawn: over the photo shown upright.

    Raises
    ------
    PhotoError
        It can't be read, hasn't its photo's shape, or shows no furniture.
    """
    import cv2

    grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION)
    if grey is None:
        raise PhotoError(f"The mask {path.name} can't be read.", "Save it as PNG once more.")
    height, width = grey.shape
    if abs(width / height * photo.height_px / photo.width_px - 1) > _ROUNDED:
        raise PhotoError(
            f"The mask {path.name} is {width} x {height} pixels, its photo has other sides "
            f"({photo.width_px} x {photo.height_px}).",
            "Draw it over the photo as it is shown upright, and don't crop it.",
        )
    mask: BoolArray = np.asarray(grey > 127, dtype=bool)
    if not mask.any():
        raise PhotoError(
            f"The mask {path.name} is black all over: it leaves no furniture.",
            "Draw the furniture white, or take the mask out of the folder.",
        )
    return mask


def write_masks(folder: Path, masks: Mapping[str, BoolArray]) -> None:
    """Write masks as PNG files that `find_masks` gives to the same photos; the folder is made."""
    from PIL import Image

    folder.mkdir(exist_ok=True)
    for name, mask in masks.items():
        Image.fromarray(255 * mask.astype(np.uint8)).save(folder / f"{name}.png", optimize=True)
