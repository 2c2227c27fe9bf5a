"""The grain in the flat: the warp runs up."""

from __future__ import annotations

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray
from stitchsketch_kernel.domain.piece import FlatPanel


def turned(flat: FloatArray, surface: FloatArray, faces: IntArray, grain: FloatArray) -> FloatArray:
    """The flat turned so that the grain runs to +y, its middle at the origin."""
    total = _to_flat(flat, surface, faces) @ grain
    length = float(np.hypot(*total))
    cosine, sine = (total[1] / length, total[0] / length) if length > 1e-9 else (1.0, 0.0)
    out = flat @ np.array([[cosine, -sine], [sine, cosine]]).T
    return np.asarray(out - (out.min(axis=0) + out.max(axis=0)) / 2)


def grain_at(panel: FlatPanel, degrees: float) -> FloatArray:
    """The warp's direction on the furniture, shape (3,), that lies so in the flat.

    Parameters
    ----------
    panel : FlatPanel
    degrees : float
        From +y of the flat, counter-clockwise as the cloth's face is seen; 0 is the warp as it is.
    """
    angle = np.deg2rad(degrees)
    wanted = np.array([-np.sin(angle), np.cos(angle)])
    # of all directions that `turned` brings there the shortest: the one in the panel's own plane
    grain = np.linalg.pinv(_to_flat(panel.uv_mm, panel.surface_mm, panel.faces)) @ wanted
    return np.asarray(grain / max(float(np.linalg.norm(grain)), 1e-12))


def degrees_of(panel: FlatPanel, grain_m: FloatArray) -> float:
    """How a warp of this direction lies in the flat: the inverse of `grain_at`, -180 to 180."""
    x, y = _to_flat(panel.uv_mm, panel.surface_mm, panel.faces) @ grain_m
    return float(np.rad2deg(np.arctan2(-x, y)))


def _to_flat(flat: FloatArray, surface: FloatArray, faces: IntArray) -> FloatArray:
    """What takes a direction on the surface to its mean in the flat, by area: (2, 3)."""
    a, b, c = (surface[faces[:, i]] for i in range(3))
    ab, ac = b - a, c - a
    P, Q = flat[faces[:, 1]] - flat[faces[:, 0]], flat[faces[:, 2]] - flat[faces[:, 0]]
    # a direction in each face's own edges (least squares), then the same share of the flat edges
    bb, bc, cc = (
        (one * other).sum(axis=1)[:, None] for one, other in ((ab, ab), (ab, ac), (ac, ac))
    )
    twice = np.maximum(bb * cc - bc * bc, 1e-300)
    areas = np.abs(P[:, 0] * Q[:, 1] - P[:, 1] * Q[:, 0])[:, None]
    first, second = (cc * ab - bc * ac) / twice, (bb * ac - bc * ab) / twice
    return np.asarray((areas * P).T @ first + (areas * Q).T @ second)
