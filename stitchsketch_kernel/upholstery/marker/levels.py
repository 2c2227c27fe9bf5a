"""What matching the cloth's pattern costs: a marker for each level, beside the trade's table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from stitchsketch_kernel.domain.errors import NestError
from stitchsketch_kernel.domain.marker import Fabric, Marker, MatchLevel, Zone
from stitchsketch_kernel.domain.piece import Pattern
from stitchsketch_kernel.domain.progress import Progress, part, silent
from stitchsketch_kernel.upholstery.marker.nest import NestSettings, nest


@dataclass(frozen=True)
class LevelCost:
    """A match level's marker, or in `why` the sentence that there is none."""

    level: MatchLevel
    marker: Marker | None
    why: str = ""

    @property
    def matched(self) -> int:
        """How many of the places that the level asks for match."""
        return 0 if self.marker is None else sum(one.matched for one in self.marker.matches)


def cost_of_levels(
    pattern: Pattern,
    fabric: Fabric,
    settings: NestSettings,
    progress: Progress = silent,
    zones: Sequence[Zone] = (),
    levels: Sequence[MatchLevel] = tuple(MatchLevel),
) -> tuple[LevelCost, ...]:
    """A marker for each level, each searched for as long as the settings say.

    A level for which there is no layout on this cloth is told, and stops no other.

    Raises
    ------
    ScaleError
        The pattern's size is not known.
    NestError
        The pieces don't fit on the cloth at all.
    """
    found = []
    for at, level in enumerate(levels):
        share = part(progress, at / len(levels), (at + 1) / len(levels))
        asked = replace(settings, match=level.value)
        try:
            marker = nest(pattern, fabric, asked, share, zones=zones)
        except NestError as error:
            if level is MatchLevel.NONE:
                raise
            found.append(LevelCost(level, None, str(error)))
            continue
        found.append(LevelCost(level, marker))
    return tuple(found)
