"""Work on one view after the other with no more in memory than the views at work need.

With every picture and every plane held at once, 200 photos would take 7 GB.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

T = TypeVar("T")


class Held(Generic[T]):
    """What several jobs need: made when it is first asked for, let go after its last use.

    Parameters
    ----------
    make : callable
        Gives what a name stands for; may be called by several threads, once a name.
    uses : mapping of str to int
        How often each name will be let go.
    """

    def __init__(self, make: Callable[[str], T], uses: Mapping[str, int]) -> None:
        self._make, self._left = make, dict(uses)
        self._made: dict[str, T] = {}
        self._locks = {name: threading.Lock() for name in uses}
        self._counting = threading.Lock()

    def take(self, name: str) -> T:
        """What the name stands for."""
        with self._locks[name]:
            if name not in self._made:
                self._made[name] = self._make(name)
            return self._made[name]

    def let_go(self, names: Iterable[str]) -> None:
        """These were used once more."""
        with self._counting:
            for name in names:
                self._left[name] -= 1
                if not self._left[name]:
                    self._made.pop(name, None)

    def __len__(self) -> int:
        return len(self._made)


def in_turn(jobs: Iterable[Callable[[], T]], workers: int) -> Generator[T, None, None]:
    """What the jobs give, in their order; as many at a time as there are workers.

    Only one job a worker is done ahead of what was asked for. Where the caller ends early, jobs
    that have not begun are dropped.
    """
    ahead: deque[Future[T]] = deque()
    pool = ThreadPoolExecutor(workers)
    try:
        for job in jobs:
            ahead.append(pool.submit(job))
            if len(ahead) > 2 * workers:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
