"""Units. Metres in 3D, millimetres on patterns; inches and yards only where a person reads."""

from __future__ import annotations

MM_PER_M = 1000.0
MM_PER_INCH = 25.4
MM_PER_YARD = 914.4


def inches_from_mm(length_mm: float) -> float:
    """Inches for a length in millimetres (25.4 mm exactly)."""
    return length_mm / MM_PER_INCH


def yards_from_mm(length_mm: float) -> float:
    """Yards for a length in millimetres (914.4 mm exactly)."""
    return length_mm / MM_PER_YARD


def inch_fraction(length_mm: float, denominator: int = 16) -> str:
    """A length as a tape measure shows it: ``12 3/8"``, rounded to 1/`denominator` inch."""
    if denominator < 1:
        raise ValueError(f"denominator must be 1 or more, not {denominator}")
    ticks = round(inches_from_mm(abs(length_mm)) * denominator)
    whole, rest = divmod(ticks, denominator)
    sign = "-" if length_mm < 0 and ticks else ""
    if rest == 0:
        return f'{sign}{whole}"'
    below = denominator
    while rest % 2 == 0 and below % 2 == 0:
        rest, below = rest // 2, below // 2
    return f'{sign}{whole} {rest}/{below}"' if whole else f'{sign}{rest}/{below}"'
