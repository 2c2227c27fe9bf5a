"""The command line's part for workers: ``work``."""

from __future__ import annotations

import argparse
import logging
import os
from pathlib import Path
from typing import Any

from stitchsketch_kernel.domain.errors import SettingsError

#: Where the runs of each shop lie, in a folder of its own; the apps' pages read them there.
RUNS = "STITCHSKETCH_RUNS"


def add_work(commands: Any) -> None:
    """Add the command to the program's."""
    work = commands.add_parser("work", help="run what people have queued, until it is stopped")
    work.set_defaults(do=_work)
    work.add_argument(
        "--runs", type=Path, metavar="DIR", help=f"of the runs' folders ({RUNS}, else HOME/runs)"
    )
    work.add_argument("--at-once", type=int, default=1, help="how many runs at most (1)")
    work.add_argument(
        "--while-parent", action="store_true",
        help="end with the program that starts this one, and leave runs at work",
    )  # fmt: skip


def _work(given: argparse.Namespace) -> None:
    from stitchsketch_kernel.pipeline.worker import Worker, WorkSettings
    from stitchsketch_kernel.stores import open_stores

    if not 1 <= given.at_once <= 64:
        raise SettingsError("--at-once can't be below 1 or above 64.", "Leave it out for 1.")
    if not given.verbose:
        logging.getLogger("stitchsketch_kernel").setLevel(logging.WARNING)
    with open_stores() as stores:
        runs = given.runs or Path(os.environ.get(RUNS) or stores.settings.home / "runs")
        settings = WorkSettings(
            runs.expanduser().resolve(), given.at_once, while_parent=given.while_parent
        )
        Worker(stores, settings).work()
