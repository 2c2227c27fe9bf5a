"""The command line's part for the whole path: ``stitchsketch run`` and ``demo``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stitchsketch_kernel.cli.progress import progress_bar
from stitchsketch_kernel.domain.progress import part

if TYPE_CHECKING:
    from stitchsketch_kernel.pipeline import RunRecord, RunSettings


def add_run(commands: Any) -> None:
    """Add ``run`` to the program's."""
    run = commands.add_parser("run", help="photos to cut files")
    run.set_defaults(do=_run)
    run.add_argument(
        "photos", type=Path, metavar="PHOTOS",
        help="folder of photos of one piece; photos of its underside, taken after it was turned "
        "over, go into a folder 'turned' in it",
    )  # fmt: skip
    run.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the results")
    run.add_argument("--name", default="", help="of the piece; else the photos' folder")
    run.add_argument("--boards", type=Path, metavar="FILE", help="tags of a board of your own")
    run.add_argument(
        "--length", "--lengths", dest="lengths", type=Path, metavar="FILE",
        help="lengths measured between points that are marked in photos",
    )  # fmt: skip
    run.add_argument(
        "--bar-mm", type=float, metavar="MM", help="what a ruler says of the mat's long bar"
    )
    run.add_argument("--edits", type=Path, metavar="FILE", help="seeds and seam points of panels")
    run.add_argument(
        "--first-look", action="store_true",
        help="cameras and surface in a third of the time, half as exact",
    )  # fmt: skip
    run.add_argument(
        "--skip-broken", action="store_true", help="leave out photos that can't be read"
    )
    _add_settings(run)


def add_demo(commands: Any) -> None:
    """Add ``demo`` to the program's."""
    demo = commands.add_parser("demo", help="photograph a sample and make its pattern")
    demo.set_defaults(do=_demo)
    demo.add_argument("--out", type=Path, default=Path("demo"), metavar="DIR")
    demo.add_argument("--sample", default="demo", choices=("armchair", "cushion", "demo"))
    _add_settings(demo)


def _add_settings(command: argparse.ArgumentParser) -> None:
    command.add_argument("--rules", type=Path, metavar="FILE", help="allowances, notches: JSON")
    command.add_argument("--fabric", type=Path, metavar="FILE", help="the fabric: width_mm, nap...")
    command.add_argument(
        "--set", dest="assignments", action="append", default=[], metavar="NAME=VALUE",
        help="a setting, such as align.max_features=8192; again for more",
    )  # fmt: skip
    command.add_argument("--settings", type=Path, metavar="FILE", help="settings, JSON or TOML")
    command.add_argument("--no-track", action="store_true", help="don't list it among the projects")


def _run(given: argparse.Namespace) -> None:
    from stitchsketch_kernel.pipeline import run

    request = _request(given)
    with progress_bar() as progress:
        record = run(given.photos, given.out, request, progress)
    print(summary(record))


def _demo(given: argparse.Namespace) -> None:
    from stitchsketch_kernel.pipeline import check, run
    from stitchsketch_kernel.samples import build_sample, render_photos

    request = _request(given)
    photos = given.out / "photos"
    check(photos, given.out, request)  # before minutes of rendering, not after
    with progress_bar() as progress:
        render_photos(build_sample(given.sample), photos, part(progress, 0, 0.25))
        record = run(photos, given.out, request, part(progress, 0.25, 1))
    print(summary(record))


def _request(given: argparse.Namespace) -> RunSettings:
    """What the command line asks; a setting given there comes before the file's.

    Both come before those of a first look.
    """
    from stitchsketch_kernel.pipeline import FIRST_LOOK, RunSettings
    from stitchsketch_kernel.pipeline.settings import parse_assignment, read_settings

    settings: dict[str, Any] = dict(FIRST_LOOK) if getattr(given, "first_look", False) else {}
    settings.update(read_settings(given.settings) if given.settings else {})
    if getattr(given, "bar_mm", None) is not None:
        from stitchsketch_kernel.imaging.mat import check_bar

        check_bar(given.bar_mm)  # before the photos are looked at, not an hour later
        settings["scale.bar_measured_mm"] = given.bar_mm
    if getattr(given, "skip_broken", False):
        settings["ingest.skip_broken"] = True
    settings.update(parse_assignment(text) for text in given.assignments)
    return RunSettings(
        values=settings,
        boards=getattr(given, "boards", None),
        lengths=getattr(given, "lengths", None),
        edits=getattr(given, "edits", None),
        rules=given.rules,
        fabric=given.fabric,
        name=getattr(given, "name", "") or getattr(given, "sample", ""),
        track=not given.no_track,
    )


def summary(record: RunRecord) -> str:
    """What came out, where it lies, and how sure its size is."""
    scale, flat, nest, report = (
        record.figures(name) for name in ("scale", "flatten", "nest", "report")
    )
    return "\n".join(
        [
            f"Scale: {scale['method']}, ± {scale['uncertainty_percent']:.2f} %, residual "
            f"{scale['residual_mm']:.2f} mm",
            f"Pieces: {flat['pieces']} ({', '.join(flat['names'])})",
            f"Cloth: {nest['used_length_mm'] / 1000:.2f} m ({nest['yardage']:.2f} yd) of "
            f"{nest['fabric_width_mm']:.0f} mm",
            f"Cut files: {record.folder / 'patterns'}",
            f"Report: {record.folder / 'report.html'}",
            f"{report['verdict']}.",
            *(f"- {reason}" for reason in report["reasons"]),
        ]
    )
