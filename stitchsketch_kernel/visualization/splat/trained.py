"""What training comes to, on its way and in the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from stitchsketch_kernel.domain.arrays import AnyArray
from stitchsketch_kernel.visualization.splat.settings import SplatSettings
from stitchsketch_kernel.visualization.splat.splats import Splats


@dataclass(frozen=True)
class Mark:
    """How good the splats were at a step: mean over held-out photos."""

    step: int
    seconds: float
    psnr_db: float


@dataclass(frozen=True)
class State:
    """All that training goes on from, to the last bit on the same machine.

    Attributes
    ----------
    key : str
        Of what is trained and how; another's state is not gone on from.
    step : int
        Steps done.
    arrays : dict of str to ndarray
    random : str
        Of the generator, JSON.
    seconds : float
    curve : tuple of Mark
    """

    key: str
    step: int
    arrays: dict[str, AnyArray] = field(repr=False)
    random: str = field(repr=False)
    seconds: float = 0.0
    curve: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class Trained:
    """Splats, and how they came to be.

    Attributes
    ----------
    splats : Splats
        Cut to the region, without the floor; metres.
    settings : SplatSettings
        As they were used.
    exposures : dict of str to tuple of float
        What each photo's red, green and blue are brighter by than the splats.
    curve : tuple of Mark
    seconds : float
        Of training, with what was gone on from.
    """

    splats: Splats
    settings: SplatSettings
    exposures: dict[str, tuple[float, float, float]]
    curve: tuple[Mark, ...]
    seconds: float


Keep = Callable[[State], None]
