"""Draws of what the scan may be off by, each a whole scan: all figures come from the same ones."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.sureness import ScanErrors
from stitchsketch_kernel.upholstery.sure.fields import SmoothField

#: How many scans are drawn: a deviation is then known to 4 %.
DRAWS = 300
#: A fit reaches so far along the seam: its error is alike within this.
FIT_REACH_MM = 18.5
#: What carries cloth off beside a fold is alike along it within this.
LEAN_REACH_MM = 50.0
#: So much of the skin's error (its variance) is each panel's own: photos see it by its own light.
_OWN_SKIN = 0.5
#: Where no two surfaces fix a seam, its place wanders with this reach.
LOOSE_REACH_MM = 40.0
#: 95 % of a normal variable lie within this many deviations.
WITHIN = 1.96


class Draws:
    """Unit fields for each panel, and the errors common to the whole scan.

    Parameters
    ----------
    panels : iterable of str
    errors : ScanErrors
    middle_mm : ndarray, shape (3,)
        The scale's error is told about this point.
    rng : Generator
    """

    def __init__(
        self,
        panels: Iterable[str],
        errors: ScanErrors,
        middle_mm: FloatArray,
        rng: np.random.Generator,
    ) -> None:
        names = tuple(panels)
        self._noise = {name: SmoothField(FIT_REACH_MM, DRAWS, rng) for name in names}
        self._leaning = {name: SmoothField(LEAN_REACH_MM, DRAWS, rng) for name in names}
        self._loose = SmoothField(LOOSE_REACH_MM, DRAWS, rng)
        self._bend = [SmoothField(errors.bend_reach_mm, DRAWS, rng) for _ in range(3)]
        self._bend_mm, self._middle = errors.bend_mm, middle_mm
        self._scale = rng.normal(0, errors.scale_percent / 100 / WITHIN, DRAWS)
        #: How far the surface beside folds leans to what the second opinion says, or away.
        self.lean = rng.normal(0, 1, DRAWS)
        common = rng.normal(0, np.sqrt(1 - _OWN_SKIN) * errors.skin_mm, DRAWS)
        own = np.sqrt(_OWN_SKIN) * errors.skin_mm
        self._skin = {name: common + rng.normal(0, own, DRAWS) for name in names}

    def noise(self, panel: str, points_mm: FloatArray) -> FloatArray:
        """Unit error of the panel's fitted surface at points (n, 3), shape (n, draws)."""
        return self._noise[panel].at(points_mm)

    def leaning(self, panel: str, points_mm: FloatArray) -> FloatArray:
        """Unit error of the panel's surface beside folds of which nothing is known, (n, draws)."""
        return self._leaning[panel].at(points_mm)

    def skin(self, panel: str) -> FloatArray:
        """How far the panel's whole skin lies outside of the cloth, shape (draws,)."""
        return self._skin[panel]

    def loose(self, points_mm: FloatArray) -> FloatArray:
        """Unit error across a seam that nothing fixes, shape (n, draws)."""
        return self._loose.at(points_mm)

    def common(self, points_mm: FloatArray) -> FloatArray:
        """How the whole scan is moved at points (n, 3): scale and bend, shape (n, 3, draws)."""
        bend = np.stack([one.at(points_mm) for one in self._bend], axis=1)
        return np.asarray(
            self._bend_mm * bend + (points_mm - self._middle)[:, :, None] * self._scale
        )
