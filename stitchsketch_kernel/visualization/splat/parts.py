"""Compiled loops in parts, as many at once as there are cores.

The loops let go of Python's lock, so threads of Python's own do it: numba's would warn of old
system libraries, and end the program where two runs draw at the same time.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

#: Parts for each core: some take longer than others.
_PARTS = 8


def in_parts(loop: Callable[..., None], count: int, *given: Any, least: int = 512) -> None:
    """``loop(*given, begin, end)`` for 0 to `count` in parts of at least `least`.

    Each part must write what no other does; then the result doesn't depend on how many there are.
    """
    cores = os.cpu_count() or 1
    size = max(least, -(-count // (_PARTS * cores)))
    if size >= count or cores == 1:
        loop(*given, 0, count)
        return
    ends = [(at, min(at + size, count)) for at in range(0, count, size)]
    loop(*given, *ends[0])  # compiles, once
    list(_pool(cores, os.getpid()).map(lambda part: loop(*given, *part), ends[1:]))


@lru_cache(maxsize=1)
def _pool(cores: int, _process: int) -> ThreadPoolExecutor:
    """One for the process; a forked one gets its own."""
    return ThreadPoolExecutor(cores, "splats")
