"""Sparse symmetric matrices: summed up from small ones again and again, and factored."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.sparse import csc_array
from scipy.sparse.linalg import SuperLU, splu

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray


def factored(matrix: csc_array) -> SuperLU:
    """A symmetric, positive matrix factored with an order that is made for such ones."""
    return splu(
        matrix,
        permc_spec="MMD_AT_PLUS_A",
        diag_pivot_thresh=0.0,
        options={"SymmetricMode": True},
    )


class Assembled:
    """Where small matrices go in a large one.

    Parameters
    ----------
    unknowns : sequence of ndarray of int, shapes (k, w)
        For each kind of small matrix, the unknowns of each of its rows.
    count : int
        Of all unknowns.
    """

    def __init__(self, unknowns: Sequence[IntArray], count: int) -> None:
        self._unknowns, self._count = unknowns, count
        rows = [np.repeat(one, one.shape[1], axis=1).ravel() for one in unknowns]
        columns = [np.tile(one, one.shape[1]).ravel() for one in unknowns]
        # the diagonal too, so that damping has a place
        every = np.arange(count)
        key = np.concatenate([*columns, every]).astype(np.int64) * count + np.concatenate(
            [*rows, every]
        )
        keys, self._place = np.unique(key, return_inverse=True)
        self._rows = (keys % count).astype(np.int32)
        self._starts = np.searchsorted(keys, np.arange(count + 1) * count).astype(np.int32)
        self._diagonal = self._place[-count:]

    def matrix(self, small: Sequence[FloatArray]) -> csc_array:
        """The sum of small matrices, shapes (k, w, w)."""
        values = np.concatenate([*(one.ravel() for one in small), np.zeros(self._count)])
        summed = np.bincount(self._place, values, minlength=len(self._rows))
        return csc_array((summed, self._rows, self._starts), shape=(self._count, self._count))

    def vector(self, small: Sequence[FloatArray]) -> FloatArray:
        """The sum of small vectors, shapes (k, w)."""
        at = np.concatenate([one.ravel() for one in self._unknowns])
        values = np.concatenate([one.ravel() for one in small])
        return np.asarray(np.bincount(at, values, minlength=self._count), dtype=np.float64)

    def solver(self, matrix: csc_array, damping: float) -> Callable[[FloatArray], FloatArray]:
        """What solves with ``matrix + damping * identity``."""
        damped = matrix.copy()
        damped.data[self._diagonal] += damping
        factors = factored(damped)

        def solve(right: FloatArray) -> FloatArray:
            return np.asarray(factors.solve(right))

        return solve
