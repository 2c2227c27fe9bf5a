"""spyrrow in a process of its own: it can be stopped, and when it dies it takes nobody along."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.errors import NestError
from stitchsketch_kernel.domain.progress import Progress
from stitchsketch_kernel.upholstery.marker import search

_POLL_S = 0.2
#: The search checks its clock now and then; past its time and this, it hangs.
_GRACE_S = 60.0


@dataclass(frozen=True)
class Cut:
    """An outline (n, 2) to lay, and the turns (degrees) it may lie at."""

    outline_mm: FloatArray
    turns_deg: tuple[float, ...]


@dataclass(frozen=True)
class Laid:
    """Where an outline lies: turned about its origin, then moved."""

    x_mm: float
    y_mm: float
    rotation_deg: float


def solve(
    cuts: Sequence[Cut],
    width_mm: float,
    seconds: int,
    seed: int,
    workers: int,
    progress: Progress,
) -> list[Laid]:
    """Lay outlines in a strip `width_mm` wide (along y), as short along x as can be found.

    They may touch: spyrrow's own separation also keeps pieces off the strip's edge, by more than
    asked, and panics where a piece then no longer fits.

    Raises
    ------
    NestError
        The search died or did not end.
    """
    task = {
        "width_mm": width_mm,
        "seconds": seconds,
        "seed": seed,
        "workers": workers,
        "cuts": [{"outline": c.outline_mm.tolist(), "turns": list(c.turns_deg)} for c in cuts],
    }
    with tempfile.TemporaryDirectory(prefix="stitchsketch-nest-") as folder:
        asked, answered = Path(folder) / "task.json", Path(folder) / "laid.json"
        said = Path(folder) / "said.txt"
        asked.write_text(json.dumps(task), encoding="utf-8")
        with said.open("wb") as words:
            _watch([str(asked), str(answered)], words, seconds, progress)
        if not answered.exists():
            last = said.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
            raise NestError(
                f"The search for a marker ended without one: {''.join(last) or 'no word'}.",
                "Look at the pieces' outlines, or give nesting more seconds.",
            )
        return [Laid(**one) for one in json.loads(answered.read_text(encoding="utf-8"))]


def _watch(paths: list[str], words: Any, seconds: int, progress: Progress) -> None:
    """Run the search and tell how far it is; end it when `progress` raises."""
    # -P: this folder's names are not to hide others from the search
    command = [sys.executable, "-P", str(Path(search.__file__)), *paths]
    start = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=words, stderr=words)
    try:
        while process.poll() is None:
            spent = time.monotonic() - start
            if spent > seconds + _GRACE_S:
                raise NestError("The search for a marker did not end.", "Try again.")
            progress(min(0.99, spent / seconds), f"nesting, {spent:.0f} of {seconds} s")
            time.sleep(_POLL_S)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
