"""How photos are aligned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from stitchsketch_kernel.domain.errors import SettingsError


@dataclass(frozen=True)
class AlignSettings:
    """How photos are aligned.

    Attributes
    ----------
    max_features : int
        SIFT features a photo; twice as many take four times as long to match.
    max_side_px : int
        Photos are shrunk to this for finding features.
    matching : {"auto", "exhaustive", "sequential"}
        ``auto``: every pair up to `exhaustive_up_to` photos, neighbours in name order above.
    overlap : int
        Neighbours to each side in sequential matching (and their powers of two).
    seed : int
        Of the random choices, so that the same photos give the same model.
    """

    max_features: int = 3072
    max_side_px: int = 2400
    matching: Literal["auto", "exhaustive", "sequential"] = "auto"
    exhaustive_up_to: int = 60
    overlap: int = 10
    min_share: float = 0.5
    seed: int = 1

    def __post_init__(self) -> None:
        if self.max_features < 256 or self.max_side_px < 320 or self.overlap < 1:
            raise SettingsError(
                "align needs max_features of 256 or more, max_side_px of 320 or more and "
                "overlap of 1 or more."
            )
        if self.matching not in {"auto", "exhaustive", "sequential"}:
            raise SettingsError(
                f"align.matching can't be {self.matching!r}.",
                "Use auto, exhaustive or sequential.",
            )
