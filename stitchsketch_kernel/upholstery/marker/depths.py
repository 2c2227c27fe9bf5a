"""How deep one outline lies in another, looked up: a grid of depths for each pair of outlines."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from scipy.ndimage import distance_transform_edt

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.upholstery.marker.contact import contacts

#: Cells of a grid along its longer side, if nothing else is said.
CELLS = 128
#: Depths up to so many cells are exact.
_EXACT = 2.5
_HAIR = 1e-9
#: Depths are kept as whole numbers up to this.
_MOST = 32_000
#: Outlines nearer to each other than this share of their size are the same.
_SAME = 1e-9


class Depths(NamedTuple):
    """Depth of shape j in shape i, over j's place less i's; S shapes.

    Attributes
    ----------
    pair : ndarray, shape (S, S, 10)
        Reach of what overlaps (x, y from, to), cells a length, the grid's first place, the sign
        that a place is taken with, the grid's columns, where it begins in `depth`.
    depth : ndarray of int16
        Least move that sets them apart; negative where they are.
    unit : float
        Of the depths.
    """

    pair: np.ndarray
    depth: np.ndarray
    unit: float


def depths_of(rings: list[FloatArray], cells: int = CELLS) -> Depths:
    """Grids of all pairs of outlines (counter-clockwise), so many cells along the longer side."""
    count = len(rings)
    pair = np.zeros((count, count, 10))
    half = _half_turns(rings)
    known: dict[tuple[int, int], np.ndarray] = {}
    grids, used = [], 0
    for i in range(count):
        for j in range(i, count):
            low = rings[i].min(axis=0) - rings[j].max(axis=0)
            high = rings[i].max(axis=0) - rings[j].min(axis=0)
            # both turned by 180 degrees: the same grid, read from the other side
            turned = (min(half[i], half[j]), max(half[i], half[j]))
            if turned in known:
                sign = known[turned][7] * (-1 if half[i] <= half[j] else 1)
                row = np.array([*low, *high, *known[turned][4:7], sign, *known[turned][8:]])
            else:
                grid, row = _row(rings[i], rings[j], low, high, used, cells)
                known[i, j] = row
                grids.append(grid.ravel())
                used += grid.size
            pair[i, j] = row
            if i != j:
                pair[j, i] = *-row[2:4], *-row[:2], *row[4:7], -row[7], *row[8:]
    all_depths = np.concatenate(grids)
    unit = float(all_depths.max()) / _MOST
    return Depths(pair, np.clip(np.rint(all_depths / unit), -_MOST, _MOST).astype(np.int16), unit)


def _half_turns(rings: list[FloatArray]) -> list[int]:
    """The shape that each is when turned by 180 degrees about the origin; -1: none is."""
    near = _SAME * max(float(np.abs(ring).max()) for ring in rings)
    return [
        next((k for k, other in enumerate(rings) if _alike(other, -ring, near)), -1)
        for ring in rings
    ]


def _alike(one: FloatArray, other: FloatArray, near: float) -> bool:
    return one.shape == other.shape and bool(np.abs(one - other).max() <= near)


def _row(
    a: FloatArray, b: FloatArray, low: FloatArray, high: FloatArray, used: int, cells: int
) -> tuple[np.ndarray, np.ndarray]:
    step = float((high - low).max()) / (cells - 4)
    nx, ny = (math.ceil(s / step) + 4 for s in high - low)
    origin = low - 1.5 * step
    row = np.array([*low, *high, 1 / step, *origin, 1, nx, used])
    return _grid(a, b, origin, step, nx, ny), row


def _grid(
    a: FloatArray, b: FloatArray, origin: FloatArray, step: float, nx: int, ny: int
) -> np.ndarray:
    """Depths of one pair: exact near the boundary, to half a cell elsewhere."""
    cycle = np.vstack([_traced(a, -b, _HAIR), _traced(-b, a, -_HAIR)])
    # a hair off the cells, so that no corner lies on a row
    turns = _winding(cycle, origin[0], origin[1] + 1e-7 * step, step, nx, ny)
    inside = turns > 0
    cells = np.where(
        inside, distance_transform_edt(inside) - 0.5, 0.5 - distance_transform_edt(~inside)
    )
    near = np.abs(cells) < _EXACT
    exact = _exact(cells * step, near, contacts(a, b), origin, step)
    return np.asarray(exact)


def _traced(edged: FloatArray, corners: FloatArray, hair: float) -> FloatArray:
    """Edges of one moved by the corners of the other whose turn holds their direction.

    Of both outlines together they are closed lines that go round a place once for each part that
    the outlines have in common there (Guibas, Ramshaw and Stolfi 1983). Edges that run along each
    other are told apart by a hair.
    """
    after_edge = np.roll(edged, -1, axis=0)
    along = after_edge - edged
    before, after = corners - np.roll(corners, 1, axis=0), np.roll(corners, -1, axis=0) - corners
    cross = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    turn = np.arctan2(cross, np.sum(before * after, axis=1))
    heading = np.arctan2(along[:, 1], along[:, 0])[:, None]
    ahead = np.mod(heading - np.arctan2(before[:, 1], before[:, 0]) + hair, 2 * np.pi)
    edge, corner = np.nonzero((turn > 0) & (ahead < turn))
    forth = np.hstack([edged[edge] + corners[corner], after_edge[edge] + corners[corner]])
    # a hollow corner is gone round backwards
    edge, corner = np.nonzero((turn < 0) & (ahead - 2 * np.pi >= turn))
    back = np.hstack([after_edge[edge] + corners[corner], edged[edge] + corners[corner]])
    return np.vstack([forth, back])


@njit(cache=True, nogil=True)
def _winding(segments, x0, y0, step, nx, ny):  # type: ignore[no-untyped-def]
    """How often closed lines go round each place of a grid."""
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
def _exact(signed, near, segments, origin, step):  # type: ignore[no-untyped-def]
    """Where near, the distance to the nearest segment."""
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
