"""The quote: pieces, yardage, labour, price, and how sure the sizes are."""

from __future__ import annotations

import math
from dataclasses import dataclass

from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.domain.marker import Marker
from stitchsketch_kernel.domain.piece import Pattern
from stitchsketch_kernel.domain.units import MM_PER_M, yards_from_mm
from stitchsketch_kernel.upholstery.marker.yardage import metres_to_buy, yards_to_buy
from stitchsketch_kernel.upholstery.pieces.make import require_metric

#: A piece known to this (95 %) is good to cut; to the shop's limit, good after a check.
_SURE_MM = 2.0


@dataclass(frozen=True)
class Quote:
    """What a cover costs.

    Attributes
    ----------
    pieces : int
        Pieces to be cut, copies counted.
    used_length_mm, metres, yards : float
        Length of the marker.
    metres_to_buy, yards_to_buy : float
        Rounded up to 0.1 m and to 1/4 yd.
    cloth_cost : float
        Of `metres_to_buy`.
    labour_cost, total : float
    currency : str
        ISO 4217 code of the fabric's price, taken for labour too.
    confidence : str
        A sentence.
    roll_end_mm : float
        Cloth bought beyond the marker, before the first repeat begins.
    """

    pieces: int
    used_length_mm: float
    metres: float
    yards: float
    metres_to_buy: float
    yards_to_buy: float
    cloth_cost: float
    labour_cost: float
    total: float
    currency: str
    confidence: str
    roll_end_mm: float = 0.0


def make_quote(
    pattern: Pattern,
    marker: Marker,
    labour_hours: float = 0.0,
    labour_rate: float = 0.0,
    roll_end_mm: float = 0.0,
) -> Quote:
    """Price a marker.

    Parameters
    ----------
    pattern : Pattern
    marker : Marker
    labour_hours : float
    labour_rate : float
        Per hour, in the fabric's currency.
    roll_end_mm : float
        Cloth bought beyond the marker's length.

    Raises
    ------
    ScaleError
        The pattern's size is not known.
    SettingsError
        Hours, rate or the fabric's price is negative or no number.
    """
    require_metric(pattern)
    price = marker.fabric.price_per_metre
    for name, value in (("labour hours", labour_hours), ("labour rate", labour_rate),
                        ("price of the cloth", price),
                        ("first roll end", roll_end_mm)):  # fmt: skip
        if not math.isfinite(value) or value < 0:
            raise SettingsError(f"The {name} can't be {value}.", "Give 0 or more.")
    length = marker.used_length_mm
    bought = metres_to_buy(length + roll_end_mm)
    cloth, labour = round(bought * price, 2), round(float(labour_hours * labour_rate), 2)
    return Quote(
        pieces=sum(piece.quantity for piece in pattern.pieces),
        used_length_mm=length,
        metres=length / MM_PER_M,
        yards=yards_from_mm(length),
        metres_to_buy=bought,
        yards_to_buy=yards_to_buy(length + roll_end_mm),
        cloth_cost=cloth,
        labour_cost=labour,
        total=round(cloth + labour, 2),
        currency=marker.fabric.currency,
        confidence=confidence(pattern),
        roll_end_mm=roll_end_mm,
    )


def confidence(pattern: Pattern) -> str:
    """How sure the sizes are, as a sentence that names the least sure piece."""
    unknown = [piece.name for piece in pattern.pieces if not math.isfinite(piece.within_mm)]
    if unknown:
        return (
            f"How sure the size of {', '.join(unknown)} is, is not known: measure before cutting."
        )
    worst = max(pattern.pieces, key=lambda piece: piece.within_mm)
    said = f"{worst.name} is the least sure, within {worst.within_mm:.1f} mm (95 %)"
    if worst.within_mm <= min(_SURE_MM, pattern.check_mm):
        return f"Sure: {said}."
    if worst.within_mm <= pattern.check_mm:
        return f"Fair: {said}; measure it once before cutting."
    names = ", ".join(piece.name for piece in pattern.to_check())
    return f"Not sure: {said}; check before cutting: {names}."
