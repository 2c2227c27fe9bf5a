"""Depths of one view from several pairs, merged where they agree."""

from __future__ import annotations

import numba
import numpy as np


def merge_depths(stack: np.ndarray, tolerance: float) -> tuple[np.ndarray, np.ndarray]:
    """Merge depth maps of the same view.

    At each pixel the largest group of inverse depths within `tolerance` of one of them is
    averaged; where only one of several pairs has an opinion, it is kept with little confidence.

    Parameters
    ----------
    stack : ndarray of float32, shape (k, h, w)
        0 where a pair knows nothing.
    tolerance : float
        Relative.

    Returns
    -------
    depth : ndarray of float32, shape (h, w)
    confidence : ndarray of float32, shape (h, w)
        Share of the pairs that agree, 0 to 1.
    """
    depth = np.zeros(stack.shape[1:], dtype=np.float32)
    confidence = np.zeros(stack.shape[1:], dtype=np.float32)
    _merge(np.ascontiguousarray(stack, dtype=np.float32), tolerance, depth, confidence)
    return depth, confidence


@numba.njit(cache=True, nogil=True)
def _merge(stack: np.ndarray, tolerance: float, depth: np.ndarray, confidence: np.ndarray) -> None:
    count, height, width = stack.shape
    for y in range(height):
        for x in range(width):
            most = 0
            total = 0.0
            for i in range(count):
                middle = stack[i, y, x]
                if middle <= 0:
                    continue
                agree = 0
                inverse = 0.0
                for j in range(count):
                    other = stack[j, y, x]
                    if other > 0 and abs(other - middle) <= tolerance * middle:
                        agree += 1
                        inverse += 1.0 / other
                if agree > most:
                    most = agree
                    total = inverse
            if most > 0:
                depth[y, x] = most / total
                confidence[y, x] = most / count
