"""A layout made shorter: pieces set apart in ever shorter strips, swapped, and pushed together.

The order of things is sparrow's (Gardeyn and Wauters 2025): shorten the strip, set the pieces
apart, and where that fails swap two large ones in one of the layouts that failed by least. Overlap
is looked up (`depths`), and what the strip's length comes to is settled by `compact`.
"""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import shapely

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.progress import Progress
from stitchsketch_kernel.upholstery.marker.compact import Shapes, compact
from stitchsketch_kernel.upholstery.marker.depths import Depths, depths_of
from stitchsketch_kernel.upholstery.marker.separate import Layout, Strip, separate
from stitchsketch_kernel.upholstery.marker.turned import Turned

#: Pieces that lie this deep (of the width) in each other count as apart: `compact` mends that.
_TOLERANCE = 1e-4
#: The strip is shortened by the first share, after a failure by the next.
_SHARES = 0.02, 0.005, 0.001
#: Places drawn for a piece over the strip and round it; rounds without gain; rounds at most.
_ANYWHERE, _NEAR, _PATIENCE, _STRIKES, _MOST = 40, 15, 50, 1, 1000
#: Layouts that overlap by more than this (of the width, summed) are not worth mending.
_MENDABLE = 0.05
#: How far down the list of failed layouts the next is taken from (sparrow's).
_SPREAD = 0.25
#: A strip shorter by more than this than the shortest layout is stretched to that again.
_BELOW = 0.004
#: Seconds that a pair's grid takes, about, and the share of the time that all may take.
_GRID_S, _GRID_SHARE = 0.002, 0.2
#: Seconds between two words to the caller.
_POLL_S = 0.2
#: Overlap is none up to this share of the width, squared: rounding's.
_NO_AREA = 1e-12
#: So many failures, and the search begins anew in a strip longer by this than the shortest;
#: where it goes on from the layout given, fewer do.
_FAILS, _LOOSE, _FIRST_FAILS = 60, 1.3, 20
#: Pieces of the upper three quarters of all hulls' area are large.
_LARGE = 0.75
_HEAVY, _CARRY = 1.0, True


class Chain:
    """One worker's search: the layout it is at, and the shortest it met."""

    def __init__(
        self, shapes: Shapes, depths: Depths, strip: Strip, shape: np.ndarray, at: FloatArray,
        length: float, seed: int, anew: bool, stop: np.ndarray,
    ) -> None:  # fmt: skip
        self._stop = stop
        self.shapes, self._depths, self._strip = shapes, depths, strip
        self.shape, self.at, self.length = shape.copy(), at.copy(), length
        self._layout = Layout(shape.copy(), at[:, 0].copy(), at[:, 1].copy())
        self._rng = np.random.default_rng(seed)
        self._failed: list[tuple[float, Layout]] = []
        self._now, self._reached, self._speed, self._fails = length, length, 1, 0
        hull = np.array(
            [shapely.convex_hull(shapely.Polygon(shapes.rings[f])).area for f in strip.first]
        )
        falling = np.sort(hull)[::-1]
        least = falling[np.searchsorted(np.cumsum(falling), _LARGE * falling.sum())]
        self._hull, self._large = hull, np.flatnonzero(hull >= least)
        heavy = np.power(hull[:, None] * hull, _HEAVY / 4)
        self._heavy = heavy / heavy.mean()
        self._weights = self._heavy.copy()
        self._poles = np.array([_pole(ring) for ring in shapes.rings])
        self.done = [0, 0, 0.0, 0, 0.0]
        self._shorten(length)
        self._fails = _FAILS - _FIRST_FAILS
        if anew:
            self._begin_anew()

    def go(self) -> None:
        """Set pieces apart once in the strip as it is, then shorten it or swap two pieces."""
        begun = time.thread_time()
        overlap, rounds = separate(
            self._depths, self._strip, self._layout, self._weights, self._heavy, self._now,
            _ANYWHERE, _NEAR, _PATIENCE, _STRIKES, _MOST, self._stop, self._rng,
        )  # fmt: skip
        self.done[0] += 1
        self.done[1] += rounds
        self.done[2] += time.thread_time() - begun
        quick = self._speed < len(_SHARES) - 1
        if overlap == 0.0 and quick:
            self._shorten(self._now)
            return
        gained = overlap < _MENDABLE * self.shapes.width and self._mended()
        if overlap == 0.0 or gained:
            self._speed = len(_SHARES) - 1
            self._fails = 0
            self._shorten(self._now)
            return
        if quick:
            self._stretch(self._now / (1 - _SHARES[self._speed]))
            self._speed += 1
            return
        self._fails += 1
        if self._fails >= _FAILS:
            self._begin_anew()
            return
        self._failed.append((overlap, Layout(*(value.copy() for value in self._layout))))
        self._failed.sort(key=lambda one: one[0])
        aim = self._reached * (1 - _SHARES[-1])
        pick = int(min(0.999, abs(self._rng.normal(0, _SPREAD))) * len(self._failed))
        for mine, its in zip(self._layout, self._failed[pick][1], strict=True):
            mine[:] = its
        if np.isfinite(aim) and aim > self._now * (1 + _BELOW):
            self._stretch(aim)
        self._swap()

    def _mended(self) -> bool:
        """Push the layout together, and go on from there where that is shorter than before."""
        at = np.column_stack([self._layout.x, self._layout.y])
        begun = time.thread_time()
        found = compact(self.shapes, self._layout.shape, at, 0.02, 0.001)
        self.done[3] += 1
        self.done[4] += time.thread_time() - begun
        if found.overlap > 0 or found.length >= self._reached * (1 - 1e-6):
            return False
        if not _sound(self.shapes, self._layout.shape, found.at):
            return False
        self._reached = found.length
        if found.length < self.length:
            self.shape, self.at, self.length = self._layout.shape.copy(), found.at, found.length
        self._layout.x[:], self._layout.y[:] = found.at.T
        self._now = found.length
        return True

    def _shorten(self, length: float) -> None:
        self._stretch(length * (1 - _SHARES[self._speed]))

    def _stretch(self, length: float) -> None:
        """Give the strip another length: what lies beyond its middle moves."""
        layout, strip = self._layout, self._strip
        low, high = strip.low[layout.shape, 0], strip.high[layout.shape, 0]
        beyond = layout.x + (low + high) / 2 > self._now / 2
        layout.x[beyond] += length - self._now
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
        """Two large pieces that differ change places."""
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
            if _CARRY:
                move = middles[0] - middles[1]
                for i, by in ((one, move), (other, -move)):
                    self._carry(i, one, other, by)
        self._weights[:] = self._heavy

    def _carry(self, i: int, one: int, other: int, by: FloatArray) -> None:
        """What lies within a piece that was put there goes to where that came from."""
        layout = self._layout
        ring = self.shapes.rings[layout.shape[i]] + [layout.x[i], layout.y[i]]
        poles = self._poles[layout.shape] + np.column_stack([layout.x, layout.y])
        inside = shapely.contains_xy(shapely.Polygon(ring), *poles.T)
        for j in np.flatnonzero(inside):
            if j not in (one, other):
                self._put(int(j), self._middle(int(j)) + by)

    def _middle(self, i: int) -> FloatArray:
        s = self._layout.shape[i]
        place = np.array([self._layout.x[i], self._layout.y[i]])
        return np.asarray(place + (self._strip.low[s] + self._strip.high[s]) / 2)

    def _put(self, i: int, middle: FloatArray) -> None:
        s = self._layout.shape[i]
        low, high = self._strip.low[s], self._strip.high[s]
        room = np.maximum([self._now, self._strip.width] - high, -low)
        self._layout.x[i], self._layout.y[i] = np.clip(middle - (low + high) / 2, -low, room)


def _pole(ring: FloatArray) -> FloatArray:
    """A place as far within an outline as can be."""
    size = float(np.ptp(ring, axis=0).min())
    line = shapely.maximum_inscribed_circle(shapely.Polygon(ring), tolerance=0.01 * size)
    return np.asarray(shapely.get_coordinates(line)[0])


def improve(
    outlines: Turned,
    shape: np.ndarray,
    at: FloatArray,
    seconds: float,
    seed: int,
    workers: int,
    progress: Progress,
) -> tuple[np.ndarray, FloatArray]:
    """Make a layout shorter for some time; never longer, nothing overlapping.

    Parameters
    ----------
    outlines : Turned
    shape, at : ndarray, shape (N,), (N, 2)
        The layout to begin from: each piece's shape and place.
    seconds, seed, workers : float, int, int
        Workers (0: one for each processor) search apart from each other, from different seeds.
    progress : Progress
        May raise to end the search.

    Returns
    -------
    shape, at
        Those given, where nothing shorter and sound was found.
    """
    begun, shapes = time.monotonic(), outlines.shapes
    at, length = _pressed(shapes, shape, at, _length(shapes, shape, at))
    if len(shape) < 2 or not affordable(outlines, seconds):
        return shape, at
    strip = Strip(
        shapes.low, shapes.high, outlines.first, outlines.turns, shapes.width,
        _TOLERANCE * shapes.width,
    )  # fmt: skip
    depths = depths_of(shapes.rings)
    count = workers or os.cpu_count() or 1
    halt = np.zeros(1, np.bool_)
    chains = [
        Chain(shapes, depths, strip, shape, at, length, seed + 1009 * i, i % 2 == 1, halt)
        for i in range(count)
    ]
    # the first time on a machine this compiles the search, which takes a while
    chains[0].go()
    begun = max(begun, time.monotonic() - _GRID_SHARE * seconds)
    stop = threading.Event()
    with ThreadPoolExecutor(count) as pool:
        try:
            going = [pool.submit(_go, chain, begun + seconds, stop) for chain in chains]
            while not all(one.done() for one in going):
                share = min(0.99, (time.monotonic() - begun) / seconds)
                least = min(chain.length for chain in chains)
                progress(share, f"nesting, {least / 1000:.2f} m")
                time.sleep(_POLL_S)
        finally:
            stop.set()
        for one in going:
            one.result()
    best = min(chains, key=lambda chain: chain.length)
    return best.shape, _pressed(shapes, best.shape, best.at, best.length)[0]


def affordable(outlines: Turned, seconds: float) -> bool:
    """Whether the time is enough to look depths up: there is a grid for each pair of shapes."""
    count = len(outlines.shapes.rings)
    return count * (count + 1) / 2 * _GRID_S <= _GRID_SHARE * seconds


def _length(shapes: Shapes, shape: np.ndarray, at: FloatArray) -> float:
    return float((at + shapes.high[shape])[:, 0].max() - (at + shapes.low[shape])[:, 0].min())


def _pressed(
    shapes: Shapes, shape: np.ndarray, at: FloatArray, length: float
) -> tuple[FloatArray, float]:
    """The layout pushed together, or as it is where that is not sound or not shorter."""
    found = compact(shapes, shape, at)
    if found.length < length and found.overlap == 0 and _sound(shapes, shape, found.at):
        return found.at, found.length
    return at, length


def _sound(shapes: Shapes, shape: np.ndarray, at: FloatArray) -> bool:
    """Whether nothing overlaps, by exact geometry."""
    return shapes.overlap(shape, at) <= _NO_AREA * shapes.width**2


def _go(chain: Chain, until: float, stop: threading.Event) -> None:
    while time.monotonic() < until and not stop.is_set():
        chain.go()
