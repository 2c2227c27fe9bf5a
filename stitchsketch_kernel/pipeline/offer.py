"""An offer for a cover: which cloths it is cut from, its markers, and what it costs."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stitchsketch_kernel.domain.errors import NestError, RunError
from stitchsketch_kernel.domain.marker import Fabric, Marker, MatchLevel, Placement, Zone
from stitchsketch_kernel.domain.piece import Pattern
from stitchsketch_kernel.domain.progress import Progress, part

if TYPE_CHECKING:
    from stitchsketch_kernel.domain.sewing import SewFault
    from stitchsketch_kernel.upholstery.marker.levels import LevelCost
    from stitchsketch_kernel.upholstery.marker.nest import NestSettings
    from stitchsketch_kernel.upholstery.marker.rolls import Cloth
    from stitchsketch_kernel.upholstery.quote.cover import CoverQuote
    from stitchsketch_kernel.upholstery.quote.labour import QuoteSettings


@dataclass(frozen=True)
class Chosen:
    """What a person chose.

    Attributes
    ----------
    cloths : tuple of Cloth
        The face cloth first, which takes every piece that no other names.
    nest : NestSettings
        With the reason why it is cut though it doesn't sew together, if a person gave one.
    quote : QuoteSettings
    strips : bool
        Whether the strips of welts and zips are cut, too.
    stretch : str
        What the cloth gives, as the flatten stage knows it; the pieces follow in the next run.
    compare : bool
        Whether a marker is made for each match level, to tell what they cost.
    """

    cloths: tuple[Cloth, ...]
    nest: NestSettings
    quote: QuoteSettings
    strips: bool = False
    stretch: str = "woven"
    compare: bool = True


@dataclass(frozen=True)
class Offer:
    """A cover as it was laid and may be quoted.

    Attributes
    ----------
    chosen : Chosen
    pattern : Pattern
        As it is laid: with strips, and the reason to cut it past the gate.
    markers : tuple of (Marker or None)
        One for each cloth; None while it was not laid, or where nothing is cut from it.
    levels : tuple of LevelCost
    """

    chosen: Chosen
    pattern: Pattern
    markers: tuple[Marker | None, ...] = ()
    levels: tuple[LevelCost, ...] = ()

    @property
    def laid(self) -> tuple[Marker, ...]:
        """The markers that are there; empty while any cloth's is missing."""
        cut = [own for own in self.pieces if own]
        there = tuple(one for one in self.markers if one is not None)
        return there if len(there) == len(cut) else ()

    @property
    def pieces(self) -> list[set[str]]:
        """For each cloth the names of the pieces that are cut from it."""
        from stitchsketch_kernel.upholstery.marker.rolls import assigned

        return assigned(self.pattern, self.chosen.cloths)

    def part(self, cloth: int) -> Pattern:
        """The pattern's pieces that are cut from one cloth."""
        own = self.pieces[cloth]
        return replace(
            self.pattern, pieces=tuple(one for one in self.pattern.pieces if one.name in own)
        )

    def with_marker(self, cloth: int, marker: Marker) -> Offer:
        """The offer with another marker of one cloth: one that was changed by hand."""
        markers = tuple(marker if at == cloth else one for at, one in enumerate(self.markers))
        return replace(self, markers=markers)

    def quote(self) -> CoverQuote:
        """What it costs.

        Raises
        ------
        RunError
            It was not laid yet.
        """
        from stitchsketch_kernel.upholstery.quote.cover import quote_cover

        if not self.laid:
            raise RunError("The pieces are not laid on this cloth yet.", "Compute the marker.")
        return quote_cover(self.pattern, self.laid, self.chosen.quote)

    def faults(self) -> tuple[SewFault, ...]:
        """Why the pieces don't sew together; an override doesn't take these away."""
        from stitchsketch_kernel.upholstery.pieces.gate import check_sewing

        return check_sewing(self.pattern).faults


@dataclass(frozen=True)
class Lay:
    """The work of laying a cover on its cloths."""

    pattern: Pattern
    chosen: Chosen

    def go(self, progress: Progress) -> Offer:
        """A marker for each cloth, and one for each match level where that is asked for.

        Raises
        ------
        ScaleError, NestError
            See `nest`.
        """
        offer = Offer(self.chosen, self.pattern)
        markers: list[Marker | None] = []
        levels: tuple[LevelCost, ...] = ()
        count = len(self.chosen.cloths)
        for at, (cloth, own) in enumerate(zip(self.chosen.cloths, offer.pieces, strict=True)):
            share = part(progress, at / count, (at + 1) / count)
            marker = None
            if own:
                laid, found = self._one(offer.part(at), cloth, at == 0, part(share, 0, 0.7))
                marker = self._on_roll(offer.part(at), cloth, laid, part(share, 0.7, 1))
                levels = levels or found
            markers.append(marker)
        return replace(offer, markers=tuple(markers), levels=levels)

    def _on_roll(
        self, pattern: Pattern, cloth: Cloth, marker: Marker, progress: Progress
    ) -> Marker:
        from stitchsketch_kernel.upholstery.marker.ends import within_roll

        return within_roll(pattern, marker, cloth.roll_length_mm, self.chosen.nest, progress)

    def _one(
        self, pattern: Pattern, cloth: Cloth, is_face: bool, progress: Progress
    ) -> tuple[Marker, tuple[LevelCost, ...]]:
        from stitchsketch_kernel.upholstery.marker.levels import cost_of_levels
        from stitchsketch_kernel.upholstery.marker.nest import nest

        level = MatchLevel(self.chosen.nest.match) if cloth.match is None else cloth.match
        if not (is_face and self.chosen.compare and cloth.fabric.has_repeat):
            asked = replace(self.chosen.nest, match=level.value)
            return nest(pattern, cloth.fabric, asked, progress, zones=cloth.zones), ()
        found = cost_of_levels(pattern, cloth.fabric, self.chosen.nest, progress, cloth.zones)
        marker, why = next((one.marker, one.why) for one in found if one.level is level)
        if marker is None:
            raise NestError(why)
        return marker, found


@dataclass(frozen=True)
class NestAgain:
    """The work of nesting anew round pieces that stay where they are."""

    pattern: Pattern
    fabric: Fabric
    nest: NestSettings
    pinned: tuple[Placement, ...] = ()
    zones: tuple[Zone, ...] = ()
    roll_length_mm: float = math.inf

    def go(self, progress: Progress) -> Marker:
        """The new marker; raises as `nest` and `within_roll` do."""
        from stitchsketch_kernel.upholstery.marker.ends import within_roll
        from stitchsketch_kernel.upholstery.marker.nest import nest

        laid = nest(
            self.pattern, self.fabric, self.nest, part(progress, 0, 0.7),
            pinned=self.pinned, zones=self.zones,
        )  # fmt: skip
        return within_roll(
            self.pattern, laid, self.roll_length_mm, self.nest, part(progress, 0.7, 1), self.pinned
        )
