"""When two sides of a seam sew together: the one tolerance, and what is told where they don't."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

#: Two sides of a seam sew together when they agree within either of these.
SEAM_MM, SEAM_SHARE = 1.0, 0.002

FaultKind: TypeAlias = Literal["sides", "length", "direction", "notches", "junction"]


def tolerance_mm(*lengths_mm: float) -> float:
    """How far two sides of these lengths may be apart: 1 mm, or 0.2 % of the longer."""
    return max(SEAM_MM, SEAM_SHARE * max(lengths_mm))


def sews(length_a_mm: float, length_b_mm: float) -> bool:
    """Whether two sides are as long as each other; a length that is no number never is."""
    return abs(length_a_mm - length_b_mm) <= tolerance_mm(length_a_mm, length_b_mm)


@dataclass(frozen=True)
class SewFault:
    """Why pieces can't be sewn together as they are.

    Attributes
    ----------
    seams : tuple of str
        The seams that it is about.
    kind : FaultKind
    words : str
        A full sentence that names seams and pieces.
    """

    seams: tuple[str, ...]
    kind: FaultKind
    words: str
