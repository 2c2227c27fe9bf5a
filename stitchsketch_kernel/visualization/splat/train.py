"""Training, by what the machine has: gsplat on CUDA, else our own on the processor."""

from __future__ import annotations

from stitchsketch_kernel.domain.cuda import why_no_cuda
from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.domain.progress import Progress, silent
from stitchsketch_kernel.visualization.splat.photos import Scan
from stitchsketch_kernel.visualization.splat.settings import Engine, SplatSettings
from stitchsketch_kernel.visualization.splat.trained import Keep, State, Trained


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
    """Why there is none, a sentence; empty where there is one, with torch and gsplat."""
    return why_no_cuda("splat", "gsplat")
