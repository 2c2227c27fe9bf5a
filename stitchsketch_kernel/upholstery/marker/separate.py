"""Pieces that overlap are set apart in a strip of given length: guided local search.

After Umetani et al. (2009) and Gardeyn and Wauters ("sparrow", 2025): each piece that overlaps goes
to where it overlaps least, and pairs that stay in each other weigh more with every round. sparrow
draws some places; here all of a lattice are judged (`coarse`), and the best refined by looked up
depths (`depths`).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from stitchsketch_kernel.upholstery.marker.coarse import depth_at, summed

#: So many of the lattice's places are refined, further apart than this many of its steps.
_KEPT, _APART = 3, 2.5
#: A place moves by so many of the lattice's steps at most while it is refined.
_REACH = 4.0
#: Last step of refining all of them, and the best, as shares of the piece's lesser side.
_LAST_STEP, _FINEST_STEP = 0.02, 0.002
#: Growth of a pair's weight each round that it overlaps, least and most; and decay when it doesn't.
_LEAST_GROWTH, _MOST_GROWTH, _DECAY = 1.2, 2.0, 0.95
#: Less overlap counts where it is less by this factor.
_LESS = 0.98


@njit(cache=True, nogil=True, fastmath=True)
def _least_of(total, begin, count):  # type: ignore[no-untyped-def]
    least = np.float32(np.inf)
    for c in range(np.uint64(count)):
        least = min(least, total[np.uint64(begin) + c])
    return least


@njit(cache=True, nogil=True)
def _sort_in(kept, value, s, x, y, apart):  # type: ignore[no-untyped-def]
    """Sort a place in among the best, unless a better one lies beside it."""
    last = _KEPT - 1
    for k in range(_KEPT):
        if kept[k, 1] == s and abs(kept[k, 2] - x) < apart and abs(kept[k, 3] - y) < apart:
            if kept[k, 0] <= value:
                return
            last = k
            break
    at = last
    while at > 0 and kept[at - 1, 0] > value:
        kept[at] = kept[at - 1]
        at -= 1
    kept[at, 0], kept[at, 1], kept[at, 2], kept[at, 3] = value, s, x, y


@njit(cache=True, nogil=True)
def _best(coarse, strip, layout, weights, length, i, rng, total, kept):  # type: ignore[no-untyped-def]
    """The places over the whole strip, at all turns, where piece i overlaps least, into `kept`."""
    kept[:] = np.inf
    h = coarse.step
    for turn in range(strip.turns[i]):
        s = strip.first[i] + turn
        ny, nx = summed(coarse, strip, layout, weights, length, i, s, total)
        begin = int(rng.random() * ny)
        for k in range(ny):
            r = begin + k if begin + k < ny else begin + k - ny
            value = _least_of(total, r * nx, nx)
            if value >= kept[_KEPT - 1, 0]:
                continue
            c = 0
            while total[r * nx + c] > value:
                c += 1
            x = min(c * h - strip.low[s, 0], max(length - strip.high[s, 0], -strip.low[s, 0]))
            y = min(r * h - strip.low[s, 1], strip.width - strip.high[s, 1])
            _sort_in(kept, value, s, x, y, _APART * h)


@njit(cache=True, nogil=True, fastmath=True)
def _gather(d, layout, weights, i, s, x, y, reach, near):  # type: ignore[no-untyped-def]
    """How the grids of those are read that piece i may meet round a place; how many."""
    count = 0
    for j in range(len(layout.x)):
        if j == i:
            continue
        p = d.pair[s, layout.shape[j]]
        xj, yj = layout.x[j], layout.y[j]
        if x + reach <= xj - p[2] or x - reach >= xj - p[0]:
            continue
        if y + reach <= yj - p[3] or y - reach >= yj - p[1]:
            continue
        q = near[count]
        q[0], q[1], q[2], q[3] = xj - p[2], xj - p[0], yj - p[3], yj - p[1]
        m = p[7] * p[4]
        q[4], q[5], q[6] = m * xj - p[5] * p[4], m * yj - p[6] * p[4], m
        q[7], q[8], q[9] = p[8], p[9], weights[i, j]
        count += 1
    return count


@njit(cache=True, nogil=True, fastmath=True)
def _cost(d, near, count, tolerance, x, y, bound):  # type: ignore[no-untyped-def]
    """Weighted overlap with those gathered at a place; may stop at `bound`."""
    total = 0.0
    for t in range(count):
        q = near[t]
        if x <= q[0] or x >= q[1] or y <= q[2] or y >= q[3]:
            continue
        fx, fy = q[4] - q[6] * x, q[5] - q[6] * y
        c, r = int(fx), int(fy)
        fx -= c
        fy -= r
        nx = int(q[7])
        k = int(q[8]) + r * nx + c
        below = d.depth[k] * (1 - fx) + d.depth[k + 1] * fx
        above = d.depth[k + nx] * (1 - fx) + d.depth[k + nx + 1] * fx
        deep = below * (1 - fy) + above * fy
        if deep > tolerance:
            total += q[9] * deep
            if total >= bound:
                return total
    return total


@njit(cache=True, nogil=True)
def _refined(d, near, strip, layout, weights, length, i, first, last, reach, rng, row):  # type: ignore[no-untyped-def]
    """Move a place, step by step along the axes and diagonals, to where it costs less."""
    s, x, y = int(row[1]), row[2], row[3]
    count = _gather(d, layout, weights, i, s, x, y, reach, near)
    tolerance = strip.tolerance / d.unit
    value = _cost(d, near, count, tolerance, x, y, np.inf)
    xa, xb = max(x - reach, -strip.low[s, 0]), min(x + reach, length - strip.high[s, 0])
    ya, yb = max(y - reach, -strip.low[s, 1]), min(y + reach, strip.width - strip.high[s, 1])
    px = py = first
    while max(px, py) > last and value > 0.0:
        axis = int(4 * rng.random())
        ux = 0.0 if axis == 1 else px
        uy = 0.0 if axis == 0 else (-py if axis == 3 else py)
        change = 0.5
        for sign in (1.0, -1.0):
            tx, ty = min(xb, max(xa, x + sign * ux)), min(yb, max(ya, y + sign * uy))
            there = _cost(d, near, count, tolerance, tx, ty, value)
            if there < value:
                value, x, y, change = there, tx, ty, 1.1
                break
        change = change if axis < 2 else np.sqrt(change)
        px = px if axis == 1 else px * change
        py = py if axis == 0 else py * change
    row[0], row[2], row[3] = value, x, y


@njit(cache=True, nogil=True)
def _depths(d, strip, layout, depth, heavy, i):  # type: ignore[no-untyped-def]
    """Piece i's row and column of all pairs' weighted depths; the deepest."""
    most = 0.0
    for j in range(len(layout.x)):
        if j == i:
            continue
        deep = depth_at(
            d, layout.shape[i], layout.shape[j],
            layout.x[j] - layout.x[i], layout.y[j] - layout.y[i],
        )  # fmt: skip
        deep = deep * heavy[i, j] if deep > strip.tolerance else 0.0
        depth[i, j] = depth[j, i] = deep
        most = max(most, deep)
    return most


@njit(cache=True, nogil=True)
def _round(d, coarse, near, strip, layout, weights, depth, heavy, length, rng, kept, total):  # type: ignore[no-untyped-def]
    """Each piece that overlaps goes to where it overlaps least."""
    h = coarse.step
    for i in rng.permutation(len(layout.x)):
        if depth[i].max() <= 0.0:
            continue
        s0 = layout.shape[i]
        size = min(strip.high[s0, 0] - strip.low[s0, 0], strip.high[s0, 1] - strip.low[s0, 1])
        _best(coarse, strip, layout, weights, length, i, rng, total, kept)
        own = kept[_KEPT]
        own[0], own[1], own[2], own[3] = 0.0, s0, layout.x[i], layout.y[i]
        best, least = _KEPT, np.inf
        for k in range(_KEPT + 1):
            row = kept[k]
            if row[0] < np.inf:
                _refined(
                    d, near, strip, layout, weights, length, i, 0.7 * h, _LAST_STEP * size,
                    _REACH * h, rng, row,
                )  # fmt: skip
                if row[0] < least:
                    best, least = k, row[0]
        _refined(
            d, near, strip, layout, weights, length, i, _LAST_STEP * size, _FINEST_STEP * size,
            _REACH * h, rng, kept[best],
        )  # fmt: skip
        layout.shape[i], layout.x[i], layout.y[i] = int(kept[best, 1]), kept[best, 2], kept[best, 3]
        _depths(d, strip, layout, depth, heavy, i)


@njit(cache=True, nogil=True)
def _weigh(weights, depth, heavy):  # type: ignore[no-untyped-def]
    deepest = depth.max()
    for i in range(len(depth)):
        for j in range(i):
            if depth[i, j] > 0.0:
                share = depth[i, j] / deepest
                weight = weights[i, j] * (_LEAST_GROWTH + (_MOST_GROWTH - _LEAST_GROWTH) * share)
            else:
                weight = max(heavy[i, j], weights[i, j] * _DECAY)
            weights[i, j] = weights[j, i] = weight


@njit(cache=True, nogil=True)
def separate(  # type: ignore[no-untyped-def]
    d, coarse, strip, layout, weights, heavy, length, patience, strikes, most, stop, rng
):
    """Set pieces apart; the least overlap met is left in `layout`.

    Parameters
    ----------
    d, coarse, strip, layout : Depths, Coarse, Strip, Layout
    weights : ndarray, shape (N, N)
        Of each pair, changed on the way.
    length : float
        The strip's.
    patience, strikes, most : int
        Rounds without gain until a strike; strikes, and rounds, until it is given up.
    rng : numpy.random.Generator

    Returns
    -------
    overlap, rounds : float, int
        0: all are apart.
    """
    n = len(layout.x)
    depth, kept, near = np.zeros((n, n)), np.empty((_KEPT + 1, 4)), np.empty((n, 10))
    cells = (length / coarse.step + 3) * (strip.width / coarse.step + 3)
    total_of = np.empty(int(cells), np.float32)
    for i in range(n):
        _depths(d, strip, layout, depth, heavy, i)
    least = depth.sum() / 2
    best = (layout.shape.copy(), layout.x.copy(), layout.y.copy())
    struck, rounds = 0, 0
    while struck < strikes and least > 0.0 and rounds < most and not stop[0]:
        begin, idle = least, 0
        while idle < patience and least > 0.0 and rounds < most and not stop[0]:
            rounds += 1
            _round(
                d, coarse, near, strip, layout, weights, depth, heavy, length, rng, kept, total_of
            )
            total = depth.sum() / 2
            if total < least:
                idle = 0 if total < _LESS * least else idle
                least = total
                best[0][:], best[1][:], best[2][:] = layout.shape, layout.x, layout.y
            else:
                idle += 1
            _weigh(weights, depth, heavy)
        struck = struck + 1 if least > _LESS * begin else 0
        layout.shape[:], layout.x[:], layout.y[:] = best[0], best[1], best[2]
        for i in range(n):
            _depths(d, strip, layout, depth, heavy, i)
    return least, rounds
