"""The command line's part for splats of the scan: ``stitchsketch splat``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from stitchsketch_kernel.cli.progress import progress_bar

_SETTINGS = ("engine", "steps", "long_side_px", "most_splats", "strategy", "held_out", "seed")


def add_splat(commands: Any) -> None:
    """Add the command to the program's."""
    splat = commands.add_parser("splat", help="a run's furniture as Gaussian splats")
    splat.set_defaults(do=_splat)
    splat.add_argument("run", type=Path, metavar="RUN", help="folder of a run with a mesh")
    splat.add_argument("--out", type=Path, metavar="DIR", help="of the results; RUN/splat without")
    splat.add_argument(
        "--from", dest="taken", type=Path, metavar="FILE",
        help="take splats of another program (PLY or SPZ, in the run's world) instead of training",
    )  # fmt: skip
    splat.add_argument("--engine", choices=("auto", "cpu", "cuda"))
    splat.add_argument("--strategy", choices=("mcmc", "default"), help="gsplat's, on CUDA (mcmc)")
    splat.add_argument("--steps", type=int, metavar="N")
    splat.add_argument("--size", dest="long_side_px", type=int, metavar="PX", help="of photos")
    splat.add_argument("--most", dest="most_splats", type=int, metavar="N", help="splats in all")
    splat.add_argument(
        "--held-out", dest="held_out", type=int, metavar="N",
        help="every so many photos one is not trained on, but measured (8; 0: none)",
    )  # fmt: skip
    splat.add_argument("--seed", type=int, metavar="N")


def _splat(given: argparse.Namespace) -> None:
    from stitchsketch_kernel.pipeline.renders import kept_where_tracked
    from stitchsketch_kernel.pipeline.splat import PAGE, PLY, SPZ, splat, splat_settings

    settings = splat_settings({name: getattr(given, name) for name in _SETTINGS})
    with progress_bar() as progress:
        record = splat(given.run, given.out, settings, progress, given.taken)
    figures = record.figures
    minutes = f" in {figures['seconds'] / 60:.1f} min" if "seconds" in figures else ""
    print(f"Splats: {figures['splats']:,}{minutes}")
    held_out = figures.get("held_out") or {}
    for name, score in held_out.get("scores", {}).items():
        print(f"Held-out photos, {name}: {score['psnr_db']:.2f} dB, SSIM {score['ssim']:.3f}")
    print(f"Files: {record.folder / PLY}, {record.folder / SPZ}")
    print(f"In the browser: {record.folder / PAGE}")
    if given.out is None and (said := kept_where_tracked(given.run)):
        print(said)
