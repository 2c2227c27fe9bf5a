"""Splats of a scan: how near they come to photos that were not trained on, and how soon.

    python benchmarks/splats.py demo OFFICE --out DIR    # finished runs: the sample, a real chair
    python benchmarks/splats.py demo --size 320 --steps 1000
    python benchmarks/splats.py demo --simple-trainer GSPLAT/examples/simple_trainer.py    # on CUDA

Beside them the same views of the mesh, each pixel in the colours of the photos that were trained on
(a texture as fine as the photos), and with its vertices coloured by them. A training that was
stopped goes on where it was (``DIR/NAME/state.npz``); one that is done is only told. On CUDA, where
there is one, the same script trains by gsplat; its own simple trainer (a file of gsplat's source,
with what its ``examples/requirements.txt`` names) then gets the same photos and steps.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stitchsketch_kernel.pipeline.splat import PLY, read_splats, splat
from stitchsketch_kernel.pipeline.splat_scan import scan_of
from stitchsketch_kernel.visualization.splat import judge
from stitchsketch_kernel.visualization.splat.photos import Scan, held_out, targets
from stitchsketch_kernel.visualization.splat.settings import SplatSettings
from stitchsketch_kernel.visualization.splat.splats import cropped
from stitchsketch_kernel.visualization.splat.train import chosen, no_cuda


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN")
    parser.add_argument("--engine", default="auto", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--strategy", default="mcmc", choices=("mcmc", "default"))
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--size", type=int, default=0, help="of the photos' longer side, pixels")
    parser.add_argument("--most", type=int, default=0, help="splats in all")
    parser.add_argument("--degree", type=int, default=1)
    parser.add_argument("--held-out", type=int, default=8, help="every so many photos, one")
    parser.add_argument("--out", type=Path, default=Path("splats"), help="a folder a run in it")
    parser.add_argument("--simple-trainer", type=Path, metavar="FILE", help="of gsplat, on CUDA")
    given = parser.parse_args(words)
    why_not = no_cuda()
    if why_not and (given.engine == "cuda" or given.simple_trainer):
        parser.error(f"gsplat and its simple trainer want CUDA, and there is none. {why_not}")
    settings = SplatSettings(
        given.engine, given.steps, given.size, given.most, given.degree, given.strategy,
        given.held_out,
    ).filled(chosen(given.engine))  # fmt: skip
    if given.simple_trainer and settings.engine != "cuda":
        parser.error("gsplat's simple trainer is held against gsplat: leave --engine cpu out")
    if why_not:
        print(
            f"No CUDA here, so no figures of gsplat and its simple trainer are made. {why_not} "
            "What follows is the processor's own training."
        )
    for number, run in enumerate(given.runs):
        folder = given.out / f"{number + 1}-{run.resolve().name}"
        print(f"{run}: {settings}")
        ours(run, folder, settings)
        if given.simple_trainer:
            theirs(run, folder / "simple-trainer", settings, given.simple_trainer)


def ours(run: Path, folder: Path, settings: SplatSettings) -> Mapping[str, Any]:
    """Train, or go on, or tell what is done; the figures of `splat`."""
    begin = time.process_time()
    figures = splat(run, folder, settings).figures
    seconds = figures["seconds"]
    print(
        f"{figures['splats']:,} splats in {seconds / 60:.1f} min, "
        f"{settings.steps / seconds:.1f} images a second; {time.process_time() - begin:.0f} s of "
        f"the processor now, with reading and judging; load {os.getloadavg()[0]:.1f} on "
        f"{os.cpu_count()} cores"
    )
    curve = ", ".join(
        f"{mark['seconds'] / 60:.1f} {mark['psnr_db']:.2f}" for mark in figures["curve"]
    )
    print(f"minutes, PSNR: {curve}")
    asked = figures["held_out"]
    if asked is None:
        print("No photo was held out.")
        return figures
    print(f"{len(asked['photos'])} photos held out, {asked['long_side_px']} pixels")
    print(f"{'':24} {'PSNR':>6} {'SSIM':>6} {'PSNR, exposure fitted':>22}")
    for name, score in asked["scores"].items():
        _row(name, **score)
    scan = scan_of(run)
    shown, hidden = held_out(scan.views, settings.held_out)
    some = targets(scan, shown[:: max(1, len(shown) // len(hidden))], asked["long_side_px"])
    score = judge.score(judge.splat_pictures(read_splats(folder / PLY), some), some)
    _row("splats, trained photos", score.psnr_db, score.ssim, score.exposed_db)
    return figures


def theirs(run: Path, folder: Path, settings: SplatSettings, trainer: Path) -> None:
    """gsplat's own trainer on the same photos and steps, judged by the same pictures."""
    scan = scan_of(run)
    same_photos(run, scan, settings.held_out, folder / "data")
    result = folder / "result"
    subprocess.run(
        [
            sys.executable, str(trainer.resolve()), settings.strategy,
            "--data_dir", str((folder / "data").resolve()), "--data_factor", "1",
            "--result_dir", str(result.resolve()), "--max_steps", str(settings.steps),
            "--test_every", "1000000", "--no-normalize_world_space", "--random_bkgd",
            "--sh_degree", str(settings.degree), "--save_ply", "--disable_viewer",
            "--disable_video",
        ],
        check=True, cwd=trainer.resolve().parent,
    )  # fmt: skip
    last = settings.steps - 1
    told = json.loads((result / "stats" / f"train_step{last:04d}_rank0.json").read_text())
    made = cropped(read_splats(result / "ply" / f"point_cloud_{last}.ply"), scan.region)
    seconds = told["ellipse_time"]
    print(
        f"gsplat's simple trainer: {told['num_GS']:,} splats ({len(made):,} on the furniture) in "
        f"{seconds / 60:.1f} min, {settings.steps / seconds:.1f} images a second"
    )
    asked = targets(
        scan, held_out(scan.views, settings.held_out)[1], min(settings.long_side_px, 640)
    )
    score = judge.score(judge.splat_pictures(made, asked), asked)
    _row("simple trainer", score.psnr_db, score.ssim, score.exposed_db)


def same_photos(run: Path, scan: Scan, every: int, folder: Path) -> None:
    """The run's photos and cameras as the simple trainer reads them, metric and as they are.

    It holds out photos by their place among the names, at least the first: that is one which isn't
    trained on, all others are.
    """
    import pycolmap

    shown, hidden = held_out(scan.views, every)
    photos = folder / "images"
    photos.mkdir(parents=True, exist_ok=True)
    model = pycolmap.Reconstruction(run / "model" / "sparse")
    numbers = {view.name: k for k, view in enumerate([*hidden[:1], *shown])}
    for image in list(model.images.values()):
        number = numbers.get(Path(image.name).name)
        if number is None:
            model.deregister_frame(image.frame_id)
            continue
        source = scan.photos[Path(image.name).name]
        image.name = f"{number:04}{source.suffix}"
        link = photos / image.name
        link.unlink(missing_ok=True)
        link.symlink_to(source.resolve())
    sparse = folder / "sparse" / "0"
    sparse.mkdir(parents=True, exist_ok=True)
    model.write(sparse)


def _row(name: str, psnr_db: float, ssim: float, exposed_db: float) -> None:
    print(f"{name:24} {psnr_db:6.2f} {ssim:6.3f} {exposed_db:22.2f}")


if __name__ == "__main__":
    main()
