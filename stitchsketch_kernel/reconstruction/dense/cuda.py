"""Depth on a graphics processor by CUDA, where there is one: slanted patches in torch.

Semi-global matching, which begins, stays on the processor; it goes on while views are searched.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

from stitchsketch_kernel.domain.cuda import why_no_cuda
from stitchsketch_kernel.domain.errors import MeshError, SettingsError
from stitchsketch_kernel.domain.model import Depth
from stitchsketch_kernel.domain.progress import Progress
from stitchsketch_kernel.reconstruction.dense import patchmatch
from stitchsketch_kernel.reconstruction.dense.interface import Asked
from stitchsketch_kernel.reconstruction.dense.on_torch import TorchSearch
from stitchsketch_kernel.reconstruction.dense.patchmatch import Compared, Planes
from stitchsketch_kernel.reconstruction.dense.slanted import Search, coarse_to_fine

log = logging.getLogger(__name__)


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

    Parameters
    ----------
    first : Search
        Leaves the planes as they were where it fails.
    """

    def __init__(self, first: Search) -> None:
        self._first: Search | None = first

    def __call__(
        self, planes: Planes, pictures: Compared, alike: int, rounds: int, begin: int = 0
    ) -> None:
        """See `patchmatch.search`."""
        if self._first is not None:
            try:
                self._first(planes, pictures, alike, rounds, begin)
                return
            # torch tells all that goes wrong on a device so
            except (MeshError, RuntimeError) as error:
                log.warning("The processor goes on, for CUDA failed: %s", error)
                self._first = None
        patchmatch.search(planes, pictures, alike, rounds, begin)
