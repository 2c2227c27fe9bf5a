"""A layout pushed together: all pieces slide at once until the strip grows no shorter.

Each step is a linear program (Li and Milenkovic 1995; Bennell and Dowsland 2001): for each pair
that is near, lines that bound a convex part of what is free round its place (`contact.free_side`).
A pair that overlaps a little is set apart, as the lines are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from scipy import sparse
from scipy.optimize import linprog

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.upholstery.marker.contact import contacts, free_side

#: Pieces move by at most this share of the strip's width at a time, at last by this one.
_FIRST, _LAST = 0.04, 0.0002
#: A step that gains less than this share of itself halves the next one.
_GAIN = 0.005
#: Pieces keep this far apart (of the width), so that rounding can't make them overlap.
_APART = 2e-7
#: Lengths below this (of the width) are nothing.
_NOTHING = 1e-9
#: What overlap costs, and the pieces' mean distance from the strip's start, beside its length.
_OVERLAP_COST, _PULL = 100.0, 1e-3


class Shapes:
    """Outlines as they are turned, and how each may lie against each other, found when asked."""

    def __init__(self, rings: Sequence[FloatArray], width: float) -> None:
        self.rings, self.width = list(rings), width
        self.low = np.array([ring.min(axis=0) for ring in rings])
        self.high = np.array([ring.max(axis=0) for ring in rings])
        self._pairs: dict[tuple[int, int], FloatArray] = {}

    def contacts(self, i: int, j: int) -> FloatArray:
        """Contacts of shape j against i; see `contact.contacts`."""
        if (i, j) not in self._pairs:
            self._pairs[i, j] = contacts(self.rings[i], self.rings[j])
        return self._pairs[i, j]

    def overlap(self, shape: np.ndarray, at: FloatArray) -> float:
        """Greatest area that two pieces share, by exact geometry."""
        outlines = [
            shapely.Polygon(self.rings[s] + place) for s, place in zip(shape, at, strict=True)
        ]
        first, second = shapely.STRtree(outlines).query(outlines, predicate="intersects")
        areas = [
            shapely.intersection(outlines[i], outlines[j]).area
            for i, j in zip(first, second, strict=True)
            if i < j
        ]
        return float(max(areas, default=0.0))


@dataclass(frozen=True)
class Compacted:
    """Where pieces lie (N, 2), how long the strip is, and how deep some pieces still overlap."""

    at: FloatArray
    length: float
    overlap: float


def compact(
    shapes: Shapes,
    shape: np.ndarray,
    at: FloatArray,
    first: float = _FIRST,
    last: float = _LAST,
    late: Callable[[], bool] = lambda: False,
) -> Compacted:
    """Push pieces together along the strip; they slide and don't turn.

    Parameters
    ----------
    shapes : Shapes
    shape : ndarray of int, shape (N,)
        Each piece's shape.
    at : ndarray, shape (N, 2)
        Where they lie; those that overlap a little are set apart if that can be.
    first, last : float
        Greatest moves in the first step and the last, as shares of the width.
    late : callable
        Asked before each step whether to leave it at that.
    """
    low, high = shapes.low[shape], shapes.high[shape]
    at = at - [(at + low)[:, 0].min(), 0.0]
    at[:, 1] = np.clip(at[:, 1], -low[:, 1], shapes.width - high[:, 1])
    found = Compacted(at, float((at + high)[:, 0].max()), np.inf)
    step = first * shapes.width
    while step >= last * shapes.width and not late():
        stepped = _step(shapes, shape, found.at, step)
        if stepped is None:
            step /= 2
            continue
        little = stepped.overlap > 0 or found.length - stepped.length < _GAIN * step
        found = stepped
        step = step / 2 if little else step
    return found


def _step(shapes: Shapes, shape: np.ndarray, at: FloatArray, step: float) -> Compacted | None:
    """The best moves of all pieces by at most `step`; None where there are none."""
    n, width = len(at), shapes.width
    low, high = at + shapes.low[shape], at + shapes.high[shape]
    one, other, lines = _lines(shapes, shape, at, 2 * step)
    over = lines[:, 2] > 10 * _APART * width
    row, piece = np.arange(len(lines)), np.arange(n)
    end, slack = 2 * n, 2 * n + 1
    ones = np.ones(n)
    values = (-lines[:, 0], -lines[:, 1], lines[:, 0], lines[:, 1], -ones[:1].repeat(over.sum()))
    rows = (row, row, row, row, row[over])
    columns = (2 * other, 2 * other + 1, 2 * one, 2 * one + 1, np.full(over.sum(), slack))
    below = len(lines) + piece
    matrix = sparse.coo_array(
        (
            np.concatenate([*values, ones, -ones]),
            (
                np.concatenate([*rows, below, below]),
                np.concatenate([*columns, 2 * piece, np.full(n, end)]),
            ),
        ),
        shape=(len(lines) + n, 2 * n + 2),
    )
    bound = np.concatenate([-lines[:, 2] - _APART * width, -high[:, 0]])
    cost = np.zeros(2 * n + 2)
    cost[0:end:2], cost[end], cost[slack] = _PULL / n, 1.0, _OVERLAP_COST
    least, most = np.zeros(2 * n + 2), np.full(2 * n + 2, np.inf)
    least[:end] = np.minimum(np.maximum(-step, -low), 0.0).ravel()
    most[0:end:2], most[1:end:2] = step, np.maximum(np.minimum(step, width - high[:, 1]), 0.0)
    answer = linprog(
        cost, A_ub=matrix.tocsr(), b_ub=bound, bounds=np.column_stack([least, most]),
        method="highs",
    )  # fmt: skip
    if answer.x is None:
        return None
    overlap = float(answer.x[slack]) if over.any() else 0.0
    return Compacted(
        at + answer.x[:end].reshape(-1, 2),
        float(answer.x[end]),
        0.0 if overlap < _APART * width / 2 else overlap,
    )


def _lines(
    shapes: Shapes, shape: np.ndarray, at: FloatArray, reach: float
) -> tuple[np.ndarray, np.ndarray, FloatArray]:
    """Lines between pieces that can meet: first piece, second piece, (L, 3)."""
    low, high = shapes.low[shape], shapes.high[shape]
    first, second = np.triu_indices(len(at), 1)
    apart = at[second] - at[first]
    near = (apart >= low[first] - high[second] - reach) & (
        apart <= high[first] - low[second] + reach
    )
    keep = near.all(axis=1)
    first, second, apart = first[keep], second[keep], apart[keep]
    spare = _NOTHING * shapes.width
    lines = [
        free_side(shapes.contacts(int(shape[i]), int(shape[j])), x, y, reach, spare)
        for i, j, (x, y) in zip(first, second, apart.tolist(), strict=True)
    ]
    counts = [len(some) for some in lines]
    return first.repeat(counts), second.repeat(counts), np.concatenate([*lines, np.empty((0, 3))])
