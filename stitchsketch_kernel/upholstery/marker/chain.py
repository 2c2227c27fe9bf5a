"""One worker's search for a shorter layout: shorten the strip, set the pieces apart, swap.

The order of things is sparrow's (Gardeyn and Wauters 2025): where pieces can't be set apart, two
large ones change places in one of the layouts that failed by least.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import shapely

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.upholstery.marker.coarse import coarse_of
from stitchsketch_kernel.upholstery.marker.compact import Shapes, compact
from stitchsketch_kernel.upholstery.marker.depths import Depths
from stitchsketch_kernel.upholstery.marker.separate import separate
from stitchsketch_kernel.upholstery.marker.strip import Layout, Strip

#: The strip is shortened by the first share, after a failure by the next.
_SHARES = 0.02, 0.005, 0.001
#: In the end it is shortened by between these shares at a place drawn, or pieces are swapped:
#: how often the first.
_PRESSED, _PRESS_SHARE = (0.0005, 0.003), 0.6
#: Rounds without gain until a strike; strikes, and rounds, until it is given up.
_PATIENCE, _STRIKES, _MOST = 50, 1, 1000
#: Layouts that overlap by more than this (of the width, summed) are not worth mending.
_MENDABLE = 0.01
#: How far down the list of failed layouts the next is taken from (sparrow's).
_SPREAD = 0.25
#: A strip shorter by more than this than the shortest layout is stretched to that again.
_BELOW = 0.004
#: First and last moves when pushing together between (of the width).
_PUSH = 0.02, 0.001
#: Overlap is none up to this share of the width, squared: rounding's.
_NO_AREA = 1e-12
#: So many failures, and the search begins anew in a strip longer by this than the shortest;
#: where it goes on from the layout given, fewer do.
_FAILS, _LOOSE, _FIRST_FAILS = 60, 1.3, 20
#: Pieces of the upper three quarters of all hulls' area are large.
_LARGE = 0.75


class Chain:
    """One worker's search: the layout it is at, and the shortest it met.

    Parameters
    ----------
    shapes, depths, strip : Shapes, Depths, Strip
    shape, at : ndarray, shape (N,), (N, 2)
        The layout to begin from, nothing overlapping.
    length : float
        Of that layout.
    seed : int
    anew : bool
        Begin with pieces thrown anywhere; else go on from the layout given.
    """

    def __init__(
        self, shapes: Shapes, depths: Depths, strip: Strip, shape: np.ndarray, at: FloatArray,
        length: float, seed: int, anew: bool,
    ) -> None:  # fmt: skip
        self.shapes, self._depths, self._strip = shapes, depths, strip
        self._coarse = coarse_of(depths, strip)
        self.shape, self.at, self.length = shape.copy(), at.copy(), length
        self._layout = Layout(shape.copy(), at[:, 0].copy(), at[:, 1].copy())
        self._rng = np.random.default_rng(seed)
        self._failed: list[tuple[float, Layout]] = []
        self._now, self._reached, self._speed, self._fails = length, length, 1, 0
        self._pressing = False
        outlines = [shapely.Polygon(ring) for ring in shapes.rings]
        self._poles = np.array([_pole(outline) for outline in outlines])
        hull = shapely.area(shapely.convex_hull(outlines))[strip.first]
        falling = np.sort(hull)[::-1]
        least = falling[np.searchsorted(np.cumsum(falling), _LARGE * falling.sum())]
        self._hull, self._large = hull, np.flatnonzero(hull >= least)
        # where a large piece overlaps there is more to set right (sparrow's shape penalty)
        heavy = np.power(hull[:, None] * hull, 0.25)
        self._heavy = heavy / heavy.mean()
        self._weights = self._heavy.copy()
        self._shorten(length)
        self._fails = _FAILS - _FIRST_FAILS
        if anew:
            self._begin_anew()

    def go(self, halt: np.ndarray, late: Callable[[], bool]) -> None:
        """Set pieces apart once in the strip as it is, then shorten it or swap two pieces.

        Parameters
        ----------
        halt : ndarray of bool, shape (1,)
            Looked at after each round; set by whoever keeps the time.
        late : callable
            The same for what is not compiled.
        """
        overlap, _ = separate(
            self._depths, self._coarse, self._strip, self._layout, self._weights, self._heavy,
            self._now, _PATIENCE, _STRIKES, _MOST, halt, self._rng,
        )  # fmt: skip
        quick = self._speed < len(_SHARES) - 1
        if overlap == 0.0 and quick and self._now > self.length:
            self._shorten(self._now)
            return
        gained = overlap < _MENDABLE * self.shapes.width and self._mended(late)
        if halt[0]:
            return
        if overlap == 0.0 or gained:
            self._speed = self._speed if quick else len(_SHARES) - 1
            self._fails = 0
            self._shorten(self._now)
            return
        if quick:
            self._stretch(self._now / (1 - _SHARES[self._speed]))
            self._speed += 1
            return
        self._fails += 1
        if self._pressing and self._rng.random() < _PRESS_SHARE:
            self._press()
        elif self._fails >= _FAILS and not self._pressing:
            self._begin_anew()
        else:
            self._disturb(overlap)

    def take(self, other: Chain) -> None:
        """Go on from another's shortest layout, pressing it at places drawn; begin anew no more."""
        self.shape, self.at, self.length = other.shape.copy(), other.at.copy(), other.length
        self._speed, self._pressing = len(_SHARES) - 1, True
        self._press()

    def _press(self) -> None:
        """Shorten the shortest layout a little, at a place drawn, and set it apart there.

        sparrow's compression: only pieces near that place are in each other's way.
        """
        self._layout.shape[:] = self.shape
        self._layout.x[:], self._layout.y[:] = self.at.T
        self._now = self._reached = self.length
        share = np.exp(self._rng.uniform(*np.log(_PRESSED)))
        self._stretch(self.length * (1 - share), self._rng.uniform(0.0, self.length))

    def _disturb(self, overlap: float) -> None:
        """Swap two pieces in one of the layouts that failed by least."""
        self._failed.append((overlap, Layout(*(value.copy() for value in self._layout))))
        self._failed.sort(key=lambda one: one[0])
        aim = self._reached * (1 - _SHARES[-1])
        pick = int(min(0.999, abs(self._rng.normal(0, _SPREAD))) * len(self._failed))
        for mine, its in zip(self._layout, self._failed[pick][1], strict=True):
            mine[:] = its
        if np.isfinite(aim) and aim > self._now * (1 + _BELOW):
            self._stretch(aim)
        self._swap()

    def _mended(self, late: Callable[[], bool]) -> bool:
        """Push the layout together, and go on from there where that is shorter than before."""
        at = np.column_stack([self._layout.x, self._layout.y])
        found = compact(self.shapes, self._layout.shape, at, *_PUSH, late=late)
        if found.overlap > 0 or found.length >= self._reached * (1 - 1e-6):
            return False
        if not sound(self.shapes, self._layout.shape, found.at):
            return False
        self._reached = found.length
        if found.length < self.length:
            self.shape, self.at, self.length = self._layout.shape.copy(), found.at, found.length
        self._layout.x[:], self._layout.y[:] = found.at.T
        self._now = found.length
        return True

    def _shorten(self, length: float) -> None:
        self._stretch(length * (1 - _SHARES[self._speed]))

    def _stretch(self, length: float, at: float | None = None) -> None:
        """Give the strip another length: what lies beyond a place, or its middle, moves."""
        layout, strip = self._layout, self._strip
        low, high = strip.low[layout.shape, 0], strip.high[layout.shape, 0]
        split = self._now / 2 if at is None else at
        layout.x[layout.x + (low + high) / 2 > split] += length - self._now
        layout.x[:] = np.clip(layout.x, -low, np.maximum(length - high, -low))
        self._now = length
        self._weights[:] = self._heavy
        self._failed.clear()

    def _begin_anew(self) -> None:
        strip, layout, rng = self._strip, self._layout, self._rng
        self._now, self._speed, self._reached = self.length * _LOOSE, 0, np.inf
        layout.shape[:] = strip.first + rng.integers(0, strip.turns)
        low, high = strip.low[layout.shape], strip.high[layout.shape]
        room = np.maximum([self._now, strip.width] - high, -low)
        layout.x[:], layout.y[:] = rng.uniform(-low, room).T
        self._weights[:] = self._heavy
        self._failed.clear()
        self._fails = 0

    def _swap(self) -> None:
        """Two large pieces that differ change places, and what lies where they come goes along."""
        one = int(self._rng.choice(self._large))
        differs = np.abs(self._hull - self._hull[one]) > 0.01 * self._hull[one]
        others = self._large[differs[self._large]]
        if len(others) == 0:
            others = np.delete(np.arange(len(self._hull)), one)
        if len(others):
            other = int(self._rng.choice(others))
            middles = [self._middle(one), self._middle(other)]
            self._put(one, middles[1])
            self._put(other, middles[0])
            move = middles[0] - middles[1]
            self._carry(one, move, (one, other))
            self._carry(other, -move, (one, other))
        self._weights[:] = self._heavy

    def _carry(self, i: int, move: FloatArray, but: tuple[int, int]) -> None:
        """What lies within a piece that was put there goes to where that came from."""
        layout = self._layout
        ring = self.shapes.rings[layout.shape[i]] + [layout.x[i], layout.y[i]]
        poles = self._poles[layout.shape] + np.column_stack([layout.x, layout.y])
        for j in np.flatnonzero(shapely.contains_xy(shapely.Polygon(ring), *poles.T)):
            if j not in but:
                self._put(int(j), self._middle(int(j)) + move)

    def _middle(self, i: int) -> FloatArray:
        s = self._layout.shape[i]
        place = np.array([self._layout.x[i], self._layout.y[i]])
        return np.asarray(place + (self._strip.low[s] + self._strip.high[s]) / 2)

    def _put(self, i: int, middle: FloatArray) -> None:
        s = self._layout.shape[i]
        low, high = self._strip.low[s], self._strip.high[s]
        room = np.maximum([self._now, self._strip.width] - high, -low)
        self._layout.x[i], self._layout.y[i] = np.clip(middle - (low + high) / 2, -low, room)


def sound(shapes: Shapes, shape: np.ndarray, at: FloatArray) -> bool:
    """Whether nothing overlaps, by exact geometry."""
    return shapes.overlap(shape, at) <= _NO_AREA * shapes.width**2


def _pole(outline: shapely.Polygon) -> FloatArray:
    """A place as far within an outline as can be."""
    size = float(np.ptp(shapely.get_coordinates(outline), axis=0).min())
    spoke = shapely.maximum_inscribed_circle(outline, tolerance=0.01 * size)
    return np.asarray(shapely.get_coordinates(spoke)[0])
