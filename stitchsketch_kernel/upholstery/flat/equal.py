"""Seams in the flat made as long as they are on the furniture, on both sides.

A piece that can't be laid flat exactly spreads its strain over the border too; then one side of a
seam comes longer than the other, and it can't be sewn. The border's points are moved as little and
as evenly as gives every edge its length, and the inside follows.
"""

from __future__ import annotations

import igl
import numpy as np
from scipy.sparse import block_diag, csc_array, csr_array, diags_array, hstack, vstack
from scipy.sparse.linalg import spsolve

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray
from stitchsketch_kernel.upholstery.flat.assembled import factored
from stitchsketch_kernel.upholstery.geometry.unroll import signed_areas

#: A border of which a tenth is off by more than this share is not forced, nor one that would
#: change the panel's area by more than that: the panel wants a dart or a seam.
MOST, MOST_AREA = 0.02, 0.005
#: What the border's lengths weigh against an even move, and against no move.
_LENGTH, _EVEN, _STAY = 30.0, 1.0, 0.02
_ROUNDS = 6


def with_true_border(
    uv: FloatArray, surface: FloatArray, faces: IntArray, border: IntArray
) -> FloatArray:
    """The flat with its border's edges as long as the surface's.

    Parameters
    ----------
    uv : ndarray, shape (n, 2)
    surface : ndarray, shape (n, 3)
        Same unit.
    faces : ndarray of int32, shape (m, 3)
    border : ndarray of int32
        Closed, the first not repeated.

    Returns
    -------
    ndarray, shape (n, 2)
        Unchanged where the border would have to be forced.
    """
    ring = np.append(border, border[0])
    want = np.linalg.norm(np.diff(surface[ring], axis=0), axis=1)
    have = np.linalg.norm(np.diff(uv[ring], axis=0), axis=1)
    if _worst_share(want, have) > MOST:
        return uv
    line = _with_lengths(uv[border], want)
    flat = followed(uv, surface, faces, border, line - uv[border])
    before, after = (float(signed_areas(one, faces).sum()) for one in (uv, flat))
    return flat if abs(after - before) <= MOST_AREA * before else uv


def _worst_share(want: FloatArray, have: FloatArray) -> float:
    """Largest share by which a tenth of the border is off, or all of it."""
    window = max(3, len(want) // 10)
    kernel = np.ones(window)
    ring = np.concatenate([want - have, (want - have)[: window - 1]])
    lengths = np.concatenate([want, want[: window - 1]])
    off = np.abs(np.convolve(ring, kernel, "valid")) / np.convolve(lengths, kernel, "valid")
    return float(off.max())


def _with_lengths(line: FloatArray, want: FloatArray) -> FloatArray:
    """A closed line with edges of the lengths wanted, moved evenly (Gauss-Newton)."""
    n = len(line)
    at = np.arange(n)
    ahead = csr_array((np.ones(n), (at, (at + 1) % n)), shape=(n, n))
    step = csr_array(ahead - csr_array(diags_array(np.ones(n))))
    bend = csr_array(step - csr_array(ahead.T @ step))
    still = csr_array(vstack([_EVEN * bend, _STAY * diags_array(np.ones(n))]))
    both = csr_array(block_diag([still.T @ still] * 2))
    moved = line.copy()
    for _ in range(_ROUNDS):
        edge = step @ moved
        length = np.linalg.norm(edge, axis=1)
        unit = edge / np.maximum(length, 1e-12)[:, None]
        slopes = [diags_array(unit[:, i]) @ step for i in range(2)]
        jacobian = csr_array(_LENGTH * hstack(slopes))
        move = (moved - line).T.ravel()
        right = jacobian.T @ (_LENGTH * (want - length)) - both @ move
        moved = moved + spsolve(csc_array(jacobian.T @ jacobian + both), right).reshape(2, n).T
    return moved


def followed(
    uv: FloatArray, surface: FloatArray, faces: IntArray, border: IntArray, move: FloatArray
) -> FloatArray:
    """The inside moved along with the border, evenly (harmonic)."""
    L = csc_array(
        igl.cotmatrix(
            np.ascontiguousarray(surface, dtype=np.float64),
            np.ascontiguousarray(faces, dtype=np.int64),
        )
    )
    inside = np.setdiff1d(np.arange(len(uv)), border)
    out = uv.copy()
    out[border] += move
    if len(inside):
        right = -(L[inside][:, border] @ move)
        out[inside] += factored(csc_array(L[inside][:, inside])).solve(np.ascontiguousarray(right))
    return out
