"""Uploads under way: what has come so far of a file, until all of it is there.

``home/uploads/SHOP/ID/`` holds ``upload.json`` and ``data``; the offset is how long ``data`` is, so
nothing has to agree with anything after a power cut. Names of senders never become paths.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from stitchsketch_kernel.domain.errors import PhotoError, StorageError
from stitchsketch_kernel.gateway.permissions import BUCKET_OF
from stitchsketch_kernel.gateway.problems import ProblemError
from stitchsketch_kernel.gateway.settings import GatewaySettings
from stitchsketch_kernel.imaging.reading import check_photo, kind_of, shown
from stitchsketch_kernel.projects.records import new_id
from stitchsketch_kernel.storage.interface import BUCKETS, StoredObject, shop_folder
from stitchsketch_kernel.stores import Stores

_START_BYTES = 64
_QUOTA_LOOKED_AT_S = 30.0
#: A sender that didn't hear the last answer may ask for it this long.
_ANSWERS_KEPT_S = 3600.0


@dataclass(frozen=True)
class Upload:
    """A file on its way.

    Attributes
    ----------
    id, room, name : str
    total_bytes : int
    sha256 : str
        As the sender says it; empty: not said.
    subject : str
        Whose upload it is; nobody else goes on with it.
    began_s : float
        Seconds since 1970.
    stored : StoredObject, optional
        What it has become.
    """

    id: str
    room: str
    name: str
    total_bytes: int
    sha256: str
    subject: str
    began_s: float
    stored: StoredObject | None = None


class Uploads:
    """Keeps uploads under way in the gateway's home, and what is whole in the shop's store.

    Parameters
    ----------
    settings : GatewaySettings
    stores : Stores
    """

    def __init__(self, settings: GatewaySettings, stores: Stores) -> None:
        self._settings, self._stores = settings, stores
        self._root = settings.home / "uploads"
        self._root.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        #: Photos are looked at one by one: each may be as large as a photo may be.
        self._one_photo = threading.Lock()
        self._used: dict[str, tuple[float, int]] = {}
        #: Files whose last byte is here are kept by two threads: before an object store each takes
        #: as much memory as a part has, and any thread that ever had so much holds on to it.
        self.endings = ThreadPoolExecutor(2, "endings")

    def most_bytes(self, room: str) -> int:
        """How large a file of a room may be."""
        images = room == "images"
        return self._settings.most_photo_bytes if images else self._settings.most_file_bytes

    def begin(
        self, shop: str, subject: str, room: str, name: str, total_bytes: int, sha256: str
    ) -> Upload:
        """Make place for a file.

        Raises
        ------
        ProblemError
            413: it is too large; 422: what has that SHA-256 is of another size; 429: too many are
            under way; 507: the shop's quota is used up.
        """
        if total_bytes > self.most_bytes(room):
            raise ProblemError(
                413, f"{shown(name)} is {total_bytes / 1e6:.0f} MB large; "
                f"{self.most_bytes(room) / 1e6:.0f} MB is the limit.", "Send a smaller one.",
            )  # fmt: skip
        stored = self._put_again(shop, room, sha256, total_bytes)
        upload = Upload(new_id(), room, name, total_bytes, sha256, subject, time.time(), stored)
        if stored is not None:
            return upload
        with self._lock:
            under_way = self._swept(shop)
            if len(under_way) >= self._settings.most_uploads:
                raise ProblemError(
                    429, "Too many uploads of this shop are under way.",
                    "Finish some, or give them up.", {"Retry-After": "60"},
                )  # fmt: skip
            coming = sum(other.total_bytes for other in under_way if other.stored is None)
            if self._in_use(shop) + coming + total_bytes > self._settings.quota_bytes:
                raise ProblemError(
                    507, f"{shown(name)} does not fit: the shop may keep "
                    f"{self._settings.quota_bytes / 1e9:.3g} GB.",
                    "Delete old projects' files, or ask for more room.",
                )  # fmt: skip
            folder = self._folder(shop, upload.id)
            folder.mkdir(parents=True)
            (folder / "data").touch()
            _keep(folder, upload)
        return upload

    def upload(self, shop: str, subject: str, room: str, upload_id: str) -> tuple[Upload, int]:
        """An upload and its offset.

        Raises
        ------
        ProblemError
            404: there is none of that person in that shop's room.
        """
        upload = _read(self._folder(shop, upload_id))
        if upload is None or (upload.subject, upload.room) != (subject, room):
            raise ProblemError(404, "There is no such upload.", "Begin it anew.")
        return upload, self._offset(shop, upload)

    def count_anew(self, shop: str) -> None:
        """Something was deleted: what the shop keeps is counted at the next look."""
        with self._lock:
            self._used.pop(shop, None)

    def abandon(self, shop: str, upload: Upload) -> None:
        """Forget an upload; what it has become stays."""
        shutil.rmtree(self._folder(shop, upload.id), ignore_errors=True)

    @contextmanager
    def writing(self, shop: str, upload: Upload, offset: int) -> Iterator[BinaryIO]:
        """The place of the next bytes, for one sender at a time.

        Raises
        ------
        ProblemError
            409: another sender is at it, or the offset is another.
        StorageError
            Somebody put a link in its place.
        """
        try:
            flags = os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
            handle = os.open(self._folder(shop, upload.id) / "data", flags)
        except OSError as error:
            raise StorageError(f"The upload {upload.id} can't be gone on with.") from error
        with os.fdopen(handle, "ab", buffering=0) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise ProblemError(
                    409, "Another connection is sending this upload.", "Wait until it has ended.",
                    {"Retry-After": "1"},
                ) from error  # fmt: skip
            here = os.fstat(file.fileno()).st_size
            if here != offset:
                raise ProblemError(
                    409, f"The upload is at {here} bytes, not at {offset}.", "Go on from there.",
                    {"Upload-Offset": str(here)},
                )  # fmt: skip
            yield file

    def check_start(self, shop: str, upload: Upload) -> None:
        """Refuse what can't be a photo as soon as its first bytes are here.

        Raises
        ------
        PhotoError
            It is something else; the upload is forgotten.
        """
        if upload.room != "images" or self._offset(shop, upload) < min(
            _START_BYTES, upload.total_bytes
        ):
            return
        with self._open(shop, upload) as file:
            start = file.read(_START_BYTES)
        if kind_of(start) is None:
            self.abandon(shop, upload)
            raise PhotoError(
                f"{shown(upload.name)} is not a photo, whatever its name says.",
                "Send JPEG, PNG or HEIC.",
            )

    def finish(self, shop: str, upload: Upload) -> Upload:
        """Keep a file whose last byte is here; what is refused is forgotten.

        Raises
        ------
        PhotoError
            It is no photo that can be used.
        ProblemError
            422: it isn't what its sender has sent.
        """
        try:
            if upload.room == "images":
                with self._one_photo:
                    check_photo(self._folder(shop, upload.id) / "data", upload.name)
            with self._open(shop, upload) as content:
                stored = self._kept(shop, upload, content)
        except (PhotoError, ProblemError):
            self.abandon(shop, upload)
            raise
        done = Upload(**{**asdict(upload), "stored": stored})
        folder = self._folder(shop, upload.id)
        _keep(folder, done)
        (folder / "data").unlink(missing_ok=True)
        return done

    def _put_again(
        self, shop: str, room: str, sha256: str, total_bytes: int
    ) -> StoredObject | None:
        """What the shop keeps already needn't be sent; it is as new as if it had been."""
        store, bucket = self._stores.objects(shop), BUCKET_OF[room]
        if not sha256 or not store.exists(bucket, sha256):
            return None
        with store.open(bucket, sha256) as content:
            stored = store.put(bucket, content)
        if stored.bytes != total_bytes:
            raise ProblemError(
                422, f"That file has {stored.bytes} bytes, not {total_bytes}.", "Begin it anew."
            )
        return stored

    def _kept(self, shop: str, upload: Upload, content: BinaryIO) -> StoredObject:
        store, bucket = self._stores.objects(shop), BUCKET_OF[upload.room]
        if upload.sha256 and upload.sha256 != _sha256(content):
            raise ProblemError(
                422, f"{shown(upload.name)} arrived damaged: its SHA-256 is another.",
                "Send it again.",
            )  # fmt: skip
        stored = store.put(bucket, content)
        with self._lock:
            at_s, used = self._used.get(shop, (0.0, 0))
            self._used[shop] = (at_s, used + stored.bytes)
        return stored

    def _open(self, shop: str, upload: Upload) -> BinaryIO:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            return os.fdopen(os.open(self._folder(shop, upload.id) / "data", flags), "rb")
        except OSError as error:
            raise StorageError(f"The upload {upload.id} can't be read.") from error

    def _offset(self, shop: str, upload: Upload) -> int:
        if upload.stored is not None:
            return upload.total_bytes
        try:
            return (self._folder(shop, upload.id) / "data").lstat().st_size
        except OSError as error:
            raise ProblemError(404, "There is no such upload.", "Begin it anew.") from error

    def _folder(self, shop: str, upload_id: str) -> Path:
        return self._root / shop_folder(shop) / upload_id

    def _swept(self, shop: str) -> list[Upload]:
        """The shop's uploads; those that nobody went on with are forgotten."""
        kept, now_s = [], time.time()
        oldest_s = now_s - self._settings.upload_hours * 3600
        for folder in (self._root / shop_folder(shop)).glob("*"):
            upload = _read(folder)
            if upload is None or upload.began_s < oldest_s:
                shutil.rmtree(folder, ignore_errors=True)
            elif upload.stored is not None:
                if upload.began_s < now_s - _ANSWERS_KEPT_S:
                    shutil.rmtree(folder, ignore_errors=True)
            else:
                kept.append(upload)
        return kept

    def _in_use(self, shop: str) -> int:
        """What the shop keeps, bytes; counted anew every half minute."""
        at_s, used = self._used.get(shop, (0.0, 0))
        if time.monotonic() - at_s > _QUOTA_LOOKED_AT_S:
            store = self._stores.objects(shop)
            used = sum(kept.bytes for bucket in BUCKETS for kept in store.objects(bucket))
            self._used[shop] = (time.monotonic(), used)
        return used


def _keep(folder: Path, upload: Upload) -> None:
    aside = folder / f"upload.{os.getpid()}.part"
    text = json.dumps(asdict(upload), default=datetime.isoformat)
    aside.write_text(text, encoding="utf-8")
    aside.replace(folder / "upload.json")


def _read(folder: Path) -> Upload | None:
    try:
        told = json.loads((folder / "upload.json").read_text(encoding="utf-8"))
        stored = told.pop("stored")
        if stored:
            put = stored.pop("put")
            stored = StoredObject(**stored, put=datetime.fromisoformat(put) if put else None)
        return Upload(**told, stored=stored)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _sha256(content: BinaryIO) -> str:
    """Of the content from where it stands; it is put back there."""
    digest, start = hashlib.sha256(), content.tell()
    while piece := content.read(1 << 20):
        digest.update(piece)
    content.seek(start)
    return digest.hexdigest()
