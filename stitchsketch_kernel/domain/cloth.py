"""How far a cloth gives, and how hard a piece presses it: the one place for these limits."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cloth:
    """What a cloth lets a seamstress do to it.

    Attributes
    ----------
    name : str
    strain_percent, most_percent : float
        Warp and weft give up to this in 95 % of a piece, and nowhere more than the second.
    shear_deg : float
        Warp and weft turn against each other up to this.
    shear_stiffness : float
        What shear costs beside stretch, both squared: 1 for a sheet without threads, little for
        a loose weave.
    turns : bool
        Whether its warp may lie between a panel's axes where that keeps its limits.
    """

    name: str
    strain_percent: float
    most_percent: float
    shear_deg: float
    shear_stiffness: float
    turns: bool = False

    def excess(self, fit: Fit) -> float:
        """Above 1: by how many times the worst of the limits is passed."""
        return max(
            fit.strain_percent / self.strain_percent,
            fit.most_percent / self.most_percent,
            fit.shear_deg / self.shear_deg,
        )

    def beyond(self, piece: str, fit: Fit) -> str:
        """What a piece asks of it beyond its limits, as a sentence; empty where it keeps them."""
        if self.excess(fit) <= 1:
            return ""
        return (
            f"{piece} is rounder than {self.name} cloth likes: it must give "
            f"{fit.strain_percent:.1f} % over most of it ({self.strain_percent:g} % is its limit), "
            f"{fit.most_percent:.1f} % at most ({self.most_percent:g}) and turn its threads by "
            f"{fit.shear_deg:.0f} degrees ({self.shear_deg:g}). "
            "Divide it by a seam, or take a cloth that stretches."
        )


@dataclass(frozen=True)
class Fit:
    """How hard a cloth is pressed in a flat piece, where its limits count.

    Attributes
    ----------
    strain_percent, most_percent : float
        The larger of warp and weft: 95 % of the area stays below, and the most of all faces.
    shear_deg : float
        The most of all faces.
    """

    strain_percent: float
    most_percent: float
    shear_deg: float

    def worst(self, other: Fit | None) -> Fit | None:
        """The larger of each figure; None where the other's are not known."""
        if other is None:
            return None
        return Fit(
            max(self.strain_percent, other.strain_percent),
            max(self.most_percent, other.most_percent),
            max(self.shear_deg, other.shear_deg),
        )
