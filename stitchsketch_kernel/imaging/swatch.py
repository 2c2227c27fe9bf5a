"""A photo of a cloth to a tile of it at its true size.

The scale comes from a printed mat that lies flat on the cloth or beside it on the table (the photo
may then be taken aslant), from two points whose distance was measured, or from the photo's own
scale. Without any of them the photo is refused: a motif of the wrong size would look right.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray, FloatArray, ImageArray
from stitchsketch_kernel.domain.errors import PhotoError, ScaleError
from stitchsketch_kernel.domain.marker import Fabric
from stitchsketch_kernel.domain.prototype import ClothTile, tile_normals
from stitchsketch_kernel.imaging.boards import MOST_MATS, standard_mats
from stitchsketch_kernel.imaging.daylight import by_daylight
from stitchsketch_kernel.imaging.reading import load_image, shown
from stitchsketch_kernel.imaging.seamless import relief, seamless, without_lamp
from stitchsketch_kernel.imaging.swatch_repeat import require_repeat, upright
from stitchsketch_kernel.imaging.tags import find_tags

#: Tags of one mat that must be seen; and how far off their places may be, mm.
_LEAST_TAGS, _MOST_OFF_MM = 6, 1.0
#: Half the width and height of a mat's tags, from the first's middle to the last's.
_TAGS_MM = np.array([54.0, 81.0])
#: White round a mat's tags, and its head and bars: no cloth is taken from there.
_SHEET_MM = (75.0, 110.0)
#: A tile is at least so large, and at most so fine and so large.
_LEAST_MM, _MOST_PX_PER_MM, _MOST_PX = 40.0, 5.0, 1024
#: Share of a repeat (or of the tile) that the seams may be looked for in; and its bounds, mm.
_OVERLAP, _OVERLAP_MM = 0.15, (4.0, 40.0)


@dataclass(frozen=True)
class SwatchScale:
    """What tells a swatch photo's scale, where no mat lies in it; and where the cloth is.

    Attributes
    ----------
    mm_per_px : float
        0: not known.
    ruler_mm : float
        The length between two points; 0: none was measured.
    ruler_px : tuple of float
        These points: x, y, x, y.
    crop_px : tuple of float
        Left, top, width and height of what of the photo is cloth; all of it but the mat without.
    """

    mm_per_px: float = 0.0
    ruler_mm: float = 0.0
    ruler_px: tuple[float, ...] = ()
    crop_px: tuple[float, ...] = ()

    def cloth(self, name: str, height: int, width: int) -> AnyArray:
        """Which pixels of a photo are cloth."""
        if not self.crop_px:
            return np.ones((height, width), dtype=bool)
        box = [round(value) for value in self.crop_px]
        inside = len(box) == 4 and min(box) >= 0 and min(box[2:]) > 0
        if not inside or box[0] + box[2] > width or box[1] + box[3] > height:
            raise PhotoError(
                f"{name} is {width} by {height} pixels, and crop_px is {list(self.crop_px)}.",
                "Write crop_px = [left, top, width, height] of the cloth in the photo.",
            )
        out = np.zeros((height, width), dtype=bool)
        out[box[1] : box[1] + box[3], box[0] : box[0] + box[2]] = True
        return out


@dataclass(frozen=True)
class _Seen:
    """The cloth as seen from right above: pixels, their size, and which of them are cloth."""

    picture: ImageArray
    mm_per_px: float
    cloth: AnyArray


def swatch_tile(
    path: Path,
    fabric: Fabric,
    scale: SwatchScale | None = None,
    *,
    roughness: float = 0.92,
    sheen: float = 0.25,
) -> ClothTile:
    """The tile of a cloth from a photo of it; the warp runs up in the photo.

    Where the fabric has a repeat, the pattern's own direction tells what a few degrees are missing.
    The middle of what is taken of the cloth counts as a motif's middle.

    Parameters
    ----------
    path : Path
    fabric : Fabric
        Its repeat, where it has one, is the tile's size.
    scale : SwatchScale, optional
        Looked for on a mat in the photo without.
    roughness, sheen : float
        A photo doesn't tell them.

    Raises
    ------
    ScaleError
        Nothing tells the photo's scale, or what does contradicts itself.
    PhotoError
        The photo can't be read, or shows too little of the cloth.
    """
    name, picture = shown(path.name), load_image(path)
    seen = _scaled(name, picture, scale or SwatchScale())
    top, left, height, width = _largest_box(seen.cloth)
    cloth = seen.picture[top : top + height, left : left + width]
    finest = max(1 / _MOST_PX_PER_MM, max(cloth.shape[:2]) * seen.mm_per_px / 4096)
    if seen.mm_per_px < finest:
        shrink = seen.mm_per_px / finest
        size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
        cloth = np.asarray(cv2.resize(cloth, size, interpolation=cv2.INTER_AREA), np.uint8)
    mm_per_px = seen.mm_per_px * width / cloth.shape[1]
    even = upright(name, without_lamp(cloth), mm_per_px, fabric)
    along, across = _tile_mm(name, even, mm_per_px, fabric)
    for axis, repeat in ((0, fabric.repeat_vertical_mm), (1, fabric.repeat_horizontal_mm)):
        if repeat:
            require_repeat(name, even, axis, repeat, mm_per_px)
    rows, columns = round(along / mm_per_px), round(across / mm_per_px)
    tile = seamless(_middle_of(even, rows, columns, mm_per_px), rows, columns)
    factor = min(1.0, _MOST_PX / max(rows, columns))
    if factor < 1:
        size = (round(columns * factor), round(rows * factor))
        tile = np.asarray(cv2.resize(tile, size, interpolation=cv2.INTER_AREA), np.uint8)
    normal = tile_normals(relief(tile, mm_per_px / factor))
    return ClothTile(tile, normal, across, along, roughness, sheen, fabric.nap)


def _scaled(name: str, picture: ImageArray, scale: SwatchScale) -> _Seen:
    mm_per_px, cloth = scale.mm_per_px, scale.cloth(name, *picture.shape[:2])
    if scale.ruler_mm:
        if len(scale.ruler_px) != 4:
            raise ScaleError(
                f"{name}: a length of {scale.ruler_mm:g} mm is given without its two points.",
                "Write ruler_px = [x, y, x, y], the pixels of its ends.",
            )
        x0, y0, x1, y1 = scale.ruler_px
        mm_per_px = scale.ruler_mm / max(math.hypot(x1 - x0, y1 - y0), 1e-9)
    if mm_per_px:
        if not 0.005 <= mm_per_px <= 2:
            raise ScaleError(
                f"{name}: a pixel would be {mm_per_px:.3g} mm of cloth.",
                "Check the scale that was given: a swatch's pixel is 0.005 to 2 mm.",
            )
        return _Seen(picture, mm_per_px, cloth)
    found = _from_above(name, picture, cloth)
    if found is None:
        raise ScaleError(
            f"Nothing in {name} tells how large the cloth's pattern is.",
            "Lay a printed mat flat on the cloth and take the photo again, or give ruler_mm and "
            "ruler_px (a length and its two ends in the photo).",
        )
    return found


def _from_above(name: str, picture: ImageArray, cloth: AnyArray) -> _Seen | None:
    """The photo straightened by a mat that lies on the cloth; None without one."""
    boards = {tag: board for board in standard_mats(MOST_MATS) for tag in board.tag_ids}
    places: dict[str, list[tuple[FloatArray, FloatArray]]] = {}
    for sighting in find_tags(name, picture):
        board = boards.get(sighting.tag_id)
        if board is not None:
            at = board.centres_mm[board.tag_ids.index(sighting.tag_id), :2]
            places.setdefault(board.name, []).append((at, sighting.centre_px))
    best = max(places.values(), key=len, default=[])
    if len(best) < _LEAST_TAGS:
        return None
    sheet = np.array([at for at, _ in best])
    pixels = np.array([at for _, at in best])
    to_sheet, _ = cv2.findHomography(pixels, sheet, 0)
    there = cv2.perspectiveTransform(pixels[None], to_sheet)[0]
    off = float(np.linalg.norm(there - sheet, axis=1).max())
    if off > _MOST_OFF_MM:
        raise ScaleError(
            f"The mat in {name} is not flat: its tags are up to {off:.1f} mm off their places.",
            "Lay it flat on the cloth, without folds, and take the photo again.",
        )
    return _straightened(picture, cloth, np.asarray(to_sheet, dtype=np.float64))


def _straightened(picture: ImageArray, in_photo: AnyArray, to_sheet: FloatArray) -> _Seen:
    """The picture on a grid of millimetres, its up as near to the photo's as can be."""
    height, width = picture.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=float)
    middle = np.array([[width / 2, height / 2], [width / 2, height / 2 - 10]])
    here, above = cv2.perspectiveTransform(middle[None], to_sheet)[0]
    up = (above - here) / np.linalg.norm(above - here)
    turn = np.array([[up[1], -up[0]], [-up[0], -up[1]]])  # to right and down
    outline = cv2.perspectiveTransform(corners[None], to_sheet)[0] @ turn.T
    finest = math.sqrt(_area(outline) / (width * height))
    low, high = outline.min(axis=0), outline.max(axis=0)
    mm_per_px = max(finest, float((high - low).max()) / 6000)
    size = tuple(int(side) for side in np.ceil((high - low) / mm_per_px))
    place = np.eye(3)
    place[:2, :2], place[:2, 2] = turn / mm_per_px, -low / mm_per_px
    # pixel centres lie half a pixel in, on both pictures
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    move = np.linalg.inv(half) @ place @ to_sheet @ half
    flat = cv2.warpPerspective(picture, move, size, flags=cv2.INTER_AREA)
    inside = cv2.warpPerspective(in_photo.astype(np.uint8) * 255, move, size)
    cloth: AnyArray = np.asarray(np.asarray(inside) > 254)
    mask, inner = (
        _box_on_sheet(cloth.shape, _TAGS_MM + np.array(more), turn, low, mm_per_px)
        for more in (_SHEET_MM, (0.0, 0.0))
    )
    seen = cloth & (mask == 0)
    return _Seen(by_daylight(np.asarray(flat, np.uint8), seen, inner > 0), mm_per_px, seen)


def _box_on_sheet(
    shape: tuple[int, ...], half_mm: FloatArray, turn: FloatArray, low: FloatArray,
    mm_per_px: float,
) -> AnyArray:  # fmt: skip
    """1 in a box round the mat's middle, else 0."""
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half_mm
    mask = np.zeros(shape, dtype=np.uint8)
    cv2.fillConvexPoly(mask, np.round((corners @ turn.T - low) / mm_per_px).astype(np.int32), 1)
    return mask


def _area(ring: FloatArray) -> float:
    x, y = ring.T
    return 0.5 * abs(float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum()))


def _largest_box(cloth: AnyArray) -> tuple[int, int, int, int]:
    """Top, left, height and width of the largest upright box of cloth, on a grid of 72 cells."""
    step = max(1, max(cloth.shape) // 72)
    rows, columns = (side // step for side in cloth.shape)
    cells = cloth[: rows * step, : columns * step].reshape(rows, step, columns, step)
    free: AnyArray = np.asarray(cells.all(axis=(1, 3)))
    best, box = 0, (0, 0, 0, 0)
    tall = np.zeros(columns, dtype=int)
    for row in range(rows):
        tall = np.where(free[row], tall + 1, 0)
        for left in range(columns):
            low = tall[left]
            for right in range(left, columns):
                low = min(low, tall[right])
                if not low:
                    break
                # broad and high alike: a long strip shows less of a pattern
                size = low * (right - left + 1) * min(low, right - left + 1)
                if size > best:
                    best, box = size, (row - low + 1, left, low, right - left + 1)
    top, left, height, width = (side * step for side in box)
    return top, left, height, width


def _tile_mm(name: str, cloth: ImageArray, mm_per_px: float, fabric: Fabric) -> tuple[float, float]:
    """The tile's size along the warp and across; the picture must hold it and an overlap."""
    size = []
    columns = 2 if fabric.half_drop else 1
    repeats = (fabric.repeat_vertical_mm, fabric.repeat_horizontal_mm * columns)
    for pixels, repeat, word in zip(cloth.shape[:2], repeats, ("high", "wide"), strict=True):
        there = pixels * mm_per_px
        need = repeat + _overlap_mm(repeat) if repeat else _LEAST_MM
        if there < need:
            raise PhotoError(
                f"{name} shows {there:.0f} mm of cloth that are {word} in one piece, and "
                f"{need:.0f} mm are needed.",
                "Take a photo of more of the cloth, the mat at its edge, the warp upright.",
            )
        size.append(repeat or there / (1 + _OVERLAP))
    return size[0], size[1]


def _overlap_mm(side_mm: float) -> float:
    return float(np.clip(_OVERLAP * side_mm, *_OVERLAP_MM))


def _middle_of(cloth: ImageArray, rows: int, columns: int, mm_per_px: float) -> ImageArray:
    """The middle of the cloth, larger than the tile by what its seams need."""
    wanted = [
        min(have, side + max(8, round(_overlap_mm(side * mm_per_px) / mm_per_px)))
        for side, have in zip((rows, columns), cloth.shape[:2], strict=True)
    ]
    top, left = ((have - side) // 2 for have, side in zip(cloth.shape[:2], wanted, strict=True))
    return cloth[top : top + wanted[0], left : left + wanted[1]]
