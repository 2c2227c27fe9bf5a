"""Coloured tape or chalk on the piece: what a shop declares of it, and what is found of it.

In a photo: stretches of its middle with both edges. On the mesh: sightings, each a photo's opinion
of one place. At last: lines, each with its ± in mm.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray
from stitchsketch_kernel.domain.bounds import Within, require_allowed
from stitchsketch_kernel.domain.errors import SettingsError

#: What each word means as sRGB: what such tapes and chalks are sold as. A photo's shade may differ,
#: the hue must not.
COLOUR_WORDS = {
    "red": "#d0202a",
    "orange": "#f08020",
    "yellow": "#f0d020",
    "lime": "#a0d030",
    "green": "#20a040",
    "turquoise": "#20b0b0",
    "blue": "#2070d0",
    "purple": "#7040b0",
    "magenta": "#d030a0",
    "pink": "#f070b0",
}
_HEX = re.compile(r"#[0-9a-fA-F]{6}")
#: White, grey and black have no hue to be told by: the largest of red, green and blue must be over
#: the least by this.
_LEAST_HUE = 60


def tape_rgb(colour: str) -> tuple[int, int, int]:
    """Red, green and blue (0 to 255) of a colour as a person names it.

    Raises
    ------
    SettingsError
        The word isn't known, or the colour has no hue.
    """
    known = ", ".join(COLOUR_WORDS)
    word = colour.strip().lower()
    code = COLOUR_WORDS.get(word, word)
    if not _HEX.fullmatch(code):
        raise SettingsError(
            f"The tape's colour {colour!r} isn't known.", f"Write {known}, or a code like #2070d0."
        )
    red, green, blue = (int(code[at : at + 2], 16) for at in (1, 3, 5))
    if max(red, green, blue) - min(red, green, blue) < _LEAST_HUE:
        raise SettingsError(
            f"Tape of the colour {colour} can't be told from light and shadow.",
            f"Use a bright colour that the cloth hasn't got: {known}.",
        )
    return red, green, blue


@dataclass(frozen=True)
class TapeSettings:
    """Seams marked on the piece with coloured tape or chalk.

    Attributes
    ----------
    tape_colour : str
        A word (`COLOUR_WORDS`) or ``#rrggbb``; empty: none was stuck on.
    tape_width_mm : float
        Coloured places that are much wider or narrower are no tape.
    tape_photos : int
        So many photos must show a place of it.
    tape_gap_mm : float
        A gap in a line that is no longer is closed.
    """

    tape_colour: str = ""
    tape_width_mm: Annotated[float, Within(1, 60)] = 6.0
    tape_photos: Annotated[int, Within(2)] = 3
    tape_gap_mm: Annotated[float, Within(0, 200)] = 25.0

    def __post_init__(self) -> None:
        require_allowed(self)
        if self.tape_colour:
            tape_rgb(self.tape_colour)


@dataclass(frozen=True)
class PhotoTape:
    """What one photo shows of tape, place by place; pixels in COLMAP's convention.

    Attributes
    ----------
    photo : str
    middle_px : ndarray, shape (n, 2)
    edges_px : ndarray, shape (n, 2, 2)
        On both sides of each middle.
    along_px : ndarray, shape (n, 2)
        Unit direction of the line.
    """

    photo: str
    middle_px: FloatArray
    edges_px: FloatArray
    along_px: FloatArray


@dataclass(frozen=True)
class TapeSightings:
    """Places on the mesh where single photos saw the middle of a tape; metres.

    Attributes
    ----------
    points_m : ndarray, shape (n, 3)
    normals : ndarray, shape (n, 3)
        Of the mesh there.
    along : ndarray, shape (n, 3)
        Unit direction of the line on the mesh; its sign means nothing.
    plane : ndarray, shape (n, 3)
        Unit normal of the plane that the line spans with the camera: all that the photo says is
        that the line lies in it.
    pixel_m : ndarray, shape (n,)
        Size of a pixel across the line.
    photo : ndarray of int32, shape (n,)
        Index of the photo.
    seeing : ndarray of int32, shape (n,)
        How many photos had a good view of the place.
    """

    points_m: FloatArray
    normals: FloatArray
    along: FloatArray
    plane: FloatArray
    pixel_m: FloatArray
    photo: IntArray
    seeing: IntArray


@dataclass(frozen=True)
class TapeLine:
    """A line of tape on the mesh, from end or crossing to end or crossing.

    Attributes
    ----------
    points_m : ndarray, shape (k, 3)
        Evenly spaced; a closed line repeats its first point.
    within_mm : float
        Half-width of the 95 % interval of its place across itself, by how photos differ about it.
    photos : int
        That showed any of it.
    closed_mm : float
        The longest gap in it that was closed.
    """

    points_m: FloatArray
    within_mm: float
    photos: int
    closed_mm: float = 0.0


@dataclass(frozen=True)
class TapeFound:
    """The lines of tape on a piece.

    Attributes
    ----------
    lines : tuple of TapeLine
    notes : tuple of str
        Sentences for the report: what was seen and could not be trusted, and why.
    """

    lines: tuple[TapeLine, ...]
    notes: tuple[str, ...] = ()
