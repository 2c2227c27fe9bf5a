"""The grain in the flat: the warp runs up."""

from __future__ import annotations

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray


def turned(flat: FloatArray, surface: FloatArray, faces: IntArray, grain: FloatArray) -> FloatArray:
    """The flat turned so that the grain runs to +y, its middle at the origin."""
    corners = [surface[faces[:, i]] for i in range(3)]
    ab, ac = corners[1] - corners[0], corners[2] - corners[0]
    P, Q = flat[faces[:, 1]] - flat[faces[:, 0]], flat[faces[:, 2]] - flat[faces[:, 0]]
    # the grain in each face's own edges (least squares), then the same share of the flat edges
    bb, bc, cc = ((one * other).sum(axis=1) for one, other in ((ab, ab), (ab, ac), (ac, ac)))
    b, c = ab @ grain, ac @ grain
    twice = np.maximum(bb * cc - bc * bc, 1e-300)
    along = ((cc * b - bc * c) / twice)[:, None] * P + ((bb * c - bc * b) / twice)[:, None] * Q
    areas = np.abs(P[:, 0] * Q[:, 1] - P[:, 1] * Q[:, 0])
    total = (areas[:, None] * along).sum(axis=0)
    length = float(np.hypot(*total))
    cosine, sine = (total[1] / length, total[0] / length) if length > 1e-9 else (1.0, 0.0)
    out = flat @ np.array([[cosine, -sine], [sine, cosine]]).T
    return np.asarray(out - (out.min(axis=0) + out.max(axis=0)) / 2)
