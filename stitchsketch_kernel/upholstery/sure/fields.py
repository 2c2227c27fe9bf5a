"""Random fields that are alike at near places: errors of a scan are never independent by point."""

from __future__ import annotations

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray

#: Waves of which a field is summed up: the correlation is right to about 1 / sqrt of that.
_WAVES = 256


class SmoothField:
    """Draws of a Gaussian field with unit variance and correlation ``exp(-(d / reach)^2 / 2)``.

    Random Fourier features (Rahimi and Recht, "Random features for large-scale kernel machines",
    NIPS 2007): the same waves for all draws, their weights drawn anew.

    Parameters
    ----------
    reach_mm : float
    draws : int
    rng : Generator
    """

    def __init__(self, reach_mm: float, draws: int, rng: np.random.Generator) -> None:
        self._waves = rng.normal(0, 1 / reach_mm, (3, _WAVES))
        self._weights = rng.normal(0, 1 / np.sqrt(_WAVES), (2 * _WAVES, draws))

    def at(self, points_mm: FloatArray) -> FloatArray:
        """The field at points (n, 3), for each draw, shape (n, draws)."""
        turn = points_mm @ self._waves
        return np.asarray(np.hstack([np.cos(turn), np.sin(turn)]) @ self._weights)
