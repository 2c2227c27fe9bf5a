"""Runs in a process of their own, which need no page, terminal or notebook that stays open."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from stitchsketch_kernel.domain.errors import StitchSketchError
from stitchsketch_kernel.domain.progress import Cancelled

#: What a run says that never came to its first stage.
LOG = "start.log"


def start(module: str, arguments: Sequence[str], folder: Path) -> subprocess.Popen[bytes]:
    """Start `module` with `arguments`; what it says goes to `LOG` in `folder`."""
    command = [sys.executable, "-m", module, *arguments]
    with (folder / LOG).open("wb") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    # somebody must hear of its end, or it stays in the system's list
    threading.Thread(target=process.wait, name=f"run {process.pid}", daemon=True).start()
    return process


def to_its_end(work: Callable[[], object]) -> int:
    """Do what a started module is for; 0, 2 for what a person can act on, 130 when stopped."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        work()
    except StitchSketchError as error:
        logging.getLogger(__name__).warning("%s", error)
        return 2
    except (KeyboardInterrupt, Cancelled):
        return 130
    return 0


def why_ended(folder: Path) -> str:
    """What a run said that never came to its first stage; empty: nothing."""
    try:
        return (folder / LOG).read_text(encoding="utf-8", errors="replace").strip()[-2000:]
    except OSError:
        return ""
