"""Leather: pieces laid on hides, which have an outline of their own and no grain to keep."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely

from stitchsketch_kernel.domain.errors import NestError
from stitchsketch_kernel.domain.marker import Fabric, Hide, HideMarker, Placement
from stitchsketch_kernel.domain.piece import Pattern
from stitchsketch_kernel.domain.progress import Progress, part, silent
from stitchsketch_kernel.upholstery.marker.check import check_counts, check_placements
from stitchsketch_kernel.upholstery.marker.copies import TOLERANCE_MM, Copy, copies_of
from stitchsketch_kernel.upholstery.marker.nest import NestSettings, largest_first
from stitchsketch_kernel.upholstery.marker.phases import Room
from stitchsketch_kernel.upholstery.pieces.make import require_metric

#: Round a hide's box this much more is forbidden; less than any piece.
_MARGIN_MM = 50.0
MOST_TURNS = 24


def nest_hides(
    pattern: Pattern,
    hides: Sequence[Hide],
    settings: NestSettings | None = None,
    turns: int = 4,
    progress: Progress = silent,
) -> tuple[HideMarker, ...]:
    """Lay all pieces on hides, filling one after the other in the order given.

    Parameters
    ----------
    pattern : Pattern
    hides : sequence of Hide
    settings : NestSettings, optional
        `match` and `railroad` mean nothing on leather. Each hide is searched for `seconds`.
    turns : int
        Pieces lie at so many even steps of a whole turn, 1 to 24; more take longer.
    progress : Progress

    Raises
    ------
    ScaleError
        The pattern's size is not known.
    NestError
        A hide is no outline, or the hides are too few: names the pieces that are left.
    """
    settings = settings or NestSettings()
    require_metric(pattern)
    if not 1 <= turns <= MOST_TURNS:
        raise NestError(
            f"Pieces can't lie at {turns} turns.", f"Give a whole number from 1 to {MOST_TURNS}."
        )
    angles = tuple(-90.0 + 360.0 * k / turns for k in range(turns))
    left, markers = copies_of(pattern), []
    for at, hide in enumerate(hides):
        if not left:
            break
        share = part(progress, at / len(hides), (at + 1) / len(hides))
        marker, left = _one_hide(pattern, hide, left, angles, settings, share)
        markers.append(marker)
    if left:
        names = ", ".join(sorted({copy.piece.name for copy in left}))
        raise NestError(
            f"The {len(hides)} hides have no place for {names}.", "Add a hide, or a larger one."
        )
    check_counts(pattern, [one for marker in markers for one in marker.placements])
    progress(1.0, f"{len(markers)} hides")
    return tuple(markers)


def check_hide(pattern: Pattern, marker: HideMarker) -> None:
    """Check by exact geometry that pieces lie on the hide, off its zones, clear of each other.

    Raises
    ------
    NestError
        Names the piece that doesn't.
    """
    sheet = _sheet(marker.hide)
    roll = _as_roll(marker.hide)
    check_placements(pattern, roll, marker.placements, marker.separation_mm)
    for one in marker.placements:
        outline = shapely.Polygon(one.apply(pattern.piece(one.piece).cut_line_mm))
        if not sheet.buffer(TOLERANCE_MM).covers(outline):
            raise NestError(
                f"Piece {one.piece} lies over the edge or on a zone of hide {marker.hide.name}.",
                "Move the piece, or nest again.",
            )


def _one_hide(
    pattern: Pattern,
    hide: Hide,
    copies: Sequence[Copy],
    angles: tuple[float, ...],
    settings: NestSettings,
    progress: Progress,
) -> tuple[HideMarker, list[Copy]]:
    from stitchsketch_kernel.upholstery.marker.job import Job
    from stitchsketch_kernel.upholstery.marker.lattice import search_lattice

    sheet, roll = _sheet(hide), _as_roll(hide)
    length = float(sheet.bounds[2])
    around = shapely.box(
        -_MARGIN_MM, -_MARGIN_MM, length + _MARGIN_MM, roll.usable_width_mm + _MARGIN_MM
    )
    job = Job(
        tuple(copies), Room(roll, angles), (), (), shapely.difference(around, sheet),
        settings.separation_mm, length,
    )  # fmt: skip
    found = search_lattice(
        job, largest_first(copies), settings.seconds, settings.seed, settings.workers, progress
    )
    marker = HideMarker(hide, found.placements, settings.separation_mm, 0.0)
    check_hide(pattern, marker)
    area = sum(_area(pattern, one) for one in found.placements)
    marker = HideMarker(hide, found.placements, settings.separation_mm, area / sheet.area)
    return marker, list(found.left_over)


def _area(pattern: Pattern, placement: Placement) -> float:
    return float(shapely.Polygon(pattern.piece(placement.piece).cut_line_mm).area)


def _sheet(hide: Hide) -> shapely.Polygon:
    """The hide without its zones."""
    outline = np.asarray(hide.outline_mm, dtype=float)
    sheet = shapely.Polygon(outline) if len(outline) > 2 else shapely.Polygon()
    if not sheet.is_valid or sheet.area <= 0 or min(sheet.bounds[:2]) < -TOLERANCE_MM:
        raise NestError(
            f"Hide {hide.name} has no sound outline.",
            "Draw it once round without crossing itself, in millimetres from its lower left.",
        )
    zones = [shapely.Polygon(zone) for zone in hide.zones_mm]
    return shapely.difference(sheet, shapely.union_all(zones)) if zones else sheet


def _as_roll(hide: Hide) -> Fabric:
    """The narrowest cloth that a hide lies in."""
    width = float(np.max(hide.outline_mm[:, 1]))
    return Fabric(hide.name, width, width)
