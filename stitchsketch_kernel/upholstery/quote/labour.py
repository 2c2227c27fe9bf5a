"""Labour from what is cut and sewn: minutes a metre of seam by its kind, a piece, and a job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from stitchsketch_kernel.domain.bounds import Within, require_allowed
from stitchsketch_kernel.domain.marker import Fabric
from stitchsketch_kernel.domain.panel import EdgeKind
from stitchsketch_kernel.domain.piece import Pattern
from stitchsketch_kernel.domain.units import MM_PER_M

_MINUTES_PER_HOUR = 60.0


@dataclass(frozen=True)
class QuoteSettings:
    """What a shop asks for its work; all of it data that a shop sets.

    Attributes
    ----------
    labour_rate : float
        Per hour, in the fabric's currency; 0: the quote has no labour.
    labour_hours : float
        Hours agreed on; 0: computed from seams and pieces.
    units : {"metric", "inches"}
        Sizes and paper of the quote: mm on A4, or inches on Letter.
    customer : str
        Printed on the quote.
    roll_end_repeats : float
        How many of the cloth's repeats along the roll its first end costs extra.
    sewn_min_per_m, welt_min_per_m, zip_min_per_m, staple_min_per_m : float
    tack_strip_min_per_m, pull_through_min_per_m, fold_min_per_m : float
        Minutes a metre of each edge kind.
    piece_min : float
        Minutes to mark and cut a piece.
    job_min : float
        Minutes that every job takes: stripping, fitting, cleaning.
    """

    labour_rate: Annotated[float, Within(0)] = 0.0
    labour_hours: Annotated[float, Within(0)] = 0.0
    units: Literal["metric", "inches"] = "metric"
    customer: str = ""
    roll_end_repeats: Annotated[float, Within(0)] = 0.5
    sewn_min_per_m: Annotated[float, Within(0)] = 6.0
    welt_min_per_m: Annotated[float, Within(0)] = 12.0
    zip_min_per_m: Annotated[float, Within(0)] = 15.0
    staple_min_per_m: Annotated[float, Within(0)] = 8.0
    tack_strip_min_per_m: Annotated[float, Within(0)] = 10.0
    pull_through_min_per_m: Annotated[float, Within(0)] = 6.0
    fold_min_per_m: Annotated[float, Within(0)] = 6.0
    piece_min: Annotated[float, Within(0)] = 6.0
    job_min: Annotated[float, Within(0)] = 60.0

    def __post_init__(self) -> None:
        require_allowed(self, "quote")

    def minutes_per_m(self, kind: EdgeKind) -> float:
        """Minutes a metre of an edge kind."""
        return float(getattr(self, f"{kind.value}_min_per_m"))

    def roll_end_mm(self, fabric: Fabric) -> float:
        """Cloth that the first roll end costs before the repeat begins."""
        return fabric.repeat_vertical_mm * self.roll_end_repeats


@dataclass(frozen=True)
class LabourLine:
    """One line of the labour: what, how much of it in words, and minutes."""

    what: str
    amount: str
    minutes: float


def labour_lines(pattern: Pattern, settings: QuoteSettings) -> tuple[LabourLine, ...]:
    """The work of a pattern, line by line; seams are counted once, copies of pieces each."""
    if settings.labour_hours > 0:
        return (LabourLine("Work", "as agreed", settings.labour_hours * _MINUTES_PER_HOUR),)
    lines = []
    for kind in EdgeKind:
        lengths = [
            max(pair.length_a_mm, pair.length_b_mm or 0.0)
            for pair in pattern.seams
            if pair.edge_kind is kind
        ]
        if lengths:
            metres = sum(lengths) / MM_PER_M
            what = f"{kind.value.replace('_', ' ').capitalize()} edges"
            lines.append(LabourLine(what, f"{metres:.2f} m", metres * settings.minutes_per_m(kind)))
    count = sum(piece.quantity for piece in pattern.pieces)
    cut = LabourLine("Marking and cutting", f"{count} pieces", count * settings.piece_min)
    return (*lines, cut, LabourLine("The job itself", "", settings.job_min))


def hours_of(lines: Sequence[LabourLine]) -> float:
    """Hours of all lines."""
    return sum(line.minutes for line in lines) / _MINUTES_PER_HOUR
