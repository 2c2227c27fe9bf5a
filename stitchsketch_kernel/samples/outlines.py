"""How far a flat piece's outline is from the exact one, wherever it lies on the sheet."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.arrays import FloatArray


def outline_distance_mm(found_mm: FloatArray, truth_mm: FloatArray) -> FloatArray:
    """Distances between two closed outlines after the best rigid fit, both ways, one each mm.

    The found outline is turned and moved, never mirrored and never scaled, to the least sum of
    squares: iterated closest points from 24 turns.

    Returns
    -------
    ndarray, shape (n,)
        Distance of each sampled point of one outline to the other, then the other way round.
    """
    turn, shift = _best_fit(found_mm, truth_mm)
    fine_found, fine_truth = (dense_line(line, 1.0, closed=True) for line in (found_mm, truth_mm))
    return _two_sided(_moved(fine_found, turn, shift), fine_truth)


def laid_on_mm(found_mm: FloatArray, truth_mm: FloatArray) -> FloatArray:
    """The found outline's points, turned and moved by that fit to lie on the true one's."""
    return _moved(found_mm, *_best_fit(found_mm, truth_mm))


def _best_fit(found_mm: FloatArray, truth_mm: FloatArray) -> tuple[float, FloatArray]:
    found, truth = _resampled(found_mm, 160), _resampled(truth_mm, 160)
    best, least = (0.0, np.zeros(2)), np.inf
    for start in np.arange(24) * np.pi / 12:
        turn, shift = _iterated(found, truth, start, None, 25)
        cost = float((_two_sided(_moved(found, turn, shift), truth) ** 2).mean())
        if cost < least:
            best, least = (turn, shift), cost
    fine_found, fine_truth = (dense_line(line, 1.0, closed=True) for line in (found_mm, truth_mm))
    return _iterated(fine_found, fine_truth, best[0], best[1], 60)


def _iterated(
    found: FloatArray, truth: FloatArray, turn: float, shift: FloatArray | None, rounds: int
) -> tuple[float, FloatArray]:
    # point to line, pairs both ways: points slide along the outline instead of sticking
    if shift is None:
        shift = truth.mean(axis=0) - _moved(found, turn, np.zeros(2)).mean(axis=0)
    for _ in range(rounds):
        here = _moved(found, turn, shift)
        foot, normal = _feet(here, truth)
        back, back_normal = _feet(truth, here)
        points, normals = np.vstack([here, back]), np.vstack([normal, back_normal])
        gaps = np.concatenate(
            [((foot - here) * normal).sum(axis=1), ((truth - back) * back_normal).sum(axis=1)]
        )
        lever = points[:, 0] * normals[:, 1] - points[:, 1] * normals[:, 0]
        step = np.linalg.lstsq(np.column_stack([normals, lever]), gaps, rcond=None)[0]
        shift = _moved(shift[None], step[2], step[:2])[0]
        turn += float(step[2])
        if np.abs(step[:2]).max() < 1e-7 and abs(step[2]) < 1e-10:
            break
    return turn, shift


def _feet(points: FloatArray, line: FloatArray) -> tuple[FloatArray, FloatArray]:
    # nearest points on the closed line, and the unit directions from them to the points, or the
    # line's normal where a point lies on it
    _, index = cKDTree(line).query(points)
    best = np.full(len(points), np.inf)
    foot, along = np.empty_like(points), np.empty_like(points)
    for other in (-1, 1):
        a, b = line[index], line[(index + other) % len(line)]
        edge = b - a
        length = np.maximum((edge**2).sum(axis=1), 1e-18)
        t = np.clip(((points - a) * edge).sum(axis=1) / length, 0, 1)
        candidate = a + t[:, None] * edge
        away = np.linalg.norm(points - candidate, axis=1)
        nearer = away < best
        best[nearer], foot[nearer] = away[nearer], candidate[nearer]
        along[nearer] = (edge / np.sqrt(length)[:, None])[nearer]
    return foot, np.column_stack([-along[:, 1], along[:, 0]])


def _two_sided(a: FloatArray, b: FloatArray) -> FloatArray:
    return np.concatenate([np.linalg.norm(_feet(p, q)[0] - p, axis=1) for p, q in ((a, b), (b, a))])


def _moved(points: FloatArray, turn: float, shift: FloatArray) -> FloatArray:
    c, s = np.cos(turn), np.sin(turn)
    return np.asarray(points @ np.array([[c, s], [-s, c]]) + shift)


def _resampled(outline: FloatArray, count: int) -> FloatArray:
    line = np.vstack([outline, outline[:1]])
    perimeter = float(np.linalg.norm(np.diff(line, axis=0), axis=1).sum())
    return dense_line(outline, perimeter / count, closed=True)


def dense_line(line: FloatArray, step: float, closed: bool) -> FloatArray:
    """Points (n, d) equally spaced by about `step` along a polyline; a loop has no end point."""
    whole = np.vstack([line, line[:1]]) if closed else line
    run = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(whole, axis=0), axis=1))])
    count = max(2, int(np.ceil(run[-1] / step)) + 1)
    at = np.linspace(0, run[-1], count)[: -1 if closed else None]
    return np.column_stack([np.interp(at, run, whole[:, k]) for k in range(whole.shape[1])])
