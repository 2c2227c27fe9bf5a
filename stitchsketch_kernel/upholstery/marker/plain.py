"""Plain nesting: spyrrow's search, free of patterns, between the selvages alone."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import shapely

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.marker import Fabric, Placement
from stitchsketch_kernel.domain.progress import Progress
from stitchsketch_kernel.upholstery.marker.copies import Copy, across, turns_of, width_mm
from stitchsketch_kernel.upholstery.marker.improve import Clock
from stitchsketch_kernel.upholstery.marker.solver import solve
from stitchsketch_kernel.upholstery.marker.turned import Cut, Laid

#: Outlines are given to the search with fewer points, grown by no more than this.
_COARSE_MM = 0.3
#: Added to the separation, so that the search's single precision can't eat into it: pieces may
#: then be pushed back by half of it where they lie over the edge.
_SPARE_MM = 0.06
#: The strip is wider by this on both sides: at its exact width the search finds no place.
_EDGE_MM = 0.02
#: The search simplifies outlines outwards; a piece this near to the full width goes in as its box.
_FULL_WIDTH_MM = 2.0


def lay_plain(
    copies: Sequence[Copy],
    fabric: Fabric,
    separation_mm: float,
    railroad: bool,
    seconds: int,
    seed: int,
    workers: int,
    progress: Progress,
    clock: Clock = time.monotonic,
) -> list[Placement]:
    """Lay copies on a roll that has no end, as short as can be found in the time given.

    Raises
    ------
    NestError
        The search died or did not end.
    """
    turns = turns_of(fabric, railroad)
    # half the separation goes round each piece, and the strip is wider by as much on both sides:
    # pieces keep apart from each other and may touch the edge of the usable width
    grow = (separation_mm + _SPARE_MM) / 2
    full = fabric.usable_width_mm - _FULL_WIDTH_MM
    axis = across(railroad)
    cuts = [Cut(_grown(copy, grow, width_mm(copy.piece, axis) > full), turns) for copy in copies]
    strip = fabric.usable_width_mm + 2 * (grow + _EDGE_MM)
    laid = solve(cuts, strip, seconds, seed, workers, progress, clock)
    return _placements(copies, laid, fabric, grow + _EDGE_MM)


def _grown(copy: Copy, grow_mm: float, as_box: bool) -> FloatArray:
    """The cut line moved out, with few points, nowhere inside that; mirrored when face down.

    It is grown by as much again as simplifying may cut away, but not beyond its bounding box:
    a piece as wide as the cloth must fit.
    """
    outline = copy.piece.cut_line_mm * ([-1.0, 1.0] if copy.flipped else [1.0, 1.0])
    exact = shapely.Polygon(outline)
    wide = exact.buffer(grow_mm + _COARSE_MM, join_style="mitre", mitre_limit=2.0)
    coarse = shapely.simplify(shapely.Polygon(wide.exterior), _COARSE_MM)
    box = shapely.box(*exact.bounds).buffer(grow_mm, join_style="mitre")
    inner = box if as_box else shapely.intersection(coarse, box)
    kept = max(shapely.get_parts(inner), key=shapely.area)
    ring = shapely.get_coordinates(shapely.orient_polygons(shapely.Polygon(kept.exterior)))
    return np.asarray(ring[:-1])


def _placements(
    copies: Sequence[Copy], laid: Sequence[Laid], fabric: Fabric, edge_mm: float
) -> list[Placement]:
    """Back from the search to pieces: from 0 along the roll, and between the selvages."""
    placements = []
    for copy, one in zip(copies, laid, strict=True):
        bare = Placement(
            copy.piece.name,
            copy.copy,
            one.x_mm,
            one.y_mm - edge_mm,
            one.rotation_deg,
            copy.flipped,
        )
        outline = bare.apply(copy.piece.cut_line_mm)
        placements.append((bare, outline.min(axis=0), outline.max(axis=0)))
    start = min(float(low[0]) for _, low, _ in placements)
    return [
        replace(bare, x_mm=bare.x_mm - start, y_mm=bare.y_mm + _push(low[1], high[1], fabric))
        for bare, low, high in placements
    ]


def _push(low: float, high: float, fabric: Fabric) -> float:
    """How far a piece is pushed back on the cloth, by rounding's measure at most."""
    over = high - fabric.usable_width_mm
    wish = max(-low, 0.0) - max(over, 0.0)
    return float(np.clip(wish, -_SPARE_MM / 2, _SPARE_MM / 2))
