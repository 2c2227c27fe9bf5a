"""A rough border evened out, seam by seam, its corners kept.

Noise makes every line longer: 0.5 mm of it along a border with points 2 mm apart adds several
percent. Seams that were placed are smooth, and stay as they are; a border that still has the scan's
noise on it is smoothed by ``(1 + h^4 D'D) x = v`` (``D`` the second slope along it) between its
corners. Both panels of a seam get the same line, for only the seam decides.

In the flat a border is straighter than in space, and its own noise says how far it may be evened:
there h is what cross-validation finds (Craven and Wahba, "Smoothing noisy data with spline
functions", Numerische Mathematik 31, 1979).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from itertools import pairwise

import numpy as np
from scipy.linalg import solveh_banded

from stitchsketch_kernel.domain.arrays import BoolArray, FloatArray, IntArray

#: A line is rough from this noise of its points on.
ROUGH_MM = 0.1
#: It turns a corner where its two legs of so many mm are so far from straight.
_LEG_MM, _CORNER_DEG = 15.0, 40.0
#: Fewer points between corners stay as they are.
_LEAST = 8
#: Reaches that are tried in the flat, in steps of the line.
_REACHES = tuple(1.4**k for k in range(-2, 22))
#: Cross-validation now and then follows the noise; freedom counted as dearer keeps it from that
#: (Kim and Gu, "Smoothing spline Gaussian regression", J. R. Stat. Soc. B 66, 2004).
_DEAR = 1.4
#: Where two sides meet at a corner, each gives the place across itself, and little along itself.
_ALONG = 0.1

Smoother = Callable[[FloatArray], FloatArray]


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
        if is_rough(points):
            out[line] = _evened(points, partial(_smoothed, reach=reach_mm))
    return out


def even_outline(ring: FloatArray, rough: BoolArray) -> FloatArray:
    """A flat outline, its rough stretches evened out as far as their own noise asks for.

    Parameters
    ----------
    ring : ndarray, shape (n, 2)
        Closed, the first not repeated.
    rough : ndarray of bool, shape (n,)
        The points that may move; a stretch of them ends at the points beside it, which stay.
    """
    if rough.all():
        return _evened_ring(ring, _by_its_noise)
    out, count = ring.copy(), len(ring)
    begins = np.flatnonzero(rough & ~np.roll(rough, 1))
    for begin in begins:
        many = int(np.argmin(np.roll(rough, -begin)))
        at = np.arange(begin - 1, begin + many + 1) % count
        if many >= _LEAST:
            points = ring[at]
            ends = [0, *_corners(points), len(points) - 1]
            out[at] = _between(points, ends, _by_its_noise)
    return out


def is_rough(points: FloatArray) -> bool:
    """Whether a line still has the scan's noise on it."""
    return len(points) >= _LEAST and roughness_mm(points) >= ROUGH_MM


def roughness_mm(points: FloatArray) -> float:
    """Standard deviation of noise on a line's points, each coordinate's, from fourth differences.

    What bends evenly over five points has none; the median keeps corners out of it.
    """
    if len(points) < _LEAST:
        return 0.0
    # white noise has 70 times its variance in them, and the median of a square is 0.455 of it
    return float(np.sqrt(np.median(np.diff(points, 4, axis=0) ** 2) / (70 * 0.455)))


def _evened(points: FloatArray, smooth: Smoother) -> FloatArray:
    if np.array_equal(points[0], points[-1]):
        ring = _evened_ring(points[:-1], smooth)
        return np.vstack([ring, ring[:1]])
    ends = [0, *_corners(points), len(points) - 1]
    return _between(points, ends, smooth)


def _evened_ring(ring: FloatArray, smooth: Smoother) -> FloatArray:
    """A closed line: from its first corner round to it, or round and round where it has none."""
    count = len(ring)
    thrice = np.concatenate([ring, ring, ring])
    corners = [at - count for at in _corners(thrice) if count <= at < 2 * count]
    if not corners:
        return smooth(thrice)[count : 2 * count]
    begin = corners[0]
    turned = np.roll(ring, -begin, axis=0)
    out = _between(
        np.vstack([turned, turned[:1]]), [*(at - begin for at in corners), count], smooth, True
    )
    return np.roll(out[:-1], begin, axis=0)


def _between(
    points: FloatArray, ends: list[int], smooth: Smoother, closed: bool = False
) -> FloatArray:
    """Smoothed between `ends`; a corner lies where both its sides, each smoothed alone, meet."""
    free = [smooth(points[a : b + 1]) for a, b in pairwise(ends)]
    out = points.copy()
    for corner, before, after in zip(ends[1:], free, free[1:], strict=False):
        out[corner] = _met(before[::-1], after)
    if closed:
        out[0] = out[-1] = _met(free[-1][::-1], free[0])
    first, last = out[0].copy(), out[-1].copy()
    for (a, b), line in zip(pairwise(ends), free, strict=True):
        share = np.linspace(0, 1, b - a + 1)[:, None]
        out[a : b + 1] = line + (1 - share) * (out[a] - line[0]) + share * (out[b] - line[-1])
    # to the last digit: other panels have these points too
    out[[0, -1]] = first, last
    return out


def _met(one: FloatArray, other: FloatArray) -> FloatArray:
    """Where two lines that begin at a corner meet: across each where it lies, nearly."""
    count = one.shape[1]
    square, right = np.zeros((count, count)), np.zeros(count)
    for line in (one, other):
        along = line[min(3, len(line) - 1)] - line[0]
        along /= max(float(np.linalg.norm(along)), 1e-12)
        across = np.eye(len(along)) - (1 - _ALONG) * np.outer(along, along)
        square += across
        right += across @ line[0]
    return np.asarray(np.linalg.solve(square, right))


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


def _by_its_noise(points: FloatArray) -> FloatArray:
    """Smoothed with the reach that predicts points left out best, by how far they lie across it."""
    best, least = points, np.inf
    for reach in _REACHES:
        smooth = _smoothed(points, reach, 1.0)
        along = np.gradient(smooth, axis=0)
        along /= np.maximum(np.linalg.norm(along, axis=1), 1e-12)[:, None]
        off = points - smooth
        off -= (off * along).sum(axis=1)[:, None] * along
        left = len(points) - _DEAR * _freedom(len(points), reach)
        if left <= 0:
            continue
        score = float((off**2).sum()) / left**2
        if score < least:
            best, least = smooth, score
    return best


def _freedom(count: int, reach: float) -> float:
    """How many points of a line smoothed over `reach` steps are free: the trace of what smooths."""
    # as a beam with free ends swings; its two ways to lie straight cost nothing
    slow = 2 - 2 * np.cos(np.pi * (np.arange(2, count) - 0.5) / count)
    return 2 + float((1 / (1 + reach**4 * slow**2)).sum())


def _smoothed(points: FloatArray, reach: float, step: float | None = None) -> FloatArray:
    count = len(points)
    if count < _LEAST:
        return points
    if step is None:
        # steps as they are once the noise is off: noise makes all of them longer alike
        many = _LEAST // 2
        step = float(np.linalg.norm(points[many:] - points[:-many], axis=1).mean()) / many
    stiff = (reach / step) ** 4
    banded = np.zeros((3, count))
    for shift, weight in ((0, 1.0), (1, -2.0), (2, 1.0)):
        for other, by in ((0, 1.0), (1, -2.0), (2, 1.0)):
            if other >= shift:
                banded[other - shift, shift : count - 2 + shift] += stiff * weight * by
    banded[0] += 1
    return np.asarray(solveh_banded(banded, points, lower=True))
