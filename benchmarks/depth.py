"""Depth of single views by each engine, held against the exact one: one row a view and engine.

    python benchmarks/depth.py --engines high fast cuda --views 3 20 33 --out FOLDER

Views of a sample at their true cameras, each compared with its neighbours alone. Of the pixels that
show cover: how many have depth, how far that is off, how many lie within 3 mm (those without depth
count against it), and how many of the known ones are over 10 mm off. Engines whose device is not
there say so.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.domain.model import Depth, Region, SparseModel
from stitchsketch_kernel.domain.photo import View
from stitchsketch_kernel.reconstruction.dense import Asked, DenseSettings, each_depth
from stitchsketch_kernel.reconstruction.dense.pairs import choose_pairs
from stitchsketch_kernel.reconstruction.dense.pictures import pixel_rays
from stitchsketch_kernel.samples import LOOKS, SAMPLE_NAMES, Sample, build_sample, render_photos
from stitchsketch_kernel.samples.rays import cast, ray_scene

ENGINES = ("high", "fast", "cuda", "sgbm")
#: Around the furniture, as runs find their box.
MARGIN_M, BELOW_M = 0.12, 0.04


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", default="demo", choices=SAMPLE_NAMES)
    parser.add_argument("--look", default="rich", choices=LOOKS)
    parser.add_argument("--views", nargs="+", type=int, default=[3, 20, 33])
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=["high", "fast", "cuda"])
    parser.add_argument("--rounds", type=int, default=1, help="of each the quickest counts")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    sample = build_sample(given.sample).covered_with(given.look)
    vertices = sample.mesh.vertices
    low, high = vertices.min(axis=0) - MARGIN_M, vertices.max(axis=0) + MARGIN_M
    region = Region(np.array([low[0], low[1], -BELOW_M]), high)
    print("view engine  CPU-s wall-s | known %  median  95 % mm  within 3 mm %  over 10 mm %")
    for number in given.views:
        few = neighbourhood(sample, number, region)
        render_photos(few, given.out / f"{given.sample}-{given.look}")
        images = {
            view.name: given.out / f"{given.sample}-{given.look}" / view.name for view in few.views
        }
        for engine in given.engines:
            try:
                rows = [found(few, images, region, engine) for _ in range(given.rounds)]
            except SettingsError as error:
                print(f"{number:4} {engine:6} {error}", flush=True)
                continue
            used, wall = (min(row[k] for row in rows) for k in (1, 2))
            print(
                f"{number:4} {engine:6} {used:6.1f} {wall:6.1f} | {told(few, rows[0][0])}",
                flush=True,
            )


def neighbourhood(sample: Sample, number: int, region: Region) -> Sample:
    """The sample seen from one view, the first, and those that it is compared with."""
    pairs = choose_pairs(model_of(sample), region, DenseSettings())
    beside = [b if a == number else a for a, b in pairs if number in {a, b}]
    return sample.with_views(tuple(sample.views[i] for i in (number, *beside)))


def model_of(sample: Sample) -> SparseModel:
    return SparseModel(sample.views, np.zeros((0, 3)), np.zeros((0, 3), np.uint8), ())


def found(
    few: Sample, images: dict[str, Path], region: Region, engine: str
) -> tuple[Depth, float, float]:
    """The first view's depth map, and the seconds of processor and clock that it took."""
    others = frozenset(view.name for view in few.views[1:])
    settings = DenseSettings(engine=engine)  # type: ignore[arg-type]
    used, began = time.process_time(), time.perf_counter()
    (depth,) = each_depth(Asked(model_of(few), images, region, settings, done=others))
    return depth, time.process_time() - used, time.perf_counter() - began


def told(few: Sample, depth: Depth) -> str:
    exact, on_cover = exact_depth(few, depth.view)
    known = (depth.depth_m > 0) & on_cover
    off_mm = 1000 * np.abs(depth.depth_m - exact)[known]
    return (
        f"{100 * known.sum() / on_cover.sum():7.1f} {np.median(off_mm):7.2f} "
        f"{np.percentile(off_mm, 95):8.2f} {100 * (off_mm < 3).sum() / on_cover.sum():14.1f} "
        f"{100 * (off_mm > 10).mean():13.2f}"
    )


def exact_depth(sample: Sample, view: View) -> tuple[np.ndarray, np.ndarray]:
    """Depth (h, w) of the true surface, and where it is cover."""
    rays = pixel_rays(view.camera).reshape(-1, 3) @ view.rotation
    start = np.broadcast_to(view.centre, rays.shape)
    scene = ray_scene(sample.mesh.vertices, sample.mesh.faces)
    depth, face, _ = cast(scene, np.hstack([start, rays]).astype(np.float32))
    hit = np.isfinite(depth)
    cover = hit & (sample.face_panel[np.where(hit, face, 0)] >= 0)
    shape = (view.camera.height_px, view.camera.width_px)
    return np.where(hit, depth, 0).reshape(shape), cover.reshape(shape)


if __name__ == "__main__":
    main()
