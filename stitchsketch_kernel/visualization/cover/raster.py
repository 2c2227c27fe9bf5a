"""Triangles to pixels: compiled loops that let go of Python's lock, so frames run side by side."""

from __future__ import annotations

import numpy as np
from numba import njit

from stitchsketch_kernel.domain.arrays import AnyArray, IntArray


@njit(cache=True, nogil=True)
def nearest_faces(
    at_px: AnyArray, near: AnyArray, faces: IntArray, width: int, height: int
) -> tuple[IntArray, AnyArray]:
    """Which face is seen at each pixel, and how near it is.

    Parameters
    ----------
    at_px : ndarray of float32, shape (n, 2)
        Vertices in the picture; the centre of the top-left pixel is (0.5, 0.5).
    near : ndarray of float32, shape (n,)
        What grows towards the eye and is linear in the picture: 1 / depth, or -depth without
        perspective; NaN behind the eye.
    faces : ndarray of int32, shape (m, 3)

    Returns
    -------
    face : ndarray of int32, shape (h, w)
        -1 where there is none.
    near : ndarray of float32, shape (h, w)
    """
    face = np.full((height, width), -1, dtype=np.int32)
    best = np.full((height, width), -np.inf, dtype=np.float32)
    for f in range(len(faces)):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        if np.isnan(near[a] + near[b] + near[c]):
            continue
        ax, ay, bx, by, cx, cy = (
            at_px[a, 0], at_px[a, 1], at_px[b, 0], at_px[b, 1], at_px[c, 0], at_px[c, 1],
        )  # fmt: skip
        left = max(0, int(np.ceil(min(ax, bx, cx) - 0.5)))
        right = min(width - 1, int(np.floor(max(ax, bx, cx) - 0.5)))
        top = max(0, int(np.ceil(min(ay, by, cy) - 0.5)))
        bottom = min(height - 1, int(np.floor(max(ay, by, cy) - 0.5)))
        if left > right or top > bottom:
            continue
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if area == 0:
            continue
        for y in range(top, bottom + 1):
            py = y + np.float32(0.5)
            for x in range(left, right + 1):
                px = x + np.float32(0.5)
                u = ((bx - px) * (cy - py) - (by - py) * (cx - px)) / area
                v = ((cx - px) * (ay - py) - (cy - py) * (ax - px)) / area
                w = 1 - u - v
                if u < 0 or v < 0 or w < 0:
                    continue
                z = u * near[a] + v * near[b] + w * near[c]
                if z > best[y, x]:
                    best[y, x] = z
                    face[y, x] = f
    return face, best
