"""Fabric, the marker (pieces laid on a roll) and the quote."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.units import MM_PER_M, MM_PER_YARD


class MatchLevel(StrEnum):
    """How far the cloth's pattern is matched from piece to piece."""

    NONE = "none"
    MOTIFS = "centred_motifs"
    VISIBLE = "visible_seams"
    ALL = "all_seams"


@dataclass(frozen=True)
class Fabric:
    """A cloth as the shop buys it.

    Attributes
    ----------
    name : str
    width_mm, usable_width_mm : float
        Selvage to selvage, and between the selvages.
    nap : bool
        True: it looks different upside down, so every piece keeps its grain's direction; False:
        pieces may also lie at 180 degrees.
    price_per_metre : float
    currency : str
        ISO 4217 code.
    repeat_vertical_mm, repeat_horizontal_mm : float
        The pattern comes again after this, along the roll and across; 0: it has none that way.
    half_drop : bool
        One repeat across, the pattern lies half a vertical repeat further along.
    motif_along_mm, motif_across_mm : float
        Where a motif's middle lies: from the roll's start, and from the usable width's edge.
    """

    name: str
    width_mm: float
    usable_width_mm: float
    nap: bool = False
    price_per_metre: float = 0.0
    currency: str = "EUR"
    repeat_vertical_mm: float = 0.0
    repeat_horizontal_mm: float = 0.0
    half_drop: bool = False
    motif_along_mm: float = 0.0
    motif_across_mm: float = 0.0

    @property
    def has_repeat(self) -> bool:
        """Whether there is a pattern to match."""
        return self.repeat_vertical_mm > 0 or self.repeat_horizontal_mm > 0


@dataclass(frozen=True)
class Zone:
    """A place on the roll that pieces keep clear of: a defect, a printed edge.

    Attributes
    ----------
    x_mm, y_mm : float
        Its corner nearest to the roll's start and to the usable width's edge.
    length_mm, width_mm : float
        Along the roll and across.
    clearance_mm : float
        Pieces keep this far away from it.
    """

    x_mm: float
    y_mm: float
    length_mm: float
    width_mm: float
    clearance_mm: float = 0.0


@dataclass(frozen=True)
class PhaseMatch:
    """How well the pattern goes on from one cut piece to the next, measured on the marker.

    Attributes
    ----------
    seam : str
        The seam's id; empty where a piece's middle is held against a motif's.
    piece_a, copy_a : str, int
    piece_b, copy_b : str or None, int
        None where a motif is what it is held against.
    mismatch_mm : float
        How far the pattern jumps at the seam's middle.
    along_mm : float
        The largest jump along the seam: shape alone can make it more than `mismatch_mm`.
    matched : bool
        Whether `mismatch_mm` is small enough to call it matched.
    """

    seam: str
    piece_a: str
    copy_a: int
    piece_b: str | None
    copy_b: int
    mismatch_mm: float
    along_mm: float
    matched: bool


@dataclass(frozen=True)
class Placement:
    """One cut piece on the roll.

    The piece's points go to ``R(rotation) @ (x * (-1 if flipped else 1), y) + (x_mm, y_mm)``.
    The roll's length runs along +x from 0, its usable width along +y from 0; grain (+y of a
    piece) lies along the roll's length, so an unturned piece has rotation -90 or 90.
    """

    piece: str
    copy: int
    x_mm: float
    y_mm: float
    rotation_deg: float
    flipped: bool

    def apply(self, points_mm: FloatArray) -> FloatArray:
        """Piece coordinates (n, 2) to roll coordinates."""
        angle = np.deg2rad(self.rotation_deg)
        c, s = float(np.cos(angle)), float(np.sin(angle))
        x = -points_mm[:, 0] if self.flipped else points_mm[:, 0]
        y = points_mm[:, 1]
        return np.column_stack([c * x - s * y + self.x_mm, s * x + c * y + self.y_mm])


@dataclass(frozen=True)
class Marker:
    """Pieces laid on a roll.

    Attributes
    ----------
    fabric : Fabric
    placements : tuple of Placement
    used_length_mm : float
    separation_mm : float
        Least distance kept between pieces.
    density : float
        Area of the pieces over usable width times used length.
    match : MatchLevel
        What was asked to be matched.
    matches : tuple of PhaseMatch
        For each seam (or motif) of that level how well it came out.
    plain_length_mm : float or None
        Used length of the same pieces without matching, where that was searched for.
    zones : tuple of Zone
        Places that no piece lies on.
    """

    fabric: Fabric
    placements: tuple[Placement, ...]
    used_length_mm: float
    separation_mm: float
    density: float
    match: MatchLevel = MatchLevel.NONE
    matches: tuple[PhaseMatch, ...] = ()
    plain_length_mm: float | None = None
    zones: tuple[Zone, ...] = ()

    @property
    def extra_percent(self) -> float | None:
        """What matching costs: percent of the length without it; None where that isn't known."""
        if not self.plain_length_mm:
            return None
        return 100 * (self.used_length_mm / self.plain_length_mm - 1)

    @property
    def yardage(self) -> float:
        """Used length in yards."""
        return self.used_length_mm / MM_PER_YARD

    @property
    def cost(self) -> float:
        """Cloth cost of the used length."""
        return self.fabric.price_per_metre * self.used_length_mm / MM_PER_M


@dataclass(frozen=True)
class Hide:
    """A leather hide: an irregular sheet.

    Attributes
    ----------
    name : str
    outline_mm : ndarray, shape (n, 2)
        Its usable edge, counter-clockwise, the first point not repeated.
    zones_mm : tuple of ndarray, shape (k, 2)
        Outlines of brands, holes and scars that no piece lies on.
    """

    name: str
    outline_mm: FloatArray
    zones_mm: tuple[FloatArray, ...] = ()


@dataclass(frozen=True)
class HideMarker:
    """Pieces laid on a hide; `yield_share` is their area over the hide's."""

    hide: Hide
    placements: tuple[Placement, ...]
    separation_mm: float
    yield_share: float
