"""How splats are trained, as it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.visualization.splat.splats import MOST_SPLATS

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


def _between(name: str, value: int, least: int, most: int) -> None:
    if value and not least <= value <= most:
        raise SettingsError(f"{name} can't be {value}.", f"Give {least} to {most}.")
