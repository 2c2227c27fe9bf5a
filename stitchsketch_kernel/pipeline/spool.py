"""What is to be told to the stores, written down first: nothing is lost while they are away."""

from __future__ import annotations

import fcntl
import json
import logging
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

log = logging.getLogger(__name__)


class Spool:
    """A file of events, one a line, held by this process until it is closed.

    Parameters
    ----------
    folder : Path
        Made when missing.
    name : str
        The run's identity.
    """

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{name}.jsonl"
        self._file: IO[bytes] = self.path.open("ab")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise

    def add(self, event: dict[str, Any]) -> None:
        """Write an event down, so that it survives the end of this process."""
        self._file.write(json.dumps(event, ensure_ascii=False).encode() + b"\n")
        self._file.flush()

    def remove(self) -> None:
        """All was told: the file is needed no more."""
        self.path.unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        """Let go of the file; who finds it later may tell what is in it."""
        self._file.close()


def left_behind(folder: Path) -> Iterator[tuple[Spool, list[dict[str, Any]]]]:
    """The spools that no living process holds, each with its events, held while they are told."""
    for path in sorted(folder.glob("*.jsonl")):
        try:
            spool = Spool(folder, path.stem)
        except OSError:
            continue  # its run is alive
        try:
            yield spool, _events(path)
        finally:
            spool.close()


def _events(path: Path) -> list[dict[str, Any]]:
    events = []
    for line in path.read_bytes().splitlines():
        # the last line of a machine that lost its power may be a half one
        with suppress(ValueError):
            events.append(json.loads(line))
    return events
