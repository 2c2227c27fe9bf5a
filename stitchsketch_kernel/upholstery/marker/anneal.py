"""Pieces laid one by one, each as near to the roll's start as it goes; and the order's search.

What `Tables` allow decides where a piece may lie, so a placing costs microseconds, and simulated
annealing (Kirkpatrick, Gelatt and Vecchi 1983) over the order, the side that a piece is pushed to
and the components' phases looks at thousands of markers a second.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from stitchsketch_kernel.upholstery.marker.layings import Genes, Laying

#: Shifts are told apart by more than this, mm.
_EPS_MM = 1e-6
#: Pieces that may lie anywhere are tried in every so many columns first.
_STRIDE = 4
#: A piece that finds no place on a roll of limited length counts as this much roll.
LEFT_OVER_MM = 1e6
#: Weight of the pieces' mean distance from the roll's start beside its length.
_PULL = 0.05


@njit(cache=True, nogil=True)
def _collect(t, c, s, order, upto, laying, low, high):  # type: ignore[no-untyped-def]
    """Forbidden places across for shape `s` in column `c`, beside all that lies there."""
    used = 0
    at = c - t.wall_first[s]
    if 0 <= at < t.wall_count[s]:
        base = t.wall_at[s] + at
        for i in range(t.start[base], t.start[base + 1]):
            low[used], high[used] = t.low[i], t.high[i]
            used += 1
    for position in range(upto):
        other = order[position]
        if laying.turn[other] < 0:
            continue
        o = t.shape[other, laying.turn[other]]
        y = laying.across[other]
        if o <= s:
            at = c - laying.column[other] - t.pair_first[o, s]
            if 0 <= at < t.pair_count[o, s]:
                base = t.pair_at[o, s] + at
                for i in range(t.start[base], t.start[base + 1]):
                    low[used], high[used] = y + t.low[i], y + t.high[i]
                    used += 1
        else:
            at = laying.column[other] - c - t.pair_first[s, o]
            if 0 <= at < t.pair_count[s, o]:
                base = t.pair_at[s, o] + at
                for i in range(t.start[base], t.start[base + 1]):
                    low[used], high[used] = y - t.high[i], y - t.low[i]
                    used += 1
    return used


@njit(cache=True, nogil=True)
def _slide(low, high, used, y0, y1, upper):  # type: ignore[no-untyped-def]
    """The first free place from one side, or NaN."""
    y = y1 if upper else y0
    moved = True
    while moved:
        moved = False
        for i in range(used):
            if low[i] + _EPS_MM < y < high[i] - _EPS_MM:
                y = low[i] if upper else high[i]
                moved = True
        if y > y1 + _EPS_MM or y < y0 - _EPS_MM:
            return np.nan
    return y


@njit(cache=True, nogil=True)
def _hop(low, high, used, y0, y1, upper, base, period):  # type: ignore[no-untyped-def]
    """The first free place of those at ``base`` plus whole periods, or NaN."""
    slack = 0.004
    k0, k1 = np.ceil((y0 - slack - base) / period), np.floor((y1 + slack - base) / period)
    for step in range(int(k1 - k0) + 1):
        y = base + period * (k1 - step if upper else k0 + step)
        free = True
        for i in range(used):
            if low[i] + _EPS_MM < y < high[i] - _EPS_MM:
                free = False
                break
        if free:
            return y
    return np.nan


@njit(cache=True, nogil=True)
def lay(t, genes, begin, laying, low, high):  # type: ignore[no-untyped-def]
    """Lay the copies from position `begin` of the order on; those before lie as they do.

    Each goes where its right end is nearest to the roll's start, of all its turns.
    """
    order = genes.order
    for position in range(begin, len(order)):
        one = order[position]
        g = t.component[one]
        best = np.inf
        laying.turn[one] = -1
        for turn in range(t.shape.shape[1]):
            s = t.shape[one, turn]
            if s < 0 or t.reach_high[s] < t.reach_low[s] - 0.005:
                continue
            c, step, wanted = t.first[s], 1, 0
            if g >= 0 and t.period > 0:
                step = t.period // 2 if t.drop else t.period
                wanted = t.sign[one, turn] * genes.phase_column[g] + t.column[one, turn]
                c += (wanted - c) % step
            stride = step if step > 1 else _STRIDE
            while c <= t.last:
                right = c * t.step_mm + t.right[s]
                if right >= best - _EPS_MM or right > t.room_mm:
                    # the last stride may have gone past places that are near enough
                    if stride == step or c - stride < t.first[s]:
                        break
                    c, stride = c - stride + 1, step
                    continue
                used = _collect(t, c, s, order, position, laying, low, high)
                y0, y1 = t.reach_low[s], t.reach_high[s]
                if g >= 0 and t.period_mm > 0:
                    base = t.sign[one, turn] * genes.phase_across[g] + t.across[one, turn]
                    period = t.period_mm
                    if t.drop:
                        base += period * (((c - wanted) // step) % 2)
                        period *= 2
                    y = _hop(low, high, used, y0, y1, genes.upper[one], base, period)
                else:
                    y = _slide(low, high, used, y0, y1, genes.upper[one])
                if not np.isnan(y):
                    best = right
                    laying.turn[one], laying.column[one] = turn, c
                    laying.across[one], laying.right[one] = y, right
                    if stride == step or c == t.first[s]:
                        break
                    c, stride = max(t.first[s], c - stride + 1), step
                    continue
                c += stride


@njit(cache=True, nogil=True)
def cost(laying):  # type: ignore[no-untyped-def]
    """Length of roll used, a little of how far the pieces lie along it, and what is left over."""
    length, pull, left = 0.0, 0.0, 0
    for one in range(len(laying.turn)):
        if laying.turn[one] < 0:
            left += 1
        else:
            length = max(length, laying.right[one])
            pull += laying.right[one]
    return length + _PULL * pull / len(laying.turn) + LEFT_OVER_MM * left


@njit(cache=True, nogil=True)
def _first_of(t, order, g):  # type: ignore[no-untyped-def]
    for position in range(len(order)):
        if t.component[order[position]] == g:
            return position
    return len(order)


@njit(cache=True, nogil=True)
def _change(t, genes, options, option_start, free, rng):  # type: ignore[no-untyped-def]
    """Change the genes at random; the first position of the order that this can move."""
    n = len(genes.order)
    kind = rng.random()
    if kind < 0.25 and len(free):
        g = free[rng.integers(0, len(free))]
        near = rng.random() < 0.5
        count = option_start[g + 1] - option_start[g]
        if t.period > 0 and rng.random() < 0.6:
            if near:
                shift = rng.integers(-6, 7)
                genes.phase_column[g] = (genes.phase_column[g] + shift) % t.period
            else:
                genes.phase_column[g] = rng.integers(0, t.period)
        else:
            genes.phase_across[g] = options[option_start[g] + rng.integers(0, count)]
        return _first_of(t, genes.order, g)
    i = rng.integers(0, n)
    if kind < 0.35:
        genes.upper[genes.order[i]] = not genes.upper[genes.order[i]]
        return i
    j = rng.integers(0, n)
    if rng.random() < 0.5:
        j = min(n - 1, max(0, i + rng.integers(-3, 4)))
    if kind < 0.7:
        genes.order[i], genes.order[j] = genes.order[j], genes.order[i]
    else:
        one = genes.order[i]
        way = 1 if j > i else -1
        k = i
        while k != j:
            genes.order[k] = genes.order[k + way]
            k += way
        genes.order[j] = one
    return min(i, j)


@njit(cache=True, nogil=True)
def anneal(t, genes, best, options, option_start, free, rounds, heat, rng):  # type: ignore[no-untyped-def]
    """Change `genes` again and again, keeping what is better, and at `heat` (mm) some that is not.

    `best` holds the best genes so far; its cost comes back.
    """
    n = len(genes.order)
    low, high = np.empty(16 * (n + 8) + 4096), np.empty(16 * (n + 8) + 4096)
    now = Laying(np.full(n, -1), np.zeros(n, np.int64), np.zeros(n), np.zeros(n))
    old_lay = Laying(np.full(n, -1), np.zeros(n, np.int64), np.zeros(n), np.zeros(n))
    lay(t, best, 0, now, low, high)
    least = cost(now)
    lay(t, genes, 0, now, low, high)
    here = cost(now)
    old = Genes(
        genes.order.copy(), genes.upper.copy(), genes.phase_column.copy(), genes.phase_across.copy()
    )
    for _ in range(rounds):
        _copy(genes, old)
        _keep(now, old_lay)
        begin = _change(t, genes, options, option_start, free, rng)
        lay(t, genes, begin, now, low, high)
        there = cost(now)
        if there <= here or rng.random() < np.exp((here - there) / max(heat, 1e-9)):
            here = there
            if here < least:
                least = here
                _copy(genes, best)
        else:
            _copy(old, genes)
            _keep(old_lay, now)
    return least


@njit(cache=True, nogil=True)
def _copy(a, b):  # type: ignore[no-untyped-def]
    b.order[:], b.upper[:] = a.order, a.upper
    b.phase_column[:], b.phase_across[:] = a.phase_column, a.phase_across


@njit(cache=True, nogil=True)
def _keep(a, b):  # type: ignore[no-untyped-def]
    b.turn[:], b.column[:] = a.turn, a.column
    b.across[:], b.right[:] = a.across, a.right
