"""Several cloths in one job, each with its own pieces; and rolls that end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from stitchsketch_kernel.domain.errors import NestError
from stitchsketch_kernel.domain.marker import Fabric, Marker, MatchLevel, Zone
from stitchsketch_kernel.domain.piece import Pattern
from stitchsketch_kernel.domain.progress import Progress, part, silent
from stitchsketch_kernel.upholstery.marker.check import check_counts, make_marker
from stitchsketch_kernel.upholstery.marker.copies import Copy, copies_of, turns_of
from stitchsketch_kernel.upholstery.marker.links import links_of
from stitchsketch_kernel.upholstery.marker.nest import NestSettings, largest_first, nest, walls_of
from stitchsketch_kernel.upholstery.marker.phases import Component, Room, components_of
from stitchsketch_kernel.upholstery.pieces.make import require_metric


@dataclass(frozen=True)
class Cloth:
    """A fabric of a job, and what is cut from it.

    Attributes
    ----------
    fabric : Fabric
    pieces : tuple of str
        Names; empty: every piece that no other cloth of the job names.
    roll_length_mm : float
        How much is on a roll; infinite where it is bought by length.
    zones : tuple of Zone
        Defects of the first roll.
    match : str or None
        Overrides `NestSettings.match`: a lining is not matched.
    """

    fabric: Fabric
    pieces: tuple[str, ...] = ()
    roll_length_mm: float = math.inf
    zones: tuple[Zone, ...] = ()
    match: MatchLevel | None = None


def nest_cloths(
    pattern: Pattern,
    cloths: Sequence[Cloth],
    settings: NestSettings | None = None,
    progress: Progress = silent,
) -> tuple[tuple[Marker, ...], ...]:
    """A marker for each roll of each cloth.

    Returns
    -------
    tuple
        For each cloth its rolls' markers; () for a cloth that nothing is cut from.

    Raises
    ------
    ScaleError, NestError
        See `nest`; a piece is named by two cloths or by none, or is longer than a roll.
    """
    settings = settings or NestSettings()
    require_metric(pattern)
    names = assigned(pattern, cloths)
    found = []
    for at, (cloth, own) in enumerate(zip(cloths, names, strict=True)):
        share = part(progress, at / len(cloths), (at + 1) / len(cloths))
        some = replace(pattern, pieces=tuple(p for p in pattern.pieces if p.name in own))
        level = settings.match if cloth.match is None else cloth.match.value
        wanted = settings
        if level != settings.match:
            wanted = replace(settings, match=level)
        found.append(nest_rolls(some, cloth, wanted, share) if own else ())
    return tuple(found)


def nest_rolls(
    pattern: Pattern, cloth: Cloth, settings: NestSettings, progress: Progress = silent
) -> tuple[Marker, ...]:
    """A marker for each roll that a pattern takes of a cloth; each roll is searched anew.

    Every roll begins at the same place of the cloth's pattern, so seams match from roll to roll.
    Such a seam is not in any marker's `matches`, which tell of one roll.

    Raises
    ------
    NestError
        A piece finds no place on an empty roll; see also `nest`.
    """
    if not cloth.roll_length_mm > 0:
        raise NestError(
            f"A roll of {cloth.fabric.name} is {cloth.roll_length_mm:g} mm long.",
            "Give a length of more than 0.",
        )
    whole = nest(pattern, cloth.fabric, settings, progress, zones=cloth.zones)
    if whole.used_length_mm <= cloth.roll_length_mm:
        return (whole,)
    room = Room(cloth.fabric, turns_of(cloth.fabric, settings.railroad))
    left, match = copies_of(pattern), MatchLevel(settings.match)
    components = tuple(components_of(left, links_of(pattern, match), room))
    rolls: list[Marker] = []
    while left:
        zones = () if rolls else cloth.zones
        components = tuple(_kept(one, {copy.key for copy in left}) for one in components)
        marker, left = _one_roll(pattern, cloth, settings, left, components, zones, progress)
        rolls.append(marker)
        components = tuple(_fixed(one, marker, room) for one in components)
    check_counts(pattern, [one for roll in rolls for one in roll.placements])
    return tuple(rolls)


def _one_roll(
    pattern: Pattern,
    cloth: Cloth,
    settings: NestSettings,
    copies: Sequence[Copy],
    components: tuple[Component, ...],
    zones: Sequence[Zone],
    progress: Progress,
) -> tuple[Marker, list[Copy]]:
    from stitchsketch_kernel.upholstery.marker.job import Job
    from stitchsketch_kernel.upholstery.marker.lattice import search_lattice

    room = Room(cloth.fabric, turns_of(cloth.fabric, settings.railroad))
    job = Job(
        tuple(copies), room, components, (), walls_of(zones), settings.separation_mm,
        cloth.roll_length_mm,
    )  # fmt: skip
    found = search_lattice(
        job, largest_first(copies), settings.seconds, settings.seed, settings.workers, progress
    )
    if not found.placements:
        raise NestError(
            f"There is no place for {copies[0].piece.name} on a roll of {cloth.fabric.name} of "
            f"{cloth.roll_length_mm:.0f} mm.",
            "Take longer rolls.",
        )
    marker = make_marker(
        pattern, cloth.fabric, found.placements, settings.separation_mm,
        MatchLevel(settings.match), zones, whole=False,
    )  # fmt: skip
    return marker, list(found.left_over)


def _kept(component: Component, keys: set[tuple[str, int]]) -> Component:
    """The component of those copies alone."""
    offsets = {key: shift for key, shift in component.offsets_mm.items() if key in keys}
    return Component(offsets, component.root_mm)


def _fixed(component: Component, marker: Marker, room: Room) -> Component:
    """The component at the phase that a roll has given it, if it lies on it."""
    if component.root_mm is not None:
        return component
    for one in marker.placements:
        key = (one.piece, one.copy)
        if key in component.offsets_mm:
            turn = round((one.rotation_deg - room.turns_deg[0]) / 180) % 2
            at = room.phase(np.array([one.x_mm, one.y_mm]), turn)
            return Component(component.offsets_mm, at - component.offsets_mm[key])
    return component


def assigned(pattern: Pattern, cloths: Sequence[Cloth]) -> list[set[str]]:
    """For each cloth the names of the pieces that are cut from it.

    Raises
    ------
    NestError
        A piece is named by two cloths or by none, or is no piece of the pattern.
    """
    names = [piece.name for piece in pattern.pieces]
    given = [name for cloth in cloths for name in cloth.pieces]
    unknown, twice = (
        sorted(set(given) - set(names)),
        sorted({n for n in given if given.count(n) > 1}),
    )
    if unknown or twice:
        raise NestError(
            f"{', '.join(unknown or twice)} is cut from a cloth and is no piece of {pattern.name}."
            if unknown
            else f"{', '.join(twice)} is to be cut from two cloths.",
            f"Pieces are {', '.join(names)}.",
        )
    rest = set(names) - set(given)
    takers = [cloth.fabric.name for cloth in cloths if not cloth.pieces]
    if len(takers) > 1 or (rest and not takers):
        raise NestError(
            f"It is not said which cloth {', '.join(sorted(rest)) or 'the rest'} is cut from.",
            "Name each piece under one cloth; one cloth may take all the others.",
        )
    return [set(cloth.pieces) or rest for cloth in cloths]
