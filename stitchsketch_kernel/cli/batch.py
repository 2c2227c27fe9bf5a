"""The command line's part for many scans at once: ``batch``."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stitchsketch_kernel.cli.progress import progress_bar
from stitchsketch_kernel.domain.errors import RunError, SettingsError

if TYPE_CHECKING:
    from stitchsketch_kernel.pipeline.batch import Job, Outcome


def add_batch(commands: Any) -> None:
    """Add the command to the program's."""
    batch = commands.add_parser("batch", help="many scans at once: a row of a file each")
    batch.set_defaults(do=_batch)
    batch.add_argument(
        "jobs", type=Path, metavar="JOBS", help="CSV or YAML; columns: photos, name, settings..."
    )
    batch.add_argument(
        "--out", type=Path, metavar="DIR", help="of summary.csv and the rows' folders (JOBS)"
    )
    batch.add_argument("--workers", type=int, default=0, help="processes (a quarter of the CPUs)")
    batch.add_argument("--gpu-workers", type=int, default=0, help="processes with a GPU each (0)")
    batch.add_argument("--memory-gb", type=float, default=0.0, help="that a stage may hold")
    batch.add_argument(
        "--scheduler", default="", metavar="ADDRESS", help="a Dask scheduler: tcp://host:8786"
    )
    batch.add_argument("--retries", type=int, default=1, help="of what failed from outside (1)")
    batch.add_argument(
        "--stage-minutes", type=float, default=0.0, help="that a stage may take (no limit)"
    )
    batch.add_argument("--no-track", action="store_true", help="don't list them among the projects")


def _batch(given: argparse.Namespace) -> None:
    from stitchsketch_kernel.pipeline.batch import BatchSettings, Workers, read_jobs, run_batch
    from stitchsketch_kernel.pipeline.limits import Limits

    for name in ("workers", "gpu_workers", "memory_gb", "retries", "stage_minutes"):
        if not 0 <= getattr(given, name) < float("inf"):
            raise SettingsError(f"--{name.replace('_', '-')} can't be below 0.", "Leave it out.")
    memory_bytes = int(given.memory_gb * 2**30)
    limits = Limits(given.stage_minutes * 60, memory_bytes)
    out = given.out or given.jobs.with_suffix("")
    jobs = read_jobs(given.jobs, out, limits=limits, track=not given.no_track)
    workers = Workers(given.scheduler, given.workers, given.gpu_workers, memory_bytes)
    with progress_bar() as progress:
        outcomes = run_batch(jobs, out, BatchSettings(workers, given.retries), progress)
    print_table(jobs, outcomes)
    if (summary := out / "summary.csv").exists():
        print(f"Summary: {summary}")
    if failed := [row for row, outcome in outcomes.items() if not outcome.is_done]:
        raise RunError(
            f"{len(failed)} of {len(jobs)} rows failed ({', '.join(map(str, failed))}).",
            "The table says why. The same command tries them again; finished rows stay.",
        )


def print_table(jobs: Sequence[Job], outcomes: Mapping[int, Outcome]) -> None:
    """What became of each row."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    colours = {"completed": "green", "reused": "green", "failed": "red"}
    table = Table("row", "name", "status", "tries", "time", "result")
    for job in jobs:
        one = outcomes[job.row]
        status = Text(one.status.value, style=colours.get(one.status.value, "yellow"))
        table.add_row(
            str(job.row), Text(job.name), status, str(one.tries), f"{one.seconds:.0f} s",
            Text(one.error or _result(one)),
        )  # fmt: skip
    Console().print(table)


def _result(outcome: Outcome) -> str:
    figures = outcome.figures
    if "pieces" not in figures:
        return ""
    told = [f"{figures['pieces']} pieces"]
    if "cloth_mm" in figures:
        told.append(f"{figures['cloth_mm'] / 1000:.2f} m of cloth")
    if "scale_percent" in figures:
        told.append(f"scale ± {figures['scale_percent']:.2f} %")
    return ", ".join([*told, str(figures.get("verdict", ""))]).rstrip(", ")
