"""Depth on a graphics processor by CUDA, where there is one: slanted patches in torch.

Semi-global matching, which begins, stays on the processor; it goes on while views are searched.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray
from stitchsketch_kernel.domain.cuda import why_no_cuda
from stitchsketch_kernel.domain.errors import MeshError, SettingsError
from stitchsketch_kernel.domain.model import Depth
from stitchsketch_kernel.domain.progress import Progress
from stitchsketch_kernel.reconstruction.dense import patchmatch
from stitchsketch_kernel.reconstruction.dense.interface import Asked
from stitchsketch_kernel.reconstruction.dense.on_torch import TorchSearch
from stitchsketch_kernel.reconstruction.dense.planes import Compared, Planes
from stitchsketch_kernel.reconstruction.dense.slanted import Search, coarse_to_fine

log = logging.getLogger(__name__)

#: Costs that differ by no more are the same, but for rounding, where so many of them are.
_SAME_COST, _MOST_OF_THEM = 0.01, 0.98


def no_cuda() -> str:
    """Why there is none, as a sentence; empty where there is."""
    return why_no_cuda("cuda")


def engine_used(engine: str) -> str:
    """The engine that a setting stands for on this machine."""
    if engine == "auto":
        return "high" if no_cuda() else "cuda"
    return "high" if engine == "patches" else engine


def cuda_depths(asked: Asked, progress: Progress) -> Iterator[Depth]:
    """See `interface.DenseEngine`.

    Raises
    ------
    SettingsError
        There is no CUDA.
    """
    if why := no_cuda():
        raise SettingsError(why, "Leave densify.engine at auto: the processor then does it.")
    return coarse_to_fine(asked, progress, search=TorchSearch("cuda"))


def auto_depths(asked: Asked, progress: Progress) -> Iterator[Depth]:
    """See `interface.DenseEngine`: on CUDA where there is one, and on the processor where not."""
    search: Search = patchmatch.search if no_cuda() else WhileItWorks(TorchSearch("cuda"))
    return coarse_to_fine(asked, progress, search=search)


class WhileItWorks:
    """A search that goes on by the compiled one, on the processor, once `first` has failed.

    It has failed, too, when what it says of its planes isn't so: the first planes of each size of
    picture are looked at again on the processor.

    Parameters
    ----------
    first : Search
    """

    def __init__(self, first: Search) -> None:
        self._first: Search | None = first
        self._believed: set[tuple[int, ...]] = set()

    def __call__(
        self, planes: Planes, pictures: Compared, alike: int, rounds: int, begin: int = 0
    ) -> None:
        """See `patchmatch.search`."""
        if self._first is not None:
            found = _copied(planes)
            try:
                self._first(found, pictures, alike, rounds, begin)
                if pictures.own.shape not in self._believed:
                    _require_true(found, planes, pictures, alike)
                    self._believed.add(pictures.own.shape)
            # torch tells all that goes wrong on a device so
            except (MeshError, RuntimeError) as error:
                log.warning("The processor goes on, for CUDA failed: %s", error)
                self._first = None
            else:
                for ours, theirs in zip(_arrays(planes), _arrays(found), strict=True):
                    ours[:] = theirs
                return
        patchmatch.search(planes, pictures, alike, rounds, begin)


def _require_true(found: Planes, before: Planes, pictures: Compared, alike: int) -> None:
    """Planes cost what is said of them, and less than those that the search began with.

    Raises
    ------
    RuntimeError
    """
    again, began = _copied(found), _copied(before)
    for planes in (again, began):
        patchmatch.search(planes, pictures, alike, 0)
    known = (before.inverse > 0) & (patchmatch.own_variance(pictures.own) > patchmatch.NOISE)
    if not known.any():
        return
    apart = np.abs(found.cost - again.cost)[known]
    if not (apart <= _SAME_COST).mean() >= _MOST_OF_THEM:
        raise RuntimeError("its planes don't cost what it says")
    if not again.cost[known].mean() <= began.cost[known].mean():
        raise RuntimeError("its planes are worse than those that it began with")


def _copied(planes: Planes) -> Planes:
    return Planes(*(one.copy() for one in _arrays(planes)))


def _arrays(planes: Planes) -> tuple[AnyArray, AnyArray, AnyArray]:
    return planes.inverse, planes.slope, planes.cost
