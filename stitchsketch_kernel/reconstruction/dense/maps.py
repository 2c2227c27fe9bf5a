"""One entrance to all dense engines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from stitchsketch_kernel.domain.errors import MeshError
from stitchsketch_kernel.domain.model import Depth
from stitchsketch_kernel.domain.progress import Progress, silent
from stitchsketch_kernel.reconstruction.dense.cuda import auto_depths, cuda_depths
from stitchsketch_kernel.reconstruction.dense.interface import Asked, DenseEngine, DenseSettings
from stitchsketch_kernel.reconstruction.dense.sgbm import sgbm_depths
from stitchsketch_kernel.reconstruction.dense.slanted import fast_depths, slanted_depths
from stitchsketch_kernel.reconstruction.dense.sparing import Sparing, depths_sparing, plan

_ENGINES: dict[str, DenseEngine] = {
    "auto": auto_depths,
    "high": slanted_depths,
    "patches": slanted_depths,
    "fast": fast_depths,
    "cuda": cuda_depths,
    "sgbm": sgbm_depths,
}


def each_depth(
    asked: Asked, progress: Progress = silent, fit: Sparing | None = None
) -> Iterator[Depth]:
    """Find the depth of every view, and give each as soon as it is there.

    Parameters
    ----------
    asked : Asked
    progress : Progress, optional
    fit : Sparing, optional
        The settings made to fit the memory, where that was done already (`sparing.plan`).

    Raises
    ------
    MeshError
        No view shows the region together with another.
    SettingsError
        CUDA is asked for by name and isn't there.
    ShortOfMemoryError
        There is less memory than the least that can be tried takes.
    """
    fit = fit or plan(asked.settings, asked.model.views)
    engine, seen = _ENGINES[fit.asked.engine], bool(asked.done)

    def run(fitting: DenseSettings, known: frozenset[str]) -> Iterator[Depth]:
        return engine(replace(asked, settings=fitting, done=known), progress)

    for depth in depths_sparing(run, fit, asked.done):
        seen = seen or bool((depth.depth_m > 0).any())
        yield depth
    if not seen:
        raise MeshError(
            "No surface was found: no two photos show the piece from sides that are close enough.",
            "Take more photos with smaller steps between them.",
        )


def depth_maps(asked: Asked, progress: Progress = silent) -> list[Depth]:
    """All that `each_depth` gives, in the model's order of views."""
    order = {view.name: i for i, view in enumerate(asked.model.views)}
    return sorted(each_depth(asked, progress), key=lambda depth: order[depth.view.name])
