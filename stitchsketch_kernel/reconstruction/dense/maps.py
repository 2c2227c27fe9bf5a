"""One entrance to all dense engines."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from stitchsketch_kernel.domain.arrays import BoolArray
from stitchsketch_kernel.domain.errors import MeshError
from stitchsketch_kernel.domain.model import Depth, Region, SparseModel
from stitchsketch_kernel.domain.progress import Progress, silent
from stitchsketch_kernel.reconstruction.dense.interface import DenseEngine, DenseSettings
from stitchsketch_kernel.reconstruction.dense.sgbm import sgbm_depths
from stitchsketch_kernel.reconstruction.dense.slanted import fast_depths, slanted_depths

_ENGINES: dict[str, DenseEngine] = {
    "patches": slanted_depths,
    "fast": fast_depths,
    "sgbm": sgbm_depths,
}


def depth_maps(
    model: SparseModel,
    images: Mapping[str, Path],
    region: Region,
    settings: DenseSettings | None = None,
    progress: Progress = silent,
    masks: Mapping[str, BoolArray] | None = None,
) -> list[Depth]:
    """Find the depth of every view.

    Parameters
    ----------
    model : SparseModel
        Upright; metric where the scale is known.
    images : mapping of str to Path
        The upright photo of each view, by the view's name.
    region : Region
        Only what lies in it is looked for.
    settings : DenseSettings, optional
    progress : Progress, optional
    masks : mapping of str to ndarray of bool, optional
        Where the furniture is in a view's photo, of any size; views without one are used whole.

    Raises
    ------
    MeshError
        No view shows the region together with another.
    """
    settings = settings or DenseSettings()
    depths = _ENGINES[settings.engine](model, images, region, settings, progress, masks or {})
    if not any((depth.depth_m > 0).any() for depth in depths):
        raise MeshError(
            "No surface was found: no two photos show the piece from sides that are close enough.",
            "Take more photos with smaller steps between them.",
        )
    return depths
