"""How a long computation tells how far it is, and is asked to stop.

Compute rooms take a `Progress` callable and call it often; it may raise `Cancelled`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

#: ``progress(share, note)``: share of the work done, 0 to 1, and a short note in words.
Progress: TypeAlias = Callable[[float, str], None]


class Cancelled(BaseException):
    """A person asked to stop. Not an `Exception`: no handler of errors may swallow it."""


def silent(share: float, note: str = "") -> None:
    """Report to nobody."""


def part(progress: Progress, start: float, stop: float) -> Progress:
    """Progress of a part that fills `start` to `stop` of the whole."""

    def report(share: float, note: str = "") -> None:
        progress(start + (stop - start) * share, note)

    return report
