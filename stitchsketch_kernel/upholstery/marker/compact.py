"""A layout pushed together: pieces slide, all at once, until the strip grows no shorter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse
from scipy.optimize import linprog

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.upholstery.marker.contact import contacts, free_side

#: Pieces move by at most this share of the strip's width at a time, at last by this one.
_FIRST, _LAST = 0.04, 0.0002
#: A step that gains less (of the width) halves the next one.
_GAIN = 2e-4
#: Pieces keep this far apart (of the width), so that rounding can't make them overlap.
_APART = 2e-7
#: Lengths below this (of the width) are nothing.
_NOTHING = 1e-9
#: Overlap costs this much more than length.
_OVERLAP_COST = 100.0
_PULL = 1e-3


class Contacts:
    """Contacts of each pair of outlines as they are turned, found once."""

    def __init__(self, rings: list[FloatArray]) -> None:
        self.rings = rings
        self._kind: list[int] = []
        known: dict[bytes, int] = {}
        for ring in rings:
            self._kind.append(known.setdefault(ring.tobytes(), len(known)))
        self._pairs: dict[tuple[int, int], FloatArray] = {}

    def of(self, i: int, j: int) -> FloatArray:
        """Contacts of j against i; see `contact.contacts`."""
        key = self._kind[i], self._kind[j]
        if key not in self._pairs:
            self._pairs[key] = contacts(self.rings[i], self.rings[j])
        return self._pairs[key]


@dataclass
class Compacted:
    at: FloatArray
    length: float
    overlap: float


def compact(rings: list[FloatArray], at: FloatArray, width: float, known=None, first=_FIRST, last=_LAST) -> Compacted:
    known = known or Contacts(rings)
    low = np.array([ring.min(axis=0) for ring in rings])
    high = np.array([ring.max(axis=0) for ring in rings])
    at = at.copy()
    at[:, 0] -= (at + low)[:, 0].min()
    at[:, 1] = np.clip(at[:, 1], -low[:, 1], width - high[:, 1])
    length = float((at + high)[:, 0].max())
    step = first * width
    overlap = 0.0
    while step >= last * width:
        out = _step(known, at, low, high, width, length, step)
        if out is None:
            step /= 2
            continue
        at, new, overlap = out
        if overlap <= 0 and length - new < _GAIN * width * step/(first*width):
            step /= 2
        elif overlap > 0:
            step *= 0.7
        length = new
    return Compacted(at, length, overlap)


def _step(known, at, low, high, width, length, step):
    n = len(at)
    reach = 2 * step
    first, second = np.triu_indices(n, 1)
    d = at[second] - at[first]
    near = np.all((d >= low[first] - high[second] - reach) & (d <= high[first] - low[second] + reach), axis=1)
    rows, cols, vals, rhs, slack = [], [], [], [], []
    k = 0
    lines_all = []
    for i, j, (x, y) in zip(first[near].tolist(), second[near].tolist(), d[near].tolist()):
        lines = free_side(known.of(i, j), x, y, reach, _NOTHING * width)
        if len(lines):
            lines_all.append((i, j, lines))
    I = np.concatenate([np.full(len(l), i) for i, j, l in lines_all])
    J = np.concatenate([np.full(len(l), j) for i, j, l in lines_all])
    Ls = np.concatenate([l for _, _, l in lines_all])
    m = len(Ls)
    # n.(rj-ri) >= c   ->  -n.rj + n.ri <= -c
    over = Ls[:, 2] > 10 * _APART * width
    r = np.arange(m)
    sl = 2 * n + 1
    A = sparse.coo_array((np.concatenate([-Ls[:, 0], -Ls[:, 1], Ls[:, 0], Ls[:, 1], -np.ones(over.sum()) , np.ones(n), -np.ones(n)]),
        (np.concatenate([r, r, r, r, r[over], m + np.arange(n), m + np.arange(n)]),
         np.concatenate([2*J, 2*J+1, 2*I, 2*I+1, np.full(over.sum(), sl), 2*np.arange(n), np.full(n, 2*n)]))), shape=(m+n, 2*n+2))
    b = np.concatenate([-Ls[:, 2] - _APART*width, -(at + high)[:, 0]])
    c = np.zeros(2*n+2); c[0:2*n:2] = _PULL / n; c[2*n] = 1; c[sl] = _OVERLAP_COST
    lo = np.empty((2*n+2)); hi = np.empty(2*n+2)
    lo[0:2*n:2] = np.maximum(-step, -(at+low)[:, 0]); hi[0:2*n:2] = step
    lo[1:2*n:2] = np.maximum(-step, -(at+low)[:, 1]); hi[1:2*n:2] = np.minimum(step, width-(at+high)[:, 1])
    lo = np.minimum(lo, 0); hi = np.maximum(hi, 0)
    lo[2*n] = 0; hi[2*n] = np.inf; lo[sl] = 0; hi[sl] = np.inf
    res = linprog(c, A_ub=A.tocsr(), b_ub=b, bounds=np.column_stack([lo, hi]), method="highs")
    if res.x is None:
        return None
    return at + res.x[:2*n].reshape(-1, 2), float(res.x[2*n]), float(res.x[sl]) if over.any() else 0.0
