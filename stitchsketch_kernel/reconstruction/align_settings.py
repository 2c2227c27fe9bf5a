"""How photos are aligned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from stitchsketch_kernel.domain.bounds import Within, require_allowed

#: Photos smaller than this are enlarged to find their features.
LARGE_PX = 1700


@dataclass(frozen=True)
class AlignSettings:
    """How photos are aligned.

    Attributes
    ----------
    max_features : int
        SIFT features a photo; twice as many take four times as long to match.
    max_side_px : int
        Photos are shrunk to this for finding features.
    features : {"auto", "coarse", "fine"}
        ``fine``: photos are enlarged to twice their size, so that features of a pixel are found,
        in six times the time. ``coarse``: they are not. ``auto``: coarse only where photos are
        large and those that are tried give enough; cameras then come out the same.
    matching : {"auto", "exhaustive", "sequential"}
        ``auto``: every pair up to `exhaustive_up_to` photos, neighbours in name order above.
    exhaustive_up_to : int
        With more photos than this, ``auto`` compares neighbours alone.
    overlap : int
        Neighbours to each side in sequential matching (and their powers of two).
    min_share : float
        With a smaller share of the photos placed, the run stops.
    seed : int
        Of the random choices, so that the same photos give the same model.
    """

    max_features: Annotated[int, Within(256)] = 3072
    max_side_px: Annotated[int, Within(320)] = 2400
    features: Literal["auto", "coarse", "fine"] = "auto"
    matching: Literal["auto", "exhaustive", "sequential"] = "auto"
    exhaustive_up_to: Annotated[int, Within(0)] = 60
    overlap: Annotated[int, Within(1)] = 10
    min_share: Annotated[float, Within(0, 1)] = 0.5
    seed: Annotated[int, Within(0)] = 1

    def __post_init__(self) -> None:
        require_allowed(self)
