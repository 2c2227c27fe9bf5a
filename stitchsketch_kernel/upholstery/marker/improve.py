"""A layout made shorter in the time given: pushed together, searched on from by several chains.

Each chain (`chain`) searches by itself, half of them from the layout given and half anew; in the
last part of the time all go on from the shortest that any of them met, now and then anew.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.progress import Progress
from stitchsketch_kernel.upholstery.marker.chain import Chain, sound
from stitchsketch_kernel.upholstery.marker.compact import Shapes, compact
from stitchsketch_kernel.upholstery.marker.depths import CELLS, depths_of
from stitchsketch_kernel.upholstery.marker.separate import separate
from stitchsketch_kernel.upholstery.marker.strip import Strip
from stitchsketch_kernel.upholstery.marker.turned import Turned

#: Pieces that lie this deep (of the width) in each other count as apart: `compact` mends that.
_TOLERANCE = 1e-4
#: Seconds that a pair's grid takes, about, and the share of the time that all may take.
_GRID_S, _GRID_SHARE = 0.002, 0.2
#: Finer grids, and the same of them.
_FINE_CELLS, _FINE_S, _FINE_SHARE = 256, 0.005, 0.1
#: Seconds between two words to the caller.
_POLL_S = 0.2
#: At these shares of the search's time all chains go on from the shortest layout.
_TOGETHER = 0.7, 0.8, 0.9
#: Pushing together at the end is given so many times what it took at the beginning.
_LAST_PUSH = 2.0

#: Tells seconds, of the wall or of the processor.
Clock = Callable[[], float]


class _Watch:
    """Says when it is time to end; `halt` tells compiled code."""

    def __init__(self, clock: Clock, until: float) -> None:
        self._clock, self._until = clock, until
        self.halt = np.zeros(1, np.bool_)

    def late(self) -> bool:
        if self._clock() >= self._until:
            self.halt[0] = True
        return bool(self.halt[0])

    def now(self) -> float:
        return self._clock()

    def left(self) -> float:
        return self._until - self._clock()


def improve(
    outlines: Turned,
    shape: np.ndarray,
    at: FloatArray,
    seconds: float,
    seed: int,
    workers: int,
    progress: Progress,
    clock: Clock = time.monotonic,
) -> tuple[np.ndarray, FloatArray]:
    """Make a layout shorter for some time; never longer, nothing overlapping.

    Parameters
    ----------
    outlines : Turned
    shape, at : ndarray, shape (N,), (N, 2)
        The layout to begin from: each piece's shape and place.
    seconds, seed, workers : float, int, int
        Workers (0: one for each processor) search apart from each other, from different seeds.
        Compiling the search, once on a machine, comes on top (`make_ready`).
    progress : Progress
        May raise to end the search.
    clock : callable
        What the seconds are told by.

    Returns
    -------
    shape, at
        Those given, where nothing shorter and sound was found.
    """
    make_ready()
    begun, shapes = clock(), outlines.shapes
    at, length = pushed(shapes, shape, at, begun + seconds, clock)
    push_s = clock() - begun
    if len(shape) < 2 or push_s >= seconds:
        return shape, at
    strip = Strip(
        shapes.low, shapes.high, outlines.first, outlines.turns, float(shapes.width),
        _TOLERANCE * float(shapes.width),
    )  # fmt: skip
    depths = depths_of(shapes.rings, _cells(outlines, seconds))
    chains = [
        Chain(shapes, depths, strip, shape, at, length, seed + 1009 * i, i % 2 == 1)
        for i in range(workers or os.cpu_count() or 1)
    ]
    until = begun + seconds
    push_s = min(_LAST_PUSH * push_s, _GRID_SHARE * seconds)
    searching, rest = clock(), until - push_s - clock()
    for share in _TOGETHER:
        _search(chains, _Watch(clock, searching + share * rest), begun, seconds, progress)
        best = min(chains, key=lambda chain: chain.length)
        for chain in chains:
            chain.take(best)
    _search(chains, _Watch(clock, until - push_s), begun, seconds, progress)
    best = min(chains, key=lambda chain: chain.length)
    return best.shape, pushed(shapes, best.shape, best.at, until, clock)[0]


def make_ready() -> None:
    """Compile the search, or load what was compiled: once in a process."""
    if separate.signatures:
        return
    ring = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    shapes = Shapes([ring, -ring], 2.0)
    two = np.zeros(2, np.int64)
    strip = Strip(shapes.low, shapes.high, two, two + 2, 2.0, _TOLERANCE)
    at = np.array([[0.0, 0.0], [1.0, 0.0]])
    chain = Chain(shapes, depths_of(shapes.rings), strip, two, at, 2.0, 1, True)
    chain.go(np.zeros(1, np.bool_), lambda: False)
    compact(shapes, two, at)


def pushed(
    shapes: Shapes, shape: np.ndarray, at: FloatArray, until: float, clock: Clock = time.monotonic
) -> tuple[FloatArray, float]:
    """The layout pushed together and its length, or as it is where that is not sound or shorter.

    Parameters
    ----------
    shapes, shape, at : Shapes, ndarray, ndarray
        See `improve`.
    until : float
        When to leave it at that, by the clock.
    """
    length = float((at + shapes.high[shape])[:, 0].max() - (at + shapes.low[shape])[:, 0].min())
    found = compact(shapes, shape, at, late=_Watch(clock, until).late)
    if found.length < length and found.overlap == 0 and sound(shapes, shape, found.at):
        return found.at, found.length
    return at, length


def _search(
    chains: Sequence[Chain], watch: _Watch, begun: float, seconds: float, progress: Progress
) -> None:
    """Let each chain go on in a thread of its own until it is time."""
    with ThreadPoolExecutor(len(chains)) as pool:
        try:
            going = [pool.submit(_go, chain, watch) for chain in chains]
            while not all(one.done() for one in going):
                least = min(chain.length for chain in chains)
                share = (watch.now() - begun) / seconds
                progress(min(0.99, share), f"nesting, {least / 1000:.2f} m")
                watch.late()
                time.sleep(max(0.01, min(_POLL_S, watch.left())))
        finally:
            watch.halt[0] = True
    for one in going:
        one.result()


def affordable(outlines: Turned, seconds: float) -> bool:
    """Whether the time is enough to look depths up: there is a grid for each pair of shapes."""
    return _pairs(outlines) * _GRID_S <= _GRID_SHARE * seconds


def _cells(outlines: Turned, seconds: float) -> int:
    """Cells of a grid: finer where the time is enough, for what it tells is apart is so then."""
    return _FINE_CELLS if _pairs(outlines) * _FINE_S <= _FINE_SHARE * seconds else CELLS


def _pairs(outlines: Turned) -> float:
    count = len(outlines.shapes.rings)
    return count * (count + 1) / 2


def _go(chain: Chain, watch: _Watch) -> None:
    while not watch.late():
        chain.go(watch.halt, watch.late)
