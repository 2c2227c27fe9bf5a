"""Run a program that ends when the hub does, also when the hub is killed.

A service that outlived its hub would hold its port, and the hub could not be started again.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Have the system end this process when its parent ends (Linux; elsewhere nothing happens)."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


if __name__ == "__main__":
    parent = os.getppid()
    end_with_parent()
    if os.getppid() != parent:
        sys.exit(1)  # it ended in between
    os.execv(sys.argv[1], sys.argv[1:])
