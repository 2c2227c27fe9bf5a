"""A rough border evened out, seam by seam, its corners kept.

Noise makes every line longer: 0.5 mm of it along a border with points 2 mm apart adds several
percent. Seams that were placed are smooth, and stay as they are; a border that still has the scan's
noise on it is smoothed by ``(1 + h^4 D'D) x = v`` (``D`` the second slope along it) between its
corners. Both panels of a seam get the same line, for only the seam decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from scipy.sparse import csc_array, diags_array
from scipy.sparse.linalg import splu

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray

#: A line is rough from this noise of its points on.
ROUGH_MM = 0.1
#: It turns a corner where its two legs of so many mm are so far from straight.
_LEG_MM, _CORNER_DEG = 15.0, 40.0
#: Fewer points between corners stay as they are.
_LEAST = 8


def even_border(surface: FloatArray, lines: Iterable[IntArray], reach_mm: float) -> FloatArray:
    """The surface with its rough seams evened out; their ends stay.

    Parameters
    ----------
    surface : ndarray, shape (n, 3)
        mm.
    lines : iterable of ndarray of int
        Vertices along each seam.
    reach_mm : float
        h: waves much shorter than this go.
    """
    out = surface.copy()
    for line in lines:
        points = surface[line]
        if len(points) >= _LEAST and roughness_mm(points) >= ROUGH_MM:
            out[line] = _evened(points, reach_mm)
    return out


def roughness_mm(points: FloatArray) -> float:
    """Standard deviation of noise on a line's points, each coordinate's, from fourth differences.

    What bends evenly over five points has none; the median keeps corners out of it.
    """
    if len(points) < _LEAST:
        return 0.0
    # white noise has 70 times its variance in them, and the median of a square is 0.455 of it
    return float(np.sqrt(np.median(np.diff(points, 4, axis=0) ** 2) / (70 * 0.455)))


def _evened(points: FloatArray, reach: float) -> FloatArray:
    if np.array_equal(points[0], points[-1]):
        return _evened_ring(points[:-1], reach)
    ends = [0, *_corners(points), len(points) - 1]
    return _between(points, ends, reach)


def _evened_ring(ring: FloatArray, reach: float) -> FloatArray:
    """A closed line: from its first corner round to it, or round and round where it has none."""
    count = len(ring)
    thrice = np.concatenate([ring, ring, ring])
    corners = [at - count for at in _corners(thrice) if count <= at < 2 * count]
    if not corners:
        out = _smoothed(thrice, reach)[count : 2 * count]
        return np.vstack([out, out[:1]])
    begin = corners[0]
    turned = np.roll(ring, -begin, axis=0)
    out = _between(
        np.vstack([turned, turned[:1]]), [*(at - begin for at in corners), count], reach, True
    )
    ring = np.roll(out[:-1], begin, axis=0)
    return np.vstack([ring, ring[:1]])


def _between(points: FloatArray, ends: list[int], reach: float, closed: bool = False) -> FloatArray:
    """Smoothed between `ends`; a corner lies where both its sides, each smoothed by itself, end."""
    free = [_smoothed(points[a : b + 1], reach) for a, b in pairwise(ends)]
    out = points.copy()
    for corner, before, after in zip(ends[1:], free, free[1:], strict=False):
        out[corner] = (before[-1] + after[0]) / 2
    if closed:
        out[0] = out[-1] = (free[-1][-1] + free[0][0]) / 2
    first, last = out[0].copy(), out[-1].copy()
    for (a, b), line in zip(pairwise(ends), free, strict=True):
        share = np.linspace(0, 1, b - a + 1)[:, None]
        out[a : b + 1] = line + (1 - share) * (out[a] - line[0]) + share * (out[b] - line[-1])
    # to the last digit: other panels have these points too
    out[[0, -1]] = first, last
    return out


def _corners(points: FloatArray) -> list[int]:
    """Where the line turns by more than a bend, the sharpest within a leg's length."""
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    at = np.arange(len(points))
    back = np.searchsorted(along, along - _LEG_MM)
    ahead = np.minimum(np.searchsorted(along, along + _LEG_MM), len(points) - 1)
    u, v = points - points[back], points[ahead] - points
    with np.errstate(invalid="ignore", divide="ignore"):
        cosine = (u * v).sum(axis=1) / (np.linalg.norm(u, axis=1) * np.linalg.norm(v, axis=1))
    inside = (along > _LEG_MM / 2) & (along < along[-1] - _LEG_MM / 2)
    turn = np.where(inside, np.degrees(np.arccos(np.clip(np.nan_to_num(cosine, nan=1), -1, 1))), 0)
    return [
        int(i)
        for i in at[turn > _CORNER_DEG]
        if turn[i] >= turn[np.abs(along - along[i]) < _LEG_MM].max()
    ]


def _smoothed(points: FloatArray, reach: float) -> FloatArray:
    count = len(points)
    if count < _LEAST:
        return points
    # steps as they are once the noise is off: noise makes all of them longer alike
    step = float(np.linalg.norm(points[_LEAST // 2 :] - points[: -(_LEAST // 2)], axis=1).mean())
    step /= _LEAST // 2
    second = diags_array(
        [np.ones(count - 2), -2 * np.ones(count - 2), np.ones(count - 2)],
        offsets=[0, 1, 2],
        shape=(count - 2, count),
    )
    stiff = (reach / step) ** 4
    matrix = csc_array(diags_array(np.ones(count)) + stiff * (second.T @ second))
    return np.asarray(splu(matrix).solve(np.ascontiguousarray(points)))
