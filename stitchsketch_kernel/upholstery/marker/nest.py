"""Nesting: pieces laid on a roll, grain along it, checked before anybody cuts.

The plain search is begun by spyrrow (Gardeyn and Wauters, "sparrow", 2025) and goes on with our
own; the one on the cloth's lattice is our own. What they give is never trusted: the marker is
checked piece by piece, and its length and density are computed anew.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import shapely

from stitchsketch_kernel.domain.bounds import Within, require_allowed
from stitchsketch_kernel.domain.errors import NestError, SettingsError
from stitchsketch_kernel.domain.marker import Fabric, Marker, MatchLevel, Placement, Zone
from stitchsketch_kernel.domain.piece import Pattern
from stitchsketch_kernel.domain.progress import Progress, part, silent
from stitchsketch_kernel.upholstery.marker.check import (
    check_marker,
    check_placements,
    make_marker,
    zone_outline,
)
from stitchsketch_kernel.upholstery.marker.copies import (
    Copy,
    check_fabric,
    check_fit,
    copies_of,
    turns_of,
)
from stitchsketch_kernel.upholstery.marker.improve import Clock
from stitchsketch_kernel.upholstery.marker.links import links_of
from stitchsketch_kernel.upholstery.marker.phases import Room, components_of
from stitchsketch_kernel.upholstery.marker.plain import lay_plain
from stitchsketch_kernel.upholstery.pieces.make import require_metric

__all__ = ["NestSettings", "check_marker", "make_marker", "nest"]

#: With matching, this share of the time goes to the plain marker that it is held against.
_PLAIN_SHARE = 1 / 3


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
    match : str
        What of the cloth's pattern must match: ``"none"``, ``"centred_motifs"``,
        ``"visible_seams"`` or ``"all_seams"``.
    override_gate : str
        Why pieces are laid and cut though they don't sew together (`upholstery.pieces.gate`).
    """

    separation_mm: Annotated[float, Within(0, 100)] = 5.0
    seconds: Annotated[int, Within(1, 86_400)] = 20
    seed: Annotated[int, Within(0)] = 1
    workers: Annotated[int, Within(0)] = 0
    railroad: bool = False
    match: Literal["none", "centred_motifs", "visible_seams", "all_seams"] = "none"
    override_gate: str = ""

    def __post_init__(self) -> None:
        require_allowed(self)
        if self.override_gate and not self.override_gate.strip():
            raise SettingsError("nest.override_gate gives no reason.", "Write why it is cut.")


def nest(
    pattern: Pattern,
    fabric: Fabric,
    settings: NestSettings | None = None,
    progress: Progress = silent,
    *,
    pinned: Sequence[Placement] = (),
    zones: Sequence[Zone] = (),
    clock: Clock = time.monotonic,
) -> Marker:
    """Lay all pieces of a pattern on a roll, as short as can be found in the time given.

    Of a mirrored pair every second copy lies face down. Pieces keep their grain along the roll
    (across it when railroaded); they may lie at 180 degrees where the fabric has no nap. Where
    the fabric's pattern is to match, pieces lie on its lattice, and a plain marker is made as
    well, to tell what matching costs. The search ends when `progress` raises.

    Parameters
    ----------
    pattern : Pattern
    fabric : Fabric
    settings : NestSettings, optional
    progress : Progress
    pinned : sequence of Placement
        These copies lie there already and stay.
    zones : sequence of Zone
        No piece lies on these.
    clock : callable
        What the seconds are told by.

    Raises
    ------
    ScaleError
        The pattern's size is not known.
    NestError
        There is no piece, a piece is wider than the usable width, a fabric without a repeat is
        to match, what is pinned can't lie so, or no sound marker was found.
    """
    settings = settings or NestSettings()
    require_metric(pattern)
    copies, match = copies_of(pattern), MatchLevel(settings.match)
    check_fabric(fabric)
    check_fit(copies, fabric, settings.railroad)
    _check_match(fabric, match)
    if match is MatchLevel.NONE and not pinned and not zones:
        placements = _plain(copies, fabric, settings, settings.seconds, progress, clock)
        plain = None
    else:
        placements, plain = _on_lattice(pattern, fabric, settings, progress, pinned, zones, clock)
    marker = make_marker(pattern, fabric, placements, settings.separation_mm, match, zones, plain)
    progress(1.0, f"{marker.used_length_mm / 1000:.2f} m, {marker.density:.0%} used")
    return marker


def _plain(
    copies: Sequence[Copy], fabric: Fabric, settings: NestSettings, seconds: int,
    progress: Progress, clock: Clock,
) -> list[Placement]:  # fmt: skip
    return lay_plain(
        copies, fabric, settings.separation_mm, settings.railroad, seconds, settings.seed,
        settings.workers, progress, clock,
    )  # fmt: skip


def _on_lattice(
    pattern: Pattern,
    fabric: Fabric,
    settings: NestSettings,
    progress: Progress,
    pinned: Sequence[Placement],
    zones: Sequence[Zone],
    clock: Clock,
) -> tuple[list[Placement], float | None]:
    """Placements, and the length of the plain marker where there is something to match."""
    from stitchsketch_kernel.upholstery.marker.job import Job
    from stitchsketch_kernel.upholstery.marker.lattice import search_lattice

    copies, match = copies_of(pattern), MatchLevel(settings.match)
    _check_pinned(pattern, fabric, settings, pinned, zones)
    room = Room(fabric, turns_of(fabric, settings.railroad))
    components = components_of(copies, links_of(pattern, match), room, pinned)
    length, order, begin, seconds = None, largest_first(copies), 0.0, float(settings.seconds)
    if match is not MatchLevel.NONE:
        begin = _PLAIN_SHARE
        spent = max(1, round(begin * settings.seconds))
        seconds = max(1.0, seconds - spent)
        plain = _plain(copies, fabric, settings, spent, part(progress, 0, begin), clock)
        length = make_marker(pattern, fabric, plain, settings.separation_mm).used_length_mm
        order = [(one.piece, one.copy) for one in sorted(plain, key=lambda one: one.x_mm)]
    job = Job(
        tuple(copies), room, tuple(components), tuple(pinned),
        walls_of(zones), settings.separation_mm,
    )  # fmt: skip
    found = search_lattice(
        job, order, seconds, settings.seed, settings.workers, part(progress, begin, 1), clock
    )
    if found.left_over:
        names = ", ".join(sorted({copy.piece.name for copy in found.left_over}))
        raise NestError(f"There is no place on the roll for {names}.", "Take a wider cloth.")
    return list(found.placements), length


def walls_of(zones: Sequence[Zone]) -> shapely.Geometry | None:
    """What pieces keep off because of zones: each with its clearance round it."""
    rings = [shapely.Polygon(zone_outline(zone)) for zone in zones]
    wide = [ring.buffer(zone.clearance_mm, 16) for ring, zone in zip(rings, zones, strict=True)]
    return shapely.union_all(wide) if wide else None


def largest_first(copies: Sequence[Copy]) -> list[tuple[str, int]]:
    """The copies by falling area: an order to begin a search from."""
    areas = shapely.area([shapely.Polygon(copy.piece.cut_line_mm) for copy in copies])
    return [copies[i].key for i in np.argsort(-areas, kind="stable")]


def _check_match(fabric: Fabric, match: MatchLevel) -> None:
    if match is not MatchLevel.NONE and not fabric.has_repeat:
        raise NestError(
            f"{fabric.name} has no repeat, so there is nothing to match.",
            "Give the fabric's repeat along the roll or across, or match none.",
        )


def _check_pinned(
    pattern: Pattern,
    fabric: Fabric,
    settings: NestSettings,
    pinned: Sequence[Placement],
    zones: Sequence[Zone],
) -> None:
    """What is pinned must be sound by itself: a marker of those copies alone."""
    for zone in zones:
        if not (zone.length_mm > 0 and zone.width_mm > 0 and zone.clearance_mm >= 0):
            raise NestError(
                f"The zone at {zone.x_mm:g} mm is {zone.length_mm:g} by {zone.width_mm:g} mm with "
                f"{zone.clearance_mm:g} mm round it.",
                "Give a zone a length and a width, and a clearance of 0 or more.",
            )
    copies = {copy.key: copy for copy in copies_of(pattern)}
    turns = turns_of(fabric, settings.railroad)
    if len({(one.piece, one.copy) for one in pinned}) < len(pinned):
        raise NestError("A piece is pinned twice.", "Pin each copy at one place.")
    for one in pinned:
        copy = copies.get((one.piece, one.copy))
        if copy is None or copy.flipped != one.flipped:
            raise NestError(
                f"{one.piece}, copy {one.copy + 1}, is pinned and is not cut so.",
                "Pin pieces of this pattern, face down where they are cut face down.",
            )
        if all(abs((one.rotation_deg - turn + 180) % 360 - 180) > 1e-6 for turn in turns):
            raise NestError(
                f"{one.piece} is pinned at {one.rotation_deg:g} degrees, off its grain.",
                f"Turn it to {' or '.join(f'{turn:g}' for turn in turns)} degrees.",
            )
    if pinned:
        check_placements(pattern, fabric, pinned, settings.separation_mm, zones)
