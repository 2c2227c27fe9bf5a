"""A first look at a photo as it arrives: what ingest will say of it, which mats it shows."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stitchsketch_kernel.domain.arrays import ImageArray
from stitchsketch_kernel.domain.board import Board, TagSighting
from stitchsketch_kernel.domain.photo import Photo, PhotoNote
from stitchsketch_kernel.imaging.boards import STANDARD_DICTIONARY
from stitchsketch_kernel.imaging.exif import focal_px
from stitchsketch_kernel.imaging.quality import Quality, judge, measure
from stitchsketch_kernel.imaging.reading import read_picture, sha256_of
from stitchsketch_kernel.imaging.tags import glimpse_tags

__all__ = ["PhotoLook", "look_at", "mats_seen", "notes_of", "preview_jpeg"]

#: The longer side of a thumbnail.
THUMBNAIL_PX = 320
#: With fewer tags than this no mat is really seen: one may be a false find.
_SEEN_ENOUGH = 2


@dataclass(frozen=True, eq=False)
class PhotoLook:
    """What a first look at a photo found.

    Attributes
    ----------
    photo : Photo
        `path` is where the file lay when it was looked at.
    quality : Quality
    tags : tuple of TagSighting
        By a glimpse: to a pixel or so.
    thumbnail : bytes
        A small JPEG, upright.
    """

    photo: Photo
    quality: Quality
    tags: tuple[TagSighting, ...]
    thumbnail: bytes


def look_at(
    path: Path, name: str, dictionaries: Sequence[str] = (STANDARD_DICTIONARY,)
) -> PhotoLook:
    """Look at a photo; its limits are checked before anything of it is decoded.

    Parameters
    ----------
    path : Path
    name : str
        What the shop calls it.
    dictionaries : sequence of str
        Of the tags to look for; none: no mats are used.

    Raises
    ------
    PhotoError
        As `reading.read_picture`.
    """
    picture = read_picture(path)
    height, width = picture.pixels.shape[:2]
    photo = Photo(
        name=name,
        path=path,
        width_px=width,
        height_px=height,
        focal_px=focal_px(picture.facts, width, height),
        sha256=sha256_of(path),
        camera_key=picture.facts.key(width, height),
    )
    tags = glimpse_tags(name, picture.pixels, dictionaries) if dictionaries else []
    small = _jpeg(picture.pixels, THUMBNAIL_PX)
    return PhotoLook(photo, measure(picture.pixels), tuple(tags), small)


def preview_jpeg(path: Path, longer_px: int) -> tuple[bytes, tuple[int, int]]:
    """A photo as a JPEG whose longer side has at most `longer_px`; also width and height as taken.

    Raises
    ------
    PhotoError
        As `reading.read_picture`.
    """
    pixels = read_picture(path).pixels
    return _jpeg(pixels, longer_px), (pixels.shape[1], pixels.shape[0])


def notes_of(looks: Sequence[PhotoLook], mats_wanted: bool = True) -> list[PhotoNote]:
    """What is wrong with which photo, as the ingest stage will say it, and who shows no mat.

    Parameters
    ----------
    looks : sequence of PhotoLook
    mats_wanted : bool
        Whether mats give the scale.
    """
    notes = judge([look.photo for look in looks], [look.quality for look in looks])
    return [*notes, *(_without_mats(looks) if mats_wanted else [])]


def mats_seen(look: PhotoLook, boards: Sequence[Board]) -> tuple[str, ...]:
    """The names of the mats that a photo really shows."""
    tags = {(tag.dictionary, tag.tag_id) for tag in look.tags}
    return tuple(
        board.name
        for board in boards
        if sum((board.dictionary, tag) in tags for tag in board.tag_ids) >= _SEEN_ENOUGH
    )


def _without_mats(looks: Sequence[PhotoLook]) -> list[PhotoNote]:
    return [
        PhotoNote(
            look.photo.name,
            "no_mat",
            "warn",
            f"No mat is seen in {look.photo.name}. Step back until one is in the picture, whole "
            "and sharp.",
        )
        for look in looks
        if len(look.tags) < _SEEN_ENOUGH
    ]


def _jpeg(pixels: ImageArray, longer_px: int) -> bytes:
    import cv2
    from PIL import Image

    height, width = pixels.shape[:2]
    factor = min(1.0, longer_px / max(height, width))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    file = io.BytesIO()
    Image.fromarray(small).save(file, "JPEG", quality=82)
    return file.getvalue()
