"""The command line's part for the mats to print: ``stitchsketch mat``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_mat(commands: Any) -> None:
    """Add the command to the program's."""
    mat = commands.add_parser("mat", help="the mats to print, which give the scale")
    mat.set_defaults(do=_mat)
    mat.add_argument("--out", type=Path, required=True, metavar="FILE", help="the PDF")
    mat.add_argument("--paper", default="A4", choices=("A4", "Letter"))
    mat.add_argument("--count", type=int, default=4, help="how many different mats (4)")


def _mat(given: argparse.Namespace) -> None:
    from stitchsketch_kernel.imaging.boards import standard_mats
    from stitchsketch_kernel.imaging.mat import write_mat_pdf

    write_mat_pdf(given.out, standard_mats(given.count, given.paper), given.paper)
    print(
        f"{given.count} mats are in {given.out}. Print at 100 %, measure the long bar with a ruler "
        "and tell what it says: stitchsketch run ... --bar-mm 200.0"
    )
