"""A marker changed by hand: a piece moved or turned, and refused where it can't lie so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import shapely

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.errors import NestError
from stitchsketch_kernel.domain.marker import Fabric, Marker, Placement
from stitchsketch_kernel.domain.piece import Pattern
from stitchsketch_kernel.upholstery.marker.check import make_marker, zone_outline
from stitchsketch_kernel.upholstery.marker.copies import TOLERANCE_MM, turns_of
from stitchsketch_kernel.upholstery.marker.ends import is_end
from stitchsketch_kernel.upholstery.marker.repeats import off_lattice

_HALF_TURN_DEG = 180.0


def placement_of(marker: Marker, piece: str, copy: int) -> Placement:
    """Where a copy lies.

    Raises
    ------
    NestError
        It is not on the marker.
    """
    for one in marker.placements:
        if (one.piece, one.copy) == (piece, copy):
            return one
    raise NestError(f"{piece}, copy {copy + 1}, is not on this marker.", "Nest again.")


def moved(pattern: Pattern, marker: Marker, placement: Placement, railroad: bool = False) -> Marker:
    """The marker with one copy laid elsewhere; length, density and matches are measured anew.

    Parameters
    ----------
    pattern : Pattern
        All pieces of the marker, and no other.
    marker : Marker
    placement : Placement
        The copy's new place.
    railroad : bool
        Whether grain lies across this roll.

    Raises
    ------
    NestError
        It can't lie so; says why: over the edge, on another piece or too near to it, on a zone of
        the roll, off its grain or against the nap.
    """
    placement_of(marker, placement.piece, placement.copy)
    _check_turn(marker.fabric, placement, railroad)
    said = why_not(pattern, marker, placement)
    if said:
        raise NestError(said, "Move it elsewhere.")
    key = (placement.piece, placement.copy)
    placements = [placement if (p.piece, p.copy) == key else p for p in marker.placements]
    return make_marker(
        pattern, marker.fabric, placements, marker.separation_mm, marker.match, marker.zones,
        marker.plain_length_mm,
    )  # fmt: skip


def turned(
    pattern: Pattern, marker: Marker, piece: str, copy: int, railroad: bool = False
) -> Marker:
    """The marker with one copy turned by half a turn about its middle.

    Raises
    ------
    NestError
        The cloth has a nap, or the copy can't lie so; see `moved`.
    """
    one = placement_of(marker, piece, copy)
    angle = _HALF_TURN_DEG if one.rotation_deg <= 0 else -_HALF_TURN_DEG
    other = replace(one, rotation_deg=one.rotation_deg + angle)
    outline = pattern.piece(piece).cut_line_mm
    x, y = _middle(one.apply(outline)) - _middle(other.apply(outline))
    there = replace(other, x_mm=one.x_mm + float(x), y_mm=one.y_mm + float(y))
    return moved(pattern, marker, there, railroad)


def kept_on_pattern(fabric: Fabric, shift_mm: FloatArray) -> FloatArray:
    """The shift nearest to this one, shape (2,), after which a piece shows the same pattern."""
    return np.asarray(shift_mm - off_lattice(np.asarray(shift_mm)[None], fabric)[0])


def why_not(pattern: Pattern, marker: Marker, placement: Placement) -> str:
    """In a sentence why a copy can't lie there; empty where it can.

    Quick enough to be asked while a person drags it.
    """
    outline = shapely.Polygon(placement.apply(pattern.piece(placement.piece).cut_line_mm))
    width = marker.fabric.usable_width_mm
    left, low, _, high = outline.bounds
    if left < -TOLERANCE_MM:
        return f"{placement.piece} would lie {-left:.0f} mm before the roll's start."
    if low < -TOLERANCE_MM or high > width + TOLERANCE_MM:
        over = max(-low, high - width)
        return f"{placement.piece} would lie {over:.0f} mm over the edge of the usable width."
    for zone in marker.zones:
        ring = shapely.Polygon(zone_outline(zone))
        if _near(ring, outline, zone.clearance_mm):
            where = (
                "across the roll's end" if is_end(zone, marker.fabric) else "on the roll's defect"
            )
            return f"{placement.piece} would lie {where} at {zone.x_mm:.0f} mm."
    others = [
        p for p in marker.placements if (p.piece, p.copy) != (placement.piece, placement.copy)
    ]
    return _on_others(pattern, others, outline, placement.piece, marker.separation_mm)


def _on_others(
    pattern: Pattern,
    others: Sequence[Placement],
    outline: shapely.Polygon,
    name: str,
    separation_mm: float,
) -> str:
    for other in others:
        lies = shapely.Polygon(other.apply(pattern.piece(other.piece).cut_line_mm))
        if not _near(lies, outline, separation_mm):
            continue
        if lies.intersection(outline).area > TOLERANCE_MM:
            return f"{name} would lie on {other.piece}."
        apart = lies.distance(outline)
        return (
            f"{name} would lie {apart:.1f} mm from {other.piece}; {separation_mm:g} mm are kept "
            "between pieces."
        )
    return ""


def _near(a: shapely.Polygon, b: shapely.Polygon, least_mm: float) -> bool:
    distance = float(a.distance(b))
    return distance < least_mm - TOLERANCE_MM or (
        distance == 0 and float(a.intersection(b).area) > TOLERANCE_MM
    )


def _check_turn(fabric: Fabric, placement: Placement, railroad: bool) -> None:
    turns = turns_of(fabric, railroad)
    if any(abs((placement.rotation_deg - turn + 180) % 360 - 180) < 1e-6 for turn in turns):
        return
    why = (
        f"{fabric.name} has a nap: every piece lies the same way up."
        if fabric.nap
        else f"{placement.piece} would lie off its grain."
    )
    raise NestError(why, "Leave it as it lies.")


def _middle(points: FloatArray) -> FloatArray:
    return np.asarray((points.min(axis=0) + points.max(axis=0)) / 2)
