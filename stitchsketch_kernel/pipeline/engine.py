"""The Papermill engine of the stages: each notebook in a kernel of this very interpreter.

Papermill loads this module by its entry point (``papermill.engine`` in pyproject.toml), and this
module needs Papermill's engines: so import `papermill` first, never this module.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine
from traitlets import default

from stitchsketch_kernel.pipeline.by_hand import tracked
from stitchsketch_kernel.pipeline.sockets import SocketFolder
from stitchsketch_kernel.stores.settings import SECRETS

#: The name that notebooks carry; where Jupyter would look for it never matters.
KERNEL_NAME = "python3"

OnCell = Callable[[int, int], None]


class KernelStop:
    """A hand on the running kernel, for whoever must stop it from another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pid: int | None = None
        self._asked = False
        #: Exit status of a kernel that ended by itself; minus the signal that killed it.
        self.died_with: int | None = None

    def holds(self, pid: int) -> None:
        """The kernel runs as process `pid`, the head of its own group."""
        with self._lock:
            self._pid = pid
            if self._asked:
                _kill_group(pid)

    @property
    def pid(self) -> int | None:
        """The kernel's process, while it runs."""
        return self._pid

    def lets_go(self, status: int | None) -> None:
        """The kernel is in nobody's hand any more; `status` if it has ended already."""
        with self._lock:
            self._pid, self.died_with = None, status

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
            sys.executable, "-m", "stitchsketch_kernel.pipeline.kernel", "-f", "{connection_file}",
            "--HistoryManager.enabled=False",
        ]  # fmt: skip
        # without this Open3D opens a server for pictures in every kernel
        env = {"OPEN3D_DISABLE_WEB_VISUALIZER": "true"}
        # threads of BLAS would wait for each other on cores that the stages' own threads have: the
        # product of points and a rotation took 15 ms instead of 1
        env["OPENBLAS_NUM_THREADS"] = os.environ.get("OPENBLAS_NUM_THREADS", "1")
        # what a notebook computes needs no store, and whoever edits one gets no password
        env |= {name: "" for secret in SECRETS for name in (secret, f"{secret}_FILE")}
        return KernelSpec(argv=argv, env=env, display_name="StitchSketch", language="python")


class StageKernelManager(AsyncKernelManager):
    """Starts kernels of this interpreter only, and talks with them where no one else can listen.

    Jupyter's own default is either a port that every account of the machine can reach or sockets
    in the working folder, where two runs would take each other's.
    """

    _place: SocketFolder | None = None

    @default("transport")
    def _sockets(self) -> str:
        return "ipc"

    @default("ip")
    def _sockets_place(self) -> str:
        return str(self._private_place() / "kernel")

    @default("connection_file")
    def _connection_file(self) -> str:
        return str(self._private_place() / "connection.json")

    def _private_place(self) -> Path:
        if self._place is None:
            self._place = SocketFolder()
        return self._place.path

    @default("kernel_spec_manager")
    def _this_interpreter(self) -> KernelSpecManager:
        return ThisInterpreter(parent=self)

    def cleanup_ipc_files(self) -> None:
        """Remove the sockets and their folder."""
        super().cleanup_ipc_files()
        if self._place is not None:
            self._place.remove()
            self._place = None


class _Client(PapermillNotebookClient):  # type: ignore[misc]
    """Tells a `KernelStop` which process the kernel is."""

    def __init__(
        self, nb_man: Any, kernel_stop: KernelStop, on_cell: OnCell | None, **kwargs: Any
    ) -> None:
        super().__init__(nb_man, **kwargs)
        self._kernel_stop, self._on_cell = kernel_stop, on_cell

    async def async_execute_cell(self, cell: Any, cell_index: int, **kwargs: Any) -> Any:
        """Run a cell, after saying which it is."""
        if self._on_cell is not None:
            self._on_cell(cell_index + 1, len(self.nb.cells))
        return await super().async_execute_cell(cell, cell_index, **kwargs)

    execute_cell = run_sync(async_execute_cell)

    def papermill_execute_cells(self) -> None:
        """Run the cells, with the kernel in the hand of who may stop it."""
        process = self.km.provisioner.process
        self._kernel_stop.holds(process.pid)
        try:
            super().papermill_execute_cells()
        finally:
            self._kernel_stop.lets_go(process.poll())


class StageEngine(NBClientEngine):  # type: ignore[misc]
    """Executes a stage's notebook.

    Takes beside Papermill's own arguments ``kernel_stop``, and ``kernel_log``: the file for what
    the kernel's process itself says (a crash of a library in C, say), and ``on_cell``, which is
    called with the number of the cell that begins (from 1) and of all. Without ``on_cell`` the
    notebook is tracked in the shop's stores as a run of its own.
    """

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        *,
        kernel_stop: KernelStop | None = None,
        kernel_log: Path | None = None,
        on_cell: OnCell | None = None,
        start_timeout: int = 120,
        execution_timeout: int | None = None,
        **kwargs: Any,
    ) -> Any:
        """Run the notebook's cells in order; see Papermill's `NBClientEngine`."""
        if on_cell is None:
            # nobody who tracks it: somebody has called Papermill alone
            with tracked(nb_man) as tell_cell:
                return cls.execute_managed_notebook(
                    nb_man, kernel_name, kernel_stop=kernel_stop, kernel_log=kernel_log,
                    on_cell=tell_cell, start_timeout=start_timeout,
                    execution_timeout=execution_timeout,
                )  # fmt: skip
        client = _Client(
            nb_man,
            kernel_stop or KernelStop(),
            on_cell,
            kernel_manager_class=StageKernelManager,
            kernel_name=kernel_name,
            startup_timeout=start_timeout,
            timeout=execution_timeout,
            # one picture may take long to draw; the kernel's death is seen all the same
            iopub_timeout=60,
            record_timing=False,
        )
        with (kernel_log or Path(os.devnull)).open("ab") as log:
            return client.execute(stdout=log, stderr=log)


def _kill_group(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
