"""How long a stage may take, and how much memory; a notebook that hangs is ended."""

from __future__ import annotations

import time
from dataclasses import dataclass

from stitchsketch_kernel.domain.errors import LimitError

_LOOK_EVERY_S = 1.0


@dataclass(frozen=True)
class Limits:
    """What a stage may take; nothing that its result depends on.

    Attributes
    ----------
    stage_s : float
        Seconds; 0: as long as it takes.
    memory_bytes : int
        Of the notebook's kernel with its children; 0: as much as there is.
    """

    stage_s: float = 0.0
    memory_bytes: int = 0

    def __post_init__(self) -> None:
        if self.stage_s < 0 or self.memory_bytes < 0:
            raise ValueError("a limit can't be below 0")


class Watch:
    """Looks whether a stage keeps within its limits."""

    def __init__(self, limits: Limits, stage: str) -> None:
        self._limits, self._stage = limits, stage
        self._started = time.monotonic()
        self._next_look = self._started

    def look(self, kernel_pid: int | None) -> None:
        """Call it often.

        Raises
        ------
        LimitError
            The stage has taken more than it may.
        """
        now = time.monotonic()
        if 0 < self._limits.stage_s < now - self._started:
            raise LimitError(
                f"{self._stage} was not done after {_words(self._limits.stage_s)}, as long as a "
                "stage may take, and was stopped.",
                "Give it more time (--stage-minutes), or use fewer or smaller photos.",
            )
        if not self._limits.memory_bytes or kernel_pid is None or now < self._next_look:
            return
        self._next_look = now + _LOOK_EVERY_S
        held = memory_of(kernel_pid)
        if held > self._limits.memory_bytes:
            raise LimitError(
                f"{self._stage} held {held / 2**30:.2f} GiB of memory, more than the "
                f"{self._limits.memory_bytes / 2**30:.2f} GiB that it may, and was stopped.",
                "Allow more (--memory-gb, with fewer --workers), or use fewer or smaller photos.",
            )


def memory_of(pid: int) -> int:
    """What a process and its children hold, in bytes; 0 when it is no more."""
    import psutil

    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.Error:
        return 0
    total = 0
    for one in family:
        try:
            total += one.memory_info().rss
        except psutil.Error:
            continue
    return total


def _words(seconds: float) -> str:
    return f"{seconds / 60:g} min" if seconds >= 60 else f"{seconds:g} s"
