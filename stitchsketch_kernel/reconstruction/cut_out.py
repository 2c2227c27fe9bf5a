"""Masks that are found: the furniture cut out of each photo by depth, then by colour.

What several depth maps agree on above the floor is furniture, wherever a photo shows it; what lies
far from it, and floor that the photo's own depth sees, is none. Between the two a graph cut on
colour decides (Rother, Kolmogorov and Blake, "GrabCut", SIGGRAPH 2004, as OpenCV has it).
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray, BoolArray, FloatArray
from stitchsketch_kernel.domain.bounds import Within, require_allowed
from stitchsketch_kernel.domain.model import Depth, Region
from stitchsketch_kernel.domain.photo import Camera, View
from stitchsketch_kernel.domain.progress import Progress, silent
from stitchsketch_kernel.reconstruction.dense.pictures import (
    colour,
    masked,
    pinhole,
    pixel_rays,
    shrunk,
    undistorted,
    world_points,
)
from stitchsketch_kernel.reconstruction.votes import DepthStack, votes

#: Depth maps are thinned to about this many pixels along their longer side: seeds need no more.
_SEEDS_PX = 320
#: Depths this near to each other are the same surface; what is higher than `_ABOVE_M` is no floor.
_ALIKE_M, _ABOVE_M = 0.006, 0.012
#: A point is none where more than this share of those that agree look through it.
_MOST_THROUGH = 0.25
#: Of a photo 640 pixels wide: gaps between seeds, and how far their rim is left to the graph cut.
_GAP_PX, _RIM_PX = 3, 3
#: Parts of a mask with fewer points than this share of the largest's are something in the room.
_LEAST_PART = 0.02
_ROUNDS = 2


@dataclass(frozen=True)
class MaskSettings:
    """Whether masks are found, and how.

    Attributes
    ----------
    find : bool
        Whether photos that have no mask get one, and depth outside of it is dropped.
    max_side_px : int
        Photos are shrunk to this for it.
    reach_mm : float
        Furniture without any depth is looked for up to this far from what has some.
    """

    find: bool = False
    max_side_px: Annotated[int, Within(160)] = 960
    reach_mm: Annotated[float, Within(0, above=True)] = 40.0

    def __post_init__(self) -> None:
        require_allowed(self)


def cut_out(
    depths: Sequence[Depth],
    images: Mapping[str, Path],
    views: Sequence[View],
    region: Region,
    settings: MaskSettings | None = None,
    progress: Progress = silent,
    drawn: Collection[str] = (),
) -> dict[str, BoolArray]:
    """Find where each photo shows the furniture.

    Parameters
    ----------
    depths : sequence of Depth
        Of the photos; those that no depth was found for get no mask.
    images : mapping of str to Path
        The upright photos, by the views' names.
    views : sequence of View
        The photos' cameras, with their lenses.
    region : Region
        What lies outside of it is none.
    settings : MaskSettings, optional
    progress : Progress, optional
    drawn : collection of str
        Photos that have a mask already: none is found for them.

    Returns
    -------
    dict of str to ndarray of bool, shape (h, w)
        Over the photos as they were taken. A photo where nothing is surely furniture has none.
    """
    settings = settings or MaskSettings()
    sure = _confirmed([_thinned(depth) for depth in depths])
    cloud = _above_floor(sure, region)
    of_name = {view.name: view for view in views}
    sure = [depth for depth in sure if depth.view.name not in drawn]
    found: dict[str, BoolArray] = {}

    def one(depth: Depth) -> BoolArray | None:
        view = of_name[depth.view.name]
        mask = _cut(shrunk(view, settings.max_side_px), images[view.name], cloud, depth, settings)
        return None if mask is None else _as_taken(mask, view.camera)

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        try:
            for done, (depth, mask) in enumerate(zip(sure, pool.map(one, sure), strict=True), 1):
                if mask is not None:
                    found[depth.view.name] = mask
                progress(done / len(sure), f"mask {done} of {len(sure)}")
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return found


def within(depth: Depth, mask: BoolArray | None, camera: Camera) -> Depth:
    """The depth map, 0 outside of a mask over the photo that `camera` (with its lens) took."""
    if mask is None:
        return depth
    size = (depth.view.camera.width_px, depth.view.camera.height_px)
    lens = camera.scaled(size[0] / camera.width_px)
    kept = masked(depth.depth_m, mask, replace(lens, width_px=size[0], height_px=size[1]))
    return replace(
        depth, depth_m=kept, confidence=np.where(kept > 0, depth.confidence, 0).astype(np.float32)
    )


def _thinned(depth: Depth) -> Depth:
    """Every n-th pixel of the map, with the camera that sees just these."""
    camera = depth.view.camera
    step = max(1, max(depth.depth_m.shape) // _SEEDS_PX)
    first = step // 2
    rows = slice(first, None, step)
    z = np.ascontiguousarray(depth.depth_m[rows, rows])
    small = replace(
        camera,
        width_px=z.shape[1],
        height_px=z.shape[0],
        fx=camera.fx / step,
        fy=camera.fy / step,
        cx=(camera.cx - first - 0.5) / step + 0.5,
        cy=(camera.cy - first - 0.5) / step + 0.5,
    )
    sure = np.ascontiguousarray(depth.confidence[rows, rows])
    return Depth(replace(depth.view, camera=small), z, sure)


def _confirmed(depths: Sequence[Depth]) -> list[Depth]:
    """The maps without what too few others see alike, or many look through."""
    stack = DepthStack.of(depths)
    others = 2 if len(depths) >= 24 else 1
    kept = []
    for i, depth in enumerate(depths):
        rows = np.nonzero(depth.depth_m > 0)
        points = world_points(depth.depth_m, depth.view)[rows]
        alike, through = votes(points, stack, i, _ALIKE_M)
        z = np.zeros_like(depth.depth_m)
        agreed = (alike >= others) & (through <= _MOST_THROUGH * alike)
        z[rows] = np.where(agreed, depth.depth_m[rows], 0)
        kept.append(replace(depth, depth_m=z))
    return kept


def _above_floor(depths: Sequence[Depth], region: Region) -> FloatArray:
    """Points (n, 3) of the maps that lie in the region and not on its floor."""
    clouds = [world_points(d.depth_m, d.view)[d.depth_m > 0] for d in depths]
    points = np.concatenate(clouds) if clouds else np.empty((0, 3))
    return points[region.contains(points) & (points[:, 2] > _ABOVE_M)]


def _cut(
    view: View, image: Path, cloud: FloatArray, own: Depth, settings: MaskSettings
) -> BoolArray | None:
    """The mask of one photo as its `pinhole` would have taken it; None without any seed."""
    camera = pinhole(view.camera)
    points = cloud @ view.rotation.T + view.translation
    points = points[points[:, 2] > 0]
    finer = max(camera.width_px, camera.height_px) / 640
    hits = _hits(points, camera)
    if not hits.any():
        return None
    seeds = _closed(hits, finer)
    distance = float(np.median(points[:, 2]))
    reach = max(4, round(settings.reach_mm / 1000 * camera.fx / distance))
    seeds = _large_parts(seeds, hits, reach)
    picture = undistorted_colour(image, view.camera)
    guess = _guess(seeds, _floor(own, camera, finer), reach, finer)
    return _large_parts(_graph_cut(picture, guess), hits, reach) > 0


def undistorted_colour(image: Path, camera: Camera) -> AnyArray:
    """The photo at the camera's size as its `pinhole` would have taken it, uint8 (h, w, 3), BGR."""
    bands = cv2.split(colour(image, camera))
    straight = [undistorted(np.asarray(band, np.uint8), camera) for band in bands]
    return np.asarray(np.clip(np.stack(straight, axis=-1), 0, 255), dtype=np.uint8)


def _hits(points: FloatArray, camera: Camera) -> AnyArray:
    """How many of the points, in the camera's space, each pixel shows; float64 (h, w)."""
    u, v = np.floor(camera.pixels_from_rays(points)).astype(int).T
    there = (u >= 0) & (v >= 0) & (u < camera.width_px) & (v < camera.height_px)
    size = camera.height_px * camera.width_px
    counts = np.bincount(v[there] * camera.width_px + u[there], minlength=size)
    return np.asarray(counts.reshape(camera.height_px, camera.width_px), dtype=float)


def _closed(hits: AnyArray, finer: float) -> AnyArray:
    """The pixels that are hit, small gaps closed; uint8."""
    seeds = (hits > 0).astype(np.uint8)
    closed = cv2.morphologyEx(seeds, cv2.MORPH_CLOSE, _disc(round(_GAP_PX * finer)))
    return np.asarray(cv2.morphologyEx(closed, cv2.MORPH_OPEN, _disc(1)))


def _floor(own: Depth, camera: Camera, finer: float) -> AnyArray:
    """Where the photo's own depth sees the floor, well within its rim; uint8."""
    high = world_points(own.depth_m, own.view)[..., 2]
    low = ((own.depth_m > 0) & (high < 0.5 * _ABOVE_M)).astype(np.uint8)
    size = (camera.width_px, camera.height_px)
    large = cv2.resize(low, size, interpolation=cv2.INTER_NEAREST)
    closed = cv2.morphologyEx(large, cv2.MORPH_CLOSE, _disc(round(2 * finer)))
    return np.asarray(cv2.erode(closed, _disc(round(_RIM_PX * finer))))


def _guess(seeds: AnyArray, floor: AnyArray, reach: int, finer: float) -> AnyArray:
    """What is sure and what the graph cut is to find, in OpenCV's four labels."""
    sure = cv2.erode(seeds, _disc(round(_RIM_PX * finer))) > 0
    guess = np.full(seeds.shape, cv2.GC_BGD, np.uint8)
    guess[cv2.dilate(seeds, _disc(reach)) > 0] = cv2.GC_PR_BGD
    guess[_filled(seeds)] = cv2.GC_PR_FGD
    guess[sure] = cv2.GC_FGD
    guess[(floor > 0) & ~sure] = cv2.GC_BGD
    # what others see above the floor, and this photo on it, is left to the colours
    guess[(floor > 0) & sure] = cv2.GC_PR_FGD
    return guess


def _graph_cut(picture: AnyArray, guess: AnyArray) -> AnyArray:
    """1 where the furniture is, uint8; computed in the frame round it alone."""
    rows, columns = np.nonzero(guess != cv2.GC_BGD)
    frame = tuple(slice(max(0, at.min() - 40), at.max() + 41) for at in (rows, columns))
    labels = np.ascontiguousarray(guess[frame])
    whole = np.zeros_like(guess)
    if not (guess[frame] & 1).all():
        # colours are grouped from random starts: the same photo gives the same mask
        cv2.setRNGSeed(1)
        back, front = np.zeros((1, 65)), np.zeros((1, 65))
        part = np.ascontiguousarray(picture[frame])
        cv2.grabCut(
            part, labels, (0, 0, 1, 1), back, front, _ROUNDS, cv2.GC_INIT_WITH_MASK
        )  # fmt: skip
    whole[frame] = labels & 1
    return whole


def _large_parts(mask: AnyArray, hits: AnyArray, reach: int) -> AnyArray:
    """The mask without parts that few points hit; parts nearer than `reach` are one.

    Wrong depths that agree by chance are few, though they may lie over a large even wall.
    """
    _, part = cv2.connectedComponents(cv2.dilate(mask, _disc(max(1, reach // 2))))
    weight = np.bincount(part[mask > 0], hits[mask > 0], minlength=1)
    large = weight >= _LEAST_PART * weight.max(initial=0)
    return np.where((mask > 0) & large[part], 1, 0).astype(np.uint8)


def _filled(seeds: AnyArray) -> BoolArray:
    """Seeds and what they enclose."""
    _, part = cv2.connectedComponents(1 - seeds)
    rim = np.concatenate([part[0], part[-1], part[:, 0], part[:, -1]])
    outside = np.isin(part, np.unique(rim)) & (seeds == 0)
    return np.asarray(~outside)


@lru_cache(maxsize=32)
def _disc(radius: int) -> AnyArray:
    size = 2 * radius + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)))


def _as_taken(mask: BoolArray, camera: Camera) -> BoolArray:
    """A mask of the camera's `pinhole`, of any size, over the photo as its lens drew it."""
    maps = _lens_maps(camera)
    height, width = mask.shape
    x = (maps[..., 0] + 0.5) * np.float32(width / camera.width_px) - np.float32(0.5)
    y = (maps[..., 1] + 0.5) * np.float32(height / camera.height_px) - np.float32(0.5)
    drawn = cv2.remap(
        255 * mask.astype(np.uint8), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(drawn > 127)


@lru_cache(maxsize=2)
def _lens_maps(camera: Camera) -> AnyArray:
    """For each pixel of the photo where its `pinhole` has it, float32 (h, w, 2)."""
    straight = pinhole(camera)
    rows = []
    for row in np.array_split(pixel_rays(straight), max(1, camera.height_px // 64)):
        taken = straight.pixels_from_rays(row.reshape(-1, 3))
        rays = camera.rays_from_pixels(taken)
        rows.append((straight.pixels_from_rays(rays) - 0.5).reshape(*row.shape[:2], 2))
    return np.concatenate(rows).astype(np.float32)
