"""Nesting: pieces laid on a roll, grain along it, checked before anybody cuts.

The search is spyrrow's (Gardeyn and Wauters, "sparrow", 2025); what it gives is never trusted:
the marker is checked piece by piece, and its length and density are computed anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.errors import NestError, SettingsError
from stitchsketch_kernel.domain.marker import Fabric, Marker, Placement
from stitchsketch_kernel.domain.piece import Pattern, Piece
from stitchsketch_kernel.domain.progress import Progress, silent
from stitchsketch_kernel.upholstery.marker.solver import Cut, Laid, solve
from stitchsketch_kernel.upholstery.pieces.make import require_metric

#: Separation and width are kept to this.
TOLERANCE_MM = 0.01
#: Outlines are given to the search with fewer points, grown by no more than this.
_COARSE_MM = 0.3
#: Added to the separation, so that the search's single precision can't eat into it: pieces may
#: then be pushed back by half of it where they lie over the edge.
_SPARE_MM = 0.06
#: The strip is wider by this on both sides: at its exact width the search finds no place.
_EDGE_MM = 0.02
#: The search simplifies outlines outwards; a piece this near to the full width goes in as its box.
_FULL_WIDTH_MM = 2.0


@dataclass(frozen=True)
class NestSettings:
    """How pieces are laid on the roll.

    Attributes
    ----------
    separation_mm : float
        Least distance between pieces.
    seconds : int
        How long to search for a shorter marker.
    seed : int
        The same seed begins the same way; the time limit keeps it from ending the same.
    workers : int
        Threads; 0: one for each processor.
    railroad : bool
        Lay the grain across the roll.
    override_gate : str
        Why pieces are laid and cut though they don't sew together (`upholstery.pieces.gate`).
    """

    separation_mm: float = 5.0
    seconds: int = 20
    seed: int = 1
    workers: int = 0
    railroad: bool = False
    override_gate: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.separation_mm <= 100:
            raise SettingsError(
                f"separation_mm is {self.separation_mm}.", "It must be from 0 to 100 millimetres."
            )
        if not 1 <= self.seconds <= 86_400 or self.workers < 0 or self.seed < 0:
            raise SettingsError(
                "Nesting needs 1 to 86400 whole seconds; workers and seed are 0 or more."
            )
        if self.override_gate and not self.override_gate.strip():
            raise SettingsError("nest.override_gate gives no reason.", "Write why it is cut.")


@dataclass(frozen=True)
class _Copy:
    """One piece to be cut: which, and whether it lies face down."""

    piece: Piece
    copy: int
    flipped: bool


def nest(
    pattern: Pattern,
    fabric: Fabric,
    settings: NestSettings | None = None,
    progress: Progress = silent,
) -> Marker:
    """Lay all pieces of a pattern on a roll, as short as can be found in the time given.

    Of a mirrored pair every second copy lies face down. Pieces keep their grain along the roll
    (across it when railroaded); they may lie at 180 degrees where the fabric has no nap. The
    search runs in a process of its own, which ends when `progress` raises.

    Raises
    ------
    ScaleError
        The pattern's size is not known.
    NestError
        There is no piece, a piece is wider than the usable width, or no sound marker was found.
    """
    settings = settings or NestSettings()
    require_metric(pattern)
    copies = _copies(pattern)
    _check_fabric(fabric)
    _check_fit(pattern, fabric, settings)
    turns = _turns(fabric, settings)
    # half the separation goes round each piece, and the strip is wider by as much on both sides:
    # pieces keep apart from each other and may touch the edge of the usable width
    grow = (settings.separation_mm + _SPARE_MM) / 2
    full = fabric.usable_width_mm - _FULL_WIDTH_MM
    axis = _across(settings)
    cuts = [Cut(_grown(copy, grow, _wide(copy.piece, axis) > full), turns) for copy in copies]
    strip = fabric.usable_width_mm + 2 * (grow + _EDGE_MM)
    laid = solve(cuts, strip, settings.seconds, settings.seed, settings.workers, progress)
    placements = _placements(copies, laid, fabric, grow + _EDGE_MM)
    marker = make_marker(pattern, fabric, placements, settings.separation_mm)
    progress(1.0, f"{marker.used_length_mm / 1000:.2f} m, {marker.density:.0%} used")
    return marker


def make_marker(
    pattern: Pattern, fabric: Fabric, placements: Sequence[Placement], separation_mm: float
) -> Marker:
    """A marker from placements (found or moved by hand), with its own length and density, checked.

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
    marker = Marker(
        fabric, tuple(placements), used, separation_mm, area / (used * fabric.usable_width_mm)
    )
    check_marker(pattern, marker)
    return marker


def check_marker(pattern: Pattern, marker: Marker) -> None:
    """Check a marker by exact geometry: every piece there, on the cloth, clear of the others.

    Raises
    ------
    NestError
        A piece is missing, twice there, outside the usable width, overlaps another or is nearer
        to it than the separation; names them.
    """
    _check_counts(pattern, marker)
    outlines = [
        shapely.Polygon(one.apply(pattern.piece(one.piece).cut_line_mm))
        for one in marker.placements
    ]
    limits = np.array([0.0, 0.0, marker.used_length_mm, marker.fabric.usable_width_mm])
    for placement, outline in zip(marker.placements, outlines, strict=True):
        over = np.array(outline.bounds) - limits
        if min(*over[:2], *-over[2:]) < -TOLERANCE_MM:
            raise NestError(f"Piece {placement.piece} lies over the edge of the usable cloth.")
    tree = shapely.STRtree(outlines)
    least = marker.separation_mm - TOLERANCE_MM
    for a, b in tree.query(outlines, predicate="dwithin", distance=max(least, 0.0)).T:
        if a < b and _too_near(outlines[a], outlines[b], least):
            first, second = marker.placements[a].piece, marker.placements[b].piece
            raise NestError(
                f"Pieces {first} and {second} lie nearer to each other than "
                f"{marker.separation_mm:g} mm.",
                "Give nesting more seconds.",
            )


def _too_near(a: shapely.Polygon, b: shapely.Polygon, least_mm: float) -> bool:
    overlap = float(shapely.intersection(a, b).area)
    return overlap > TOLERANCE_MM or float(shapely.distance(a, b)) < least_mm


def _copies(pattern: Pattern) -> list[_Copy]:
    copies = [
        _Copy(piece, copy, piece.mirrored and copy % 2 == 1)
        for piece in pattern.pieces
        for copy in range(piece.quantity)
    ]
    if not copies:
        raise NestError("There is no piece to lay on the roll.", "Look at the panels.")
    return copies


def _turns(fabric: Fabric, settings: NestSettings) -> tuple[float, ...]:
    """Turns that bring a piece's grain (+y) along the roll (+x), or across it."""
    first = 0.0 if settings.railroad else -90.0
    return (first,) if fabric.nap else (first, first + 180.0)


def _check_fabric(fabric: Fabric) -> None:
    if not 0 < fabric.usable_width_mm <= fabric.width_mm:
        raise NestError(
            f"{fabric.name} is {fabric.width_mm:g} mm wide and {fabric.usable_width_mm:g} mm of "
            "that are usable.",
            "Give a usable width that is more than 0 and no more than the width.",
        )


def _check_fit(pattern: Pattern, fabric: Fabric, settings: NestSettings) -> None:
    axis = _across(settings)
    for piece in pattern.pieces:
        wide, deep = _wide(piece, axis), _wide(piece, 1 - axis)
        if wide > fabric.usable_width_mm + TOLERANCE_MM:
            other = "up the roll" if settings.railroad else "railroaded"
            fits = deep <= fabric.usable_width_mm
            raise NestError(
                f"Piece {piece.name} is {wide:.0f} mm wide with its allowances, and "
                f"{fabric.name} has {fabric.usable_width_mm:.0f} mm of usable width.",
                f"Lay it {other}, or take a wider cloth."
                if fits
                else "Take a wider cloth, or split the panel by a seam.",
            )


def _across(settings: NestSettings) -> int:
    """The pieces' axis that lies across the roll."""
    return 1 if settings.railroad else 0


def _wide(piece: Piece, axis: int) -> float:
    return float(np.ptp(piece.cut_line_mm[:, axis]))


def _grown(copy: _Copy, grow_mm: float, as_box: bool) -> FloatArray:
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
    copies: Sequence[_Copy], laid: Sequence[Laid], fabric: Fabric, edge_mm: float
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


def _check_counts(pattern: Pattern, marker: Marker) -> None:
    wanted = {(copy.piece.name, copy.copy, copy.flipped) for copy in _copies(pattern)}
    there = [(one.piece, one.copy, one.flipped) for one in marker.placements]
    if set(there) != wanted or len(there) != len(wanted):
        missing = sorted({name for name, _, _ in wanted.symmetric_difference(there)})
        raise NestError(
            f"The marker does not have each piece as often as it is cut: {', '.join(missing)}."
        )
