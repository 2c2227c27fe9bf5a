"""Outlines as intervals in columns across the roll, and where one may not lie because of another.

A column is `step_mm` of the roll's length; in it an outline takes what it takes anywhere in the
column, so columns never lie about free cloth. For two outlines the forbidden shifts (the no-fit
polygon) are then intervals too, exact across the roll, one list for each shift by columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numba import njit

from stitchsketch_kernel.domain.arrays import FloatArray

#: More gaps than this in one column are closed: no piece of cloth fits through them.
_MOST = 12


@dataclass(frozen=True)
class Columns:
    """An outline's intervals.

    Attributes
    ----------
    first : int
        Its first column.
    start : ndarray of int64, shape (k + 1,)
        Intervals of column i are those from ``start[i]`` to ``start[i + 1]``.
    low_mm, high_mm : ndarray
        Ends of each interval, across the roll.
    """

    first: int
    start: np.ndarray
    low_mm: FloatArray
    high_mm: FloatArray


def columns_of(outline: shapely.Geometry, step_mm: float) -> Columns:
    """Cut an outline into columns; a column that it only touches holds nothing of it."""
    x0, y0, x1, y1 = outline.bounds
    first, last = int(np.floor(x0 / step_mm + 1e-9)), int(np.ceil(x1 / step_mm - 1e-9))
    left = np.arange(first, last) * step_mm
    strips = shapely.box(left, y0 - 1, left + step_mm, y1 + 1)
    shapely.prepare(outline)
    cut, owner = shapely.get_parts(shapely.intersection(outline, strips), return_index=True)
    solid = shapely.get_dimensions(cut) == 2
    bounds, owner = shapely.bounds(cut[solid]), owner[solid]
    order = np.lexsort((bounds[:, 1], owner))
    low, high, owner = bounds[order, 1], bounds[order, 3], owner[order]
    # parts of one column that overlap across are one interval
    top = np.full(len(low), -np.inf)
    for column in np.flatnonzero(np.bincount(owner, minlength=len(left)) > 1):
        (at,) = np.nonzero(owner == column)
        top[at[1:]] = np.maximum.accumulate(high[at])[:-1]
    begins = low > top
    group = np.cumsum(begins) - 1
    highs = np.full(int(begins.sum()), -np.inf)
    np.maximum.at(highs, group, high)
    count = np.bincount(owner[begins], minlength=len(left))
    return Columns(first, np.concatenate([[0], np.cumsum(count)]), low[begins], highs)


@dataclass(frozen=True)
class Forbidden:
    """For shifts by ``first + i`` columns the forbidden open intervals of shifts across."""

    first: int
    start: np.ndarray
    low_mm: FloatArray
    high_mm: FloatArray


def forbidden(still: Columns, moved: Columns) -> Forbidden:
    """Shifts of `moved` at which it overlaps `still`."""
    if not len(still.low_mm) or not len(moved.low_mm):
        return Forbidden(0, np.zeros(1, np.int64), np.zeros(0), np.zeros(0))
    start, low, high = _forbidden(
        still.start, still.low_mm, still.high_mm, moved.start, moved.low_mm, moved.high_mm
    )
    first = still.first - (moved.first + len(moved.start) - 2)
    return Forbidden(first, start, low, high)


def union(tables: Sequence[Forbidden]) -> Forbidden:
    """What any of the tables forbids, on their common range of columns."""
    full = [one for one in tables if len(one.low_mm)]
    if not full:
        return Forbidden(0, np.zeros(1, np.int64), np.zeros(0), np.zeros(0))
    first = min(one.first for one in full)
    last = max(one.first + len(one.start) - 1 for one in full)
    column = np.concatenate(
        [np.repeat(np.arange(len(t.start) - 1), np.diff(t.start)) + t.first for t in full]
    )
    low, high = (np.concatenate([getattr(t, name) for t in full]) for name in ("low_mm", "high_mm"))
    order = np.lexsort((low, column))
    count = np.bincount(column - first, minlength=last - first)
    return Forbidden(first, np.concatenate([[0], np.cumsum(count)]), low[order], high[order])


@njit(cache=True, nogil=True)
def _forbidden(start_a, low_a, high_a, start_b, low_b, high_b):  # type: ignore[no-untyped-def]
    """Minkowski sums of intervals, column by column, merged where they overlap."""
    na, nb = len(start_a) - 1, len(start_b) - 1
    count = na + nb - 1
    start = np.zeros(count + 1, np.int64)
    low, high = np.empty(count * _MOST), np.empty(count * _MOST)
    lows, highs = np.empty(_MOST + 1), np.empty(_MOST + 1)
    out = 0
    for shift in range(count):
        used = 0
        # column ja of a lies under column jb = ja - shift + nb - 1 of b
        for ja in range(max(0, shift - nb + 1), min(na, shift + 1)):
            jb = ja - shift + nb - 1
            for ia in range(start_a[ja], start_a[ja + 1]):
                for ib in range(start_b[jb], start_b[jb + 1]):
                    used = _add(lows, highs, used, low_a[ia] - high_b[ib], high_a[ia] - low_b[ib])
        for i in range(used):
            low[out], high[out] = lows[i], highs[i]
            out += 1
        start[shift + 1] = out
    return start, low[:out].copy(), high[:out].copy()


@njit(cache=True, nogil=True)
def _add(lows, highs, used, low, high):  # type: ignore[no-untyped-def]
    """Add an interval to a small list of disjoint ones; when it is full, two neighbours merge."""
    while True:
        i = 0
        while i < used:
            if lows[i] < high and low < highs[i]:
                low, high = min(low, lows[i]), max(high, highs[i])
                used -= 1
                lows[i], highs[i] = lows[used], highs[used]
                i = 0
            else:
                i += 1
        lows[used], highs[used] = low, high
        used += 1
        if used <= _MOST:
            return used
        nearest, at, to = np.inf, 1, 0
        for i in range(used):
            for j in range(i):
                gap = max(lows[i], lows[j]) - min(highs[i], highs[j])
                if gap < nearest:
                    nearest, at, to = gap, i, j
        low, high = min(lows[at], lows[to]), max(highs[at], highs[to])
        for k in (at, to):  # the higher index first
            used -= 1
            lows[k], highs[k] = lows[used], highs[used]
