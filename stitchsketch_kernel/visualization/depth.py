"""Depth maps in colour, at one scale of colours for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from PIL import Image

from stitchsketch_kernel.domain.arrays import ImageArray
from stitchsketch_kernel.domain.model import Depth
from stitchsketch_kernel.visualization.canvas import captioned, legend, shortened, tiled
from stitchsketch_kernel.visualization.palette import PAPER, WHITE, ramp

#: The band above a map holds its name and how much of it is known.
_TILE_W, _BAND = 300, 62
#: More maps than this are sampled evenly.
_MAPS = 24


def depth_sheet(
    depths: Sequence[Depth], images: Mapping[str, ImageArray] | None = None
) -> Image.Image:
    """Depth maps with one legend in metres; white where nothing is known.

    Parameters
    ----------
    depths : sequence of Depth
        Of more than 24 an even choice is shown.
    images : mapping of str to ndarray of uint8 (h, w, 3), optional
        By the view's name: shown to the left of its map.
    """
    if not depths:
        raise ValueError("a sheet of depth maps needs one at least")
    step = max(1, -(-len(depths) // _MAPS))
    chosen = list(depths[::step])
    near, far = _range(chosen)
    images = images or {}
    tiles = [_tile(depth, near, far, images.get(depth.view.name)) for depth in chosen]
    tall = max(tile.height for tile in tiles)
    wide = max(tile.width for tile in tiles)
    tiles = [_padded(tile, wide, tall) for tile in tiles]
    title = f"Depth of {len(chosen)} of {len(depths)} photos"
    sheet = tiled(tiles, columns=max(1, 1220 // wide), title=title)
    ticks = tuple((s, f"{near + s * (far - near):.2f} m") for s in (0.0, 0.25, 0.5, 0.75, 1.0))
    bar = legend((max(sheet.width, 640), 88), "turbo", ticks, "Distance from the camera")
    whole = Image.new("RGB", (bar.width, sheet.height + bar.height), PAPER)
    whole.paste(sheet, (0, 0))
    whole.paste(bar, (0, sheet.height))
    return whole


def _range(depths: Sequence[Depth]) -> tuple[float, float]:
    # without the few that lie far out
    known = [depth.depth_m[depth.depth_m > 0][::7] for depth in depths]
    values = np.concatenate(known)
    if not len(values):
        return 0.0, 1.0
    near, far = np.percentile(values, [1, 99])
    return float(near), float(max(far, near + 1e-3))


def _tile(depth: Depth, near: float, far: float, image: ImageArray | None) -> Image.Image:
    known = depth.depth_m > 0
    colors = ramp("turbo", (depth.depth_m.astype(float) - near) / (far - near))
    colors[~known] = WHITE
    # nearest: a mean of two depths would show a surface that is not there
    pictures = [_to_width(colors, cv2.INTER_NEAREST)]
    if image is not None:
        pictures.insert(0, _to_width(image, cv2.INTER_AREA))
    tall = max(picture.shape[0] for picture in pictures)
    tile = Image.new("RGB", (_TILE_W * len(pictures), tall + _BAND), WHITE)
    for index, picture in enumerate(pictures):
        tile.paste(Image.fromarray(picture), (index * _TILE_W, _BAND))
    name = shortened(depth.view.name, tile.width - 28, 20, bold=True)
    return captioned(tile, name, f"{100 * float(known.mean()):.0f} % known")


def _to_width(image: ImageArray, method: int) -> ImageArray:
    height = max(1, round(image.shape[0] * _TILE_W / image.shape[1]))
    return np.ascontiguousarray(cv2.resize(image, (_TILE_W, height), interpolation=method))


def _padded(tile: Image.Image, wide: int, tall: int) -> Image.Image:
    if tile.size == (wide, tall):
        return tile
    whole = Image.new("RGB", (wide, tall), WHITE)
    whole.paste(tile, (0, 0))
    return whole
