"""How sure lengths and places are: half-widths of 95 % intervals, in millimetres."""

from __future__ import annotations

from dataclasses import dataclass, field

from stitchsketch_kernel.domain.errors import SettingsError


@dataclass(frozen=True)
class ScanErrors:
    """What a scan may be off by as a whole, told by its scale and its cameras.

    Attributes
    ----------
    scale_percent : float
        Half-width of the scale's 95 % interval; NaN: the size is not known.
    bend_mm : float
        Standard deviation, in each direction, of the slow bend that cameras placed a little wrong
        give to the whole.
    bend_reach_mm : float
        Places much further apart than this bend independently.
    skin_mm : float
        Standard deviation of how far the whole skin lies outside or inside of the cloth.
    """

    scale_percent: float
    bend_mm: float = 0.0
    bend_reach_mm: float = 300.0
    skin_mm: float = 0.3

    def __post_init__(self) -> None:
        if (
            self.scale_percent < 0
            or min(self.bend_mm, self.skin_mm) < 0
            or not self.bend_reach_mm > 0
        ):
            raise SettingsError(
                f"A scan can't be off by {self.scale_percent:g} % and {self.bend_mm:g} mm over "
                f"{self.bend_reach_mm:g} mm.",
                "Give 0 or more, and a reach above 0.",
            )


@dataclass(frozen=True)
class SeamSure:
    """How sure a seam is.

    Attributes
    ----------
    seam : str
    length_mm : float
        Half-width of the 95 % interval of its length.
    place_mm : float
        In 95 of 100 scans 95 % of it lies within this of its true place.
    """

    seam: str
    length_mm: float
    place_mm: float


@dataclass(frozen=True)
class PieceSure:
    """How sure a piece is.

    Attributes
    ----------
    panel : str
    outline_mm : float
        In 95 of 100 scans 95 % of the outline lies within this of the true one, laid on it.
    size_mm : tuple of float
        Half-widths of the 95 % intervals of its width (along the weft) and its length (along the
        warp).
    """

    panel: str
    outline_mm: float
    size_mm: tuple[float, float]


@dataclass(frozen=True)
class Sureness:
    """Of a pattern's seams and pieces, by seam and by panel."""

    seams: dict[str, SeamSure] = field(default_factory=dict)
    pieces: dict[str, PieceSure] = field(default_factory=dict)
