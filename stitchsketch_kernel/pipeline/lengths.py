"""Known lengths: a small file of what a person measured between two points marked in photos.

JSON or TOML; pixels are those of the photo as taken and shown upright, from its upper left corner::

    [[lengths]]
    mm = 812.5
    a = { "IMG_1.jpg" = [1204, 880], "IMG_4.jpg" = [310, 912] }
    b = { "IMG_1.jpg" = [2210, 893], "IMG_4.jpg" = [1507, 920] }
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from stitchsketch_kernel.domain.board import KnownLength, MarkedPoint
from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.domain.photo import Photo
from stitchsketch_kernel.pipeline.files import read_table

_EXAMPLE = (
    'Write [[lengths]], mm = 812.5, a = { "IMG_1.jpg" = [1204, 880], "IMG_4.jpg" = [310, 912] } '
    "and b likewise: each point in two photos or more."
)


def read_lengths(path: Path) -> tuple[KnownLength, ...]:
    """Read a file of known lengths.

    Raises
    ------
    SettingsError
        The file can't be read, or isn't such a file; names what is wrong.
    """
    content = read_table(path, _EXAMPLE)
    rows = content.get("lengths")
    if not isinstance(rows, list) or not rows:
        raise SettingsError(f"{path.name} has no lengths.", _EXAMPLE)
    return tuple(_length(path.name, number, row) for number, row in enumerate(rows, start=1))


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
        for name, (x, y) in point.pixels.items():
            if name not in by_name:
                raise SettingsError(
                    f"The point {point.name} is marked in {name}, which is not among the photos "
                    "that are used.",
                    "Mark it in another photo.",
                )
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


def _length(file: str, number: int, row: Any) -> KnownLength:
    where = f"{file}: length {number}"
    if not isinstance(row, dict) or set(row) != {"mm", "a", "b"}:
        raise SettingsError(f"{where} needs mm, a and b, and nothing else.", _EXAMPLE)
    length_mm = row["mm"]
    if not _is_number(length_mm) or not 1 <= length_mm <= 20_000:
        raise SettingsError(f"{where} is {length_mm!r} mm.", "Give millimetres, 1 to 20000.")
    return KnownLength(
        _point(where, f"{number}a", row["a"]), _point(where, f"{number}b", row["b"]), length_mm
    )


def _point(where: str, name: str, marks: Any) -> MarkedPoint:
    good = isinstance(marks, dict) and all(
        isinstance(mark, list) and len(mark) == 2 and all(map(_is_number, mark))
        for mark in marks.values()
    )
    if not good:
        raise SettingsError(f"{where}: point {name[-1]} is not a table of marks.", _EXAMPLE)
    if len(marks) < 2:
        raise SettingsError(
            f"{where}: point {name[-1]} is marked in fewer than two photos.",
            "Mark each point in two photos or more.",
        )
    return MarkedPoint(name, {photo: (float(x), float(y)) for photo, (x, y) in marks.items()})


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
