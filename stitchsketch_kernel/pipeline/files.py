"""JSON and tables, copies that appear whole, and a full disk said in words."""

from __future__ import annotations

import errno
import json
import math
import os
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from stitchsketch_kernel.disk.aside import ASIDE, write_bytes
from stitchsketch_kernel.domain.errors import SettingsError, StitchSketchError, StorageError

#: With less room than this, whatever failed failed for want of room.
_NO_ROOM_BYTES = 64 * 1024


def write_json(path: Path, value: object) -> None:
    """Write strict JSON (NaN becomes null), whole or not at all."""
    text = json.dumps(plain(value), indent=1, ensure_ascii=False, allow_nan=False)
    write_bytes(path, text.encode())


def read_json(path: Path) -> Any:
    """What a JSON file holds; None when it is missing or not JSON."""
    try:
        return json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None


def read_table(path: Path, todo: str) -> dict[str, Any]:
    """The table of a JSON or TOML file that a person wrote.

    Raises
    ------
    SettingsError
        With `todo`, when it can't be opened or holds no table.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        content = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except OSError as error:
        raise SettingsError(f"{path} can't be opened ({error.strerror}).", todo) from error
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"{path.name} can't be read: {error}.", todo) from error
    if not isinstance(content, dict):
        raise SettingsError(f"{path.name} holds no table.", todo)
    return content


def plain(value: object) -> Any:
    """`value` as strict JSON knows it: numpy's numbers and arrays, tuples and paths included."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


def remove(path: Path) -> None:
    """Remove a file or folder; a folder vanishes in one step."""
    if path.is_dir() and not path.is_symlink():
        going = path.with_name(f".{path.name}.old")
        shutil.rmtree(going, ignore_errors=True)
        path.replace(going)
        shutil.rmtree(going, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def put_in_place(aside: Path, path: Path) -> None:
    """Rename `aside` to `path`; what lay there is removed."""
    if path.is_dir():
        remove(path)
    aside.replace(path)


def publish(source: Path, target: Path) -> None:
    """Copy a file or folder to `target`, which appears whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f"{ASIDE}{target.name}")
    remove(aside)
    if source.is_dir():
        shutil.copytree(source, aside)
    else:
        shutil.copyfile(source, aside)
    put_in_place(aside, target)


def disk_is_full(error: BaseException, folder: Path) -> bool:
    """Whether an error came from a disk without room.

    Libraries that write in C often forget the system's error number, so the disk is asked too.
    """
    known: list[BaseException] = []
    seen: BaseException | None = error
    while seen is not None and seen not in known:
        if isinstance(seen, OSError) and seen.errno in {errno.ENOSPC, errno.EDQUOT}:
            return True
        known.append(seen)  # a chain of causes may bite its own tail
        seen = seen.__cause__ or seen.__context__
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    with suppress(OSError):
        return shutil.disk_usage(folder).free < _NO_ROOM_BYTES
    return False


def full_disk(folder: Path) -> StorageError:
    """The sentence for a disk without room."""
    return StorageError(
        f"The disk that holds {folder} is full.",
        "Free some room and run again: finished stages are kept.",
    )


@contextmanager
def disk_in_words(folder: Path) -> Iterator[None]:
    """Say in words that `folder` is on a full disk or may not be written."""
    try:
        yield
    except StitchSketchError:
        raise
    except Exception as error:
        if disk_is_full(error, folder):
            raise full_disk(folder) from error
        if isinstance(error, PermissionError):
            raise StorageError(
                f"{error.filename or folder} may not be written or read.",
                "Choose a folder that is yours.",
            ) from error
        raise
