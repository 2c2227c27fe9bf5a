"""Known lengths: a small file of what a person measured between two points marked in photos.

JSON or TOML; pixels are those of the photo as taken and shown upright, from its upper left corner::

    [[lengths]]
    mm = 812.5
    a = { "IMG_1.jpg" = [1204, 880], "IMG_4.jpg" = [310, 912] }
    b = { "IMG_1.jpg" = [2210, 893], "IMG_4.jpg" = [1507, 920] }
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from stitchsketch_kernel.domain.board import KnownLength, MarkedPoint
from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.domain.known_lengths import EXAMPLE, known_lengths, require_photos
from stitchsketch_kernel.domain.photo import Photo
from stitchsketch_kernel.pipeline.files import read_table


def read_lengths(path: Path) -> tuple[KnownLength, ...]:
    """Read a file of known lengths.

    Raises
    ------
    SettingsError
        The file can't be read, or isn't such a file; names what is wrong.
    """
    return known_lengths(read_table(path, EXAMPLE).get("lengths"), path.name)


def in_copies(
    lengths: Iterable[KnownLength], photos: Iterable[Photo], taken_px: Mapping[str, Any]
) -> tuple[KnownLength, ...]:
    """The lengths with marks in pixels of the copies that ingest made, which may be smaller.

    Parameters
    ----------
    taken_px : mapping of str to (int, int)
        Width and height of each photo as taken, upright.

    Raises
    ------
    SettingsError
        A mark lies in a photo that isn't used, or outside of it.
    """
    by_name = {photo.name: photo for photo in photos}

    def moved(point: MarkedPoint) -> MarkedPoint:
        pixels = {}
        require_photos(point, by_name)
        for name, (x, y) in point.pixels.items():
            width, height = taken_px[name]
            if not (0 <= x <= width and 0 <= y <= height):
                raise SettingsError(
                    f"The mark of {point.name} in {name} lies outside the photo "
                    f"({width} x {height} pixels).",
                    "Count pixels from the upper left corner of the photo as it is shown upright.",
                )
            photo = by_name[name]
            pixels[name] = (x * photo.width_px / width, y * photo.height_px / height)
        return replace(point, pixels=pixels)

    return tuple(replace(known, a=moved(known.a), b=moved(known.b)) for known in lengths)
