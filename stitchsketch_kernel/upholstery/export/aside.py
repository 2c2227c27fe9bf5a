"""Cut files are written aside and renamed: a half-written one is never seen."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stitchsketch_kernel.domain.errors import StorageError


@contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """Give a path to write to; on success it becomes `path`, on failure nothing is left.

    Raises
    ------
    StorageError
        The disk is full or the folder can't be written.
    """
    aside = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield aside
        with aside.open("rb") as file:
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        if isinstance(error, StorageError):
            raise
        why = "the disk is full" if error.errno == errno.ENOSPC else error.strerror
        raise StorageError(
            f"{path.name} could not be written: {why}.",
            "Free some room or choose another folder, and run again.",
        ) from error
    finally:
        aside.unlink(missing_ok=True)
