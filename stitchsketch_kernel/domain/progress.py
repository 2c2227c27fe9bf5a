"""How a long computation tells how far it is, and is asked to stop.

Compute rooms take a `Progress` callable and call it often; it may raise `Cancelled`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

#: What waits tells so often, and never more than this share by the clock alone.
_EVERY_S, _MOST_WAITED = 0.5, 0.95

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


@contextmanager
def waiting(progress: Progress, seconds: float, note: str = "") -> Iterator[None]:
    """Tell progress by the clock while something is computed that can't tell it itself.

    Parameters
    ----------
    progress : Progress
        Called in another thread meanwhile. When it raises, so does the end of the wait.
    seconds : float
        What it is expected to take; if it takes longer, the bar stands near its end.
    note : str, optional
    """
    over, raised, began = threading.Event(), list[BaseException](), time.monotonic()

    def tell() -> None:
        try:
            while not over.wait(_EVERY_S):
                waited = (time.monotonic() - began) / max(seconds, 1e-9)
                progress(min(_MOST_WAITED, waited), note)
        except BaseException as error:
            raised.append(error)

    progress(0.0, note)
    teller = threading.Thread(target=tell, name="progress by the clock", daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()
    if raised:
        raise raised[0]
    progress(1.0, note)
