"""The command line's part for lengths on a finished run: ``stitchsketch measure``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stitchsketch_kernel.pipeline.measuring import Taken
    from stitchsketch_kernel.reconstruction.mat_checks import MatCheck


def add_measure(commands: Any) -> None:
    """Add the command to the program's."""
    measure = commands.add_parser(
        "measure", help="lengths on a run's piece with ±, and its size held against other mats"
    )
    measure.set_defaults(do=_measure)
    measure.add_argument("run", type=Path, metavar="JOB", help="folder of a run that has its mesh")
    measure.add_argument(
        "--between", nargs=2, action="append", default=[], metavar=("A", "B"),
        help="two places, each PHOTO:X,Y (a pixel of it) or =X,Y,Z (mm in the model); again for "
        "more. Without it the run's mats are held against each other",
    )  # fmt: skip
    measure.add_argument(
        "--check", type=Path, metavar="FILE",
        help="boards that the size wasn't taken from, to hold it against",
    )  # fmt: skip


def _measure(given: argparse.Namespace) -> None:
    from stitchsketch_kernel.pipeline.measuring import check_size, measure

    pairs = [(a.removeprefix("="), b.removeprefix("=")) for a, b in given.between]
    for taken in measure(given.run, pairs) if pairs else ():
        print(length_in_words(taken))
    if pairs and given.check is None:
        return
    checks = check_size(given.run, given.check)
    for check in checks:
        print(check_in_words(check))
    if not checks:
        print(
            "The photos show one mat at most, so the size can't be checked. Lay a second mat, or "
            "give another board that was in the photos (--check FILE)."
        )


def length_in_words(taken: Taken) -> str:
    """A line for a length: straight and along the surface, in mm with ± and in inches."""
    from stitchsketch_kernel.domain.units import inch_fraction

    def told(length_mm: float, sure_mm: float) -> str:
        return f"{length_mm:.1f} ± {sure_mm:.1f} mm ({inch_fraction(length_mm, 32)})"

    line = f"{taken.a} to {taken.b}: {told(taken.straight_mm, taken.straight_sure_mm)} straight, "
    if taken.along_mm is None or taken.along_sure_mm is None:
        line += "no way along the surface (they lie on parts that don't touch)"
    else:
        line += f"{told(taken.along_mm, taken.along_sure_mm)} along the surface"
    if not taken.seen:
        line += "; an end lies where no photo saw the piece, which no ± tells"
    return line + "."


def check_in_words(check: MatCheck) -> str:
    """A line for a mat that was held against a size that it had no say in."""
    by = " and ".join(check.against) if len(check.against) < 3 else f"{len(check.against)} others"
    what = f"{check.mat} ({check.tags} tags) against {by or 'the size of the run'}"
    figure = f"{check.off_percent:+.3f} ± {check.uncertainty_percent:.3f} %"
    if check.holds:
        return f"{what}: {figure}, it holds."
    return (
        f"{what}: {figure}, it does not hold. Measure the bars of both prints by a ruler; if they "
        "are right, one mat wasn't flat."
    )
