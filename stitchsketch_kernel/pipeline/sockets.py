"""The folder of a kernel's sockets: private; what a killed run left, the next one removes."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from stitchsketch_kernel.domain.errors import RunError

_PREFIX = "stitchsketch-"
#: The system takes no socket whose address is longer (107 on Linux, 103 on macOS), and so many
#: characters come behind the place: our folder's own name and the kernel's socket.
_LONGEST, _BEHIND = 103, len(_PREFIX) + 8 + len("/kernel-5") + 1
#: Where folders go when the system's own place for temporary files has too long a name.
_SHORT = Path("/tmp")
#: Locked by the process whose sockets lie beside it; the system unlocks it however that ends.
_HELD = "held"


class SocketFolder:
    """A new folder that only this account can read, until `remove`.

    Raises
    ------
    RunError
        There is no place whose name is short enough for sockets.
    """

    def __init__(self) -> None:
        remove_left_behind()
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=_place()))
        aside = self.path / f".{_HELD}"
        self._held = aside.open("w")
        fcntl.flock(self._held, fcntl.LOCK_EX)
        # it appears locked: nobody can take it for one of a dead process
        aside.replace(self.path / _HELD)

    def remove(self) -> None:
        """Remove the folder with what is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._held.close()


def _places() -> list[Path]:
    return list(dict.fromkeys([Path(tempfile.gettempdir()), _SHORT]))


def _place() -> Path:
    """The first place that is there and short enough."""
    for place in _places():
        if len(os.fsencode(place)) + _BEHIND <= _LONGEST and place.is_dir():
            return place
    raise RunError(
        f"The folder for temporary files, {tempfile.gettempdir()}, has too long a name: notebooks "
        "can't be started from there.",
        f"Set TMPDIR to a folder with a name of at most {_LONGEST - _BEHIND} characters.",
    )


def remove_left_behind() -> None:
    """Remove the folders of this account's processes that are no more."""
    for held in (one for place in _places() for one in place.glob(f"{_PREFIX}*/{_HELD}")):
        with suppress(OSError):  # another account's, or one that is being removed now
            if held.stat().st_uid != os.getuid() or held.parent.is_symlink():
                continue
            with held.open() as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(held.parent, ignore_errors=True)
