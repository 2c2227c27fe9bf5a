"""Fabric, the marker (pieces laid on a roll) and the quote."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.units import MM_PER_M, MM_PER_YARD


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
    """

    name: str
    width_mm: float
    usable_width_mm: float
    nap: bool = False
    price_per_metre: float = 0.0
    currency: str = "EUR"


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
    """

    fabric: Fabric
    placements: tuple[Placement, ...]
    used_length_mm: float
    separation_mm: float
    density: float

    @property
    def yardage(self) -> float:
        """Used length in yards."""
        return self.used_length_mm / MM_PER_YARD

    @property
    def cost(self) -> float:
        """Cloth cost of the used length."""
        return self.fabric.price_per_metre * self.used_length_mm / MM_PER_M
