"""Depth by slanted patches, begun from semi-global matching at an eighth of the size.

Semi-global matching finds which surface it is, a few centimetres rough; patches then find where it
lies and how it slopes, at an eighth of the size, at a quarter, at half, then at the full one. Small
pictures come first because a patch reaches further on them: what shading tells of plain cloth is
seen there, where at full size there is noise alone. The fast engine stops at half.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from scipy import ndimage

from stitchsketch_kernel.domain.arrays import AnyArray, BoolArray
from stitchsketch_kernel.domain.model import Depth, Region, SparseModel
from stitchsketch_kernel.domain.photo import View
from stitchsketch_kernel.domain.progress import Progress, part
from stitchsketch_kernel.reconstruction.dense.interface import DenseSettings
from stitchsketch_kernel.reconstruction.dense.pairs import choose_pairs
from stitchsketch_kernel.reconstruction.dense.patchmatch import (
    NOISE,
    WORST,
    Compared,
    Planes,
    compared,
    own_variance,
    search,
)
from stitchsketch_kernel.reconstruction.dense.pictures import (
    grey,
    inside,
    masked,
    pinhole,
    shrunk,
    undistorted,
    world_points,
)
from stitchsketch_kernel.reconstruction.dense.sgbm import sgbm_depths


@dataclass(frozen=True)
class _Level:
    """One size of the pictures: each begins with what the one before has found.

    `rounds` there, the first of them counted as number `begin`: later ones change planes less.
    """

    name: str
    share: int
    rounds: int
    begin: int


_LEVELS = (
    _Level("an eighth of the size", 8, 4, 0),
    _Level("a quarter of the size", 4, 3, 1),
    _Level("half the size", 2, 2, 2),
    _Level("full size", 1, 2, 3),
)
#: The fast engine ends at half the size, with one round more there.
_FAST_LEVELS = (*_LEVELS[:2], replace(_LEVELS[2], rounds=3))
#: No picture is made smaller than this.
_LEAST_PX = 160
#: Neighbours of the fast engine, at most: five take a fifth more time for 1 % more of a plain side.
_FAST_NEIGHBOURS = 4
#: Semi-global matching takes as long as so many rounds.
_SGBM_ROUNDS = 3
#: Holes in the first depths are filled this far, and edges are widened by it.
_FILL_PX = 8
#: A patch must look alike in this many other views.
_ALIKE = 2
#: Costs above this are no match.
_MOST_COST = 0.45
#: What lies lower than this share of the region's diagonal is floor.
_FLOOR = 0.003


def slanted_depths(
    model: SparseModel,
    images: Mapping[str, Path],
    region: Region,
    settings: DenseSettings,
    progress: Progress,
    masks: Mapping[str, BoolArray],
) -> list[Depth]:
    """See `interface.DenseEngine`."""
    return _slanted(model, images, region, settings, progress, masks, _LEVELS)


def fast_depths(
    model: SparseModel,
    images: Mapping[str, Path],
    region: Region,
    settings: DenseSettings,
    progress: Progress,
    masks: Mapping[str, BoolArray],
) -> list[Depth]:
    """See `interface.DenseEngine`: maps of half the size, without the level that costs most."""
    fewer = replace(settings, neighbours=min(settings.neighbours, _FAST_NEIGHBOURS))
    return _slanted(model, images, region, fewer, progress, masks, _FAST_LEVELS)


def _slanted(
    model: SparseModel,
    images: Mapping[str, Path],
    region: Region,
    settings: DenseSettings,
    progress: Progress,
    masks: Mapping[str, BoolArray],
    levels: Sequence[_Level],
) -> list[Depth]:
    sides = [max(_LEAST_PX, settings.max_side_px // level.share) for level in levels]
    ends = _shares(levels)
    smallest = replace(settings, max_side_px=sides[0])
    rough = sgbm_depths(model, images, region, smallest, part(progress, 0, ends[0]), masks)
    first = {depth.view.name: depth for depth in rough}
    beside = _beside(model, region, settings)
    planes: dict[str, Planes] = {}
    for number, (side, level) in enumerate(zip(sides, levels, strict=True)):
        views = {view.name: shrunk(view, side) for view in model.views}
        pictures = {
            name: undistorted(grey(images[name], view.camera), view.camera)
            for name, view in views.items()
            if name in first or any(name in names for names in beside.values())
        }
        straight = {
            name: replace(view, camera=pinhole(view.camera)) for name, view in views.items()
        }
        planes = {
            name: _enlarged(planes[name], picture) if number else _started(first[name], region)
            for name, picture in pictures.items()
            if name in first and beside.get(name)
        }
        _search_all(
            planes, straight, pictures, beside, level, settings,
            part(progress, ends[number], ends[number + 1]),
        )  # fmt: skip
    depths = [
        _depth(plane, straight[name], pictures[name], region) for name, plane in planes.items()
    ]
    depths = [
        replace(one, depth_m=masked(one.depth_m, masks.get(name), views[name].camera))
        for name, one in zip(planes, depths, strict=True)
    ]
    progress(1.0, f"depth of {len(depths)} views")
    return depths


def _shares(levels: Sequence[_Level]) -> list[float]:
    """At which share of the time semi-global matching and each level end, by their work."""
    work = [_SGBM_ROUNDS / levels[0].share ** 2]
    work += [level.rounds / level.share**2 for level in levels]
    return [float(at) for at in 0.97 * np.cumsum(work) / sum(work)]


def _beside(
    model: SparseModel, region: Region, settings: DenseSettings
) -> dict[str, tuple[str, ...]]:
    """For each view the names of those that it is compared with."""
    beside: dict[str, list[str]] = defaultdict(list)
    for i, j in choose_pairs(model, region, settings):
        beside[model.views[i].name].append(model.views[j].name)
        beside[model.views[j].name].append(model.views[i].name)
    return {name: tuple(names) for name, names in beside.items()}


def _search_all(
    planes: Mapping[str, Planes],
    views: Mapping[str, View],
    pictures: Mapping[str, AnyArray],
    beside: Mapping[str, tuple[str, ...]],
    level: _Level,
    settings: DenseSettings,
    progress: Progress,
) -> None:
    """`search` for each view, some at a time."""

    def one(name: str) -> None:
        names = beside[name]
        together: Compared = compared(
            views[name], pictures[name], [views[n] for n in names], [pictures[n] for n in names]
        )
        search(planes[name], together, _ALIKE, level.rounds, level.begin)

    with ThreadPoolExecutor(settings.workers or os.cpu_count() or 1) as pool:
        jobs = [pool.submit(one, name) for name in planes]
        try:
            for done, job in enumerate(as_completed(jobs), start=1):
                job.result()
                progress(done / len(jobs), f"view {done} of {len(jobs)}, {level.name}")
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


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
