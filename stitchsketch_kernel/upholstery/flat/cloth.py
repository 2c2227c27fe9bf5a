"""How far a cloth gives: what its threads stretch and how far they turn against each other."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from stitchsketch_kernel.domain.errors import SettingsError


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
    """

    name: str
    strain_percent: float
    most_percent: float
    shear_deg: float
    shear_stiffness: float

    def excess(self, fit: Fit) -> float:
        """Above 1: by how many times the worst of the limits is passed."""
        return max(
            fit.strain_percent / self.strain_percent,
            fit.most_percent / self.most_percent,
            fit.shear_deg / self.shear_deg,
        )


@dataclass(frozen=True)
class Fit:
    """How hard a cloth is pressed in a flat piece.

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


@cache
def cloths() -> dict[str, Cloth]:
    """The cloths of the package's own table, by name."""
    table = json.loads(
        files("stitchsketch_kernel.upholstery.flat").joinpath("cloths.json").read_text("utf-8")
    )
    return {name: Cloth(name, **limits) for name, limits in table["cloths"].items()}


def cloth_named(name: str) -> Cloth:
    """The cloth of that name.

    Raises
    ------
    SettingsError
        There is none.
    """
    found = cloths().get(name)
    if found is None:
        raise SettingsError(f"There is no cloth called {name}.", f"Take {', '.join(cloths())}.")
    return found
