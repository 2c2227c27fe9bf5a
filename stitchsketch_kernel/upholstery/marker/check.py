"""A marker's length and density, and whether it may be cut: by exact geometry, never trusted."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import shapely

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.errors import NestError
from stitchsketch_kernel.domain.marker import Fabric, Marker, MatchLevel, Placement, Zone
from stitchsketch_kernel.domain.piece import Pattern
from stitchsketch_kernel.upholstery.marker.copies import TOLERANCE_MM, copies_of
from stitchsketch_kernel.upholstery.marker.links import matches_of


def make_marker(
    pattern: Pattern,
    fabric: Fabric,
    placements: Sequence[Placement],
    separation_mm: float,
    match: MatchLevel = MatchLevel.NONE,
    zones: Sequence[Zone] = (),
    plain_length_mm: float | None = None,
    *,
    whole: bool = True,
) -> Marker:
    """A marker from placements (found or moved by hand), with its own length and density, checked.

    How well the cloth's pattern matches is measured anew, on the placements. Where not `whole`
    the marker is one roll of several, and need not have every piece.

    Raises
    ------
    NestError
        See `check_marker`.
    """
    outlines = [
        placement.apply(pattern.piece(placement.piece).cut_line_mm) for placement in placements
    ]
    used = max(float(outline[:, 0].max()) for outline in outlines)
    area = sum(float(shapely.Polygon(outline).area) for outline in outlines)
    density = area / (used * fabric.usable_width_mm)
    marker = Marker(
        fabric, tuple(placements), used, separation_mm, density, match,
        matches_of(pattern, fabric, placements, match), plain_length_mm, tuple(zones),
    )  # fmt: skip
    check_marker(pattern, marker, whole=whole)
    return marker


def check_marker(pattern: Pattern, marker: Marker, *, whole: bool = True) -> None:
    """Check a marker by exact geometry: every piece there, on the cloth, clear of the others.

    Raises
    ------
    NestError
        A piece is missing, twice there, outside the usable width, overlaps another or is nearer
        to it (or to a zone of the roll) than asked, or a seam is called matched that isn't;
        names them.
    """
    if whole:
        check_counts(pattern, marker.placements)
    check_placements(
        pattern, marker.fabric, marker.placements, marker.separation_mm, marker.zones,
        marker.used_length_mm,
    )  # fmt: skip
    _check_matches(pattern, marker)


def check_placements(
    pattern: Pattern,
    fabric: Fabric,
    placements: Sequence[Placement],
    separation_mm: float,
    zones: Sequence[Zone] = (),
    length_mm: float = math.inf,
) -> None:
    """Check that pieces (perhaps not all) lie on the cloth, clear of each other and of zones.

    Raises
    ------
    NestError
        Names the piece that doesn't.
    """
    outlines = [
        shapely.Polygon(one.apply(pattern.piece(one.piece).cut_line_mm)) for one in placements
    ]
    limits = np.array([0.0, 0.0, length_mm, fabric.usable_width_mm])
    for placement, outline in zip(placements, outlines, strict=True):
        over = np.array(outline.bounds) - limits
        if min(*over[:2], *-over[2:]) < -TOLERANCE_MM:
            raise NestError(f"Piece {placement.piece} lies over the edge of the usable cloth.")
    tree = shapely.STRtree(outlines)
    least = separation_mm - TOLERANCE_MM
    for a, b in tree.query(outlines, predicate="dwithin", distance=max(least, 0.0)).T:
        if a < b and _too_near(outlines[a], outlines[b], least):
            raise NestError(
                f"Pieces {placements[a].piece} and {placements[b].piece} lie nearer to each "
                f"other than {separation_mm:g} mm.",
                "Give nesting more seconds.",
            )
    for zone in zones:
        ring = shapely.Polygon(zone_outline(zone))
        for placement, outline in zip(placements, outlines, strict=True):
            if _too_near(ring, outline, zone.clearance_mm - TOLERANCE_MM):
                raise NestError(
                    f"Piece {placement.piece} lies on the roll's zone at {zone.x_mm:.0f} mm, or "
                    f"nearer to it than {zone.clearance_mm:g} mm.",
                    "Move the piece, or nest again.",
                )


def zone_outline(zone: Zone) -> FloatArray:
    """Corners of a zone on the roll, shape (4, 2), counter-clockwise."""
    x0, y0 = zone.x_mm, zone.y_mm
    x1, y1 = x0 + zone.length_mm, y0 + zone.width_mm
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])


def _check_matches(pattern: Pattern, marker: Marker) -> None:
    measured = matches_of(pattern, marker.fabric, marker.placements, marker.match)
    there = {(one.seam, one.piece_a, one.copy_a, one.piece_b, one.copy_b): one for one in measured}
    for said in marker.matches:
        found = there.get((said.seam, said.piece_a, said.copy_a, said.piece_b, said.copy_b))
        if said.matched and (found is None or not found.matched):
            raise NestError(
                f"Seam {said.seam} of {said.piece_a} is called matched, and the pattern jumps.",
                "Nest again.",
            )


def _too_near(a: shapely.Polygon, b: shapely.Polygon, least_mm: float) -> bool:
    overlap = float(shapely.intersection(a, b).area)
    return overlap > TOLERANCE_MM or float(shapely.distance(a, b)) < least_mm


def check_counts(pattern: Pattern, placements: Sequence[Placement]) -> None:
    """Check that each piece is there exactly as often as it is cut.

    Raises
    ------
    NestError
        Names those that aren't.
    """
    wanted = {(*copy.key, copy.flipped) for copy in copies_of(pattern)}
    there = [(one.piece, one.copy, one.flipped) for one in placements]
    if set(there) != wanted or len(there) != len(wanted):
        missing = sorted({name for name, _, _ in wanted.symmetric_difference(there)})
        raise NestError(
            f"The marker does not have each piece as often as it is cut: {', '.join(missing)}."
        )
