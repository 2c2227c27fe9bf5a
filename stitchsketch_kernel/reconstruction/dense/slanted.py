"""Depth by slanted patches, begun from semi-global matching at an eighth of the size.

Semi-global matching finds which surface it is, a few centimetres rough; patches then find where it
lies and how it slopes, at an eighth of the size, at a quarter, at half, then at the full one. Small
pictures come first because a patch reaches further on them: what shading tells of plain cloth is
seen there, where at full size there is noise alone. The fast engine stops at half.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from scipy import ndimage

from stitchsketch_kernel.domain.arrays import AnyArray
from stitchsketch_kernel.domain.model import Depth, Region, SparseModel
from stitchsketch_kernel.domain.photo import View
from stitchsketch_kernel.domain.progress import Progress, part
from stitchsketch_kernel.reconstruction.dense.held import Held, in_turn
from stitchsketch_kernel.reconstruction.dense.interface import Asked, DenseSettings
from stitchsketch_kernel.reconstruction.dense.pairs import choose_pairs, swept
from stitchsketch_kernel.reconstruction.dense.patchmatch import NOISE, WORST, own_variance, search
from stitchsketch_kernel.reconstruction.dense.pictures import (
    grey,
    inside,
    masked,
    pinhole,
    shrunk,
    undistorted,
    world_points,
)
from stitchsketch_kernel.reconstruction.dense.planes import Compared, Planes, compared
from stitchsketch_kernel.reconstruction.dense.sgbm import sgbm_depths


@dataclass(frozen=True)
class Size:
    """One size of the pictures: each search begins with what the one before has found.

    Attributes
    ----------
    share : int
        Of the full size: 2 is half of it.
    rounds, begin : int
        Rounds there, and the number of the first: later ones change planes less.
    """

    share: int
    rounds: int
    begin: int


SIZES = (Size(8, 4, 0), Size(4, 3, 1), Size(2, 2, 2), Size(1, 2, 3))
#: The fast engine ends at half the size, with one round more there.
FAST_SIZES = (*SIZES[:2], Size(2, 3, 2))
#: No picture is made smaller than this.
_LEAST_PX = 160
#: Neighbours of the fast engine, at most: five take a fifth more time for 1 % more of a plain side.
_FAST_NEIGHBOURS = 4
#: What share of the time semi-global matching takes.
_BEGUN = 0.05
#: Holes in the first depths are filled this far, and edges are widened by it.
_FILL_PX = 8
#: A patch must look alike in this many other views.
_ALIKE = 2
#: Costs above this are no match.
_MOST_COST = 0.45
#: What lies lower than this share of the region's diagonal is floor.
_FLOOR = 0.003


class Search(Protocol):
    """Improves the planes of a view in place, as `patchmatch.search` does."""

    def __call__(
        self, planes: Planes, pictures: Compared, alike: int, rounds: int, begin: int = 0
    ) -> None:
        """See `patchmatch.search`."""
        ...


def slanted_depths(asked: Asked, progress: Progress) -> Iterator[Depth]:
    """See `interface.DenseEngine`."""
    return coarse_to_fine(asked, progress)


def fast_depths(asked: Asked, progress: Progress) -> Iterator[Depth]:
    """See `interface.DenseEngine`: maps of half the size, without the level that costs most."""
    few = min(asked.settings.neighbours, _FAST_NEIGHBOURS)
    fewer = replace(asked, settings=replace(asked.settings, neighbours=few))
    return coarse_to_fine(fewer, progress, sizes=FAST_SIZES)


def coarse_to_fine(
    asked: Asked,
    progress: Progress,
    sizes: Sequence[Size] = SIZES,
    search: Search = search,
    at_a_time: int = 0,
) -> Iterator[Depth]:
    """Semi-global matching at the first of some sizes, then `search` at each.

    Parameters
    ----------
    asked, progress
        As in `interface.DenseEngine`.
    sizes : sequence of Size
        The smallest first.
    search : Search
        What improves the planes of a view.
    at_a_time : int
        Views; 0: the settings' workers.
    """
    model, images, region, settings = asked.model, asked.images, asked.region, asked.settings
    sides = [max(_LEAST_PX, settings.max_side_px // size.share) for size in sizes]
    smallest = replace(asked, settings=replace(settings, max_side_px=sides[0]))
    begun = part(progress, 0, _BEGUN)
    first = {depth.view.name: depth for depth in sgbm_depths(smallest, begun)}
    beside = _beside(model, region, settings)
    names = [model.views[i].name for i in swept(model, region)]
    names = [name for name in names if name in first and beside.get(name)]
    steps = [_Level(model, images, side, names, beside) for side in sides]

    def one(name: str) -> Depth:
        planes, rough = None, first.pop(name)
        for size, step in zip(sizes, steps, strict=True):
            together = step.compared(name, beside[name])
            planes = _enlarged(planes, together.own) if planes else _started(rough, region)
            search(planes, together, _ALIKE, size.rounds, size.begin)
            step.let_go((name, *beside[name]))
        assert planes is not None  # there is a level at least
        depth = _depth(planes, step.straight(name), together.own, region)
        camera = step.views[name].camera
        return replace(depth, depth_m=masked(depth.depth_m, asked.masks.get(name), camera))

    jobs = (partial(one, name) for name in names)
    share = part(progress, _BEGUN, 1.0)
    with closing(in_turn(jobs, at_a_time or settings.workers or os.cpu_count() or 1)) as depths:
        for at, depth in enumerate(depths, start=1):
            share(at / len(names), f"view {at} of {len(names)}")
            yield depth
    progress(1.0, f"depth of {len(names)} views")


class _Level:
    """The views and pictures of one size, held while views at work need them."""

    def __init__(
        self,
        model: SparseModel,
        images: Mapping[str, Path],
        side_px: int,
        names: Sequence[str],
        beside: Mapping[str, tuple[str, ...]],
    ) -> None:
        self.views = {view.name: shrunk(view, side_px) for view in model.views}
        uses = Counter(used for name in names for used in (name, *beside[name]))
        self._pictures = Held(partial(self._picture, images), uses)
        self.let_go = self._pictures.let_go

    def _picture(self, images: Mapping[str, Path], name: str) -> AnyArray:
        camera = self.views[name].camera
        return undistorted(grey(images[name], camera), camera)

    def straight(self, name: str) -> View:
        """The view, its lens without distortion."""
        return replace(self.views[name], camera=pinhole(self.views[name].camera))

    def compared(self, name: str, others: Sequence[str]) -> Compared:
        """The view's picture together with the others'."""
        take = self._pictures.take
        return compared(
            self.straight(name), take(name), [self.straight(n) for n in others],
            [take(n) for n in others],
        )  # fmt: skip


def _beside(
    model: SparseModel, region: Region, settings: DenseSettings
) -> dict[str, tuple[str, ...]]:
    """For each view the names of those that it is compared with."""
    beside: dict[str, list[str]] = defaultdict(list)
    for i, j in choose_pairs(model, region, settings):
        beside[model.views[i].name].append(model.views[j].name)
        beside[model.views[j].name].append(model.views[i].name)
    return {name: tuple(names) for name, names in beside.items()}


def _started(depth: Depth, region: Region) -> Planes:
    """Planes from a first depth map: small holes filled, the floor left out."""
    z = depth.depth_m
    high = world_points(z, depth.view)[..., 2]
    floor = _FLOOR * float(np.linalg.norm(region.high_m - region.low_m))
    inverse = np.where((z > 0) & (high > floor), 1 / np.maximum(z, 1e-9), 0)
    away, nearest = ndimage.distance_transform_edt(inverse <= 0, return_indices=True)
    filled = inverse[tuple(nearest)].astype(np.float32)
    smooth = cv2.GaussianBlur(cv2.medianBlur(filled, 5), (0, 0), 2)
    slope = np.stack([cv2.Sobel(smooth, -1, 1, 0), cv2.Sobel(smooth, -1, 0, 1)], axis=-1) / 8
    # across a jump the slope is none of a surface
    steep = np.linalg.norm(slope, axis=-1) * depth.view.camera.fx / (2 * filled)
    slope /= np.maximum(steep, 1)[..., None]
    inverse = np.where(away <= _FILL_PX, filled, 0).astype(np.float32)
    return Planes(inverse, slope.astype(np.float32), np.full(z.shape, WORST))


def _enlarged(planes: Planes, picture: AnyArray) -> Planes:
    """The planes at the size of a larger picture, with what they were worth in the smaller one."""
    height, width = picture.shape
    small_height, small_width = planes.inverse.shape
    x = (np.arange(width) + 0.5) * (small_width / width) - 0.5
    y = (np.arange(height) + 0.5) * (small_height / height) - 0.5
    ix = np.clip(np.rint(x), 0, small_width - 1).astype(int)
    iy = np.clip(np.rint(y), 0, small_height - 1).astype(int)
    slope = planes.slope[iy[:, None], ix]
    inverse = planes.inverse[iy[:, None], ix]
    there = inverse > 0
    inverse = inverse + slope[..., 0] * (x - ix) + slope[..., 1] * (y - iy)[:, None]
    slope = slope * np.array([small_width / width, small_height / height])
    return Planes(
        np.where(there, inverse, 0).astype(np.float32),
        slope.astype(np.float32),
        planes.cost[iy[:, None], ix],
    )


def _depth(planes: Planes, view: View, picture: AnyArray, region: Region) -> Depth:
    """Depth where patches look alike; where they show nothing at this size, it is a smaller one's.

    What a smaller picture told is believed less.
    """
    good = (planes.inverse > 0) & (planes.cost < _MOST_COST)
    depth = np.where(good, 1 / np.maximum(planes.inverse, 1e-9), 0)
    confidence = (1 - np.minimum(planes.cost / _MOST_COST, 1)) ** 2 * 0.95 + 0.05
    confidence = np.where(own_variance(picture) <= NOISE, 0.3 * confidence, confidence)
    depth = inside(depth, view, region)
    return Depth(view, depth, np.where(depth > 0, confidence, 0).astype(np.float32))
