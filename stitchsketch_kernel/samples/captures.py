"""Captures of the cushion, each another: photos, sides, lens, blur, noise, EXIF, cloth and mats.

For asking how often a stated ± holds the truth.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from stitchsketch_kernel.domain.model import SparseModel
from stitchsketch_kernel.domain.photo import Camera
from stitchsketch_kernel.imaging.boards import standard_mats
from stitchsketch_kernel.samples.photos import jpeg_bytes
from stitchsketch_kernel.samples.rays import cast
from stitchsketch_kernel.samples.render import render_view
from stitchsketch_kernel.samples.sample import PlacedMat, Sample, build_sample, looking_at
from stitchsketch_kernel.samples.stage import stage_of
from stitchsketch_kernel.samples.truth import align_similarity

COUNTS, SHARES = (8, 9, 10, 12, 16, 24), (0.32, 0.14, 0.22, 0.2, 0.1, 0.02)
WIDTHS = (480, 640)
#: Points this near to the middle of the piece tell its size.
NEAR_M = 0.5


@dataclass(frozen=True)
class Capture:
    """What differs from capture to capture."""

    number: int
    sample: Sample
    arc_deg: float
    blur_px: float
    noise: float
    exif_off: float


@lru_cache(maxsize=1)
def cushion() -> Sample:
    """One for all: its furniture is lit once."""
    return build_sample("cushion")


def capture(number: int) -> Capture:
    """The capture of that number, the same each time."""
    rng = np.random.default_rng([6, number])
    count = int(rng.choice(COUNTS, p=SHARES))
    arc = min(360.0, count * float(rng.uniform(18, 36)))
    camera = _camera(rng)
    # the field of view decides how far one stands back
    away = 1.05 * camera.fx / camera.width_px / 0.86 * rng.uniform(0.92, 1.1)
    begin, views = rng.uniform(0, 360), []
    heights = rng.uniform(18, 60, 2 if count < 12 else 3)
    for i in range(count):
        turn = np.deg2rad(begin + arc * i / count + rng.normal(0, 2.0))
        lift = np.deg2rad(heights[i % len(heights)] + rng.normal(0, 2.0))
        gaze = np.array([np.cos(lift) * np.sin(turn), np.cos(lift) * np.cos(turn), np.sin(lift)])
        target = np.array([0, 0, 0.05]) + rng.normal(0, 0.02, 3)
        eye = target + away * (1 + rng.normal(0, 0.03)) * gaze
        name = f"capture{number:03d}-{i + 1:02d}.jpg"
        views.append(looking_at(name, camera, eye, target, float(rng.normal(0, 2.0))))
    sample = replace(
        cushion(),
        mats=_mats(rng),
        views=tuple(views),
        look="plain" if rng.random() < 0.25 else "rich",
    )
    return Capture(
        number,
        sample,
        arc,
        float(rng.choice([0.0, 0.3, 0.6])),
        float(rng.choice([0.0, 1.5, 3.0])),
        float(rng.choice([0.0, 0.0, rng.normal(0, 0.02)])),
    )


def _camera(rng: np.random.Generator) -> Camera:
    width = int(rng.choice(WIDTHS, p=[0.3, 0.7]))
    focal = width * rng.uniform(0.72, 1.05)
    return Camera(
        width, width * 3 // 4, focal, focal,
        width * (0.5 + rng.normal(0, 0.006)), width * (0.375 + rng.normal(0, 0.006)),
        float(rng.uniform(-0.14, 0.05)), float(rng.uniform(-0.02, 0.05)),
    )  # fmt: skip


def _mats(rng: np.random.Generator) -> tuple[PlacedMat, ...]:
    """Two to four mats round the cushion, none over another: each on its own side."""
    sides = rng.permutation(4)[: int(rng.integers(2, 5))]
    placed = []
    for board, side in zip(standard_mats(len(sides)), sides, strict=True):
        turn = np.deg2rad(90 * side + rng.uniform(-18, 18))
        yaw = float(rng.uniform(0, 360))
        middle = (board.centres_mm.min(axis=0) + board.centres_mm.max(axis=0))[:2] / 2000
        c, s = np.cos(np.deg2rad(yaw)), np.sin(np.deg2rad(yaw))
        at = rng.uniform(0.50, 0.58) * np.array([np.cos(turn), np.sin(turn)])
        at -= np.array([[c, -s], [s, c]]) @ middle
        placed.append(PlacedMat(board, (float(at[0]), float(at[1])), yaw))
    return tuple(placed)


def photograph(one: Capture, folder: Path) -> None:
    """Write the capture's photos."""
    folder.mkdir(parents=True)
    for view in one.sample.views:
        rng = np.random.default_rng([one.number, int(view.name[-6:-4])])
        image = render_view(one.sample, view).astype(np.float32)
        soft = cv2.GaussianBlur(image, (0, 0), one.blur_px) if one.blur_px else image
        told = replace(view.camera, fx=view.camera.fx * (1 + one.exif_off))
        noisy = soft + rng.normal(0, one.noise, image.shape)
        pixels = np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
        (folder / view.name).write_bytes(jpeg_bytes(pixels, told))


def points_scale(metric: SparseModel, sample: Sample) -> float:
    """True over found size of what lies within `NEAR_M`: the piece and the floor round it."""
    true_views = {view.name: view for view in sample.views}
    found, true = [], []
    for number, view in enumerate(metric.views):
        mine = [i for i, seen in enumerate(metric.point_views) if number in seen]
        points = metric.points[mine]
        pixels = view.pixels_from_world(points)
        real = true_views[view.name]
        rays = np.empty((len(points), 6), dtype=np.float32)
        rays[:, :3] = real.centre
        rays[:, 3:] = real.camera.rays_from_pixels(pixels) @ real.rotation
        depth, _, _ = cast(stage_of(sample, view.name).rays, rays)
        at = rays[:, :3] + depth[:, None] * rays[:, 3:]
        near = np.isfinite(depth) & (np.linalg.norm(at, axis=1) < NEAR_M)
        found.append(points[near])
        true.append(at[near].astype(float))
    a, b = np.concatenate(found), np.concatenate(true)
    for _ in range(4):  # a wrong match lies anywhere
        fit = align_similarity(a, b)
        off = np.linalg.norm(fit.apply(a) - b, axis=1)
        kept = off < 3 * np.median(off)
        a, b = a[kept], b[kept]
    return align_similarity(a, b).scale
