"""The photos at a glance: which are used, what was wrong, and which of them match."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageOps

from stitchsketch_kernel.domain.arrays import AnyArray, FloatArray, ImageArray
from stitchsketch_kernel.domain.photo import Photo, PhotoNote
from stitchsketch_kernel.visualization.canvas import shortened, tiled, wrapped
from stitchsketch_kernel.visualization.palette import (
    BAD,
    GREY,
    INK,
    PALE,
    PAPER,
    WARN,
    WHITE,
    Color,
    font,
    ink_on,
    ramp,
)

_TILE, _THUMB_H, _LINES = (228, 236), 171, 2
#: More lines than this can't be told apart.
_MATCH_LINES = 160


#: What a note's kind is called under a picture.
_KINDS = {
    "blur": "soft",
    "dark": "too dark",
    "bright": "too bright",
    "duplicate": "a duplicate",
    "unreadable": "can't be read",
    "small": "few pixels",
    "mixed": "another size or lens",
    "few": "too few",
}


def photo_sheet(
    photos: Sequence[Photo], notes: Sequence[PhotoNote], left_out: Sequence[str] = ()
) -> Image.Image:
    """Small pictures of all photos with their names and what there is to say about each.

    Parameters
    ----------
    photos : sequence of Photo
    notes : sequence of PhotoNote
        A frame in red: refused; in amber: used, with a warning. Refused photos whose file can't be
        read have a blank tile.
    left_out : sequence of str
        Names of photos that could not be placed: framed in red too.
    """
    by_name = {photo.name: photo for photo in photos}
    said: dict[str, list[PhotoNote]] = {}
    for note in notes:
        said.setdefault(note.photo, []).append(note)
    names = list(dict.fromkeys([*by_name, *(name for name in said if name)]))
    if not names:
        return _blank_sheet("No photos")
    tiles = [_tile(n, by_name.get(n), said.get(n, []), n in left_out) for n in names]
    used = len(set(by_name) - set(left_out))
    return tiled(tiles, columns=5, title=f"{used} of {len(names)} photos used")


def match_matrix(names: Sequence[str], counts: AnyArray) -> Image.Image:
    """How many points each photo shares with each other one, as a square of cells.

    Parameters
    ----------
    names : sequence of str
    counts : ndarray, shape (n, n)
        Verified matches; symmetric or upper triangular.
    """
    n = len(names)
    counts = np.asarray(counts, dtype=float)
    if counts.shape != (n, n) or not n:
        raise ValueError(f"{n} names need counts of shape ({n}, {n}), not {counts.shape}")
    both = np.maximum(counts, counts.T)
    np.fill_diagonal(both, np.nan)
    top = float(np.nanmax(both)) if n > 1 else 0.0
    shade = ramp("viridis", np.log1p(both) / max(np.log1p(top), 1e-9))
    shade[both == 0] = WHITE
    cell = int(np.clip(760 // n, 10, 48))
    letters = min(cell, 17)
    margin = round(max(font(letters).getlength(_short(name)) for name in names)) + 16
    picture = Image.new("RGB", (margin + n * cell + 24, margin + n * cell + 60), PAPER)
    squares = Image.fromarray(shade).resize((n * cell, n * cell), Image.Resampling.NEAREST)
    picture.paste(squares, (margin, margin))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((margin, margin, margin + n * cell, margin + n * cell), outline=PALE)
    for index, name in enumerate(names):
        y = margin + (index + 0.5) * cell
        draw.text((margin - 6, y), _short(name), INK, font(letters), anchor="rm")
        _upright_text(picture, (margin + (index + 0.5) * cell, margin - 6), _short(name), letters)
        if cell >= 34:
            _cell_numbers(draw, both[index], shade[index], (margin, y), cell)
    words = f"Shared points: white none, dark few, yellow many (most {top:.0f})"
    draw.text((12, picture.height - 40), words, INK, font(17))
    return picture


def match_picture(
    image_a: ImageArray, image_b: ImageArray, pixels_a: FloatArray, pixels_b: FloatArray
) -> Image.Image:
    """Two photos side by side with lines between the points that were found in both.

    Parameters
    ----------
    image_a, image_b : ndarray of uint8, shape (h, w, 3)
    pixels_a, pixels_b : ndarray, shape (n, 2)
        The same points in both (COLMAP's convention). Of many only an even choice is drawn.
    """
    if len(pixels_a) != len(pixels_b):
        raise ValueError(f"{len(pixels_a)} points in one photo, {len(pixels_b)} in the other")
    height = 520
    left, scale_a = _to_height(image_a, height)
    right, scale_b = _to_height(image_b, height)
    sheet = np.concatenate([left, np.full((height, 8, 3), 255, np.uint8), right], axis=1)
    step = max(1, -(-len(pixels_a) // _MATCH_LINES))
    a = (pixels_a[::step] * scale_a - 0.5) * 16
    b = (pixels_b[::step] * scale_b - 0.5 + [left.shape[1] + 8, 0]) * 16
    colors = ramp("turbo", np.clip(a[:, 1] / 16 / height, 0.05, 0.95))
    for p, q, color in zip(np.round(a).astype(int), np.round(b).astype(int), colors, strict=True):
        shade = tuple(int(c) for c in color)
        cv2.line(sheet, p.tolist(), q.tolist(), shade, 1, cv2.LINE_AA, 4)
        for end in (p, q):
            cv2.circle(sheet, end.tolist(), 3 * 16, shade, -1, cv2.LINE_AA, 4)
    picture = Image.new("RGB", (sheet.shape[1], height + 40), PAPER)
    picture.paste(Image.fromarray(sheet), (0, 0))
    words = f"{len(pixels_a)} points in common" + (f", {len(a)} drawn" if step > 1 else "")
    ImageDraw.Draw(picture).text((12, height + 9), words, INK, font(19))
    return picture


def _tile(
    name: str, photo: Photo | None, notes: Sequence[PhotoNote], left_out: bool
) -> Image.Image:
    tile = Image.new("RGB", _TILE, WHITE)
    draw = ImageDraw.Draw(tile)
    width, height = _TILE
    if photo is None:
        draw.rectangle((4, 4, width - 5, _THUMB_H), fill=(235, 233, 229))
        draw.text((width / 2, _THUMB_H / 2), "not used", GREY, font(18), anchor="mm")
    else:
        with Image.open(photo.path) as image:
            image.draft("RGB", (2 * width, 2 * _THUMB_H))
            small = ImageOps.contain(image.convert("RGB"), (width - 8, _THUMB_H - 4))
        tile.paste(small, ((width - small.width) // 2, 4))
    edge, words = _judgement(photo, notes, left_out)
    color = edge or GREY
    draw.text((8, _THUMB_H + 5), shortened(name, width - 16, 15, bold=True), INK, font(15, True))
    for row, text in enumerate(wrapped(words, width - 16, 14, _LINES)):
        draw.text((8, _THUMB_H + 25 + 17 * row), text, color, font(14))
    draw.rectangle((0, 0, width - 1, height - 1), outline=edge or PALE, width=4 if edge else 1)
    return tile


def _judgement(
    photo: Photo | None, notes: Sequence[PhotoNote], left_out: bool
) -> tuple[Color | None, str]:
    if left_out:
        return BAD, "could not be placed"
    words = ", ".join(_KINDS[note.kind] for note in notes)
    if photo is None or any(note.severity == "refuse" for note in notes):
        return BAD, f"refused: {words}" if words else "refused"
    if notes:
        return WARN, f"used, but {words}"
    return None, f"{photo.width_px} × {photo.height_px}"


def _blank_sheet(words: str) -> Image.Image:
    sheet = Image.new("RGB", (640, 120), PAPER)
    ImageDraw.Draw(sheet).text((320, 60), words, GREY, font(22), anchor="mm")
    return sheet


def _short(name: str) -> str:
    return shortened(name.rsplit(".", 1)[0] or name, 150, 14)


def _upright_text(picture: Image.Image, foot: tuple[float, float], text: str, size_px: int) -> None:
    long = round(font(size_px).getlength(text)) + 4
    strip = Image.new("RGB", (long, size_px + 8), PAPER)
    ImageDraw.Draw(strip).text((0, strip.height / 2), text, INK, font(size_px), anchor="lm")
    turned = strip.rotate(90, expand=True)
    picture.paste(turned, (round(foot[0] - turned.width / 2), round(foot[1] - turned.height)))


def _cell_numbers(
    draw: ImageDraw.ImageDraw,
    row: FloatArray,
    shades: ImageArray,
    start: tuple[float, float],
    cell: int,
) -> None:
    for column, count in enumerate(row):
        if np.isfinite(count) and count > 0:
            r, g, b = (int(part) for part in shades[column])
            at = (start[0] + (column + 0.5) * cell, start[1])
            draw.text(at, f"{count:.0f}", ink_on((r, g, b)), font(11), anchor="mm")


def _to_height(image: ImageArray, height: int) -> tuple[ImageArray, float]:
    scale = height / image.shape[0]
    size = (round(image.shape[1] * scale), height)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, size, interpolation=method)), scale
