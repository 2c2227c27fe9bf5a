"""The command line: ``stitchsketch run``, ``nest``, ``mat``, ``demo``, ``gateway``, and others.

Exit codes: 0 done; 2 something a person can act on, told in one sentence on standard error (also
when the size is not known: then the pictures are there and no cut file is); 130 stopped by Ctrl-C;
1 a fault of the program.
"""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import stitchsketch_kernel
from stitchsketch_kernel.cli_batch import add_batch
from stitchsketch_kernel.cli_cover import add_cover
from stitchsketch_kernel.cli_keep import add_commands
from stitchsketch_kernel.cli_measure import add_measure
from stitchsketch_kernel.cli_splat import add_splat
from stitchsketch_kernel.cli_work import add_work
from stitchsketch_kernel.domain.errors import SettingsError, StitchSketchError
from stitchsketch_kernel.domain.progress import Cancelled, Progress, part

if TYPE_CHECKING:
    from stitchsketch_kernel.pipeline import RunRecord, RunSettings

DONE, FAULT, REFUSED, STOPPED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; the exit code."""
    given = _parser().parse_args(arguments)
    level = logging.INFO if given.verbose else logging.ERROR
    logging.basicConfig(level=level, format="%(name)s: %(message)s", stream=sys.stderr)
    try:
        with _stopped_by_terminate():
            given.do(given)
    except StitchSketchError as error:
        print(f"stitchsketch: {error}", file=sys.stderr)
        return REFUSED
    except (KeyboardInterrupt, Cancelled):
        print("stitchsketch: stopped. The same command goes on from there.", file=sys.stderr)
        return STOPPED
    except Exception as error:
        logging.getLogger(__name__).info("where it happened", exc_info=True)
        print(f"stitchsketch: a fault of the program. {error}", file=sys.stderr)
        return FAULT
    return DONE


@contextmanager
def _stopped_by_terminate() -> Iterator[None]:
    """SIGTERM ends a run as Ctrl-C does: the kernel is stopped and ``run.json`` says so."""
    before = signal.signal(signal.SIGTERM, lambda *_: _interrupt())
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt() -> None:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="stitchsketch",
        description="Photos of a piece of furniture in, cut-ready patterns out.",
        epilog="Exit codes: 0 done, 2 something to act on (one sentence), 130 stopped, 1 a fault.",
    )
    parser.add_argument("--version", action="version", version=stitchsketch_kernel.__version__)
    parser.add_argument("-v", "--verbose", action="store_true", help="tell more on standard error")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_run(commands)
    add_batch(commands)
    add_cover(commands)
    add_measure(commands)
    add_splat(commands)
    _add_nest(commands)
    _add_mat(commands)
    _add_demo(commands)
    add_commands(commands)
    _add_gateway(commands)
    add_work(commands)
    return parser


def _add_run(commands: Any) -> None:
    run = commands.add_parser("run", help="photos to cut files")
    run.set_defaults(do=_run)
    run.add_argument("photos", type=Path, metavar="PHOTOS", help="folder of photos of one piece")
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
        "--skip-broken", action="store_true", help="leave out photos that can't be read"
    )
    _add_settings(run)


def _add_settings(command: argparse.ArgumentParser) -> None:
    command.add_argument("--rules", type=Path, metavar="FILE", help="allowances, notches: JSON")
    command.add_argument("--fabric", type=Path, metavar="FILE", help="the fabric: width_mm, nap...")
    command.add_argument(
        "--set", dest="assignments", action="append", default=[], metavar="NAME=VALUE",
        help="a setting, such as align.max_features=8192; again for more",
    )  # fmt: skip
    command.add_argument("--settings", type=Path, metavar="FILE", help="settings, JSON or TOML")
    command.add_argument("--no-track", action="store_true", help="don't list it among the projects")


def _add_nest(commands: Any) -> None:
    nest = commands.add_parser("nest", help="pieces drawn elsewhere (DXF) to a marker")
    nest.set_defaults(do=_nest)
    nest.add_argument("pieces", type=Path, metavar="PIECES.dxf", help="one block a piece")
    nest.add_argument("--out", type=Path, required=True, metavar="DIR", help="of the cut files")
    nest.add_argument("--width-mm", type=float, required=True, metavar="MM", help="of the cloth")
    nest.add_argument(
        "--usable-mm", type=float, default=0.0, metavar="MM", help="between the selvages"
    )
    nest.add_argument("--cloth", default="cloth", metavar="NAME", help="its name on the marker")
    nest.add_argument("--nap", action="store_true", help="no piece may lie upside down")
    nest.add_argument("--railroad", action="store_true", help="the grain across the roll")
    nest.add_argument("--unit", choices=("mm", "inch"), help="of a drawing that doesn't say it")
    nest.add_argument("--separation-mm", type=float, default=5.0, metavar="MM")
    nest.add_argument("--seconds", type=int, default=20, help="to look for a shorter marker (20)")


def _add_mat(commands: Any) -> None:
    mat = commands.add_parser("mat", help="the mats to print, which give the scale")
    mat.set_defaults(do=_mat)
    mat.add_argument("--out", type=Path, required=True, metavar="FILE", help="the PDF")
    mat.add_argument("--paper", default="A4", choices=("A4", "Letter"))
    mat.add_argument("--count", type=int, default=4, help="how many different mats (4)")


def _add_demo(commands: Any) -> None:
    demo = commands.add_parser("demo", help="photograph a sample and make its pattern")
    demo.set_defaults(do=_demo)
    demo.add_argument("--out", type=Path, default=Path("demo"), metavar="DIR")
    demo.add_argument("--sample", default="demo", choices=("armchair", "cushion", "demo"))
    _add_settings(demo)


def _add_gateway(commands: Any) -> None:
    gateway = commands.add_parser("gateway", help="the HTTP entrance for phones and scripts")
    gateway.set_defaults(do=_gateway)
    gateway.add_argument("--port", type=int, default=8010, help="8010; 0: any free one")
    gateway.add_argument("--host", default="127.0.0.1", help="127.0.0.1: behind the hub's proxy")


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


def _nest(given: argparse.Namespace) -> None:
    from stitchsketch_kernel.pipeline.settings import FabricSettings
    from stitchsketch_kernel.upholstery.export.cut_files import require_ours, write_cut_files
    from stitchsketch_kernel.upholstery.export.read_dxf import read_dxf
    from stitchsketch_kernel.upholstery.marker.nest import NestSettings, nest

    require_ours(given.out.resolve())  # before nesting, not after
    fabric = FabricSettings(given.cloth, given.width_mm, given.usable_mm, given.nap).fabric()
    settings = NestSettings(
        separation_mm=given.separation_mm, seconds=given.seconds, railroad=given.railroad
    )
    pattern = read_dxf(given.pieces, given.unit)
    with progress_bar() as progress:
        marker = nest(pattern, fabric, settings, progress)
    write_cut_files(pattern, marker, given.out)
    print(
        f"Pieces: {len(pattern.pieces)} ({sum(one.quantity for one in pattern.pieces)} to cut)\n"
        f"Cloth: {marker.used_length_mm / 1000:.2f} m ({marker.yardage:.2f} yd) of "
        f"{fabric.width_mm:.0f} mm\nCut files: {given.out}"
    )


def _mat(given: argparse.Namespace) -> None:
    from stitchsketch_kernel.imaging.boards import standard_mats
    from stitchsketch_kernel.imaging.mat import write_mat_pdf

    write_mat_pdf(given.out, standard_mats(given.count, given.paper), given.paper)
    print(
        f"{given.count} mats are in {given.out}. Print at 100 %, measure the long bar with a ruler "
        "and tell what it says: stitchsketch run ... --bar-mm 200.0"
    )


def _gateway(given: argparse.Namespace) -> None:
    try:
        from stitchsketch_kernel.gateway.server import serve
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"The gateway is not installed ({error.name} is missing).",
            "Install it: pip install 'stitchsketch[gateway]'.",
        ) from error
    serve(given.host, given.port)


def _request(given: argparse.Namespace) -> RunSettings:
    """What the command line asks; a setting given there comes before the file's."""
    from stitchsketch_kernel.pipeline import RunSettings
    from stitchsketch_kernel.pipeline.settings import parse_assignment, read_settings

    settings: dict[str, Any] = read_settings(given.settings) if given.settings else {}
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


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A progress bar on a terminal; elsewhere a line whenever another stage begins."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines()
        return
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as RichProgress

    columns = (
        BarColumn(), TextColumn("{task.percentage:3.0f} %"), TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )  # fmt: skip
    with RichProgress(*columns, console=console, transient=True) as bars:
        task = bars.add_task("", total=1.0)
        yield lambda share, note: bars.update(task, completed=share, description=note)


def _lines() -> Progress:
    last = [""]

    def tell(share: float, note: str) -> None:
        stage = note.split(":", maxsplit=1)[0].split(" (", maxsplit=1)[0]
        if stage != last[0]:
            last[0] = stage
            print(f"{share:4.0%} {stage}", file=sys.stderr, flush=True)

    return tell
