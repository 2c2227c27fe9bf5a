"""How far a command is, told on standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from stitchsketch_kernel.domain.progress import Progress


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
