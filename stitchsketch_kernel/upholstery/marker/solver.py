"""spyrrow in a process of its own: it can be stopped, and when it dies it takes nobody along."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from stitchsketch_kernel.domain.errors import NestError
from stitchsketch_kernel.domain.progress import Progress, part
from stitchsketch_kernel.upholstery.marker import search
from stitchsketch_kernel.upholstery.marker.improve import (
    Clock,
    affordable,
    improve,
    make_ready,
    pushed,
)
from stitchsketch_kernel.upholstery.marker.turned import Cut, Laid, turned

_POLL_S = 0.2
#: The search checks its clock now and then; past its time and this, it hangs.
_GRACE_S = 60.0
#: One start gains little from more workers; further ones begin from a seed of their own.
_WORKERS_A_START, _SEED_STEP = 3, 7919
#: spyrrow's share of the time; the rest goes to making its layout shorter.
_BEGIN_SHARE = 0.1
#: Where spyrrow has the time, this share is left for pushing its layout together.
_PUSH_SHARE = 0.1
_LAID, _SAID = "laid.json", "said.txt"


def solve(
    cuts: Sequence[Cut],
    width_mm: float,
    seconds: int,
    seed: int,
    workers: int,
    progress: Progress,
    clock: Clock = time.monotonic,
) -> list[Laid]:
    """Lay outlines in a strip `width_mm` wide (along y), as short along x as can be found.

    spyrrow begins; its layout is pushed together and searched on from (`improve`). Outlines may
    touch:
    spyrrow's own separation also keeps pieces off the strip's edge, by more than asked, and
    panics where a piece then no longer fits.

    Raises
    ------
    NestError
        The search died or did not end.
    """
    make_ready()
    begun, outlines = clock(), turned(cuts, width_mm)
    begin = max(1, round(_BEGIN_SHARE * seconds))
    # where our own search has not the time, spyrrow has nearly all of it
    searched = affordable(outlines, seconds - begin)
    begin = begin if searched else max(1, round((1 - _PUSH_SHARE) * seconds))
    share = begin / seconds
    laid = _begun_layout(cuts, width_mm, begin, seed, workers, part(progress, 0, share))
    shape, at = outlines.layout(laid)
    if not searched:
        at, _ = pushed(outlines.shapes, shape, at, begun + seconds, clock)
        return outlines.laid(shape, at)
    left, rest = seconds - (clock() - begun), part(progress, share, 1)
    return outlines.laid(*improve(outlines, shape, at, left, seed, workers, rest, clock))


def _begun_layout(
    cuts: Sequence[Cut],
    width_mm: float,
    seconds: int,
    seed: int,
    workers: int,
    progress: Progress,
) -> list[Laid]:
    """A first layout, by spyrrow: many workers begin from several seeds, the shortest is taken."""
    starts = _starts(workers or os.cpu_count() or 1)
    task = {
        "width_mm": width_mm,
        "seconds": seconds,
        "cuts": [{"outline": c.outline_mm.tolist(), "turns": list(c.turns_deg)} for c in cuts],
    }
    with tempfile.TemporaryDirectory(prefix="stitchsketch-nest-") as folder:
        runs = [Path(folder) / f"start-{number}" for number in range(len(starts))]
        for number, (run, share) in enumerate(zip(runs, starts, strict=True)):
            run.mkdir()
            own = {**task, "seed": seed + _SEED_STEP * number, "workers": share}
            (run / "task.json").write_text(json.dumps(own), encoding="utf-8")
        _watch(runs, seconds, progress)
        answers = [json.loads(path.read_bytes()) for run in runs if (path := run / _LAID).exists()]
        if not answers:
            words = (runs[0] / _SAID).read_text(encoding="utf-8", errors="replace")
            last = words.strip().splitlines()[-1:]
            raise NestError(
                f"The search for a marker ended without one: {''.join(last) or 'no word'}.",
                "Look at the pieces' outlines, or give nesting more seconds.",
            )
    best = min(answers, key=lambda answer: float(answer["length_mm"]))
    return [Laid(**one) for one in best["laid"]]


def _starts(workers: int) -> list[int]:
    """Workers of each start: they help one another up to about three."""
    count = max(1, workers // _WORKERS_A_START)
    return [workers // count + (number < workers % count) for number in range(count)]


def _watch(runs: Sequence[Path], seconds: int, progress: Progress) -> None:
    """Run the searches and tell how far they are; end them when `progress` raises."""
    start = time.monotonic()
    with ExitStack() as stack:
        processes = [_begun(run, stack) for run in runs]
        while any(process.poll() is None for process in processes):
            spent = time.monotonic() - start
            if spent > seconds + _GRACE_S:
                raise NestError("The search for a marker did not end.", "Try again.")
            progress(min(0.99, spent / seconds), f"nesting, {spent:.0f} of {seconds} s")
            time.sleep(_POLL_S)


def _begun(run: Path, stack: ExitStack) -> subprocess.Popen[bytes]:
    """A search at work in a folder; it ends with the stack."""
    words = stack.enter_context((run / _SAID).open("wb"))
    # -P: this folder's names are not to hide others from the search
    command = [sys.executable, "-P", str(Path(search.__file__)), str(run / "task.json")]
    process = subprocess.Popen(
        [*command, str(run / _LAID)], stdin=subprocess.DEVNULL, stdout=words, stderr=words
    )
    stack.callback(_end, process)
    return process


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
    process.wait()
