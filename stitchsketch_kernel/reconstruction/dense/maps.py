"""One entrance to all dense engines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from stitchsketch_kernel.domain.arrays import BoolArray
from stitchsketch_kernel.domain.errors import MeshError
from stitchsketch_kernel.domain.model import Depth, Region, SparseModel
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
    model: SparseModel,
    images: Mapping[str, Path],
    region: Region,
    settings: DenseSettings | Sparing | None = None,
    progress: Progress = silent,
    masks: Mapping[str, BoolArray] | None = None,
    done: frozenset[str] = frozenset(),
) -> Iterator[Depth]:
    """Find the depth of every view, and give each as soon as it is there.

    Parameters
    ----------
    model : SparseModel
        Upright; metric where the scale is known.
    images : mapping of str to Path
        The upright photo of each view, by the view's name.
    region : Region
        Only what lies in it is looked for.
    settings : DenseSettings or Sparing, optional
        As asked for, or made to fit the memory already (`sparing.plan`).
    progress : Progress, optional
    masks : mapping of str to ndarray of bool, optional
        Where the furniture is in a view's photo, of any size; views without one are used whole.
    done : frozenset of str
        Views whose depth is known already.

    Raises
    ------
    MeshError
        No view shows the region together with another.
    SettingsError
        CUDA is asked for by name and isn't there.
    ShortOfMemoryError
        There is less memory than the least that can be tried takes.
    """
    fit = (
        settings
        if isinstance(settings, Sparing)
        else plan(settings or DenseSettings(), model.views)
    )
    engine, seen = _ENGINES[fit.asked.engine], bool(done)

    def run(fitting: DenseSettings, known: frozenset[str]) -> Iterator[Depth]:
        return engine(Asked(model, images, region, fitting, masks or {}, known), progress)

    for depth in depths_sparing(run, fit, done):
        seen = seen or bool((depth.depth_m > 0).any())
        yield depth
    if not seen:
        raise MeshError(
            "No surface was found: no two photos show the piece from sides that are close enough.",
            "Take more photos with smaller steps between them.",
        )


def depth_maps(
    model: SparseModel,
    images: Mapping[str, Path],
    region: Region,
    settings: DenseSettings | None = None,
    progress: Progress = silent,
    masks: Mapping[str, BoolArray] | None = None,
) -> list[Depth]:
    """All that `each_depth` gives, in the model's order of views."""
    order = {view.name: i for i, view in enumerate(model.views)}
    found = each_depth(model, images, region, settings, progress, masks)
    return sorted(found, key=lambda depth: order[depth.view.name])
