"""Masks over their photos: what isn't furniture is greyed, the border drawn."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from PIL import Image

from stitchsketch_kernel.domain.arrays import BoolArray, ImageArray
from stitchsketch_kernel.visualization.canvas import captioned, shortened, tiled
from stitchsketch_kernel.visualization.palette import WHITE

_TILE_W, _BAND = 300, 62
#: The border's colour: hardly any cloth or floor has it.
_BORDER = (255, 0, 200)
#: More photos than this are sampled evenly.
_PHOTOS = 40


def mask_sheet(images: Mapping[str, ImageArray], masks: Mapping[str, BoolArray]) -> Image.Image:
    """Photos in colour where their masks are white, pale grey elsewhere.

    Parameters
    ----------
    images : mapping of str to ndarray of uint8 (h, w, 3)
        By the photo's name.
    masks : mapping of str to ndarray of bool (h, w)
        Of a photo in `images` each; of more than 40 an even choice is shown.
    """
    names = sorted(masks)
    if not names:
        raise ValueError("a sheet of masks needs one at least")
    chosen = names[:: max(1, -(-len(names) // _PHOTOS))]
    tiles = [_tile(name, images[name], masks[name]) for name in chosen]
    tall = max(tile.height for tile in tiles)
    tiles = [_padded(tile, tall) for tile in tiles]
    title = f"Masks that were found, {len(chosen)} of {len(names)}"
    return tiled(tiles, columns=4, title=title)


def _tile(name: str, image: ImageArray, mask: BoolArray) -> Image.Image:
    size = (_TILE_W, max(1, round(image.shape[0] * _TILE_W / image.shape[1])))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    inside = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_AREA)
    pale = 150 + small.mean(axis=-1, keepdims=True) * 0.3
    shown = np.where(inside[..., None] > 0, small, pale).astype(np.uint8)
    lines, _ = cv2.findContours(inside, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    shown = np.ascontiguousarray(shown)
    cv2.drawContours(shown, lines, -1, _BORDER, 1)
    tile = Image.new("RGB", (_TILE_W, size[1] + _BAND), WHITE)
    tile.paste(Image.fromarray(shown), (0, _BAND))
    words = f"{100 * float(mask.mean()):.0f} % furniture"
    return captioned(tile, shortened(name, _TILE_W - 28, 20, bold=True), words)


def _padded(tile: Image.Image, tall: int) -> Image.Image:
    whole = Image.new("RGB", (tile.width, tall), WHITE)
    whole.paste(tile, (0, 0))
    return whole
