"""A stage's kernel: ipykernel, in a process that never outlives the run that started it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Have the system kill this process when its parent ends, however that ends.

    ipykernel looks once a second whether its parent is there, but from a thread: a library that
    holds the interpreter for minutes would go on computing for nobody. (The system counts the
    thread that started this process as its parent; Papermill's lasts as long as the kernel.)
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if parent and os.getppid() != parent:  # it ended before it could be said
        os._exit(1)


if __name__ == "__main__":
    die_with_parent(int(os.environ.get("JPY_PARENT_PID", "0")))

    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance()
