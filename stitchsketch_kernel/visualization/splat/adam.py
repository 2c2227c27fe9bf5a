"""Adam for splats: only those that a photo sees take a step."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from stitchsketch_kernel.domain.arrays import AnyArray, BoolArray
from stitchsketch_kernel.visualization.splat.parts import in_parts

_BETA_1, _BETA_2, _EPSILON = 0.9, 0.999, 1e-15


@dataclass
class Moments:
    """Running means of a parameter's gradients and of their squares, shape (n, k)."""

    mean: AnyArray
    square: AnyArray

    @staticmethod
    def none(values: AnyArray) -> Moments:
        """Before the first step."""
        return Moments(np.zeros_like(values), np.zeros_like(values))

    def take(self, which: AnyArray) -> Moments:
        """Of some of the splats."""
        return Moments(self.mean[which], self.square[which])

    def followed(self, fresh: int) -> Moments:
        """With `fresh` new splats after the others."""
        more = np.zeros((fresh, *self.mean.shape[1:]), dtype=self.mean.dtype)
        return Moments(np.concatenate([self.mean, more]), np.concatenate([self.square, more]))


def step(
    values: AnyArray, gradient: AnyArray, moments: Moments, seen: BoolArray, rate: AnyArray,
    number: int,
) -> None:  # fmt: skip
    """Change `values` (n, k) in place where `seen`; `rate` (k,) is each column's step.

    `number` counts steps from 1 (Kingma and Ba 2015).
    """
    count = len(values)
    flat = [array.reshape(count, -1) for array in (gradient, moments.mean, moments.square)]
    in_parts(
        _step, count, values.reshape(count, -1), flat[0], flat[1], flat[2], seen,
        np.ascontiguousarray(rate, dtype=values.dtype), 1 - _BETA_1**number, 1 - _BETA_2**number,
    )  # fmt: skip


@njit(cache=True, nogil=True)
def _step(
    values: AnyArray, gradient: AnyArray, mean: AnyArray, square: AnyArray, seen: BoolArray,
    rate: AnyArray, part_1: float, part_2: float, begin: int, end: int,
) -> None:  # fmt: skip
    for i in range(begin, end):
        if not seen[i]:
            continue
        for k in range(values.shape[1]):
            g = gradient[i, k]
            mean[i, k] = _BETA_1 * mean[i, k] + (1 - _BETA_1) * g
            square[i, k] = _BETA_2 * square[i, k] + (1 - _BETA_2) * g * g
            root = math.sqrt(square[i, k] / part_2) + _EPSILON
            values[i, k] -= rate[k] * (mean[i, k] / part_1) / root
