"""Files and folders are written aside and renamed: a half-written one is never seen."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from stitchsketch_kernel.domain.errors import StorageError

#: How names of files that aren't whole begin.
ASIDE = ".aside."


@contextmanager
def renamed_when_whole(path: Path) -> Iterator[Path]:
    """Give a path to write to; on success it becomes `path`, on failure nothing is left.

    The name aside is hidden and keeps `path`'s ending, by which libraries choose a format. What
    the system says goes on as it is; `written_aside` puts it in words.
    """
    aside = path.with_name(f"{ASIDE}{path.name}")
    try:
        yield aside
        with aside.open("rb") as file:
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)


@contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """Give a path to write to; on success it becomes `path`, on failure nothing is left.

    Raises
    ------
    StorageError
        The disk is full or the folder can't be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with renamed_when_whole(path) as aside:
            yield aside
    except StorageError:
        raise
    except OSError as error:
        raise _said(path, error) from error


def write_bytes(path: Path, *parts: bytes) -> None:
    """Write a file aside, bring it to the disk, and rename it."""
    with renamed_when_whole(path) as aside, aside.open("wb") as file:
        file.writelines(parts)


@contextmanager
def folder_written_aside(folder: Path) -> Iterator[Path]:
    """Give an empty folder to fill; on success it takes `folder`'s place as a whole.

    On failure nothing is left of it, and an older `folder` stays as it was. No file system swaps
    two folders for us: for an instant there is none, and a process killed in that instant leaves
    the older one as ``.NAME.old``, which the next call puts back first.

    Raises
    ------
    StorageError
        The disk is full or the place can't be written.
    """
    aside = folder.with_name(f".{folder.name}.partial")
    old = folder.with_name(f".{folder.name}.old")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _put_back(folder, old)
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir()
        yield aside
        if folder.exists():
            folder.replace(old)
        try:
            aside.replace(folder)
        except OSError:
            _put_back(folder, old)
            raise
        shutil.rmtree(old, ignore_errors=True)
    except StorageError:
        raise
    except OSError as error:
        raise _said(folder, error) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _put_back(folder: Path, old: Path) -> None:
    """What a killed or failed call moved away; or what it had no time to delete."""
    if old.exists() and not folder.exists():
        old.replace(folder)
    shutil.rmtree(old, ignore_errors=True)


def _said(path: Path, error: OSError) -> StorageError:
    why = "the disk is full" if error.errno == errno.ENOSPC else error.strerror or str(error)
    return StorageError(
        f"{path.name} could not be written: {why}.",
        "Free some room or choose another folder, and run again.",
    )
