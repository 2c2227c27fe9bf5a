"""The command line's part for the cover before it is cut: ``stitchsketch cover``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from stitchsketch_kernel.cli.progress import progress_bar


def add_cover(commands: Any) -> None:
    """Add the command to the program's."""
    cover = commands.add_parser("cover", help="a run's furniture in new fabrics, before it is cut")
    cover.set_defaults(do=_cover)
    cover.add_argument("run", type=Path, metavar="RUN", help="folder of a finished run")
    cover.add_argument(
        "--fabric", dest="fabrics", type=Path, action="append", default=[], metavar="FILE",
        help="the fabric, with how it looks below [look]; again for up to four side by side",
    )  # fmt: skip
    cover.add_argument("--out", type=Path, metavar="DIR", help="of the results; RUN/cover without")
    cover.add_argument(
        "--seconds", type=int, default=10, help="to look for each fabric's marker (10)"
    )
    cover.add_argument("--frames", type=int, default=40, help="of the turntable (40; 0: none)")


def _cover(given: argparse.Namespace) -> None:
    from stitchsketch_kernel.pipeline.cover import CoverSettings, cover
    from stitchsketch_kernel.pipeline.renders import kept_where_tracked

    settings = CoverSettings(given.seconds, given.frames)
    with progress_bar() as progress:
        record = cover(given.run, given.fabrics, given.out, settings, progress)
    for fabric in record.fabrics:
        price = f", {fabric['cost']:.2f} {fabric['currency']}" if fabric["cost"] else ""
        length = f"{fabric['used_length_mm'] / 1000:.2f} m ({fabric['yardage']:.2f} yd)"
        print(f"{fabric['name']}: {length}{price}")
    for note in record.notes:
        print(f"- {note}")
    print(f"Pictures, films and GLB: {record.folder}")
    if record.page is not None:
        print(f"For the customer: {record.page}")
    if given.out is None and (said := kept_where_tracked(given.run)):
        print(said)
