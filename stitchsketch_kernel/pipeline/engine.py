"""The Papermill engine of the stages: each notebook in a kernel of this very interpreter.

Papermill loads this module by its entry point (``papermill.engine`` in pyproject.toml), and this
module needs Papermill's engines: so import `papermill` first, never this module.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from typing import Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine
from traitlets import default

#: The name that notebooks carry; where Jupyter would look for it never matters.
KERNEL_NAME = "python3"


class KernelStop:
    """A hand on the running kernel, for whoever must stop it from another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pid: int | None = None
        self._asked = False

    def holds(self, pid: int) -> None:
        """The kernel runs as process `pid`, the head of its own group."""
        with self._lock:
            self._pid = pid
            if self._asked:
                _kill_group(pid)

    def lets_go(self) -> None:
        """The kernel has ended."""
        with self._lock:
            self._pid = None

    def stop(self) -> None:
        """End the kernel and its children now, or as soon as it starts."""
        with self._lock:
            self._asked = True
            if self._pid is not None:
                _kill_group(self._pid)


class ThisInterpreter(KernelSpecManager):
    """Knows one kernel: the interpreter that runs the runner.

    Jupyter's own search would take a ``python3`` kernel of the person's home first, which may be
    another Python without this package.
    """

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """The running interpreter, whatever the name; it writes no history into a home."""
        argv = [
            sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}",
            "--HistoryManager.enabled=False",
        ]  # fmt: skip
        return KernelSpec(argv=argv, display_name="StitchSketch", language="python")


class StageKernelManager(AsyncKernelManager):
    """Starts kernels of this interpreter only."""

    @default("kernel_spec_manager")
    def _this_interpreter(self) -> KernelSpecManager:
        return ThisInterpreter(parent=self)


class _Client(PapermillNotebookClient):  # type: ignore[misc]
    """Tells a `KernelStop` which process the kernel is."""

    def __init__(self, nb_man: Any, kernel_stop: KernelStop, **kwargs: Any) -> None:
        super().__init__(nb_man, **kwargs)
        self._kernel_stop = kernel_stop

    def papermill_execute_cells(self) -> None:
        """Run the cells, with the kernel in the hand of who may stop it."""
        self._kernel_stop.holds(self.km.provisioner.pid)
        try:
            super().papermill_execute_cells()
        finally:
            self._kernel_stop.lets_go()


class StageEngine(NBClientEngine):  # type: ignore[misc]
    """Executes a stage's notebook; takes ``kernel_stop`` beside Papermill's own arguments."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        *,
        kernel_stop: KernelStop | None = None,
        start_timeout: int = 120,
        execution_timeout: int | None = None,
        **kwargs: Any,
    ) -> Any:
        """Run the notebook's cells in order; see Papermill's `NBClientEngine`."""
        client = _Client(
            nb_man,
            kernel_stop or KernelStop(),
            kernel_manager_class=StageKernelManager,
            kernel_name=kernel_name,
            startup_timeout=start_timeout,
            timeout=execution_timeout,
            # one picture may take long to draw; the kernel's death is seen all the same
            iopub_timeout=60,
            record_timing=False,
        )
        return client.execute()


def _kill_group(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
