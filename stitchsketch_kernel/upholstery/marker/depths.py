"""How deep one outline lies in another, looked up: a grid of depths for each pair of outlines."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from scipy.ndimage import distance_transform_edt

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.upholstery.marker.contact import contacts

#: Cells of a grid along its longer side.
_CELLS = 256


class Depths(NamedTuple):
    """Depth of shape j in shape i, over j's place less i's; S shapes.

    Attributes
    ----------
    pair : ndarray, shape (S, S, 10)
        Reach of what overlaps (x, y from, to), cells a length, the grid's first place, the sign
        that a place is taken with, the grid's columns, where it begins in `depth`.
    depth : ndarray of float32
        Least move that sets them apart; negative where they are.
    """

    pair: np.ndarray
    depth: np.ndarray


def depths_of(rings: list[FloatArray]) -> Depths:
    """Grids of all pairs of outlines (counter-clockwise)."""
    count = len(rings)
    pair = np.zeros((count, count, 10))
    grids, used = [], 0
    for i in range(count):
        for j in range(i, count):
            low = rings[i].min(axis=0) - rings[j].max(axis=0)
            high = rings[i].max(axis=0) - rings[j].min(axis=0)
            step = float((high - low).max()) / (_CELLS - 4)
            nx, ny = (math.ceil(s / step) + 4 for s in high - low)
            origin = low - 1.5 * step
            grid = _grid(rings[i], rings[j], origin, step, nx, ny)
            pair[i, j] = *low, *high, 1 / step, *origin, 1, nx, used
            if i != j:
                pair[j, i] = *-high, *-low, 1 / step, *origin, -1, nx, used
            grids.append(grid.ravel())
            used += grid.size
    return Depths(pair, np.concatenate(grids))


def _grid(a: FloatArray, b: FloatArray, origin: FloatArray, step: float, nx: int, ny: int) -> np.ndarray:
    cycle = np.vstack([_traced(a, -b), _traced(-b, a, own=False)])
    # a hair off the cells, so that no corner lies on a row
    inside = _winding(cycle, origin[0], origin[1] + 1e-7 * step, step, nx, ny) > 0
    deep = distance_transform_edt(inside) - 0.5
    out = distance_transform_edt(~inside) - 0.5
    signed = np.where(inside, deep, -out)
    return _refined(signed * step, np.abs(signed) < 2.5, contacts(a, b), origin, step).astype(np.float32)


def _traced(edged: FloatArray, corners: FloatArray, own: bool = True) -> FloatArray:
    """Edges of one moved by the corners of the other whose turn holds their direction."""
    along = np.roll(edged, -1, axis=0) - edged
    before, after = corners - np.roll(corners, 1, axis=0), np.roll(corners, -1, axis=0) - corners
    def cross(u, v):
        return u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]
    turn = np.arctan2(cross(before, after), np.sum(before * after, axis=1))
    heading = np.arctan2(along[:, 1], along[:, 0])[:, None] - np.arctan2(before[:, 1], before[:, 0])
    # from the corner's first direction on, anticlockwise; ties go to one side
    shift = 1e-9 if own else -1e-9
    ahead = np.mod(heading + shift, 2 * np.pi)
    left = (turn > 0) & (ahead < turn)
    right = (turn < 0) & (ahead - 2 * np.pi >= turn)
    out = []
    for mask, sign in ((left, 1), (right, -1)):
        e, c = np.nonzero(mask)
        p, q = edged[e] + corners[c], np.roll(edged, -1, axis=0)[e] + corners[c]
        out.append(np.hstack([p, q] if sign > 0 else [q, p]))
    return np.vstack(out)


@njit(cache=True, nogil=True)
def _winding(segments, x0, y0, step, nx, ny):
    turns = np.zeros((ny, nx + 1), np.int64)
    for k in range(len(segments)):
        ax, ay, bx, by = segments[k]
        sign = 1
        if ay > by:
            ax, ay, bx, by, sign = bx, by, ax, ay, -1
        first = max(0, int(np.ceil((ay - y0) / step)))
        last = min(ny - 1, int(np.ceil((by - y0) / step)) - 1)
        for r in range(first, last + 1):
            t = (y0 + r * step - ay) / (by - ay)
            c = (ax + t * (bx - ax) - x0) / step
            # all cells left of the crossing see it
            turns[r, 0] += sign
            turns[r, min(nx, max(0, int(np.ceil(c))))] -= sign
    for r in range(ny):
        for c in range(1, nx + 1):
            turns[r, c] += turns[r, c - 1]
    return turns[:, :nx]


@njit(cache=True, nogil=True)
def _refined(signed, near, segments, origin, step):
    for r in range(signed.shape[0]):
        for c in range(signed.shape[1]):
            if not near[r, c]:
                continue
            x, y = origin[0] + c * step, origin[1] + r * step
            least = np.inf
            for k in range(len(segments)):
                ax, ay = segments[k, 0] - x, segments[k, 1] - y
                ux, uy = segments[k, 2] - segments[k, 0], segments[k, 3] - segments[k, 1]
                s = ux * ux + uy * uy
                t = 0.0 if s <= 0 else min(1.0, max(0.0, -(ax * ux + ay * uy) / s))
                dx, dy = ax + t * ux, ay + t * uy
                least = min(least, dx * dx + dy * dy)
            signed[r, c] = np.sqrt(least) if signed[r, c] > 0 else -np.sqrt(least)
    return signed
