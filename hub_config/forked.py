"""Kernels that are there at once, and share the memory of what all of them have loaded.

A program that has imported what the pages need waits beside the service; each kernel is a copy of
it, made by the system in milliseconds, whose memory is its own only where it writes. It knows no
person: whose page a kernel is for, and that person's token, it is told after it was copied.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint
from multiprocessing import forkserver, get_context
from typing import Any

from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

from hub_config.with_the_hub import end_with_parent

NAME = "stitchsketch-forked"
#: What kernels need, and the pages; what isn't installed is left out.
_LOADED = [
    "ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell", "ipywidgets", "anywidget",
    "stitchsketch_widgets.pages.here", "stitchsketch_widgets.pages.projects",
    "stitchsketch_widgets.pages.new_scan", "stitchsketch_widgets.pages.pattern",
    "stitchsketch_kernel.client", "stitchsketch_kernel.upholstery.seams.session",
    "stitchsketch_kernel.pipeline.stages.reading", "hub_config.frozen",
]  # fmt: skip
#: Nobody types there, so nothing needs to be remembered. Widgets were loaded before there was a
#: kernel, and so have yet to tell it that they are there.
_SPARE = ["--HistoryManager.enabled=False", "--IPKernelApp.extensions=ipywidgets"]


class Forked:
    """A copied process, as `LocalProvisioner` wants a `subprocess.Popen`."""

    stdin = stdout = stderr = None

    def __init__(self, process: Any) -> None:
        self._process = process
        self.pid: int = process.pid

    def poll(self) -> int | None:
        """How it ended; None while it is there."""
        code: int | None = self._process.exitcode
        return code

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for its end."""
        self._process.join(timeout)
        return self.poll()

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


class ForkedProvisioner(LocalProvisioner):
    """Copies kernels instead of starting Python anew for each."""

    async def launch_kernel(self, cmd: list[str], **more: Any) -> Any:
        """Make a kernel of its command, ``python -m MODULE ...``, and its environment."""
        at = cmd.index("-m")
        process = get_context("forkserver").Process(
            target=_become, args=(cmd[at + 1 :], dict(more.get("env") or {}), more.get("cwd")),
            # the service doesn't wait for kernels when it ends
            daemon=True,
        )  # fmt: skip
        process.start()
        self.process = Forked(process)
        self.pid, self.pgid = process.pid, process.pid
        return self.connection_info


def _become(words: list[str], environment: dict[str, str], folder: str | None) -> None:
    """Be the kernel: in the copied process."""
    os.setsid()
    os.environ.clear()
    os.environ.update(environment)
    if folder:
        os.chdir(folder)
    end_with_parent()  # which is not the service, and ends with it
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = [*words, f"--IPKernelApp.parent_handle={os.getppid()}", *_SPARE]
    sys.path[:] = [*_paths(environment), *sys.path]
    runpy.run_module(words[0], run_name="__main__", alter_sys=True)


def _paths(environment: dict[str, str]) -> list[str]:
    given = environment.get("PYTHONPATH", "").split(os.pathsep)
    return [path for path in given if path and path not in sys.path]


def use(environment: dict[str, str]) -> None:
    """Have this service's kernels copied; the program that they are copied from starts now.

    Parameters
    ----------
    environment : dict of str to str
        Its own, of which kernels can see what they were copied with: no secrets.
    """
    get_context("forkserver").set_forkserver_preload(_LOADED)
    with _only(environment):
        forkserver.ensure_running()
    place = EntryPoint(
        NAME, f"{__name__}:{ForkedProvisioner.__name__}", KernelProvisionerFactory.GROUP_NAME
    )
    KernelProvisionerFactory.provisioners[NAME] = place


@contextmanager
def _only(environment: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
