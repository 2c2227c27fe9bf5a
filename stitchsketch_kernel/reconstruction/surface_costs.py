"""What the parts of making a mesh take, so that its progress is honest for few photos and many."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stitchsketch_kernel.reconstruction.votes import MOST_WITNESSES, DepthStack

#: Processor seconds, from 25 photos (`benchmarks/growth.py`); only how they compare counts. A known
#: pixel held against one other map, twice; a point of the cloud in Poisson's equation and in
#: cleaning what comes of it; a photo's colours.
_VOTE, _POISSON, _CLEANED, _COLOURED = 0.16e-6, 50e-6, 24e-6, 0.2
#: A view sees the n-th part of a piece that was photographed all round.
_SIDES = 3.4


@dataclass(frozen=True)
class SurfaceCosts:
    """Seconds of each part, in their order."""

    fusing: float
    surface: float
    colours: float

    def ends(self) -> tuple[float, float]:
        """The shares of the time at which fusing and the surface end."""
        whole = self.fusing + self.surface + self.colours
        return self.fusing / whole, (self.fusing + self.surface) / whole

    def waits(self, points: int, fused_s: float) -> float:
        """Seconds of Poisson's equation over so many points, by what fusing took here."""
        return _POISSON * points * fused_s / max(self.fusing, 1e-9)


#: The share of the surface's time after which Poisson's equation is solved.
SOLVED = _POISSON / (_POISSON + _CLEANED)


def likely_costs(stack: DepthStack, voxel_m: float) -> SurfaceCosts:
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
    return SurfaceCosts(
        max(_VOTE * known * others, 1e-3), (_POISSON + _CLEANED) * points, _COLOURED * len(stack)
    )
