"""How a long computation tells how far it is, and is asked to stop.

Compute rooms take a `Progress` callable and call it often; it may raise `Cancelled`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

#: ``progress(share, note)``: share of the work done, 0 to 1, and a short note in words.
Progress: TypeAlias = Callable[[float, str], None]

#: By the clock alone a bar goes no further than this share of a wait.
_MOST_WAITED = 0.95


class Cancelled(BaseException):
    """A person asked to stop. Not an `Exception`: no handler of errors may swallow it."""


class Wait(str):
    """A note of work that can't tell how far it is, with how long it is expected to take.

    Whoever shows it may go on by the clock (`at`), from the share that was told with it.

    Attributes
    ----------
    until : float
        The share at which the work ends.
    seconds : float
        What it is expected to take.
    """

    __slots__ = ("seconds", "until")

    until: float
    seconds: float

    def __new__(cls, note: str, until: float, seconds: float) -> Wait:
        """Words for a person, as any note."""
        wait = super().__new__(cls, note)
        wait.until, wait.seconds = until, seconds
        return wait

    def within(self, start: float, stop: float) -> Wait:
        """The same wait, of a part that fills `start` to `stop` of the whole."""
        return Wait(self, start + (stop - start) * self.until, self.seconds)

    def at(self, share: float, waited_s: float) -> float:
        """How far the bar is that stood at `share`, so many seconds later."""
        waited = min(_MOST_WAITED, waited_s / max(self.seconds, 1e-9))
        return share + (self.until - share) * waited


def silent(share: float, note: str = "") -> None:
    """Report to nobody."""


def part(progress: Progress, start: float, stop: float) -> Progress:
    """Progress of a part that fills `start` to `stop` of the whole."""

    def report(share: float, note: str = "") -> None:
        if isinstance(note, Wait):
            note = note.within(start, stop)
        progress(start + (stop - start) * share, note)

    return report
