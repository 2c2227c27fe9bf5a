"""Pieces that overlap are set apart in a strip of given length: guided local search.

After Umetani et al. (2009) and Gardeyn and Wauters ("sparrow", 2025): each piece that overlaps goes
to where it overlaps least, and pairs that stay in each other weigh more with every round. What a
pair's overlap is, is looked up (`depths`), so a place is judged in a fraction of a microsecond.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from stitchsketch_kernel.upholstery.marker.strip import Near

#: So many of the places drawn are refined.
_KEPT = 3
#: First and last step of refining all of them, and the best, as shares of the piece's lesser side.
_FIRST_STEP, _LAST_STEP, _BEST_STEP, _FINEST_STEP = 0.1, 0.02, 0.02, 0.002
#: A place near its own is drawn within this share of the piece's sides.
_NEAR = 0.25
#: Growth of a pair's weight each round that it overlaps, least and most; and decay when it doesn't.
_LEAST_GROWTH, _MOST_GROWTH, _DECAY = 1.2, 2.0, 0.95
#: Places are sorted into so many bins along and across.
_BINS = 16
#: Less overlap counts where it is less by this factor.
_LESS = 0.98


@njit(cache=True, nogil=True, fastmath=True)
def _depth(d, a, b, dx, dy):  # type: ignore[no-untyped-def]
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


@njit(cache=True, nogil=True, fastmath=True)
def _deep(d, strip, layout, i):  # type: ignore[no-untyped-def]
    """Whether piece i overlaps another."""
    s, x, y = layout.shape[i], layout.x[i], layout.y[i]
    for j in range(len(layout.x)):
        if j != i:
            deep = _depth(d, s, layout.shape[j], layout.x[j] - x, layout.y[j] - y)
            if deep > strip.tolerance:
                return True
    return False


@njit(cache=True, nogil=True, fastmath=True)
def _gather(d, strip, layout, weights, length, i, near):  # type: ignore[no-untyped-def]
    """What piece i meets at each of its turns: the others' grids, and by bins of places which."""
    n = len(layout.x)
    for turn in range(strip.turns[i]):
        s = strip.first[i] + turn
        near.many[turn, :] = 0
        x0, y0 = -strip.low[s, 0], -strip.low[s, 1]
        across_x = max(length - strip.high[s, 0] - x0, 1e-9 * length)
        across_y = max(strip.width - strip.high[s, 1] - y0, 1e-9 * strip.width)
        ix, iy = _BINS / across_x, _BINS / across_y
        near.frame[turn, 0], near.frame[turn, 1] = x0, y0
        near.frame[turn, 2], near.frame[turn, 3] = ix, iy
        for j in range(n):
            if j == i:
                continue
            p, q = d.pair[s, layout.shape[j]], near.other[turn, j]
            xj, yj = layout.x[j], layout.y[j]
            q[0], q[1], q[2], q[3] = xj - p[2], xj - p[0], yj - p[3], yj - p[1]
            m = p[7] * p[4]
            q[4], q[5], q[6] = m * xj - p[5] * p[4], m * yj - p[6] * p[4], m
            q[7], q[8], q[9] = p[8], p[9], weights[i, j]
            ca, cb = int(max(0.0, (q[0] - x0) * ix)), min(_BINS - 1, int((q[1] - x0) * ix))
            ra, rb = int(max(0.0, (q[2] - y0) * iy)), min(_BINS - 1, int((q[3] - y0) * iy))
            if q[1] < x0 or q[3] < y0:
                continue
            for r in range(ra, rb + 1):
                for c in range(ca, cb + 1):
                    b = r * _BINS + c
                    near.item[turn, b, near.many[turn, b]] = j
                    near.many[turn, b] += 1


@njit(cache=True, nogil=True, fastmath=True)
def _cost(d, near, tolerance, turn, x, y, bound):  # type: ignore[no-untyped-def]
    """Weighted overlap of the gathered piece at a place; may stop at `bound`."""
    frame = near.frame[turn]
    c = min(_BINS - 1, max(0, int((x - frame[0]) * frame[2])))
    r = min(_BINS - 1, max(0, int((y - frame[1]) * frame[3])))
    b = r * _BINS + c
    total = 0.0
    for t in range(near.many[turn, b]):
        q = near.other[turn, near.item[turn, b, t]]
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
def _drawn(d, near, strip, layout, length, i, anywhere, close, rng, kept):  # type: ignore[no-untyped-def]
    """The best of places drawn over the strip and round its own, into `kept`."""
    s0, x0, y0 = layout.shape[i], layout.x[i], layout.y[i]
    low, high, first = strip.low, strip.high, strip.first[i]
    kept[:] = np.inf
    kept[0, 0] = _cost(d, near, strip.tolerance / d.unit, s0 - first, x0, y0, np.inf)
    kept[0, 1], kept[0, 2], kept[0, 3] = s0, x0, y0
    for k in range(anywhere + close):
        s = first + int(rng.random() * strip.turns[i])
        if k >= anywhere and rng.random() < 0.7:
            s = s0
        xa, xb = -low[s, 0], length - high[s, 0]
        ya, yb = -low[s, 1], strip.width - high[s, 1]
        if k >= anywhere:
            rx, ry = _NEAR * (high[s, 0] - low[s, 0]), _NEAR * (high[s, 1] - low[s, 1])
            cx = x0 + 0.5 * (low[s0, 0] + high[s0, 0] - low[s, 0] - high[s, 0])
            cy = y0 + 0.5 * (low[s0, 1] + high[s0, 1] - low[s, 1] - high[s, 1])
            xa, xb, ya, yb = max(xa, cx - rx), min(xb, cx + rx), max(ya, cy - ry), min(yb, cy + ry)
        if xb < xa or yb < ya:
            continue
        x, y = xa + (xb - xa) * rng.random(), ya + (yb - ya) * rng.random()
        worst = kept[_KEPT - 1, 0]
        value = _cost(d, near, strip.tolerance / d.unit, s - first, x, y, worst)
        if value < worst:
            at = _KEPT - 1
            while at > 0 and kept[at - 1, 0] > value:
                kept[at] = kept[at - 1]
                at -= 1
            kept[at, 0], kept[at, 1], kept[at, 2], kept[at, 3] = value, s, x, y


@njit(cache=True, nogil=True)
def _refined(d, near, strip, length, i, first, last, rng, row):  # type: ignore[no-untyped-def]
    """Move a place, step by step along the axes and diagonals, to where it costs less."""
    value, s, x, y = row[0], int(row[1]), row[2], row[3]
    turn = s - strip.first[i]
    xa, xb = -strip.low[s, 0], length - strip.high[s, 0]
    ya, yb = -strip.low[s, 1], strip.width - strip.high[s, 1]
    size = min(strip.high[s, 0] - strip.low[s, 0], strip.high[s, 1] - strip.low[s, 1])
    px = py = first * size
    while max(px, py) > last * size and value > 0.0:
        axis = int(4 * rng.random())
        ux = 0.0 if axis == 1 else px
        uy = 0.0 if axis == 0 else (-py if axis == 3 else py)
        change = 0.5
        for sign in (1.0, -1.0):
            tx, ty = min(xb, max(xa, x + sign * ux)), min(yb, max(ya, y + sign * uy))
            there = _cost(d, near, strip.tolerance / d.unit, turn, tx, ty, value)
            if there < value:
                value, x, y, change = there, tx, ty, 1.1
                break
        change = change if axis < 2 else np.sqrt(change)
        px = px if axis == 1 else px * change
        py = py if axis == 0 else py * change
    row[0], row[2], row[3] = value, x, y


@njit(cache=True, nogil=True)
def _all_depths(d, strip, layout, depth, heavy):  # type: ignore[no-untyped-def]
    total = 0.0
    for i in range(len(layout.x)):
        for j in range(i):
            deep = _depth(
                d, layout.shape[i], layout.shape[j],
                layout.x[j] - layout.x[i], layout.y[j] - layout.y[i],
            )  # fmt: skip
            deep = deep * heavy[i, j] if deep > strip.tolerance else 0.0
            depth[i, j] = depth[j, i] = deep
            total += deep
    return total


@njit(cache=True, nogil=True)
def _round(d, near, strip, layout, weights, length, anywhere, close, rng, kept):  # type: ignore[no-untyped-def]
    """Each piece that overlaps goes to where it overlaps least."""
    for i in rng.permutation(len(layout.x)):
        if not _deep(d, strip, layout, i):
            continue
        _gather(d, strip, layout, weights, length, i, near)
        _drawn(d, near, strip, layout, length, i, anywhere, close, rng, kept)
        best = 0
        for k in range(_KEPT):
            if kept[k, 0] < np.inf:
                _refined(d, near, strip, length, i, _FIRST_STEP, _LAST_STEP, rng, kept[k])
                if kept[k, 0] < kept[best, 0]:
                    best = k
        _refined(d, near, strip, length, i, _BEST_STEP, _FINEST_STEP, rng, kept[best])
        layout.shape[i], layout.x[i], layout.y[i] = int(kept[best, 1]), kept[best, 2], kept[best, 3]


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
    d, strip, layout, weights, heavy, length, anywhere, close, patience, strikes, most, stop, rng
):
    """Set pieces apart; the least overlap met is left in `layout`.

    Parameters
    ----------
    d, strip, layout : Depths, Strip, Layout
    weights : ndarray, shape (N, N)
        Of each pair, changed on the way.
    length : float
        The strip's.
    anywhere, near : int
        Places drawn each time over the strip, and round where the piece lies.
    patience, strikes, most : int
        Rounds without gain until a strike; strikes, and rounds, until it is given up.
    rng : numpy.random.Generator

    Returns
    -------
    overlap, rounds : float, int
        0: all are apart.
    """
    n = len(layout.x)
    depth, kept = np.zeros((n, n)), np.empty((_KEPT, 4))
    turns = strip.turns.max()
    near = Near(
        np.zeros((turns, 4)), np.zeros((turns, n, 10)), np.zeros((turns, _BINS * _BINS), np.int64),
        np.zeros((turns, _BINS * _BINS, n), np.int16),
    )  # fmt: skip
    least = _all_depths(d, strip, layout, depth, heavy)
    best = (layout.shape.copy(), layout.x.copy(), layout.y.copy())
    struck, rounds = 0, 0
    while struck < strikes and least > 0.0 and rounds < most and not stop[0]:
        begin, idle = least, 0
        while idle < patience and least > 0.0 and rounds < most and not stop[0]:
            rounds += 1
            _round(d, near, strip, layout, weights, length, anywhere, close, rng, kept)
            total = _all_depths(d, strip, layout, depth, heavy)
            if total < least:
                idle = 0 if total < _LESS * least else idle
                least = total
                best[0][:], best[1][:], best[2][:] = layout.shape, layout.x, layout.y
            else:
                idle += 1
            _weigh(weights, depth, heavy)
        struck = struck + 1 if least > _LESS * begin else 0
        layout.shape[:], layout.x[:], layout.y[:] = best[0], best[1], best[2]
    return least, rounds
