"""Long work in a process of its own: whoever asked for it answers meanwhile, and can stop it.

The process ends by itself when the one that began it is gone: nobody would read its result.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from stitchsketch_kernel.domain.errors import RunError, StitchSketchError
from stitchsketch_kernel.domain.progress import Cancelled, Progress
from stitchsketch_kernel.pipeline.artefacts import read_value, write_value
from stitchsketch_kernel.pipeline.files import read_json, write_json

_TASK, _DONE, _TOLD, _WRONG, _SAID = (
    "task.npz", "done.npz", "told.json", "wrong.json", "said.txt",
)  # fmt: skip
#: The page answers before the work does.
_NICE = 5
_GIVEN_S = 10.0


class Task(Protocol):
    """A dataclass of this package that says what is to be done, and does it."""

    def go(self, progress: Progress) -> object:
        """Do it; the result is a dataclass of this package, too."""
        ...


@dataclass(frozen=True)
class Standing:
    """How far it is: the share done with a note; `result` once it is finished."""

    share: float
    note: str = ""
    result: object | None = None


class Apart:
    """A task at work in a process of its own.

    Parameters
    ----------
    task : Task
    """

    def __init__(self, task: Task) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="stitchsketch-apart-")
        self._path = Path(self._folder.name)
        write_value(self._path / _TASK, task)
        command = [sys.executable, "-m", __name__, str(self._path), str(os.getpid())]
        with (self._path / _SAID).open("wb") as said:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=said, stderr=said
            )

    def look(self) -> Standing:
        """How far it is.

        Raises
        ------
        StitchSketchError
            The task's own error; or the process ended without a word.
        """
        ended = self._process.poll() is not None
        if not ended:
            told = read_json(self._path / _TOLD) or {}
            return Standing(float(told.get("share", 0.0)), str(told.get("note", "")))
        try:
            if (self._path / _DONE).is_file():
                return Standing(1.0, "", read_value(self._path / _DONE, object))
            raise self._error()
        finally:
            self.end()

    def end(self) -> None:
        """Stop it where it is, and leave nothing behind."""
        if self._process.poll() is None:
            # its own handler ends the searches that it began
            self._process.terminate()
            try:
                self._process.wait(_GIVEN_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._folder.cleanup()

    def _error(self) -> StitchSketchError:
        from stitchsketch_kernel.pipeline.notebook import error_kinds

        wrong = read_json(self._path / _WRONG)
        if wrong:
            return error_kinds().get(wrong["kind"], RunError)(wrong["what"], wrong["todo"])
        said = (self._path / _SAID).read_text(encoding="utf-8", errors="replace").strip()
        last = said.splitlines()[-1] if said else "no word"
        return RunError(f"The work ended without a result: {last}.", "Try again.")


def main(arguments: Sequence[str]) -> int:
    """Do what `Apart` asks for in a folder."""
    folder, parent = Path(arguments[0]), int(arguments[1])
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    signal.signal(signal.SIGTERM, _stop)
    os.nice(_NICE)

    def tell(share: float, note: str = "") -> None:
        if os.getppid() != parent:
            raise Cancelled
        aside = folder / f"{_TOLD}.aside"
        aside.write_text(json.dumps({"share": share, "note": note}), encoding="utf-8")
        aside.replace(folder / _TOLD)

    try:
        # nobody else knows its type, and only types of this package are ever made of a file
        task: Task = read_value(folder / _TASK, object)  # type: ignore[assignment]
        write_value(folder / _DONE, task.go(tell))
    except StitchSketchError as error:
        wrong = {"kind": type(error).__name__, "what": error.what, "todo": error.todo}
        write_json(folder / _WRONG, wrong)
        return 2
    except Cancelled:
        return 130
    return 0


def _stop(*_: object) -> None:
    raise Cancelled


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
