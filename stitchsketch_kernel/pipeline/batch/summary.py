"""``summary.csv``: every row of a batch and what became of it. Always whole."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from stitchsketch_kernel.disk.aside import write_bytes
from stitchsketch_kernel.pipeline.batch.jobs import Job, Outcome
from stitchsketch_kernel.pipeline.files import disk_in_words

FIGURES = ("scale_percent", "pieces", "cloth_mm", "verdict")
HEADER = ("row", "name", "status", "tries", "seconds", "worker", *FIGURES, "out", "error")
#: A spreadsheet takes a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_summary(path: Path, jobs: Sequence[Job], outcomes: Mapping[int, Outcome]) -> None:
    """Write the file aside and rename it; rows in the order of the batch's file.

    Raises
    ------
    StorageError
        The disk is full, or the folder may not be written.
    """
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(HEADER)
    for job in jobs:
        one = outcomes[job.row]
        figures = [one.figures.get(name, "") for name in FIGURES]
        table.writerow(
            [job.row, _plain(job.name), one.status.value, one.tries, one.seconds, one.worker,
             *figures, _plain(str(job.out)), _plain(one.error)]
        )  # fmt: skip
    with disk_in_words(path.resolve().parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, text.getvalue().encode())


def _plain(words: str) -> str:
    """What a person typed, as words and never as a formula."""
    return f"'{words}" if words.startswith(_FORMULA) else words
