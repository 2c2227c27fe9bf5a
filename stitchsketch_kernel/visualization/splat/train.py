"""Training, by what the machine has: gsplat on CUDA, else our own on the processor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Literal

from stitchsketch_kernel.domain.arrays import AnyArray
from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.domain.progress import Progress, silent
from stitchsketch_kernel.visualization.splat.photos import Scan
from stitchsketch_kernel.visualization.splat.splats import MOST_SPLATS, Splats

Engine = Literal["auto", "cpu", "cuda"]


@dataclass(frozen=True)
class SplatSettings:
    """How splats are trained.

    Attributes
    ----------
    engine : {"auto", "cpu", "cuda"}
        ``auto``: CUDA where there is one, with torch and gsplat.
    steps : int
        Photos looked at, one a step; 0: 1,500 on the processor, 15,000 on CUDA.
    long_side_px : int
        Of the pictures in the end (they begin at half of it); 0: 640, on CUDA 1600.
    most_splats : int
        0: 160,000 on the processor, 1,000,000 on CUDA.
    degree : int
        Of spherical harmonics, 0 or 1 on the processor, up to 3 on CUDA.
    strategy : {"mcmc", "default"}
        gsplat's, on CUDA.
    held_out : int
        Every so many photos one is not trained on, but held against the result; 0: none.
    seed : int
    """

    engine: Engine = "auto"
    steps: int = 0
    long_side_px: int = 0
    most_splats: int = 0
    degree: int = 1
    strategy: Literal["mcmc", "default"] = "mcmc"
    held_out: int = 8
    seed: int = 0

    def __post_init__(self) -> None:
        _between("steps", self.steps, 1, 1_000_000)
        _between("long_side_px", self.long_side_px, 64, 8000)
        _between("most_splats", self.most_splats, 100, MOST_SPLATS)
        if self.held_out < 0 or self.held_out in {1, 2}:
            raise SettingsError(
                f"held_out can't be {self.held_out}.", "Give 0 (none), or 3 or more."
            )
        if not 0 <= self.degree <= 3:
            raise SettingsError(f"degree can't be {self.degree}.", "Give 0 to 3.")
        if self.engine not in {"auto", "cpu", "cuda"} or self.strategy not in {"mcmc", "default"}:
            raise SettingsError(
                f"There is no engine {self.engine} with strategy {self.strategy}.",
                "Engines are auto, cpu, cuda; strategies mcmc, default.",
            )

    def filled(self, engine: str) -> SplatSettings:
        """With an engine's own numbers where none are given."""
        cuda = engine == "cuda"
        return SplatSettings(
            "cuda" if cuda else "cpu",
            self.steps or (15_000 if cuda else 1_500),
            self.long_side_px or (1600 if cuda else 640),
            self.most_splats or (1_000_000 if cuda else 160_000),
            self.degree if cuda else min(self.degree, 1),
            self.strategy, self.held_out, self.seed,
        )  # fmt: skip


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


def _nothing(_: State) -> None:
    """Keep no state."""


def train(
    scan: Scan,
    settings: SplatSettings | None = None,
    progress: Progress = silent,
    state: State | None = None,
    keep: Keep = _nothing,
) -> Trained:
    """Train splats of a scan.

    Parameters
    ----------
    scan : Scan
    settings : SplatSettings, optional
    progress : Progress
        May raise `Cancelled`; the state is kept before that goes on.
    state : State, optional
        To go on from; one of other settings or photos is not used.
    keep : callable
        Given the state now and then, and when training is stopped.

    Raises
    ------
    SplatError
        The scan can't be trained on.
    SettingsError
        CUDA is asked for and isn't there.
    """
    settings = settings or SplatSettings()
    engine = chosen(settings.engine)
    filled = settings.filled(engine)
    if engine == "cuda":
        from stitchsketch_kernel.visualization.splat.on_cuda import train_on_cuda

        return train_on_cuda(scan, filled, progress, state, keep)
    from stitchsketch_kernel.visualization.splat.on_cpu import train_on_cpu

    return train_on_cpu(scan, filled, progress, state, keep)


def chosen(engine: Engine) -> str:
    """``cuda`` or ``cpu``.

    Raises
    ------
    SettingsError
        CUDA is asked for and isn't there.
    """
    if engine == "cpu":
        return "cpu"
    why = no_cuda()
    if engine == "cuda" and why:
        raise SettingsError(why, "Leave the engine at auto: the processor then does it.")
    return "cpu" if why else "cuda"


def no_cuda() -> str:
    """Why there is none, a sentence; empty where there is one, with torch and gsplat.

    gsplat is not imported: it would compile itself.
    """
    missing = [name for name in ("torch", "gsplat") if find_spec(name) is None]
    if missing:
        there = "is" if len(missing) == 1 else "are"
        return f"{' and '.join(missing)} {there} not installed: pip install 'stitchsketch[splat]'."
    import torch

    return "" if torch.cuda.is_available() else "torch finds no CUDA device."


def _between(name: str, value: int, least: int, most: int) -> None:
    if value and not least <= value <= most:
        raise SettingsError(f"{name} can't be {value}.", f"Give {least} to {most}.")
