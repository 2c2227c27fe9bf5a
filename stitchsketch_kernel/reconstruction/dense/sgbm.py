"""Depth by semi-global matching of rectified pairs, several pairs a view, agreed upon by each.

Hirschmueller, Stereo processing by semiglobal matching and mutual information, PAMI 30 (2008), in
OpenCV's implementation. A single pair is biased towards whole disparities; the mean of several
pairs that agree is not.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial

import cv2
import numpy as np

from stitchsketch_kernel.domain.arrays import ImageArray
from stitchsketch_kernel.domain.model import Depth, Region
from stitchsketch_kernel.domain.photo import View
from stitchsketch_kernel.domain.progress import Progress
from stitchsketch_kernel.reconstruction.dense.held import Held, in_turn
from stitchsketch_kernel.reconstruction.dense.interface import Asked
from stitchsketch_kernel.reconstruction.dense.merge import merge_depths
from stitchsketch_kernel.reconstruction.dense.pairs import choose_pairs, swept
from stitchsketch_kernel.reconstruction.dense.pictures import (
    grey,
    inside,
    masked,
    pinhole,
    shrunk,
)
from stitchsketch_kernel.reconstruction.dense.rectify import RectifiedPair, rectify

_BLOCK_PX = 5
_SIXTEENTHS = 16.0


def sgbm_depths(asked: Asked, progress: Progress) -> Iterator[Depth]:
    """See `interface.DenseEngine`."""
    model, region, settings, done = asked.model, asked.region, asked.settings, asked.done
    views = [shrunk(view, settings.max_side_px) for view in model.views]
    left = {i for i, view in enumerate(views) if view.name not in done}
    pairs = [pair for pair in choose_pairs(model, region, settings) if left & set(pair)]
    turn = {i: at for at, i in enumerate(swept(model, region))}
    order = sorted(pairs, key=lambda pair: sorted((turn[pair[0]], turn[pair[1]]), reverse=True))
    missing = Counter(views[i].name for pair in pairs for i in pair)
    cameras = {view.name: view.camera for view in views}
    greys = Held(lambda name: grey(asked.images[name], cameras[name]), missing)

    def job(i: int, j: int) -> list[tuple[str, np.ndarray]]:
        found = _pair_depths(views[i], views[j], greys, region)
        greys.let_go((views[i].name, views[j].name))
        return found

    found: dict[str, dict[tuple[int, int], np.ndarray]] = defaultdict(dict)
    jobs = (partial(job, *pair) for pair in order)
    count = 0
    with closing(in_turn(jobs, settings.workers or os.cpu_count() or 1)) as results:
        for at, (pair, maps) in enumerate(zip(order, results, strict=True), start=1):
            for name, depth in (one for one in maps if one[0] not in done):
                found[name][pair] = depth
            progress(at / len(pairs), f"pair {at} of {len(pairs)}")
            for view in (views[i] for i in pair):
                missing[view.name] -= 1
                if view.name not in done and not missing[view.name] and found[view.name]:
                    # in the pairs' own order: the same depths each time
                    own = found.pop(view.name)
                    yield _merged(view, [own[one] for one in sorted(own)], asked)
                    count += 1
    progress(1.0, f"depth of {count} views")


def _merged(view: View, depths: list[np.ndarray], asked: Asked) -> Depth:
    depth, confidence = merge_depths(np.stack(depths), asked.settings.agree_percent / 100)
    depth = masked(depth, asked.masks.get(view.name), view.camera)
    return Depth(replace(view, camera=pinhole(view.camera)), depth, confidence)


def _pair_depths(
    a: View, b: View, greys: Held[ImageArray], region: Region
) -> list[tuple[str, np.ndarray]]:
    """Depth maps of both views from one pair; empty where they can't be compared."""
    pair = rectify(a, b, region)
    if pair is None:
        return []
    left = pair.picture(greys.take(pair.left.name), "left")
    right = pair.picture(greys.take(pair.right.name), "right")
    of_left, of_right = _disparities(left, right, pair)
    out = []
    for which, disparity, view in (
        ("left", of_left, pair.left),
        ("right", of_right, pair.right),
    ):
        depth = np.where(np.isnan(disparity), 0, pair.depth_of(np.nan_to_num(disparity)))
        own = pair.to_view(depth.astype(np.float32), which, pinhole(view.camera))
        out.append((view.name, inside(own, replace(view, camera=pinhole(view.camera)), region)))
    return out


def _disparities(
    left: ImageArray, right: ImageArray, pair: RectifiedPair
) -> tuple[np.ndarray, np.ndarray]:
    """Disparities of both pictures (h, w), NaN where left and right disagree."""
    matcher = cv2.StereoSGBM.create(
        minDisparity=0,
        numDisparities=pair.disparities,
        blockSize=_BLOCK_PX,
        P1=8 * _BLOCK_PX**2,
        P2=40 * _BLOCK_PX**2,
        disp12MaxDiff=-1,
        preFilterCap=31,
        uniquenessRatio=5,
        speckleWindowSize=0,
        mode=cv2.STEREO_SGBM_MODE_SGBM_3WAY,
    )
    pad = pair.disparities
    wide_left = cv2.copyMakeBorder(left, 0, 0, pad, pad, cv2.BORDER_REPLICATE)
    wide_right = cv2.copyMakeBorder(right, 0, 0, pad, pad, cv2.BORDER_REPLICATE)
    of_left = matcher.compute(wide_left, wide_right)[:, pad:-pad].copy()
    # the right picture's own disparities: mirror both, so that right is left
    of_right = matcher.compute(wide_right[:, ::-1].copy(), wide_left[:, ::-1].copy())
    of_right = of_right[:, pad:-pad][:, ::-1].copy()
    for disparity in (of_left, of_right):
        cv2.filterSpeckles(disparity, -16, 120, 32)
    a = np.where(of_left >= 0, of_left / _SIXTEENTHS, np.nan).astype(np.float32)
    b = np.where(of_right >= 0, of_right / _SIXTEENTHS, np.nan).astype(np.float32)
    seen_left, seen_right = left > 0, right > 0
    return _agreeing(a, b, -1.0, seen_left), _agreeing(b, a, +1.0, seen_right)


def _agreeing(
    disparity: np.ndarray, other: np.ndarray, sign: float, seen: np.ndarray
) -> np.ndarray:
    """Keep what the other picture confirms to a pixel."""
    rows, columns = np.indices(disparity.shape)
    filled = np.nan_to_num(disparity)
    target = np.rint(columns + sign * filled).astype(np.int64)
    within = (target >= 0) & (target < disparity.shape[1])
    back = other[rows, np.clip(target, 0, disparity.shape[1] - 1)]
    same = within & seen & (np.abs(back - disparity) <= 1.0)
    return np.where(same, disparity, np.nan)
