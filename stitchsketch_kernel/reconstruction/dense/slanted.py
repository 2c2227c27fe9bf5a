"""Depth by slanted patches, begun from semi-global matching at half the size.

Semi-global matching finds which surface it is, a few millimetres rough; patches then find where it
lies and how it slopes, first at half the size, then at the full one. The fast engine stops at half.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
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

#: Rounds at half and at full size.
_ROUNDS = (3, 2)
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
    return _slanted(model, images, region, settings, progress, masks, len(_ROUNDS))


def fast_depths(
    model: SparseModel,
    images: Mapping[str, Path],
    region: Region,
    settings: DenseSettings,
    progress: Progress,
    masks: Mapping[str, BoolArray],
) -> list[Depth]:
    """See `interface.DenseEngine`: maps of half the size, without the level that costs most."""
    return _slanted(model, images, region, settings, progress, masks, 1)


def _slanted(
    model: SparseModel,
    images: Mapping[str, Path],
    region: Region,
    settings: DenseSettings,
    progress: Progress,
    masks: Mapping[str, BoolArray],
    levels: int,
) -> list[Depth]:
    half = replace(settings, max_side_px=max(160, settings.max_side_px // 2))
    begun = part(progress, 0, 0.25 if levels > 1 else 0.5)
    rough = sgbm_depths(model, images, region, half, begun, masks)
    first = {depth.view.name: depth for depth in rough}
    beside = _beside(model, region, settings)
    planes: dict[str, Planes] = {}
    sizes = (half.max_side_px, settings.max_side_px)
    for level, (side, rounds) in enumerate(list(zip(sizes, _ROUNDS, strict=True))[:levels]):
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
            name: _started(first[name], region) if not level else _enlarged(planes[name], picture)
            for name, picture in pictures.items()
            if name in first and beside.get(name)
        }
        ends = (0.25, 0.45, 0.97) if levels > 1 else (0.5, 0.97)
        share = ends[level], ends[level + 1]
        _search_all(
            planes, straight, pictures, beside, rounds, 3 * level, settings, part(progress, *share)
        )
    depths = [
        _depth(planes[name], straight[name], pictures[name], first[name], region) for name in planes
    ]
    depths = [
        replace(one, depth_m=masked(one.depth_m, masks.get(name), views[name].camera))
        for name, one in zip(planes, depths, strict=True)
    ]
    progress(1.0, f"depth of {len(depths)} views")
    return depths


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
    rounds: int,
    begin: int,
    settings: DenseSettings,
    progress: Progress,
) -> None:
    """`search` for each view, some at a time."""

    def one(name: str) -> None:
        names = beside[name]
        together: Compared = compared(
            views[name], pictures[name], [views[n] for n in names], [pictures[n] for n in names]
        )
        search(planes[name], together, _ALIKE, rounds, begin)

    with ThreadPoolExecutor(settings.workers or os.cpu_count() or 1) as pool:
        jobs = [pool.submit(one, name) for name in planes]
        try:
            for done, job in enumerate(as_completed(jobs), start=1):
                job.result()
                progress(
                    done / len(jobs),
                    f"view {done} of {len(jobs)}, {'half' if not begin else 'full'} size",
                )
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
    """The planes at the size of a larger picture."""
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
        np.full(picture.shape, WORST),
    )


def _depth(planes: Planes, view: View, picture: AnyArray, first: Depth, region: Region) -> Depth:
    """Depth where patches look alike; on plain cloth, that says nothing, the first depth."""
    good = (planes.inverse > 0) & (planes.cost < _MOST_COST)
    depth = np.where(good, 1 / np.maximum(planes.inverse, 1e-9), 0)
    confidence = (1 - np.minimum(planes.cost / _MOST_COST, 1)) ** 2 * 0.95 + 0.05
    size = (picture.shape[1], picture.shape[0])
    plain = own_variance(picture) <= NOISE
    rough = cv2.resize(first.depth_m, size, interpolation=cv2.INTER_NEAREST)
    sure = cv2.resize(first.confidence, size, interpolation=cv2.INTER_NEAREST)
    depth = inside(np.where(plain, rough, depth), view, region)
    confidence = np.where(plain, 0.3 * sure, confidence)
    return Depth(view, depth, np.where(depth > 0, confidence, 0).astype(np.float32))
