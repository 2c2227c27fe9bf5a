"""The folder of a kernel's sockets: private; what a killed run left, the next one removes."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

_PREFIX = "stitchsketch-"
#: Locked by the process whose sockets lie beside it; the system unlocks it however that ends.
_HELD = "held"


class SocketFolder:
    """A new folder that only this account can read, until `remove`."""

    def __init__(self) -> None:
        remove_left_behind()
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX))
        aside = self.path / f".{_HELD}"
        self._held = aside.open("w")
        fcntl.flock(self._held, fcntl.LOCK_EX)
        # it appears locked: nobody can take it for one of a dead process
        aside.replace(self.path / _HELD)

    def remove(self) -> None:
        """Remove the folder with what is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._held.close()


def remove_left_behind() -> None:
    """Remove the folders of this account's processes that are no more."""
    for held in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*/{_HELD}"):
        with suppress(OSError):  # another account's, or one that is being removed now
            if held.stat().st_uid != os.getuid() or held.parent.is_symlink():
                continue
            with held.open() as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(held.parent, ignore_errors=True)
