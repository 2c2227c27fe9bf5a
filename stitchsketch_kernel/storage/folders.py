"""The default store of objects: local folders, ``root/bucket/ab/abcdef...``."""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from stitchsketch_kernel.domain.errors import AwayError, StorageError
from stitchsketch_kernel.storage.interface import (
    BUCKETS,
    Bucket,
    StoredObject,
    is_name,
    not_there,
    require_bucket,
    require_name,
)

_PIECE_BYTES = 1 << 20
#: An upload that was begun before this long ago won't be ended any more.
OLD_AFTER_S = 24 * 3600.0
#: The folder of uploads under way; no bucket has this name.
_ASIDE = ".incoming"


class LocalFolders:
    """Objects as files under one root.

    Parameters
    ----------
    root : Path
        Made when missing. Content that was being written when the power went lies in
        ``.incoming`` and is never listed.

    Raises
    ------
    StorageError
        The folders can't be made there.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        try:
            for name in (*BUCKETS, _ASIDE):
                (self._root / name).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _in_words(error, self._root) from error

    def put(self, bucket: Bucket, content: BinaryIO) -> StoredObject:
        """See `ObjectStore`."""
        self._bucket(bucket)
        handle, name = tempfile.mkstemp(dir=self._root / _ASIDE)
        aside = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                sha256, size = _copy(content, file)
                file.flush()
                os.fsync(file.fileno())
            target = self._path(bucket, sha256)
            target.parent.mkdir(exist_ok=True)
            aside.replace(target)
        except OSError as error:
            raise _in_words(error, self._root) from error
        finally:
            aside.unlink(missing_ok=True)
        return StoredObject(bucket, sha256, size, datetime.now(UTC))

    def open(self, bucket: Bucket, sha256: str) -> BinaryIO:
        """See `ObjectStore`."""
        path = self._path(bucket, sha256)
        try:
            return path.open("rb")
        except FileNotFoundError as error:
            raise not_there(bucket, sha256) from error
        except OSError as error:
            raise _in_words(error, self._root) from error

    def exists(self, bucket: Bucket, sha256: str) -> bool:
        """See `ObjectStore`."""
        return self._path(bucket, sha256).is_file()

    def delete(self, bucket: Bucket, sha256: str) -> None:
        """See `ObjectStore`."""
        self._path(bucket, sha256).unlink(missing_ok=True)

    def objects(self, bucket: Bucket) -> list[StoredObject]:
        """See `ObjectStore`."""
        folder = self._bucket(bucket)
        found = []
        for path in sorted(folder.glob("??/*")):
            if is_name(path.name):
                with suppress(FileNotFoundError):  # deleted between the look and this
                    stat = path.stat()
                    put = datetime.fromtimestamp(stat.st_mtime, UTC)
                    found.append(StoredObject(bucket, path.name, stat.st_size, put))
        return found

    def link(self, bucket: Bucket, sha256: str, name: str, seconds: int = 600) -> str | None:
        """See `ObjectStore`: a folder serves nobody."""
        self._path(bucket, sha256)
        return None

    def leftovers(self) -> int:
        """See `ObjectStore`."""
        return len(self._old_uploads())

    def clear_leftovers(self) -> None:
        """See `ObjectStore`."""
        for path in self._old_uploads():
            path.unlink(missing_ok=True)

    def _old_uploads(self) -> list[Path]:
        before = time.time() - OLD_AFTER_S
        return [path for path in (self._root / _ASIDE).iterdir() if path.stat().st_mtime < before]

    def _bucket(self, bucket: str) -> Path:
        require_bucket(bucket)
        return self._root / bucket

    def _path(self, bucket: str, sha256: str) -> Path:
        """Where an object lies; a name that isn't a SHA-256 can't lead elsewhere."""
        require_name(sha256)
        path = (self._bucket(bucket) / sha256[:2] / sha256).resolve()
        if not path.is_relative_to(self._root):
            raise StorageError(
                f"The stored file {sha256[:12]} points out of {self._root}.",
                "Somebody put a link there; remove it.",
            )
        return path


def _copy(source: BinaryIO, target: BinaryIO) -> tuple[str, int]:
    """Copy in pieces; the content's SHA-256 and its size."""
    digest, size = hashlib.sha256(), 0
    while piece := source.read(_PIECE_BYTES):
        digest.update(piece)
        target.write(piece)
        size += len(piece)
    return digest.hexdigest(), size


def _in_words(error: OSError, root: Path) -> StorageError:
    """What a failed write means for the shop."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return AwayError(
            f"The disk of {root} is full.", "Free some room and try again; nothing was lost."
        )
    return AwayError(
        f"{root} could not be written ({error.strerror}).",
        "Check that the disk is there and that you may write to it.",
    )
