"""What a dense engine must do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, Protocol

from stitchsketch_kernel.domain.arrays import BoolArray
from stitchsketch_kernel.domain.bounds import Within, require_allowed
from stitchsketch_kernel.domain.model import Depth, Region, SparseModel
from stitchsketch_kernel.domain.progress import Progress


@dataclass(frozen=True)
class DenseSettings:
    """How depth is found.

    Attributes
    ----------
    engine : {"auto", "high", "fast", "cuda", "sgbm", "patches"}
        ``high``: slanted patches, a third of a pixel or better. ``fast``: the same at half the size
        alone, in a third of the time. ``cuda``: as ``high``, on a graphics processor. ``auto``:
        ``cuda`` where there is one, else ``high``. ``sgbm``: semi-global matching alone, which is
        rougher. ``patches`` is what ``high`` was called.
    max_side_px : int
        Depth maps are no larger than this, those of ``fast`` than half of it; photos are shrunk
        first.
    neighbours : int
        Views that each view is compared with.
    least_angle_deg, best_angle_deg, most_angle_deg : float
        Between two views, seen from the piece: too small and depth is vague, too large and the
        photos no longer look alike.
    agree_percent : float
        Depths of different pairs that differ by no more are the same surface.
    workers : int
        Pairs at a time; 0: one for each core.
    """

    engine: Literal["auto", "high", "fast", "cuda", "sgbm", "patches"] = "auto"
    max_side_px: Annotated[int, Within(160)] = 1280
    neighbours: Annotated[int, Within(1)] = 5
    least_angle_deg: Annotated[float, Within(0, 180)] = 4.0
    best_angle_deg: Annotated[float, Within(0, 180)] = 11.0
    most_angle_deg: Annotated[float, Within(0, 180)] = 32.0
    agree_percent: Annotated[float, Within(0, above=True)] = 0.4
    workers: Annotated[int, Within(0)] = 0

    def __post_init__(self) -> None:
        require_allowed(self)


@dataclass(frozen=True)
class Asked:
    """Whose depth is asked for, and where.

    Attributes
    ----------
    model : SparseModel
        Upright; metric where the scale is known.
    images : mapping of str to Path
        The upright photo of each view, by the view's name.
    region : Region
        Only what lies in it is looked for.
    settings : DenseSettings, optional
    masks : mapping of str to ndarray of bool
        Where the furniture is in a view's photo, of any size; views without one are used whole.
    done : frozenset of str
        Views whose depth is known already: they are compared with, and get none.
    """

    model: SparseModel
    images: Mapping[str, Path]
    region: Region
    settings: DenseSettings = field(default_factory=DenseSettings)
    masks: Mapping[str, BoolArray] = field(default_factory=dict)
    done: frozenset[str] = frozenset()


class DenseEngine(Protocol):
    """Finds the depth of every view."""

    def __call__(self, asked: Asked, progress: Progress) -> Iterator[Depth]:
        """One depth map for each view that has neighbours; 0 outside of its mask, if it has one.

        In the order in which they are ready, so that none has to be held.
        """
        ...
