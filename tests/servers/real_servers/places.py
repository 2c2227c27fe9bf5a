"""Folders, ports and processes of the servers: as nobody where the tests run as root."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

#: PostgreSQL and MongoDB refuse to run as root.
AS_NOBODY: dict[str, Any] = (
    {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
)


def new_place(name: str) -> Path:
    """A folder that the server's account owns; short, for the sake of socket names."""
    place = Path(tempfile.mkdtemp(prefix=f"{name}-"))
    own(place)
    return place


def own(path: Path) -> None:
    """Give a file or folder to the server's account."""
    if AS_NOBODY:
        shutil.chown(path, "nobody", "nogroup")


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def do(*command: object, **extra: Any) -> str:
    """Run a program to its end as the server's account; what it printed."""
    told = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, timeout=60,
        **(AS_NOBODY | extra),
    )  # fmt: skip
    if told.returncode:
        raise RuntimeError(f"{command[0]} failed: {told.stdout}{told.stderr}")
    return told.stdout


def start(place: Path, *command: object, **extra: Any) -> subprocess.Popen[bytes]:
    """Start a server, in a group of its own; what it says goes to ``place/log``."""
    with (place / f"{Path(str(command[0])).name}.log").open("ab") as log:
        return subprocess.Popen(
            [str(part) for part in command], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            cwd=place, start_new_session=True, **(AS_NOBODY | extra),
        )  # fmt: skip


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a server and its children at once."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(30)


def wait_until(ready: Callable[[], object], process: subprocess.Popen[bytes], seconds: float = 20):
    """Wait until `ready` gives something true; errors of it count as not yet."""
    limit, last = time.monotonic() + seconds, "nothing came"
    while time.monotonic() < limit:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args} ended with {process.returncode}")
        try:
            if found := ready():
                return found
        except Exception as error:
            last = repr(error)
        time.sleep(0.05)
    raise RuntimeError(f"{process.args} did not come up: {last}")
