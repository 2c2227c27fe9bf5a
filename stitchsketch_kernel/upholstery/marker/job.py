"""What the search on the cloth's lattice is asked to lay."""

from __future__ import annotations

import math
from dataclasses import dataclass

import shapely

from stitchsketch_kernel.domain.marker import Placement
from stitchsketch_kernel.upholstery.marker.copies import Copy
from stitchsketch_kernel.upholstery.marker.phases import Component, Room


@dataclass(frozen=True)
class Job:
    """What is to be laid.

    Attributes
    ----------
    copies : tuple of Copy
    room : Room
        The cloth, and turns that every piece may lie at (degrees).
    components : tuple of Component
        Places on the cloth's pattern that hang together.
    pinned : tuple of Placement
        Copies that lie already.
    walls : shapely geometry or None
        What no piece may touch, on the roll.
    separation_mm : float
    length_mm : float
        The roll's length; infinite where it does not end.
    """

    copies: tuple[Copy, ...]
    room: Room
    components: tuple[Component, ...] = ()
    pinned: tuple[Placement, ...] = ()
    walls: shapely.Geometry | None = None
    separation_mm: float = 5.0
    length_mm: float = math.inf
