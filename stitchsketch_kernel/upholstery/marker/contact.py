"""Where one outline may lie against another: the lines its place must keep on one side of.

The places where B overlaps A, told as B's place less A's, are the sum of A and B turned by 180
degrees. Its boundary is made of edges of one moved by corners of the other (the convolution of
Guibas, Ramshaw and Stolfi 1983); those inside the sum do no harm, for the boundary comes first.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from stitchsketch_kernel.domain.arrays import FloatArray


def contacts(a: FloatArray, b: FloatArray) -> FloatArray:
    """Segments that B's place (less A's) may not cross from outside.

    Parameters
    ----------
    a, b : ndarray, shape (n, 2), (m, 2)
        Outlines, counter-clockwise.

    Returns
    -------
    ndarray, shape (k, 6)
        Both ends of each segment and its normal, away from the overlap.
    """
    return np.ascontiguousarray(np.vstack([_moved(a, -b), _moved(-b, a)]))


def _moved(edged: FloatArray, corners: FloatArray) -> FloatArray:
    """Edges of one moved by those corners of the other that reach furthest along their normal."""
    start, end = edged, np.roll(edged, -1, axis=0)
    along = end - start
    length = np.hypot(*along.T)
    start, end, along = (values[length > 0] for values in (start, end, along))
    normal = np.column_stack([along[:, 1], -along[:, 0]]) / length[length > 0, None]
    before, after = corners - np.roll(corners, 1, axis=0), np.roll(corners, -1, axis=0) - corners
    convex = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0] >= 0
    spare = 1e-9 * max(float(np.ptp(corners)), 1.0)
    furthest = (normal @ before.T >= -spare) & (normal @ after.T <= spare) & convex
    edge, corner = np.nonzero(furthest)
    move = corners[corner]
    return np.hstack([start[edge] + move, end[edge] + move, normal[edge]])


@njit(cache=True, nogil=True)
def _distances(work, count):  # type: ignore[no-untyped-def]
    """Each segment's distance from the origin, into column 6; the least."""
    nearest = np.inf
    for k in range(count):
        ax, ay = work[k, 0], work[k, 1]
        ux, uy = work[k, 2] - ax, work[k, 3] - ay
        square = ux * ux + uy * uy
        t = 0.0 if square <= 0.0 else min(1.0, max(0.0, -(ax * ux + ay * uy) / square))
        work[k, 6] = np.hypot(ax + t * ux, ay + t * uy)
        nearest = min(nearest, work[k, 6])
    return nearest


@njit(cache=True, nogil=True)
def _beyond(work, count, chosen, spare):  # type: ignore[no-untyped-def]
    """Cut segments by the line of the chosen one; how many have a part on its free side."""
    nx, ny = work[chosen, 4], work[chosen, 5]
    offset = nx * work[chosen, 0] + ny * work[chosen, 1]
    left = 0
    for k in range(count):
        begin = nx * work[k, 0] + ny * work[k, 1] - offset
        end = nx * work[k, 2] + ny * work[k, 3] - offset
        if k == chosen or (begin <= spare and end <= spare):
            continue
        t = begin / (begin - end) if min(begin, end) < 0.0 else 0.0
        work[left] = work[k]
        if begin < 0.0:
            work[left, 0] += t * (work[left, 2] - work[left, 0])
            work[left, 1] += t * (work[left, 3] - work[left, 1])
        elif end < 0.0:
            work[left, 2] = work[left, 0] + t * (work[left, 2] - work[left, 0])
            work[left, 3] = work[left, 1] + t * (work[left, 3] - work[left, 1])
        left += 1
    return left


@njit(cache=True, nogil=True)
def free_side(segments: np.ndarray, x: float, y: float, reach: float, spare: float) -> np.ndarray:
    """Lines that keep a place clear within a square round it, and the place on its side.

    The nearest segment gives the first line; what of the others lies on its free side goes on, so
    that the lines bound a convex part of what is free.

    Parameters
    ----------
    segments : ndarray, shape (k, 6)
        See `contacts`.
    x, y : float
        B's place less A's.
    reach : float
        Half the square's side.
    spare : float
        Lengths below this are nothing.

    Returns
    -------
    ndarray, shape (l, 3)
        Normal and offset: a move (u, v) keeps clear where ``n . (u, v) >= offset``. An offset
        above `spare` tells that they overlap now.
    """
    work = np.empty((len(segments), 7))
    count = 0
    for row in segments:
        ax, ay, bx, by = row[0] - x, row[1] - y, row[2] - x, row[3] - y
        if max(ax, bx) < -reach or min(ax, bx) > reach:
            continue
        if max(ay, by) < -reach or min(ay, by) > reach:
            continue
        work[count, 0], work[count, 1], work[count, 2], work[count, 3] = ax, ay, bx, by
        work[count, 4], work[count, 5] = row[4], row[5]
        count += 1
    lines = np.empty((count, 3))
    found = 0
    while count > 0:
        nearest = _distances(work, count)
        if nearest > 1.5 * reach:
            break
        best, offset = -1, np.inf
        for k in range(count):
            if work[k, 6] <= nearest + spare:
                own = work[k, 4] * work[k, 0] + work[k, 5] * work[k, 1]
                if own < offset:
                    best, offset = k, own
        lines[found, 0], lines[found, 1], lines[found, 2] = work[best, 4], work[best, 5], offset
        found += 1
        count = _beyond(work, count, best, spare)
    return lines[:found]
