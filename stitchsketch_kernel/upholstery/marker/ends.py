"""A roll that ends: pieces before its end as far as they fit, the others beyond it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from stitchsketch_kernel.domain.errors import NestError
from stitchsketch_kernel.domain.marker import Fabric, Marker, Placement, Zone
from stitchsketch_kernel.domain.piece import Pattern
from stitchsketch_kernel.domain.progress import Progress, silent
from stitchsketch_kernel.upholstery.marker.nest import NestSettings, nest

#: So long is the place across the roll that no piece lies on, where it ends.
_CUT_MM = 1.0
#: A piece that touches the end lies before it.
_TOUCHES_MM = 1e-3


def end_zone(fabric: Fabric, roll_length_mm: float) -> Zone:
    """Where a roll ends, as a place that no piece may lie across."""
    return Zone(roll_length_mm, 0.0, _CUT_MM, fabric.usable_width_mm)


def is_end(zone: Zone, fabric: Fabric) -> bool:
    """Whether a zone is where a roll ends, and no defect."""
    return zone == end_zone(fabric, zone.x_mm)


def defects_of(marker: Marker) -> tuple[Zone, ...]:
    """The marker's zones without a roll's end."""
    return tuple(zone for zone in marker.zones if not is_end(zone, marker.fabric))


def within_roll(
    pattern: Pattern,
    marker: Marker,
    roll_length_mm: float,
    settings: NestSettings,
    progress: Progress = silent,
    pinned: Sequence[Placement] = (),
) -> Marker:
    """The marker if it ends before its roll does; else one with no piece across the roll's end.

    What lies beyond the end (`beyond_end`) is for the next roll, whose pattern must go on where
    this one's stops.

    Parameters
    ----------
    pattern : Pattern
    marker : Marker
        As it was laid without regard to the roll's end.
    roll_length_mm : float
        Left on the roll; infinite where it is bought by length.
    settings : NestSettings
        As it was laid.
    progress : Progress
    pinned : sequence of Placement
        These copies stay where they are.

    Raises
    ------
    NestError
        The roll's length is none, or a pinned piece lies across its end; see also `nest`.
    """
    if not roll_length_mm > 0:
        raise NestError(
            f"{roll_length_mm:g} mm are left on the roll of {marker.fabric.name}.",
            "Give a length of more than 0.",
        )
    if marker.used_length_mm <= roll_length_mm + _TOUCHES_MM:
        return marker
    zones = (*defects_of(marker), end_zone(marker.fabric, roll_length_mm))
    asked = replace(settings, match=marker.match.value)
    return nest(pattern, marker.fabric, asked, progress, pinned=pinned, zones=zones)


def beyond_end(
    pattern: Pattern, marker: Marker, roll_length_mm: float
) -> tuple[tuple[str, int], ...]:
    """Piece and copy of what doesn't lie wholly on the roll, in the order of the marker."""
    ends = {piece.name: piece.cut_line_mm for piece in pattern.pieces}
    return tuple(
        (one.piece, one.copy)
        for one in marker.placements
        if one.apply(ends[one.piece])[:, 0].max() > roll_length_mm + _TOUCHES_MM
    )
