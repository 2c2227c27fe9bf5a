"""Sheets of pictures: tiles with captions, pills, legends and rulers, drawn with Pillow."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from stitchsketch_kernel.domain.units import MM_PER_M
from stitchsketch_kernel.visualization.palette import (
    GREY,
    INK,
    PALE,
    PAPER,
    WHITE,
    Color,
    font,
    ink_on,
    ramp,
)

_Box = tuple[float, float, float, float]


def one_line(text: str) -> str:
    """`text` without what can't be drawn in one line: a file's name may hold anything."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def shortened(text: str, width_px: float, size_px: int, bold: bool = False) -> str:
    """`text`, with its middle left out so that it fits into `width_px`."""
    letters, text = font(size_px, bold), one_line(text)
    if letters.getlength(text) <= width_px:
        return text
    keep = len(text)
    while keep > 2:
        keep -= 1
        head = (keep + 1) // 2
        short = f"{text[:head]}…{text[len(text) - (keep - head) :]}"
        if letters.getlength(short) <= width_px:
            return short
    return "…"


def wrapped(text: str, width_px: float, size_px: int, lines: int = 3) -> list[str]:
    """`text` in at most `lines` lines of `width_px`."""
    letters, rows = font(size_px), [""]
    for word in text.split():
        longer = f"{rows[-1]} {word}".strip()
        if letters.getlength(longer) <= width_px or not rows[-1]:
            rows[-1] = longer
        else:
            rows.append(word)
    if len(rows) > lines:
        rows = [*rows[: lines - 1], " ".join(rows[lines - 1 :])]
    return [shortened(row, width_px, size_px) for row in rows]


def tiled(
    tiles: Sequence[Image.Image], columns: int, gap_px: int = 12, title: str = ""
) -> Image.Image:
    """Tiles of one size in a grid, under a title."""
    if not tiles:
        raise ValueError("a sheet needs one tile at least")
    width, height = tiles[0].size
    columns = min(columns, len(tiles))
    rows = -(-len(tiles) // columns)
    top = 52 if title else gap_px
    size = (gap_px + columns * (width + gap_px), top + rows * (height + gap_px))
    sheet = Image.new("RGB", size, PAPER)
    for index, tile in enumerate(tiles):
        row, column = divmod(index, columns)
        place = (gap_px + column * (width + gap_px), top + row * (height + gap_px))
        sheet.paste(tile, place)
    if title:
        room = size[0] - 2 * gap_px
        words = shortened(title, room, 22, bold=True)
        ImageDraw.Draw(sheet).text((gap_px + 2, 14), words, INK, font(22, bold=True))
    return sheet


def pill(
    draw: ImageDraw.ImageDraw,
    centre: tuple[float, float],
    text: str,
    size_px: int,
    fill: Color = WHITE,
) -> None:
    """A word on a rounded patch, so that it reads on any ground."""
    letters = font(size_px, bold=True)
    wide, tall = letters.getlength(text) / 2 + size_px * 0.4, size_px * 0.75
    x, y = centre
    box = (x - wide, y - tall, x + wide, y + tall)
    draw.rounded_rectangle(box, radius=tall * 0.6, fill=fill, outline=INK, width=1)
    draw.text((x, y), text, ink_on(fill), letters, anchor="mm")


def pills_apart(
    image: Image.Image, labels: Sequence[tuple[tuple[float, float], str]], size_px: int = 18
) -> None:
    """Labels at pixels, moved apart where they would cover each other, tied by a thin line."""
    draw = ImageDraw.Draw(image)
    taken: list[_Box] = []
    for (x, y), name in labels:
        text = one_line(name)
        wide = font(size_px, bold=True).getlength(text) / 2 + size_px * 0.5
        tall = size_px * 0.85
        cx, cy = _free_place((x, y), (wide, tall), taken, image.size)
        taken.append((cx - wide, cy - tall, cx + wide, cy + tall))
        if abs(cx - x) + abs(cy - y) > tall:
            draw.line([(x, y), (cx, cy)], INK, 2)
            draw.ellipse((x - 3, y - 3, x + 3, y + 3), INK)
        pill(draw, (cx, cy), text, size_px)


def _free_place(
    at: tuple[float, float], half: tuple[float, float], taken: list[_Box], size: tuple[int, int]
) -> tuple[float, float]:
    # nearest free spot on growing rings about the point
    wide, tall = half
    for ring in range(9):
        for turn in np.linspace(0, 2 * np.pi, 8 * ring or 1, endpoint=False):
            x = at[0] + ring * tall * 1.3 * float(np.cos(turn))
            y = at[1] + ring * tall * 1.3 * float(np.sin(turn))
            x = min(max(x, wide), size[0] - wide)
            y = min(max(y, tall), size[1] - tall)
            box = (x - wide, y - tall, x + wide, y + tall)
            if not any(_overlap(box, other) for other in taken):
                return x, y
    return at


def _overlap(a: _Box, b: _Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def legend(
    size_px: tuple[int, int], name: str, ticks: Sequence[tuple[float, str]], title: str
) -> Image.Image:
    """A colour bar lying flat: `ticks` are shares 0 to 1 with what stands under them."""
    width, height = size_px
    image = Image.new("RGB", size_px, PAPER)
    draw = ImageDraw.Draw(image)
    draw.text((12, 4), title, INK, font(18, bold=True))
    left, right, top, bottom = 40, width - 40, 32, max(44, height - 30)
    bar = ramp(name, np.tile(np.linspace(0, 1, right - left), (bottom - top, 1)))
    image.paste(Image.fromarray(bar), (left, top))
    draw.rectangle((left, top, right, bottom), outline=GREY)
    for share, text in ticks:
        x = left + share * (right - left)
        draw.line([(x, bottom), (x, bottom + 5)], INK, 2)
        half = font(17).getlength(text) / 2 + 6
        middle = min(max(x, half), width - half)
        draw.text((middle, bottom + 7), text, INK, font(17), anchor="mt")
    return image


def nice_length(most: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is not longer than `most`."""
    power = 10.0 ** np.floor(np.log10(most))
    return float(max(step * power for step in (1, 2, 5) if step * power <= most * (1 + 1e-9)))


def scale_bar(image: Image.Image, metres_per_px: float) -> None:
    """A bar in the lower left corner that tells a length in millimetres."""
    draw = ImageDraw.Draw(image)
    length_m = nice_length(metres_per_px * image.width * 0.3)
    wide = length_m / metres_per_px
    x, y = 18.0, image.height - 18.0
    text = f"{length_m * MM_PER_M:g} mm"
    draw.line([(x, y), (x + wide, y)], INK, 3)
    for end in (x, x + wide):
        draw.line([(end, y - 7), (end, y + 7)], INK, 3)
    draw.text((x + wide / 2, y - 9), text, INK, font(18), anchor="mb")


def captioned(image: Image.Image, caption: str, note: str = "") -> Image.Image:
    """The picture with a caption in its upper left corner and a thin frame."""
    draw = ImageDraw.Draw(image)
    if caption:
        draw.text((14, 10), caption, INK, font(20, bold=True))
    if note:
        draw.text((14, 36), note, GREY, font(16))
    draw.rectangle((0, 0, image.width - 1, image.height - 1), outline=PALE)
    return image
