"""Where on the cloth's pattern each piece must lie so that what is sewn together matches.

Pieces that are linked form a component: in it each piece has an offset from the component's root,
modulo the repeat, and the root's own phase is free. A spanning tree of the most important links
gives the offsets (Kruskal 1956); a link that closes a cycle matches if it happens to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.errors import NestError
from stitchsketch_kernel.domain.marker import Fabric, Placement
from stitchsketch_kernel.upholstery.marker.copies import TOLERANCE_MM, Copy
from stitchsketch_kernel.upholstery.marker.links import Link, Side, best_shift

#: Phases across the roll are tried this far apart, and exactly where pieces touch its edge.
_PHASE_STEP_MM = 5.0


@dataclass(frozen=True)
class Component:
    """Copies whose places on the pattern hang together.

    Attributes
    ----------
    offsets_mm : dict of copy to ndarray, shape (2,)
        Translation of each (at the first turn) less the root's.
    root_mm : ndarray or None
        The root's translation modulo the repeat, where something fixes it.
    """

    offsets_mm: dict[tuple[str, int], FloatArray]
    root_mm: FloatArray | None = None


@dataclass(frozen=True)
class Room:
    """What a roll leaves of places across it: first turn, whether pieces may turn, its cloth."""

    fabric: Fabric
    turns_deg: tuple[float, ...]

    @property
    def motif_mm(self) -> FloatArray:
        """A motif's middle on the roll."""
        return np.array([self.fabric.motif_along_mm, self.fabric.motif_across_mm])

    def phase(self, shift_mm: FloatArray, turn: int) -> FloatArray:
        """The translation that shows the same pattern at a turn: opposite, about a motif."""
        return shift_mm if turn == 0 else 2 * self.motif_mm - shift_mm

    def reach_mm(self, copy: Copy, turn: int) -> tuple[float, float]:
        """Least and greatest translation across the roll that keep a copy on the usable cloth."""
        y = copy.turned(copy.piece.cut_line_mm, self.turns_deg[turn])[:, 1]
        low, high = -float(y.min()), self.fabric.usable_width_mm - float(y.max())
        return low, max(low, high)


def components_of(
    copies: Sequence[Copy], links: Sequence[Link], room: Room, pinned: Sequence[Placement] = ()
) -> list[Component]:
    """Join copies by their links, the first links first.

    A link is left out, and will be measured as it falls, where its ends hang together already,
    where both have a fixed place, or where with it the pieces could no longer all lie between
    the selvages at one phase.

    Raises
    ------
    NestError
        A piece that must lie on a motif is then wider than the cloth.
    """
    by_key = {copy.key: copy for copy in copies}
    of: dict[tuple[str, int], Component] = {
        key: Component({key: np.zeros(2)}) for key in dict.fromkeys(_keys(links))
    }
    for placement in pinned:
        key = (placement.piece, placement.copy)
        if key in of:
            turn = round((placement.rotation_deg - room.turns_deg[0]) / 180) % 2
            at = np.array([placement.x_mm, placement.y_mm])
            of[key] = Component({key: np.zeros(2)}, room.phase(at, turn))
    for link in links:
        a, b = of[link.a.key], None if link.b is None else of[link.b.key]
        joined = _on_motif(a, link, room) if b is None else _joined(a, b, link, room)
        if joined is None:
            continue
        if len(feasible_phases(joined, by_key, room)) == 0:
            if b is None:
                raise NestError(
                    f"Piece {link.a.piece} can't lie on a motif: between the selvages of "
                    f"{room.fabric.name} there is no place for it round one.",
                    "Match less, or say where the first motif lies.",
                )
            continue
        for key in joined.offsets_mm:
            of[key] = joined
    return list({id(one): one for one in of.values()}.values())


def feasible_phases(
    component: Component, copies: Mapping[tuple[str, int], Copy], room: Room
) -> FloatArray:
    """The root's phases across the roll at which each copy has a place: (n,), mm; [0] where free.

    Every few millimetres, and each phase at which a copy touches the edge of the usable width.
    """
    period = room.fabric.repeat_horizontal_mm
    if period <= 0:
        return np.zeros(1)
    spans = [
        [
            (sign * (reach - offset), length)
            for turn, sign in enumerate((1.0, -1.0)[: len(room.turns_deg)])
            for (reach, high) in [room.reach_mm(copies[key], turn)]
            for offset in [float(room.phase(shift, turn)[1])]
            for length in [sign * (high - reach)]
        ]
        for key, shift in component.offsets_mm.items()
    ]
    if component.root_mm is not None:
        tried = component.root_mm[1:2]
    else:
        ends = [end for span in spans for start, length in span for end in (start, start + length)]
        tried = np.unique(np.mod([*np.arange(0.0, period, _PHASE_STEP_MM), *ends], period))
    good = np.ones(len(tried), dtype=bool)
    for span in spans:
        one = np.zeros(len(tried), dtype=bool)
        for start, length in span:
            low, high = min(start, start + length), max(start, start + length)
            one |= np.mod(tried - low + TOLERANCE_MM / 4, period) <= high - low + TOLERANCE_MM / 2
        good &= one
    return np.asarray(tried[good])


def _keys(links: Sequence[Link]) -> list[tuple[str, int]]:
    sides = [side for link in links for side in (link.a, link.b) if side is not None]
    return [side.key for side in sides]


def _places(side: Side, room: Room) -> FloatArray:
    """The seam's stations on a copy at the first turn, not yet moved; or a motif's one point."""
    place = Placement(side.piece, side.copy, 0.0, 0.0, room.turns_deg[0], side.flipped)
    return np.asarray(place.apply(side.line_mm))


def _on_motif(a: Component, link: Link, room: Room) -> Component | None:
    if a.root_mm is not None:
        return None
    root = room.motif_mm - _places(link.a, room)[0] - a.offsets_mm[link.a.key]
    return Component(a.offsets_mm, root)


def _joined(a: Component, b: Component, link: Link, room: Room) -> Component | None:
    if link.b is None or a is b or (a.root_mm is not None and b.root_mm is not None):
        return None
    # the same cloth under both sides, as nearly as can be: t_a + a = t_b + b
    apart = best_shift(_places(link.a, room) - _places(link.b, room))
    of_b = a.offsets_mm[link.a.key] + apart - b.offsets_mm[link.b.key]
    offsets = a.offsets_mm | {key: shift + of_b for key, shift in b.offsets_mm.items()}
    root = a.root_mm
    if b.root_mm is not None:
        root = b.root_mm - of_b
    return Component(offsets, root)
