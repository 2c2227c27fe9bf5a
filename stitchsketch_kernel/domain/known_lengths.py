"""Known lengths as they are given: rows of a file, of a page's form, or of a queued run's settings.

A row is ``{"mm": 812.5, "a": {"IMG_1.jpg": [1204, 880], "IMG_4.jpg": [310, 912]}, "b": {...}}``;
pixels are those of the photo as taken and shown upright, from its upper left corner.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from stitchsketch_kernel.domain.board import KnownLength, MarkedPoint
from stitchsketch_kernel.domain.bounds import Within
from stitchsketch_kernel.domain.errors import SettingsError

#: Where the settings of a run that a worker takes have them.
SETTING = "scale.known_lengths"
LENGTH_MM = Within(1, 20_000)
EXAMPLE = (
    'Write [[lengths]], mm = 812.5, a = { "IMG_1.jpg" = [1204, 880], "IMG_4.jpg" = [310, 912] } '
    "and b likewise: each point in two photos or more."
)
#: No pixel is further; a number that is no float's has to be refused before it is made one.
_FAR = 1e9


def known_lengths(rows: Any, where: str = "") -> tuple[KnownLength, ...]:
    """The lengths that rows tell.

    Parameters
    ----------
    rows : list of mapping
    where : str
        What they come from, which is named when one is wrong.

    Raises
    ------
    SettingsError
        There are none, or one can't be; names what is wrong.
    """
    if not isinstance(rows, list) or not rows:
        raise SettingsError(f"{where or 'A list of known lengths'} has no lengths.", EXAMPLE)
    before = f"{where}: length" if where else "Length"
    return tuple(_length(f"{before} {number}", number, row) for number, row in enumerate(rows, 1))


def require_known_lengths(settings: Mapping[str, Any], photos: Collection[str]) -> None:
    """Check the known lengths of a run that shall wait for a worker.

    Parameters
    ----------
    settings : mapping of str to value
        The run's, by name; without `SETTING` there is nothing to check.
    photos : collection of str
        Names of the scan's photos that a run sees.

    Raises
    ------
    SettingsError
        A length can't be, or a point is marked in a photo that isn't among them.
    """
    if SETTING not in settings:
        return
    for known in known_lengths(settings[SETTING]):
        for point in (known.a, known.b):
            require_photos(point, photos)


def require_photos(point: MarkedPoint, photos: Collection[str]) -> None:
    """Raises `SettingsError` where a point is marked in a photo that isn't among `photos`."""
    for name in point.pixels:
        if name not in photos:
            raise SettingsError(
                f"The point {point.name} is marked in {name}, which is not among the photos "
                "that are used.",
                "Mark it in another photo.",
            )


def _length(where: str, number: int, row: Any) -> KnownLength:
    if not isinstance(row, dict) or set(row) != {"mm", "a", "b"}:
        raise SettingsError(f"{where} needs mm, a and b, and nothing else.", EXAMPLE)
    length_mm = row["mm"]
    if not _is_number(length_mm) or not LENGTH_MM.holds(length_mm):
        raise SettingsError(
            f"{where} is {length_mm!r} mm.", f"Give millimetres, {LENGTH_MM.words}."
        )
    return KnownLength(
        _point(where, f"{number}a", row["a"]), _point(where, f"{number}b", row["b"]), length_mm
    )


def _point(where: str, name: str, marks: Any) -> MarkedPoint:
    good = isinstance(marks, dict) and all(
        isinstance(mark, list) and len(mark) == 2 and all(map(_is_number, mark))
        for mark in marks.values()
    )
    if not good:
        raise SettingsError(f"{where}: point {name[-1]} is not a table of marks.", EXAMPLE)
    if len(marks) < 2:
        raise SettingsError(
            f"{where}: point {name[-1]} is marked in fewer than two photos.",
            "Mark each point in two photos or more.",
        )
    return MarkedPoint(name, {photo: (float(x), float(y)) for photo, (x, y) in marks.items()})


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _FAR
