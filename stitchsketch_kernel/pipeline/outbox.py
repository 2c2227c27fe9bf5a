"""A thread that tells a run's events to the stores, in order, for as long as it takes."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from stitchsketch_kernel.domain.errors import AwayError
from stitchsketch_kernel.pipeline.spool import Spool, left_behind
from stitchsketch_kernel.pipeline.telling import FILES, Event, tell
from stitchsketch_kernel.projects.records import BEAT_EVERY_S, SILENT, Beat, Status
from stitchsketch_kernel.stores import Stores

log = logging.getLogger(__name__)

#: The folder in an installation's home of what was not told yet.
SPOOL = "spool"
#: A store that is away is asked again after this, and at most this much later each time.
_AGAIN_S, _AGAIN_AT_MOST_S = 0.5, 5.0
#: A sign of life of a run whose cell or share has changed is given at most this often.
_CHANGED_EVERY_S = 1.0


class _Lane:
    """Events that are told one after the other; while one can't be, those behind it wait."""

    def __init__(self) -> None:
        self.events: deque[Event] = deque()
        self.not_before = 0.0
        self._wait_s = _AGAIN_S

    def tell_next(self, how: Callable[[Event], None]) -> bool:
        """Tell the first event; whether there is anything to do at once."""
        if not self.events or time.monotonic() < self.not_before:
            return False
        try:
            how(self.events[0])
        except AwayError as error:
            log.info("will be told again: %s", error)
            self.not_before = time.monotonic() + self._wait_s
            self._wait_s = min(2 * self._wait_s, _AGAIN_AT_MOST_S)
            return False
        except Exception as error:
            # it will never be kept; what comes after it shall be
            log.warning("What this run has done is not wholly kept: %s", error)
        self._wait_s = _AGAIN_S
        self.events.popleft()
        return True


class Outbox:
    """Takes events from a run without making it wait.

    Parameters
    ----------
    stores : Stores
        Closed at the end.
    shop, run_id : str
    spool : Spool or None
        Where events are written down before; None when that disk can't be written.
    worker : str
        Who has the run, if it was queued: nothing is told of a run that another has.
    """

    def __init__(
        self, stores: Stores, shop: str, run_id: str, spool: Spool | None, worker: str = ""
    ) -> None:
        self._worker = worker
        self._stores, self._shop, self._run_id, self._spool = stores, shop, run_id, spool
        # the database's and the object store's: one may be away while the other is there
        self._records, self._files = _Lane(), _Lane()
        self._wake = threading.Condition()
        self._beat = Beat()
        self._beaten: tuple[float, Beat] = (-1e9, Beat())
        self._ending = False
        self._give_up_at = float("inf")
        self.status = Status.RUNNING
        self._thread = threading.Thread(target=self._work, name=f"tracking {run_id}", daemon=True)
        self._thread.start()

    def add(self, event: Event) -> None:
        """Tell this event, after those before it."""
        if self._worker:
            event = {**event, "worker": self._worker}
        if self._spool is not None:
            try:
                self._spool.add(event)
            except OSError as error:
                log.warning("%s can't be written: %s", self._spool.path, error)
        with self._wake:
            (self._files if event["do"] in FILES else self._records).events.append(event)
            self._wake.notify()

    @property
    def keeps_stages(self) -> bool:
        """See `StoreSettings`."""
        return self._stores.settings.keeps_stages

    @property
    def aside(self) -> Path:
        """A folder for files that are kept only until they are told."""
        return self._stores.settings.home / SPOOL / self._run_id

    def beat(self, beat: Beat) -> None:
        """How far the run is; only the latest counts."""
        self._beat = beat

    def close(self, wait_s: float) -> bool:
        """Tell what is left, for `wait_s` at most; whether all was told.

        What was not lies in the spool; the next run tells it, or ``stitchsketch check --mend``.
        """
        with self._wake:
            self._ending, self._give_up_at = True, time.monotonic() + wait_s
            self._wake.notify()
        # a statement that hangs is given up by the database's own time limit
        self._thread.join(wait_s + 1.0)
        return not self._thread.is_alive() and not (self._records.events or self._files.events)

    def _work(self) -> None:
        try:
            while not self._is_done():
                busy = self._records.tell_next(self._tell)
                if not busy and not self._records.events:
                    busy = self._files.tell_next(self._tell)
                self._give_sign()
                if not busy:
                    with self._wake:
                        self._wake.wait(0.1)
            if self._spool is not None:
                told = not (self._records.events or self._files.events)
                (self._spool.remove if told else self._spool.close)()
            if not self._records.events:
                tell_left_behind(self._stores)
        except Exception as error:
            log.warning("This run is no longer tracked: %s", error)
        finally:
            self._stores.close()

    def _is_done(self) -> bool:
        if not self._ending:
            return False
        told = not (self._records.events or self._files.events)
        return told or time.monotonic() > self._give_up_at

    def _tell(self, event: Event) -> None:
        tell(self._stores, self._shop, event)

    def _give_sign(self) -> None:
        """A sign of life, unless what the run has done must be told first."""
        when, last = self._beaten
        every_s = BEAT_EVERY_S if self._beat == last else _CHANGED_EVERY_S
        if self._ending or self._records.events or time.monotonic() < when + every_s:
            return
        told = self._beat
        self._beaten = (time.monotonic(), told)
        try:
            self.status = self._stores.projects.beat(self._shop, self._run_id, told)
        except Exception as error:
            log.info("no sign of life could be given: %s", error)


def tell_left_behind(stores: Stores) -> int:
    """Tell what runs that are no more had still to tell; how many runs.

    A run that never told its end was killed, and is dead.

    Raises
    ------
    AwayError
        A store can't be used now; what was not told stays where it is.
    """
    count = 0
    for spool, events in left_behind(stores.settings.home / SPOOL):
        if not events or events[0]["do"] != "start":
            spool.remove()
            continue
        shop, run_id = events[0]["shop"], events[0]["run"]["id"]
        if not any(event["do"] in {"end", "give back"} for event in events):
            end = {"do": "end", "run_id": run_id, "status": Status.DEAD, "error": SILENT}
            events.append({**end, "worker": events[0].get("worker", "")})
        for event in events:
            try:
                tell(stores, shop, event)
            except AwayError:
                raise
            except Exception as error:
                log.warning("What a run has done is not wholly kept: %s", error)
        spool.remove()
        count += 1
    return count
