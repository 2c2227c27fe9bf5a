"""Ellipses to pixels, tile by tile, nearest first; and gradients of pixels to the ellipses.

A splat is taken to the few pixels it shows in, not a pixel to all splats of its tile: on a
processor that is many times less work, and the same sum.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from stitchsketch_kernel.domain.arrays import AnyArray, IntArray
from stitchsketch_kernel.visualization.splat.project import FAINTEST

TILE = 16
#: What lies behind this little light is not looked at.
_DARK = 1e-3
#: No splat is more opaque: one that were would let no gradient through.
_MOST = 0.995


@njit(cache=True, nogil=True)
def tiled(
    shapes: AnyArray, reach: AnyArray, order: AnyArray, width: int, height: int
) -> tuple[IntArray, IntArray]:
    """Which splats show in which tile.

    Parameters
    ----------
    order : ndarray of int, shape (m,)
        Splats that are seen, nearest first.

    Returns
    -------
    first : ndarray of int32, shape (tiles + 1,)
        Where each tile's splats begin; tiles go along rows.
    splats : ndarray of int32
        Nearest first within a tile.
    """
    across, down = (width + TILE - 1) // TILE, (height + TILE - 1) // TILE
    box = np.empty((len(order), 4), dtype=np.int32)
    first = np.zeros(across * down + 1, dtype=np.int32)
    for k in range(len(order)):
        i = order[k]
        u, v, w, h = shapes[i, 0], shapes[i, 1], reach[i, 0], reach[i, 1]
        box[k, 0] = max(0, math.floor((u - w) / TILE))
        box[k, 1] = min(across - 1, math.floor((u + w) / TILE))
        box[k, 2] = max(0, math.floor((v - h) / TILE))
        box[k, 3] = min(down - 1, math.floor((v + h) / TILE))
        for ty in range(box[k, 2], box[k, 3] + 1):
            for tx in range(box[k, 0], box[k, 1] + 1):
                first[ty * across + tx + 1] += 1
    for tile in range(across * down):
        first[tile + 1] += first[tile]
    at = first[:-1].copy()
    splats = np.empty(first[-1], dtype=np.int32)
    for k in range(len(order)):
        for ty in range(box[k, 2], box[k, 3] + 1):
            for tx in range(box[k, 0], box[k, 1] + 1):
                splats[at[ty * across + tx]] = order[k]
                at[ty * across + tx] += 1
    return first, splats


@njit(cache=True, nogil=True, fastmath=True)
def draw(
    shapes: AnyArray,
    reach: AnyArray,
    first: IntArray,
    splats: IntArray,
    channels: IntArray,
    image: AnyArray,
    clear: AnyArray,
    begin: int,
    end: int,
) -> None:
    """Fill `image` (h, w, c), black where nothing is, and `clear` (h, w), the light let through.

    Done are tiles `begin` to `end`. `channels` names the columns of `shapes` that are drawn: 6, 7,
    8 are the colour, 9 the depth.
    """  # fmt: skip
    height, width = clear.shape
    across = (width + TILE - 1) // TILE
    for tile in range(begin, end):
        top, left = (tile // across) * TILE, (tile % across) * TILE
        bottom, right = min(top + TILE, height), min(left + TILE, width)
        one = np.ones(1, dtype=clear.dtype)[0]
        image[top:bottom, left:right] = 0
        clear[top:bottom, left:right] = one
        alive = (bottom - top) * (right - left)
        for k in range(first[tile], first[tile + 1]):
            i = splats[k]
            u, v = shapes[i, 0], shapes[i, 1]
            A, B, C, opacity = shapes[i, 2], shapes[i, 3], shapes[i, 4], shapes[i, 5]
            x0 = max(left, math.ceil(u - reach[i, 0] - 0.5))
            x1 = min(right - 1, math.floor(u + reach[i, 0] - 0.5))
            y0 = max(top, math.ceil(v - reach[i, 1] - 0.5))
            y1 = min(bottom - 1, math.floor(v + reach[i, 1] - 0.5))
            for y in range(y0, y1 + 1):
                dy = shapes.dtype.type(y + 0.5) - v
                for x in range(x0, x1 + 1):
                    light = clear[y, x]
                    if light < _DARK:
                        continue
                    dx = shapes.dtype.type(x + 0.5) - u
                    alpha = opacity * math.exp(A * dx * dx + B * dx * dy + C * dy * dy)
                    if alpha < FAINTEST:
                        continue
                    alpha = min(alpha, shapes.dtype.type(_MOST))
                    for c in range(len(channels)):
                        image[y, x, c] += light * alpha * shapes[i, channels[c]]
                    light *= one - alpha
                    clear[y, x] = light
                    if light < _DARK:
                        alive -= 1
            if alive == 0:
                break


@njit(cache=True, nogil=True, fastmath=True)
def draw_back(  # noqa: PLR0915 - one loop, compiled as one
    shapes: AnyArray,
    reach: AnyArray,
    first: IntArray,
    splats: IntArray,
    image: AnyArray,
    clear: AnyArray,
    of_image: AnyArray,
    of_clear: AnyArray,
    parts: AnyArray,
    begin: int,
    end: int,
) -> None:
    """Gradients of the picture with respect to ellipses, for each of a tile's splats.

    The second pass goes from near to far like the first: what lies behind a splat is what the
    finished picture has beyond the sum so far.

    Parameters
    ----------
    image, clear : ndarray
        As `draw` filled them with the three colours.
    of_image, of_clear : ndarray, shapes (h, w, 3) and (h, w)
    parts : ndarray, shape (len(splats), 9)
        Filled: u, v, A, B, C, opacity, red, green, blue.
    """  # fmt: skip
    height, width = clear.shape
    across = (width + TILE - 1) // TILE
    for tile in range(begin, end):
        top, left = (tile // across) * TILE, (tile % across) * TILE
        bottom, right = min(top + TILE, height), min(left + TILE, width)
        kind = shapes.dtype.type
        one, two, half = kind(1), kind(2), kind(0.5)
        light = np.ones((TILE, TILE), dtype=clear.dtype)
        rest = np.zeros((TILE, TILE), dtype=clear.dtype)
        for y in range(top, bottom):
            for x in range(left, right):
                rest[y - top, x - left] = (
                    of_image[y, x, 0] * image[y, x, 0] + of_image[y, x, 1] * image[y, x, 1]
                    + of_image[y, x, 2] * image[y, x, 2] + of_clear[y, x] * clear[y, x]
                )  # fmt: skip
        alive = (bottom - top) * (right - left)
        for k in range(first[tile], first[tile + 1]):
            parts[k] = 0
            if alive == 0:
                continue
            i = splats[k]
            u, v = shapes[i, 0], shapes[i, 1]
            A, B, C, opacity = shapes[i, 2], shapes[i, 3], shapes[i, 4], shapes[i, 5]
            red, green, blue = shapes[i, 6], shapes[i, 7], shapes[i, 8]
            zero = kind(0)
            gu, gv, gA, gB, gC, go = zero, zero, zero, zero, zero, zero
            gr, gg, gb = zero, zero, zero
            x0 = max(left, math.ceil(u - reach[i, 0] - 0.5))
            x1 = min(right - 1, math.floor(u + reach[i, 0] - 0.5))
            y0 = max(top, math.ceil(v - reach[i, 1] - 0.5))
            y1 = min(bottom - 1, math.floor(v + reach[i, 1] - 0.5))
            for y in range(y0, y1 + 1):
                dy = kind(y + 0.5) - v
                for x in range(x0, x1 + 1):
                    T = light[y - top, x - left]
                    if T < _DARK:
                        continue
                    dx = kind(x + 0.5) - u
                    e = math.exp(A * dx * dx + B * dx * dy + C * dy * dy)
                    alpha = opacity * e
                    if alpha < FAINTEST:
                        continue
                    full = alpha > _MOST
                    alpha = min(alpha, kind(_MOST))
                    weight = T * alpha
                    r, g, b = of_image[y, x, 0], of_image[y, x, 1], of_image[y, x, 2]
                    own = r * red + g * green + b * blue
                    behind = rest[y - top, x - left] - weight * own
                    rest[y - top, x - left] = behind
                    gr += weight * r
                    gg += weight * g
                    gb += weight * b
                    T_next = T * (one - alpha)
                    light[y - top, x - left] = T_next
                    if T_next < _DARK:
                        alive -= 1
                    if full:
                        continue
                    of_alpha = T * own - behind / (one - alpha)
                    go += of_alpha * e
                    of_q = -half * alpha * of_alpha
                    gA += of_q * dx * dx
                    gB += two * of_q * dx * dy
                    gC += of_q * dy * dy
                    gu += of_q * two * (two * A * dx + B * dy)
                    gv += of_q * two * (two * C * dy + B * dx)
            parts[k, 0], parts[k, 1], parts[k, 2] = gu, gv, gA
            parts[k, 3], parts[k, 4], parts[k, 5] = gB, gC, go
            parts[k, 6], parts[k, 7], parts[k, 8] = gr, gg, gb


@njit(cache=True, nogil=True)
def gathered(parts: AnyArray, splats: IntArray, of_shapes: AnyArray) -> None:
    """Sum each splat's parts into `of_shapes` (n, 9), always in the same order."""
    of_shapes[:] = 0
    for k in range(len(splats)):
        for c in range(of_shapes.shape[1]):
            of_shapes[splats[k], c] += parts[k, c]
