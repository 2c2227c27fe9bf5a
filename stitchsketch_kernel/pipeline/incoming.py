"""Photos that come in pieces: kept as they come, whole ones put into the shop's store.

What has come of a file lies under the name of its content (SHA-256 and size), so that whoever
sends the same photo again, from another page or another day, goes on where it ended. A sender's
own name for it never becomes a path.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

from stitchsketch_kernel.domain.errors import PhotoError, StitchSketchError, StorageError
from stitchsketch_kernel.imaging.reading import check_photo, kind_of, shown
from stitchsketch_kernel.storage.interface import ObjectStore, StoredObject, require_name

#: As at the gateway.
MOST_PHOTO_BYTES = 64_000_000
MOST_UNDER_WAY = 1000
FORGOTTEN_AFTER_S = 48 * 3600.0
#: No piece is larger: it is in memory as a whole.
MOST_PIECE_BYTES = 4 << 20
_START_BYTES = 64


@dataclass(frozen=True)
class Coming:
    """How far a file has come; `stored` once all of it is here."""

    offset_bytes: int
    stored: StoredObject | None = None


class Incoming:
    """The place where a shop's photos arrive.

    Parameters
    ----------
    objects : ObjectStore
        Where whole photos go.
    folder : Path
        Of those under way.
    most_bytes : int
        A larger photo is refused before anything of it is kept.
    """

    def __init__(
        self, objects: ObjectStore, folder: Path, most_bytes: int = MOST_PHOTO_BYTES
    ) -> None:
        self._objects, self._folder, self.most_bytes = objects, folder, most_bytes

    def begin(self, name: str, sha256: str, total_bytes: int) -> Coming:
        """Make place for a photo, or say how far it has come; one that is kept needn't come.

        Raises
        ------
        PhotoError
            It is empty or too large.
        StorageError
            Too many are under way, or nothing can be written.
        """
        require_name(sha256)
        self._check_size(name, total_bytes)
        if self._objects.exists("images", sha256):
            with self._objects.open("images", sha256) as content:
                stored = self._objects.put("images", content)
            return Coming(total_bytes, stored)
        path = self._path(sha256, total_bytes)
        try:
            return Coming(path.lstat().st_size)
        except FileNotFoundError:
            pass
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if self._under_way() >= MOST_UNDER_WAY:
                raise StorageError(
                    "Too many photos are under way.", "Wait until some of them have come."
                )
            path.touch(mode=0o600)
        except StorageError:  # an OSError, too, and in words already
            raise
        except OSError as error:
            raise _in_words(error) from error
        return Coming(0)

    def go_on(
        self, name: str, sha256: str, total_bytes: int, offset: int, piece: bytes | memoryview
    ) -> Coming:
        """Keep the next piece; with the last one the photo is looked at and put into the store.

        A piece that belongs elsewhere than where the file ends is not kept: the answer says where
        to go on.

        Raises
        ------
        PhotoError
            It is no photo, damaged, or another one than was said; what has come is forgotten.
        StorageError
            The piece is too large, somebody else sends the same photo, or nothing can be written.
        """
        require_name(sha256)
        self._check_size(name, total_bytes)
        if len(piece) > MOST_PIECE_BYTES or offset + len(piece) > total_bytes:
            raise StorageError(f"More of {shown(name)} came than was said.", "Choose it again.")
        path = self._path(sha256, total_bytes)
        try:
            handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return self.begin(name, sha256, total_bytes)
        except OSError as error:
            raise _in_words(error) from error
        with os.fdopen(handle, "ab", buffering=0) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                here = os.fstat(file.fileno()).st_size
                if here != offset:
                    return Coming(here)
                file.write(piece)
            except BlockingIOError as error:
                raise StorageError(
                    f"{shown(name)} is being sent from another page.", "Wait until it is here."
                ) from error
            except OSError as error:
                raise _in_words(error) from error
            here = offset + len(piece)
            try:
                self._check_start(path, name, here, total_bytes)
                return Coming(here, self._kept(path, name, sha256) if here == total_bytes else None)
            except PhotoError:
                path.unlink(missing_ok=True)
                raise

    def give_up(self, sha256: str, total_bytes: int) -> None:
        """Forget what has come of a photo."""
        require_name(sha256)
        self._path(sha256, int(total_bytes)).unlink(missing_ok=True)

    def _check_size(self, name: str, total_bytes: int) -> None:
        if not 0 < total_bytes <= self.most_bytes:
            size = f"{total_bytes / 1e6:.0f} MB large" if total_bytes > 0 else "empty"
            raise PhotoError(
                f"{shown(name)} is {size}; {self.most_bytes / 1e6:.0f} MB is the limit.",
                "Save it as a JPEG, or leave it out.",
            )

    def _check_start(self, path: Path, name: str, here: int, total_bytes: int) -> None:
        """Refuse what can't be a photo as soon as its first bytes are here."""
        if here < min(_START_BYTES, total_bytes):
            return
        with path.open("rb") as file:
            if kind_of(file.read(_START_BYTES)) is None:
                raise PhotoError(
                    f"{shown(name)} is not a photo, whatever its name says.",
                    "Choose JPEG, PNG or HEIC.",
                )

    def _kept(self, path: Path, name: str, sha256: str) -> StoredObject:
        with path.open("rb") as content:
            if hashlib.file_digest(content, "sha256").hexdigest() != sha256:
                raise PhotoError(f"{shown(name)} arrived damaged.", "Choose it again.")
            check_photo(path, name)
            content.seek(0)
            stored = self._objects.put("images", content)
        path.unlink(missing_ok=True)
        return stored

    def _path(self, sha256: str, total_bytes: int) -> Path:
        return self._folder / f"{sha256}-{total_bytes}"

    def _under_way(self) -> int:
        """How many there are; those that nobody went on with are forgotten."""
        count, oldest_s = 0, time.time() - FORGOTTEN_AFTER_S
        for path in self._folder.iterdir():
            if path.lstat().st_mtime < oldest_s:
                path.unlink(missing_ok=True)
            else:
                count += 1
        return count


def _in_words(error: OSError) -> StitchSketchError:
    return StorageError(
        f"The photos can't be kept ({error.strerror}).", "Free some space on this machine's disk."
    )
