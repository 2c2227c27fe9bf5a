"""The command line's part for pieces drawn elsewhere: ``stitchsketch nest``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from stitchsketch_kernel.cli.progress import progress_bar


def add_nest(commands: Any) -> None:
    """Add the command to the program's."""
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
