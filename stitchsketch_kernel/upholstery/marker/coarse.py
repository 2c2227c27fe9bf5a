"""Depths on one lattice for all pairs, so that a piece's overlap is summed over the whole strip.

A sum over a lattice goes through memory in order, many places at a time, where drawn places are
looked up one by one: for the price of forty of those all thousands of the lattice are judged.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from stitchsketch_kernel.upholstery.marker.depths import Depths
from stitchsketch_kernel.upholstery.marker.strip import Strip

#: A piece's sum over the lattice takes about so many additions.
_ADDITIONS = 60_000
#: Depths are kept as whole numbers up to this.
_MOST = 255


class Coarse(NamedTuple):
    """Depth of shape j in shape i on a lattice of j's places less i's; S shapes.

    Attributes
    ----------
    first : ndarray, shape (S, S, 2)
        The first place of each pair's grid.
    size : ndarray of int64, shape (S, S, 3)
        Its rows, its columns and where it begins in `depth`.
    depth : ndarray of uint8
        In units of no meaning; 0 where they are apart.
    step : float
        Of the lattice.
    """

    first: np.ndarray
    size: np.ndarray
    depth: np.ndarray
    step: float


def coarse_of(depths: Depths, strip: Strip) -> Coarse:
    """Grids of all pairs, at the step where a piece's sum takes about as long as it may."""
    pair = depths.pair[strip.first][:, strip.first]
    reach = (pair[..., 2] - pair[..., 0]) * (pair[..., 3] - pair[..., 1])
    area = float(reach.mean()) * len(strip.first) * int(strip.turns.max())
    step = float(np.sqrt(area / _ADDITIONS))
    first, last = (
        op(depths.pair[..., k : k + 2] / step).astype(np.int64)
        for op, k in ((np.floor, 0), (np.ceil, 2))
    )
    columns, rows = np.moveaxis(last - first + 1, -1, 0)
    begin = np.concatenate([[0], np.cumsum(rows * columns)])
    size = np.stack([rows, columns, begin[:-1].reshape(rows.shape)], axis=-1)
    deep = np.zeros(begin[-1], np.uint8)
    unit = float(depths.depth.max()) * depths.unit / _MOST
    _fill(depths, first * step, size, deep, step, unit, strip.tolerance)
    return Coarse(first * step, size, deep, step)


@njit(cache=True, nogil=True, fastmath=True)
def depth_at(d, a, b, dx, dy):  # type: ignore[no-untyped-def]
    """How deep shape b lies in a, b's place less a's being (dx, dy); 0 where it doesn't."""
    p = d.pair[a, b]
    if dx <= p[0] or dx >= p[2] or dy <= p[1] or dy >= p[3]:
        return 0.0
    fx = (p[7] * dx - p[5]) * p[4]
    fy = (p[7] * dy - p[6]) * p[4]
    c, r = int(fx), int(fy)
    fx -= c
    fy -= r
    nx = int(p[8])
    k = int(p[9]) + r * nx + c
    below = d.depth[k] * (1 - fx) + d.depth[k + 1] * fx
    above = d.depth[k + nx] * (1 - fx) + d.depth[k + nx + 1] * fx
    return max(0.0, (below * (1 - fy) + above * fy) * d.unit)


@njit(cache=True, nogil=True)
def _fill(d, first, size, deep, step, unit, tolerance):  # type: ignore[no-untyped-def]
    count = len(first)
    for a in range(count):
        for b in range(count):
            k = size[a, b, 2]
            for r in range(size[a, b, 0]):
                for c in range(size[a, b, 1]):
                    x, y = first[a, b, 0] + c * step, first[a, b, 1] + r * step
                    one = depth_at(d, a, b, x, y)
                    deep[k] = min(_MOST, int(np.ceil(one / unit))) if one > tolerance else 0
                    k += 1


@njit(cache=True, nogil=True, fastmath=True)
def summed(coarse, strip, layout, weights, length, i, s, total):  # type: ignore[no-untyped-def]
    """Weighted depth of piece i as shape s in all others, over the strip: rows and columns.

    Into `total` (flat): row by row, the first place being the strip's near corner.
    """
    h = coarse.step
    x0, y0 = -strip.low[s, 0], -strip.low[s, 1]
    nx = int(np.ceil(max(0.0, length - strip.high[s, 0] - x0) / h)) + 1
    ny = int(np.ceil(max(0.0, strip.width - strip.high[s, 1] - y0) / h)) + 1
    for k in range(nx * ny):
        total[k] = 0.0
    for j in range(len(layout.x)):
        if j == i:
            continue
        o = layout.shape[j]
        cx = int(np.floor((layout.x[j] + coarse.first[o, s, 0] - x0) / h + 0.5))
        cy = int(np.floor((layout.y[j] + coarse.first[o, s, 1] - y0) / h + 0.5))
        rows, columns, base = coarse.size[o, s]
        c0, c1 = max(0, -cx), min(columns, nx - cx)
        if c1 <= c0:
            continue
        # unsigned: negative indices needn't be thought of, and additions go many at a time
        count, weight = np.uint64(c1 - c0), np.float32(weights[i, j])
        for r in range(max(0, -cy), min(rows, ny - cy)):
            there = np.uint64((cy + r) * nx + cx + c0)
            here = np.uint64(base + r * columns + c0)
            for c in range(count):
                total[there + c] += weight * np.float32(coarse.depth[here + c])
    return ny, nx
