"""How much a flat strains the surface that it is of."""

from __future__ import annotations

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray


def strain_percent(surface: FloatArray, uv: FloatArray, faces: IntArray) -> FloatArray:
    """Largest absolute principal strain of each face, percent: singular values of flat / surface.

    ``J`` maps the surface's own plane to the flat; its singular values are the stretches.
    """
    a, b, c = (surface[faces[:, i]] for i in range(3))
    ab, ac = b - a, c - a
    x = np.linalg.norm(ab, axis=1)
    along = ab / np.maximum(x, 1e-12)[:, None]
    u = (ac * along).sum(axis=1)
    v = np.linalg.norm(ac - u[:, None] * along, axis=1)
    P, Q = uv[faces[:, 1]] - uv[faces[:, 0]], uv[faces[:, 2]] - uv[faces[:, 0]]
    first = P / np.maximum(x, 1e-12)[:, None]
    second = (Q - u[:, None] * first) / np.maximum(v, 1e-12)[:, None]
    # the singular values of a matrix of two rows are the sum and the difference of these
    turned_by = np.hypot(first[:, 0] + second[:, 1], first[:, 1] - second[:, 0]) / 2
    mirrored_by = np.hypot(first[:, 0] - second[:, 1], first[:, 1] + second[:, 0]) / 2
    large, small = turned_by + mirrored_by, np.abs(turned_by - mirrored_by)
    return np.asarray(100 * np.maximum(np.abs(large - 1), np.abs(small - 1)))
