"""A surface laid flat as rigidly as it will go: a conformal start, then ARAP.

Levy et al., Least squares conformal maps (2002), for the start only; Liu et al., A local/global
approach to mesh parameterization (2008), for the result; both from libigl.
"""

from __future__ import annotations

import igl
import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray, FloatArray, IntArray
from stitchsketch_kernel.domain.errors import FlattenError

#: Rounds of ARAP are stopped when no vertex moves by more than this share of the panel's size.
_STILL = 2e-6


def unroll(vertices: FloatArray, faces: IntArray, rounds: int = 60) -> FloatArray:
    """Lay a disk-like surface flat.

    Parameters
    ----------
    vertices : ndarray, shape (n, 3)
        Any unit.
    faces : ndarray of int32, shape (m, 3)
        Every vertex is used; counter-clockwise seen from outside.
    rounds : int
        Of ARAP at most.

    Returns
    -------
    ndarray, shape (n, 2)
        Same unit; faces are counter-clockwise.

    Raises
    ------
    FlattenError
        The solver gave no finite answer.
    """
    V = np.ascontiguousarray(vertices, dtype=np.float64)
    F = np.ascontiguousarray(faces, dtype=np.int64)
    try:
        uv = _conformal(V, F)
    except RuntimeError as error:
        raise FlattenError(
            "A panel could not be laid flat: its mesh is torn.", "Scan that side again."
        ) from error
    data = igl.ARAPData()
    data.max_iter = 5
    pin = np.array([0], dtype=np.int32)
    igl.arap_precomputation(V, F, 2, pin, data)
    size = float(np.ptp(V, axis=0).max())
    for _ in range(max(1, rounds // 5)):
        before = uv
        uv = np.asarray(igl.arap_solve(np.ascontiguousarray(uv[pin]), data, uv))
        if np.abs(uv - before).max() < _STILL * size:
            break
    if not np.isfinite(uv).all():
        raise FlattenError("A panel could not be laid flat: its mesh is torn.", "Scan it again.")
    return uv


def _conformal(V: FloatArray, F: AnyArray) -> FloatArray:
    """LSCM with two far vertices pinned at their distance, scaled to the surface's area."""
    a = int(np.argmax(((V - V.mean(axis=0)) ** 2).sum(axis=1)))
    b = int(np.argmax(((V - V[a]) ** 2).sum(axis=1)))
    ends = np.array([[0.0, 0.0], [float(np.linalg.norm(V[b] - V[a])), 0.0]])
    uv = np.asarray(igl.lscm(V, F, np.array([a, b], dtype=np.int64), ends)[0])
    flat = float(signed_areas(uv, F).sum())
    if flat < 0:
        uv = uv * [1.0, -1.0]
    true = float(
        np.linalg.norm(np.cross(V[F[:, 1]] - V[F[:, 0]], V[F[:, 2]] - V[F[:, 0]]), axis=1).sum() / 2
    )
    return np.ascontiguousarray(uv * np.sqrt(true / max(abs(flat), 1e-300)))


def signed_areas(uv: FloatArray, faces: AnyArray) -> FloatArray:
    """Signed area of each face, positive when counter-clockwise, shape (m,)."""
    a, b, c = (uv[faces[:, i]] for i in range(3))
    ab, ac = b - a, c - a
    return np.asarray(0.5 * (ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]))
