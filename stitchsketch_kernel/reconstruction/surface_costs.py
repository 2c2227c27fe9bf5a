"""What the parts of making a mesh take, so that its progress is honest for few photos and many."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stitchsketch_kernel.reconstruction.votes import MOST_WITNESSES, DepthStack

#: Seconds by the clock of two cores, from 40 and 80 photos; only how they compare counts. A known
#: pixel by itself, and held against one other map, twice; a point of the cloud in Poisson's
#: equation and in cleaning what comes of it, in cells of 3 mm; a photo's colours.
_READ, _VOTE, _POISSON, _CLEANED, _COLOURED = 0.15e-6, 9e-9, 28e-6, 16e-6, 0.03
#: What a point costs grows so with finer cells: an octree's are halved at once.
_CELL_M, _FINER = 0.003, 4
#: A view sees the n-th part of a piece that was photographed all round.
_SIDES = 3.4


@dataclass(frozen=True)
class SurfaceCosts:
    """Seconds of each part, in their order, and those of a point of the surface's."""

    fusing: float
    surface: float
    colours: float
    point: float

    def ends(self) -> tuple[float, float]:
        """The shares of the time at which fusing and the surface end."""
        whole = self.fusing + self.surface + self.colours
        return self.fusing / whole, (self.fusing + self.surface) / whole

    def waits(self, points: int, fused_s: float) -> float:
        """Seconds of Poisson's equation over so many points, by what fusing took here."""
        return SOLVED * self.point * points * fused_s / max(self.fusing, 1e-9)


#: The share of the surface's time after which Poisson's equation is solved.
SOLVED = _POISSON / (_POISSON + _CLEANED)


def likely_costs(stack: DepthStack, voxel_m: float, cell_m: float = _CELL_M) -> SurfaceCosts:
    """What a mesh of these depth maps will take.

    The surface's points are guessed from the area that the views see: a pixel at depth z covers
    ``(z / f)^2``.
    """
    known, areas = 0, []
    for i, camera in enumerate(stack.pinhole):
        depth = stack.own(i)
        known += int(np.count_nonzero(depth))
        areas.append(float((depth**2).sum(dtype=float)) / (camera[0] * camera[1]))
    points = _SIDES * float(np.mean(areas)) / voxel_m**2
    others = min(len(stack) - 1, MOST_WITNESSES)
    point = (_POISSON + _CLEANED) * (_CELL_M / cell_m) ** _FINER
    fusing = max((_READ + _VOTE * others) * known, 1e-3)
    return SurfaceCosts(fusing, point * points, _COLOURED * len(stack), point)
