"""One notebook executed by Papermill, watched from outside so that it can be stopped."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from stitchsketch_kernel.domain import errors
from stitchsketch_kernel.domain.errors import ShortOfMemoryError, StitchSketchError
from stitchsketch_kernel.domain.progress import Wait
from stitchsketch_kernel.pipeline.context import read_progress
from stitchsketch_kernel.pipeline.files import disk_is_full, full_disk
from stitchsketch_kernel.pipeline.limits import Limits, Watch

_LOOK_EVERY_S = 0.2
#: A kernel that starts and reads what its stage needs takes about so long.
_STARTS_S = 4.0
#: OpenCV's own error for memory that can't be had, in words.
_CV_NONE_LEFT = "Insufficient memory"
#: What C++ and Rust write before they end the process for want of memory, and where it is sought.
_NONE_LEFT, _LAST_WORDS = (b"bad_alloc", b"memory allocation of"), 20_000


class NotebookError(RuntimeError):
    """A notebook failed in a way that nobody foresaw; the executed notebook tells where.

    The run's folder is kept, for the sake of that notebook.
    """

    keep_folder = True


def execute(
    notebook: Path,
    executed: Path,
    run_dir: Path,
    stage_folder: Path,
    progress: Callable[[float, str], None],
    cell: Callable[[int, int], None],
    limits: Limits | None = None,
    begins: float = 0.0,
) -> None:
    """Execute a stage's notebook and tell its progress until it ends.

    Parameters
    ----------
    notebook, executed : Path
        The notebook, and where it goes with its outputs.
    run_dir : Path
        The notebook's one parameter.
    stage_folder : Path
        Where the stage writes its progress.
    progress : callable
        Called in this thread with the stage's share and note. Whatever it raises, and Ctrl-C,
        stops the kernel at once and goes on to the caller.
    cell : callable
        Called in another thread with the number of the cell that begins (from 1), and of all.
    limits : Limits, optional
        None when absent.
    begins : float
        The share at which the stage itself begins to tell; until then it is told by the clock.

    Raises
    ------
    LimitError
        The stage took more than it may; its kernel is ended.
    StitchSketchError
        The stage's own error, as the stage raised it, or a full disk.
    NotebookError
        Any other error of the notebook.
    """
    import papermill
    from jupyter_core.utils import ensure_event_loop

    # the engine's module can only be loaded by papermill
    from stitchsketch_kernel.pipeline.engine import KERNEL_NAME, KernelStop

    logging.getLogger("papermill").setLevel(logging.ERROR)
    kernel_stop = KernelStop()
    failure: list[BaseException] = []

    def work() -> None:
        loop = ensure_event_loop()
        try:
            papermill.execute_notebook(
                str(notebook),
                str(executed),
                parameters={"run_dir": str(run_dir)},
                engine_name="stitchsketch",
                kernel_name=KERNEL_NAME,
                progress_bar=False,
                kernel_stop=kernel_stop,
                kernel_log=executed.with_suffix(".log"),
                on_cell=cell,
            )
        except BaseException as error:
            failure.append(error)
        finally:
            loop.close()

    thread = threading.Thread(target=work, name=f"papermill {notebook.stem}", daemon=True)
    thread.start()
    watch = Watch(limits or Limits(), notebook.stem)
    starting, started = Wait("", begins, _STARTS_S), time.monotonic()
    try:
        while thread.is_alive():
            thread.join(_LOOK_EVERY_S)
            watch.look(kernel_stop.pid)
            told = read_progress(stage_folder)
            progress(*(told or (starting.at(0.0, time.monotonic() - started), "")))
    except BaseException:
        kernel_stop.stop()
        thread.join(30)
        raise
    if failure:
        raise _in_words(failure[0], executed, run_dir, kernel_stop.died_with) from failure[0]
    executed.with_suffix(".log").unlink(missing_ok=True)


def _in_words(
    error: BaseException, executed: Path, run_dir: Path, died_with: int | None
) -> Exception:
    """What ended a notebook: the stage's own error, a full disk, the system, or a fault of ours."""
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    if isinstance(error, PapermillExecutionError):
        if kind := error_kinds().get(error.ename):
            return kind(error.evalue)
        if error.ename == "MemoryError" or _CV_NONE_LEFT in str(error.evalue):
            return _out_of_memory(executed)
        what = f"{error.ename}: {error.evalue}"
    elif disk_is_full(error, run_dir):
        return full_disk(run_dir)
    elif isinstance(error, DeadKernelError) and (
        died_with == -signal.SIGKILL or _could_not_allocate(executed.with_suffix(".log"))
    ):
        return _out_of_memory(executed)
    elif isinstance(error, DeadKernelError):
        what = f"The kernel died ({died_with}); {executed.with_suffix('.log')} has its last words."
    else:
        what = f"{type(error).__name__}: {error}"
    return NotebookError(f"{what}\nThe executed notebook shows where: {executed}")


def _could_not_allocate(log: Path) -> bool:
    """Whether a kernel's last words are those of a library that was given no more memory."""
    with suppress(OSError):
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _LAST_WORDS))
            told = file.read()
        return any(words in told for words in _NONE_LEFT)
    return False


def _out_of_memory(executed: Path) -> ShortOfMemoryError:
    return ShortOfMemoryError(
        f"{executed.stem} could not go on: most likely the machine ran out of memory.",
        "Run again: it goes on from what it had finished and takes less at a time. If it is "
        "stopped again, close other programs or use fewer or smaller photos "
        "(--set ingest.max_side_px=1600).",
    )


def error_kinds() -> dict[str, type[StitchSketchError]]:
    """The errors that a shop can act on, by name."""
    return {
        name: kind
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, StitchSketchError)
    }
