"""A surface as fine as the memory lets it be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.errors import ShortOfMemoryError
from stitchsketch_kernel.domain.model import Depth
from stitchsketch_kernel.reconstruction.memory import USABLE, gib

#: The octree's cube is so much wider than what it holds.
SCALE = 1.1
#: Its depth: 2 ** depth cells along each side.
_LEAST_DEPTH, _MOST_DEPTH = 6, 10
#: What Poisson's equation takes by the cells that a surface goes through: 1150 to 1400 were
#: measured on balls of 150,000 and 300,000 points, depth 7 to 9.
BYTES_A_CELL = 1800


@dataclass(frozen=True)
class Octree:
    """How deep, and the size of its cells where they are coarser than asked for, else 0."""

    depth: int
    coarser_m: float


def octree_for(
    points: FloatArray, voxel_m: float, cell_m: float, free: Callable[[], int]
) -> Octree:
    """The octree with cells of `cell_m` or less, or the finest that fits the memory.

    Parameters
    ----------
    points : ndarray, shape (n, 3)
        One a voxel.
    voxel_m, cell_m : float
    free : callable
        Tells the bytes that may be taken.

    Raises
    ------
    ShortOfMemoryError
        Not even the coarsest fits.
    """
    side = float(np.ptp(points, axis=0).max()) * SCALE
    asked = int(np.clip(np.ceil(np.log2(side / cell_m)), _LEAST_DEPTH, _MOST_DEPTH))
    area, there = len(points) * voxel_m**2, USABLE * free()

    def need(depth: int) -> float:
        return float(BYTES_A_CELL * area / (side / 2**depth) ** 2)

    depth = asked
    while need(depth) > there:
        depth -= 1
        if depth < _LEAST_DEPTH:
            raise ShortOfMemoryError(
                f"The surface takes {gib(need(_LEAST_DEPTH) / USABLE)} of memory even when it is "
                f"coarse, and {gib(there / USABLE)} can be had.",
                "Close other programs, or give the run more memory.",
            )
    return Octree(depth, side / 2**depth if depth < asked else 0.0)


def say_coarser(coarser_m: float, cell_m: float) -> str:
    """A sentence for the report; empty where no octree was coarser than asked for."""
    if not coarser_m:
        return ""
    return (
        f"Memory was short: the surface was made of cells of {1000 * coarser_m:.1f} mm instead of "
        f"{1000 * cell_m:.1f} mm, so piping and creases are rounder than they are. Close other "
        "programs and run it anew."
    )


@contextmanager
def enough_for(depths: Sequence[Depth]) -> Iterator[None]:
    """Say it where memory ends while depth maps are held against each other.

    Raises
    ------
    ShortOfMemoryError
        It ended.
    """
    try:
        yield
    except MemoryError as error:
        size = len(depths) * depths[0].depth_m.nbytes
        raise ShortOfMemoryError(
            f"Memory ended while the depth of {len(depths)} photos was brought together: the maps "
            f"alone take {gib(size)}.",
            "Close other programs, give the run more memory, or take smaller maps "
            "(--set densify.max_side_px=900).",
        ) from error
