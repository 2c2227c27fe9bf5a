"""Where a piece's words stand, and how large: inside its sew line, clear of its grain line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from stitchsketch_kernel.domain.arrays import FloatArray

#: Letter sizes (mm, the font's em) that are tried, the largest first.
SIZES_MM = (7.0, 5.5, 4.5, 3.6, 2.8, 2.2, 1.7)
#: The name is larger than the other lines by this, and lines stand this many letters apart.
NAME_SIZE, LINE_STEP = 1.5, 1.45
#: Wide enough for a mean letter of every format's font, as a share of its size.
_LETTER_WIDTH = 0.6
#: Words keep off lines by this.
_CLEAR_MM = 3.0
_TRIED = 25


@dataclass(frozen=True)
class Lettering:
    """Words in lines that run down from `at_mm`, the left end of the first line's foot.

    Attributes
    ----------
    at_mm : ndarray, shape (2,)
    letter_mm : float
        Size of the letters of all lines but the first, which is `NAME_SIZE` times as large.
    words : tuple of str
    """

    at_mm: FloatArray
    letter_mm: float
    words: tuple[str, ...]

    def lines(self) -> list[tuple[str, FloatArray, float]]:
        """Each line's text, left end of its foot (mm), and size (mm)."""
        down = np.array([0.0, -LINE_STEP * self.letter_mm])
        return [
            (text, self.at_mm + i * down, self.letter_mm * (NAME_SIZE if i == 0 else 1.0))
            for i, text in enumerate(self.words)
        ]

    def box(self) -> FloatArray:
        """What the words cover: left, low, right, high (mm)."""
        size = _block(self.words, self.letter_mm)
        return np.concatenate([self.at_mm, self.at_mm]) + size


def letter(
    sew: FloatArray, lines: Sequence[FloatArray], middle: FloatArray, words: tuple[str, ...]
) -> Lettering:
    """Place words on a piece: as large as they fit, then as near to `middle` as they can be.

    Where they fit in no other way they are run together into two lines, then made smaller, then
    cut down to the name.

    Parameters
    ----------
    sew : ndarray, shape (n, 2)
        They stay inside this outline where they can ...
    lines : sequence of ndarray, shape (k, 2)
        ... and clear of these lines (the grain) where they can.
    middle : ndarray, shape (2,)
    words : tuple of str
    """
    outline = shapely.Polygon(sew)
    inside = outline.buffer(-_CLEAR_MM / 2)
    clear = shapely.unary_union([shapely.LineString(line).buffer(_CLEAR_MM) for line in lines])
    free = shapely.difference(inside, clear)
    for place, shown, sizes in (
        (free, words, SIZES_MM[:-2]),
        (free, _joined(words), SIZES_MM[:-2]),
        (free, words, SIZES_MM[-2:]),
        (inside, words, SIZES_MM),
        # small as it is, a piece has its name
        (inside, words[:1], SIZES_MM),
        (outline, words[:1], SIZES_MM),
    ):
        for size in sizes:
            at = _best(place, middle, _block(shown, size))
            if at is not None:
                return Lettering(at, size, shown)
    # a sliver: the name stands over its edge, and no longer beside its middle
    spot = shapely.get_coordinates(shapely.point_on_surface(outline))[0]
    return Lettering(spot, SIZES_MM[-1], words[:1])


def _joined(words: tuple[str, ...]) -> tuple[str, ...]:
    """Two lines to read along a narrow strip."""
    return (words[0], ", ".join(words[1:])) if len(words) > 2 else words


def _block(words: Sequence[str], size: float) -> FloatArray:
    """Left, low, right, high of a block of words about its first line's left foot."""
    widths = [NAME_SIZE * len(words[0]), *(len(line) for line in words[1:])]
    low = -(len(words) - 1) * LINE_STEP * size - 0.3 * size
    return np.array([0.0, low, _LETTER_WIDTH * size * max(widths), 0.8 * NAME_SIZE * size])


def _best(free: shapely.Geometry, middle: FloatArray, block: FloatArray) -> FloatArray | None:
    """The place nearest to `middle` where the block lies wholly in what is free."""
    if free.is_empty:
        return None
    left, low, right, high = free.bounds
    # feet for which the block stays within the bounds
    xs = np.linspace(left - block[0], right - block[2], _TRIED)
    ys = np.linspace(low - block[1], high - block[3], _TRIED)
    if xs[-1] < xs[0] or ys[-1] < ys[0]:
        return None
    at = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
    shapely.prepare(free)
    boxes = shapely.box(*(np.hstack([at, at]) + block).T)
    fits = shapely.covers(free, boxes)
    if not fits.any():
        return None
    off = np.linalg.norm(at + (block[:2] + block[2:]) / 2 - middle, axis=1)
    return np.asarray(at[np.argmin(np.where(fits, off, np.inf))])
