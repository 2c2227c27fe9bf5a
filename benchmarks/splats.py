"""Splats of a scan: how near they come to photos that were not trained on, and how soon.

    python benchmarks/splats.py demo                    # a finished run (make demo)
    python benchmarks/splats.py JOB --size 320 --steps 1000 --out DIR

Beside them the same views of the mesh, each pixel in the colours of the photos that were trained on
(a texture as fine as the photos), and with its vertices coloured by them. On CUDA, where there is
one, the same script trains by gsplat.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

from stitchsketch_kernel.pipeline.splat import scan_of
from stitchsketch_kernel.visualization.splat import judge
from stitchsketch_kernel.visualization.splat.photos import held_out, targets
from stitchsketch_kernel.visualization.splat.train import SplatSettings, chosen, train


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--engine", default="auto", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--strategy", default="mcmc", choices=("mcmc", "default"))
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--size", type=int, default=0, help="of the photos' longer side, pixels")
    parser.add_argument("--most", type=int, default=0, help="splats in all")
    parser.add_argument("--degree", type=int, default=1)
    parser.add_argument("--out", type=Path, help="where the pictures go")
    given = parser.parse_args()
    settings = SplatSettings(
        given.engine, given.steps, given.size, given.most, given.degree, given.strategy
    )
    settings = settings.filled(chosen(given.engine))
    scan = scan_of(given.run)
    shown, hidden = held_out(scan.views, settings.held_out)
    size = min(settings.long_side_px, 640)
    asked, seen_by = targets(scan, hidden, size), targets(scan, shown, size)
    print(f"{len(seen_by)} photos, {len(asked)} held out, {settings}")
    begin = time.perf_counter(), time.process_time()
    trained = train(scan, settings)
    wall, cpu = time.perf_counter() - begin[0], time.process_time() - begin[1]
    print(
        f"{len(trained.splats):,} splats in {trained.seconds / 60:.1f} min "
        f"({settings.steps / trained.seconds:.1f} images a second; with reading photos "
        f"{wall / 60:.1f} min, {cpu / 60:.1f} of the processor; "
        f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores)"
    )
    print(
        "minutes, PSNR:", ", ".join(f"{m.seconds / 60:.1f} {m.psnr_db:.2f}" for m in trained.curve)
    )
    pictures = {
        "splats": judge.splat_pictures(trained.splats, asked),
        "mesh, photos' texture": judge.textured_pictures(scan.mesh, asked, seen_by),
        "mesh, vertex colours": judge.vertex_pictures(scan.mesh, asked, seen_by),
    }
    print(f"{'':24} {'PSNR':>6} {'SSIM':>6} {'PSNR, exposure fitted':>22}")
    for name, images in pictures.items():
        one = judge.score(images, asked)
        print(f"{name:24} {one.psnr_db:6.2f} {one.ssim:6.3f} {one.exposed_db:22.2f}")
    trained_on = seen_by[:: max(1, len(seen_by) // len(asked))]
    own = judge.score(judge.splat_pictures(trained.splats, trained_on), trained_on)
    print(
        f"{'splats, trained photos':24} {own.psnr_db:6.2f} {own.ssim:6.3f} {own.exposed_db:22.2f}"
    )
    if given.out is not None:
        given.out.mkdir(parents=True, exist_ok=True)
        judge.beside(asked, pictures, "Photos that were not trained on").save(
            given.out / "held-out.png"
        )


if __name__ == "__main__":
    main()
