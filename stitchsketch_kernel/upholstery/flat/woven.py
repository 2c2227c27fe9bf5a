"""Panels laid flat as cloth is: stiff along warp and weft, soft in shear, seams of true length.

The sum over area of ``stretch^2 + stiffness * shear^2`` (`pressed` says what these are), with large
ones made dearer, is made small by Newton's steps with Gauss's part of the second slopes and
Levenberg's damping; the border's steps are held by bars. Large ones are dear by one cost that
stays the same throughout: weights taken from the last step's strain swing to and fro.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csc_array

from stitchsketch_kernel.domain.arrays import BoolArray, FloatArray, IntArray
from stitchsketch_kernel.domain.cloth import Cloth, Fit
from stitchsketch_kernel.upholstery.flat.assembled import Assembled
from stitchsketch_kernel.upholstery.flat.pressed import cost, measured, slopes_of_cost

#: What the grain's direction weighs beside the cloth.
_GRAIN = 3.0
#: From this share of what the cloth gives on, more costs more than its square.
_MUCH = 2 / 3
#: Powers of large strain, and what the border's lengths weigh meanwhile: 2 keeps its mean small,
#: more its largest, but then cloth would rather shorten a seam. Each begins where the one before
#: came to lie; stiff bars at once would make every step a short one.
STAGES = ((2.0, 30.0), (4.0, 300.0), (8.0, 3000.0))
_HALVINGS, _MOST_DAMPING = 8, 1.0


@dataclass(frozen=True)
class _Dear:
    """What stretch of weft and warp, and shear, cost: see `pressed`."""

    weight: FloatArray
    much: FloatArray
    power: float
    bars: float

    @classmethod
    def of(cls, cloth: Cloth, power: float, bars: float) -> _Dear:
        strain, shear = cloth.strain_percent / 100, float(np.sin(np.radians(cloth.shear_deg)))
        much = _MUCH * np.array([strain, strain, shear])
        return cls(np.array([1.0, 1.0, cloth.shear_stiffness]), much, power, bars)


@dataclass(frozen=True)
class Threads:
    """What each face's cloth does: shapes (m,). `area` is the surface's, as a share of all."""

    weft: FloatArray
    warp: FloatArray
    shear: FloatArray
    area: FloatArray

    @property
    def strain_percent(self) -> FloatArray:
        """The larger of both threads' stretches, percent."""
        return np.asarray(100 * np.maximum(np.abs(self.weft), np.abs(self.warp)))

    @property
    def shear_deg(self) -> FloatArray:
        """How far the threads' angle is from a right one."""
        return np.asarray(np.degrees(np.arcsin(np.clip(np.abs(self.shear), 0, 1))))

    def fit(self, held: BoolArray | None = None) -> Fit:
        """How hard the cloth is pressed, on some of the faces or all; shape (m,)."""
        strain, shear, area = self.strain_percent, self.shear_deg, self.area
        if held is not None:
            strain, shear, area = strain[held], shear[held], area[held]
        if not len(area):
            return Fit(0.0, 0.0, 0.0)
        order = np.argsort(strain)
        share = np.cumsum(area[order]) / area.sum()
        high = min(int(np.searchsorted(share, 0.95)), len(order) - 1)
        return Fit(float(strain[order][high]), float(strain.max()), float(shear.max()))


class Sheet:
    """A disk-like surface that is to be laid flat.

    Parameters
    ----------
    surface : ndarray, shape (n, 3)
    faces : ndarray of int32, shape (m, 3)
    bars : ndarray of int32, shape (k, 2)
        Edges whose length is kept; may be none.
    grain : ndarray, shape (3,), optional
        Direction of the warp; without it the flat may turn.
    """

    def __init__(
        self,
        surface: FloatArray,
        faces: IntArray,
        bars: IntArray,
        grain: FloatArray | None = None,
    ) -> None:
        self.faces, self.count, self._ends = faces, len(surface), bars
        a, b, c = (surface[faces[:, i]] for i in range(3))
        along, area2, slopes = _slopes(b - a, c - a)
        self._slopes = slopes
        self.area = area2 / area2.sum()
        self._length = np.linalg.norm(surface[bars[:, 1]] - surface[bars[:, 0]], axis=1)
        self._heavy = np.sqrt(self._length / max(self._length.sum(), 1e-12))
        self._turn = None if grain is None else self._grain_row(along, b - a, c - a, grain)

    def _grain_row(
        self, along: FloatArray, ab: FloatArray, ac: FloatArray, grain: FloatArray
    ) -> FloatArray:
        """What gives the mean x of the grain in the flat, which shall be 0."""
        up = np.cross(ab, ac)
        across = np.cross(up / np.linalg.norm(up, axis=1)[:, None], along)
        local = np.column_stack([along @ grain, across @ grain])
        weights = np.einsum("mi,mij->mj", local, self._slopes) * self.area[:, None]
        row = np.bincount(self.faces.ravel(), weights.ravel(), minlength=self.count)
        return np.asarray(_GRAIN * np.concatenate([row, np.zeros(self.count)]))

    def threads(self, flat: FloatArray) -> Threads:
        """What the cloth does when it is cut as `flat`, shape (n, 2)."""
        weft, warp, shear, _ = measured(flat, self.faces, self._slopes).T
        return Threads(weft, warp, shear, self.area)

    def lengths(self, flat: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Of each bar, in the flat and on the surface."""
        step = flat[self._ends[:, 1]] - flat[self._ends[:, 0]]
        return np.asarray(np.linalg.norm(step, axis=1)), self._length

    def _cost(self, flat: FloatArray, dear: _Dear) -> float:
        pressed = measured(flat, self.faces, self._slopes)
        inner = cost(pressed, self.area, dear.much, dear.weight, dear.power)
        have, want = self.lengths(flat)
        turned = 0.0 if self._turn is None else float(self._turn @ flat.T.ravel()) ** 2
        return float(inner + ((dear.bars * self._heavy * (have / want - 1)) ** 2).sum() + turned)

    def laid(
        self,
        flat: FloatArray,
        cloth: Cloth,
        rounds: int,
        gain: float = 0.01,
        stages: tuple[tuple[float, float], ...] = STAGES,
    ) -> FloatArray:
        """The flat, as the cloth lies best, from one that has no face turned over.

        Parameters
        ----------
        flat : ndarray, shape (n, 2)
            Where to begin.
        cloth : Cloth
        rounds : int
            At most, for each stage.
        gain : float
            It has settled when a round makes the cost smaller by less than this share.
        stages : tuple of (float, float)
            Powers of large strain, and the bars' weights.
        """
        flat = np.ascontiguousarray(flat)
        for power, bars in stages:
            dear, damping = _Dear.of(cloth, power, bars), 1e-6
            before = self._cost(flat, dear)
            for _ in range(rounds):
                H, g = self._slopes_of_cost(flat, dear)
                step, found, damping = self._step(flat, H, g, before, dear, damping)
                if step is None:
                    break
                flat, gained, before = step, before - found, found
                if gained < gain * before:
                    break
        return flat

    def _step(
        self,
        flat: FloatArray,
        H: csc_array,
        g: FloatArray,
        before: float,
        dear: _Dear,
        damping: float,
    ) -> tuple[FloatArray | None, float, float]:
        scale = float(H.diagonal().mean())
        while damping <= _MOST_DAMPING:
            move = -self._solved(self._sparse.solver(H, damping * scale), g, flat)
            for halved in range(_HALVINGS):
                moved = flat + move.reshape(2, -1).T / 2**halved
                found = self._cost(moved, dear)
                if found < before:
                    return moved, found, max(damping / 3, 1e-9)
            damping *= 10
        return None, before, damping

    def _solved(
        self, solve: Callable[[FloatArray], FloatArray], g: FloatArray, flat: FloatArray
    ) -> FloatArray:
        """The step with the grain's row as well, which is dense (Sherman and Morrison)."""
        t = self._turn
        if t is None:
            return solve(g)
        y, z = solve(g + t * float(t @ flat.T.ravel())), solve(t)
        return np.asarray(y - z * (t @ y) / (1 + t @ z))

    def _slopes_of_cost(self, flat: FloatArray, dear: _Dear) -> tuple[csc_array, FloatArray]:
        """Half of the second and first slopes, by all x, then all y; without the grain's."""
        first, second = slopes_of_cost(
            flat, self.faces, self._slopes, self.area, dear.much, dear.weight, dear.power
        )
        a, b = self._ends.T
        step = flat[b] - flat[a]
        length = np.linalg.norm(step, axis=1)
        unit = step / length[:, None]
        row = np.column_stack([-unit[:, 0], unit[:, 0], -unit[:, 1], unit[:, 1]])
        heavy = dear.bars * self._heavy
        row *= (heavy / self._length)[:, None]
        off = heavy * (length / self._length - 1)
        return (
            self._sparse.matrix([second, row[:, :, None] * row[:, None, :]]),
            self._sparse.vector([first, row * off[:, None]]),
        )

    @cached_property
    def _sparse(self) -> Assembled:
        return Assembled(
            [np.hstack([one, one + self.count]) for one in (self.faces, self._ends)], 2 * self.count
        )


def _slopes(ab: FloatArray, ac: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Each face's first axis, twice its area, and the slopes of its corners' hats (m, 2, 3)."""
    x1 = np.linalg.norm(ab, axis=1)
    along = ab / x1[:, None]
    x2 = (ac * along).sum(axis=1)
    y2 = np.linalg.norm(ac - x2[:, None] * along, axis=1)
    slopes = np.zeros((len(ab), 2, 3))
    slopes[:, 0, 1], slopes[:, 1, 1], slopes[:, 1, 2] = 1 / x1, -x2 / (x1 * y2), 1 / y2
    slopes[:, :, 0] = -slopes[:, :, 1] - slopes[:, :, 2]
    return along, x1 * y2, slopes
