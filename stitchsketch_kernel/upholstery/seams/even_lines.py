"""Lines of points: in even steps, smooth between their corners."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy.signal import savgol_filter

from stitchsketch_kernel.domain.arrays import FloatArray

#: Distance between a seam's points.
STEP_M = 0.004
#: Points are smoothed over this many of their neighbours by a parabola.
_WINDOW = 11
#: A border turns a corner where it turns by more than this over a lever of 15 mm.
_CORNER_DEG, _LEVER_M = 40.0, 0.015


def evenly(points: FloatArray, step_m: float) -> FloatArray:
    """The polyline in even steps of about `step_m`, ends kept (at least three steps)."""
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    count = max(3, round(float(along[-1]) / step_m))
    at = np.linspace(0, along[-1], count + 1)
    return np.column_stack([np.interp(at, along, points[:, i]) for i in range(3)])


def smoothed(points: FloatArray, closed: bool) -> tuple[FloatArray, float]:
    """Local parabolas between corners, and the RMS distance of the points from them."""
    if closed:
        ring = points[:-1]
        window = min(_WINDOW, (len(ring) - 1) // 2 * 2 - 1)
        smooth = savgol_filter(ring, window, 2, axis=0, mode="wrap") if window >= 5 else ring
        rms = float(np.sqrt(((smooth - ring) ** 2).sum(axis=1).mean()))
        return np.vstack([smooth, smooth[:1]]), rms
    out, squares = points.copy(), []
    stops = [0, *corners_of(points), len(points) - 1]
    for a, b in pairwise(stops):
        part = points[a : b + 1]
        window = min(_WINDOW, (len(part) - 1) // 2 * 2 - 1)
        if window < 5:
            continue
        smooth = savgol_filter(part, window, 2, axis=0, mode="interp")
        # ends are held; what they'd have moved by fades out over the window
        fade = np.clip(1 - np.arange(len(part)) / window, 0, 1)[:, None]
        smooth = smooth + fade * (part[0] - smooth[0]) + fade[::-1] * (part[-1] - smooth[-1])
        squares.append(((smooth - part) ** 2).sum(axis=1))
        out[a : b + 1] = smooth
    rms = float(np.sqrt(np.concatenate(squares).mean())) if squares else 0.0
    return out, rms


def corners_of(points: FloatArray, lever_m: float = _LEVER_M) -> list[int]:
    """Indices where the curve turns by more than a corner, sharpest first, none near another."""
    lever = max(1, round(lever_m / STEP_M))
    if len(points) < 2 * lever + 3:
        return []
    middle = np.arange(lever, len(points) - lever)
    before = points[middle] - points[middle - lever]
    after = points[middle + lever] - points[middle]
    cosine = (before * after).sum(axis=1) / np.maximum(
        np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1), 1e-15
    )
    turn = np.rad2deg(np.arccos(np.clip(cosine, -1, 1)))
    corners: list[int] = []
    for i in np.argsort(-turn):
        if turn[i] < _CORNER_DEG:
            break
        if all(abs(int(middle[i]) - other) > 2 * lever for other in corners):
            corners.append(int(middle[i]))
    return sorted(corners)
