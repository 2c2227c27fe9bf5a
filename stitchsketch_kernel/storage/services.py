"""The store of objects of a hosted shop: any S3 server, through the `minio` client."""

from __future__ import annotations

import hashlib
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO, cast
from urllib.parse import quote

import urllib3
from minio.commonconfig import CopySource
from minio.error import MinioException, S3Error

from stitchsketch_kernel.domain.errors import AwayError, StorageError
from stitchsketch_kernel.storage.folders import OLD_AFTER_S
from stitchsketch_kernel.storage.interface import (
    Bucket,
    StoredObject,
    is_name,
    not_there,
    require_bucket,
    require_name,
    shop_folder,
)
from stitchsketch_kernel.storage.multipart import PART_BYTES, PartedUpload, uploads
from stitchsketch_kernel.storage.s3_settings import S3Settings

_PIECE_BYTES = 1 << 20
_MISSING = {"NoSuchKey", "NoSuchObject"}
_NO_ROOM = {"QuotaExceeded", "EntityTooLarge", "InsufficientStorage", "XMinioStorageFull"}
_NOT_ALLOWED = {"AccessDenied", "SignatureDoesNotMatch", "InvalidAccessKeyId"}


class S3Objects:
    """A shop's objects on an S3 server, as ``shop/bucket/sha256``.

    Parameters
    ----------
    settings : S3Settings
        Its bucket is made when missing.
    shop : str

    Raises
    ------
    StorageError
        The server doesn't answer or refuses.
    """

    def __init__(self, settings: S3Settings, shop: str) -> None:
        self._client, self._name = settings.client(), settings.bucket
        self._place, self._shop = settings.endpoint, shop_folder(shop)
        with self._in_words():
            if not self._client.bucket_exists(self._name):
                self._make_bucket()

    def _make_bucket(self) -> None:
        try:
            self._client.make_bucket(self._name)
        except S3Error as error:
            # another process was quicker
            if error.code not in {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}:
                raise

    def put(self, bucket: Bucket, content: BinaryIO) -> StoredObject:
        """See `ObjectStore`. What can't be read twice lies on this machine's disk meanwhile."""
        require_bucket(bucket)
        with self._in_words():
            if content.seekable():
                return self._put(bucket, content)
            with tempfile.TemporaryFile() as aside:
                while piece := content.read(_PIECE_BYTES):
                    aside.write(piece)
                aside.seek(0)
                return self._put(bucket, cast(BinaryIO, aside))

    def _put(self, bucket: Bucket, content: BinaryIO) -> StoredObject:
        start = content.tell()
        sha256, size = _measured(content)
        content.seek(start)
        key = self._key(bucket, sha256)
        if self._is_whole(key, size):
            self._put_again(key)
        elif size <= PART_BYTES:
            piece = content.read(size)
            _require_same(sha256, hashlib.sha256(piece).hexdigest())
            self._client.put_object(self._name, key, io.BytesIO(piece), size)
        else:
            self._send_in_parts(key, sha256, size, content)
        return StoredObject(bucket, sha256, size, datetime.now(UTC))

    def _is_whole(self, key: str, size: int) -> bool:
        try:
            return self._client.stat_object(self._name, key).size == size
        except S3Error as error:
            if error.code in _MISSING:
                return False
            raise

    def _put_again(self, key: str) -> None:
        """Give what is there already a new day, so that nobody takes it for forgotten."""
        itself = CopySource(self._name, key)
        self._client.copy_object(
            self._name, key, itself, metadata={"again": "1"}, metadata_directive="REPLACE"
        )

    def _send_in_parts(self, key: str, sha256: str, size: int, content: BinaryIO) -> None:
        start = content.tell()
        for last_try in (False, True):
            content.seek(start)
            upload = PartedUpload(self._client, self._name, key)
            try:
                sent, _ = upload.send(content)
                if sent != sha256:
                    upload.abort()
                _require_same(sha256, sent)
                upload.complete()
                return
            except S3Error as error:
                # another process sent the same content, went on from the same parts, and was
                # quicker: its upload is ended, and the content may be there
                if error.code not in {"NoSuchUpload", "InvalidPart"} or last_try:
                    raise
                if self._is_whole(key, size):
                    return

    def open(self, bucket: Bucket, sha256: str) -> BinaryIO:
        """See `ObjectStore`."""
        key = self._key(bucket, sha256)
        with self._in_words(bucket, sha256):
            answer = self._client.get_object(self._name, key)
        return cast(BinaryIO, io.BufferedReader(_Reading(self, answer), _PIECE_BYTES))

    def exists(self, bucket: Bucket, sha256: str) -> bool:
        """See `ObjectStore`."""
        key = self._key(bucket, sha256)
        with self._in_words():
            try:
                self._client.stat_object(self._name, key)
            except S3Error as error:
                if error.code in _MISSING:
                    return False
                raise
        return True

    def delete(self, bucket: Bucket, sha256: str) -> None:
        """See `ObjectStore`."""
        key = self._key(bucket, sha256)
        with self._in_words():
            self._client.remove_object(self._name, key)

    def objects(self, bucket: Bucket) -> list[StoredObject]:
        """See `ObjectStore`."""
        require_bucket(bucket)
        prefix = f"{self._shop}/{bucket}/"
        with self._in_words():
            listed = list(self._client.list_objects(self._name, prefix, recursive=True))
        return [
            StoredObject(bucket, name, one.size or 0, one.last_modified)
            for one in listed
            if is_name(name := str(one.object_name).removeprefix(prefix))
        ]

    def link(self, bucket: Bucket, sha256: str, name: str, seconds: int = 600) -> str | None:
        """See `ObjectStore`."""
        key = self._key(bucket, sha256)
        as_file = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
        # always a file to be saved: no page of a stranger's content under the server's name
        headers: dict[str, str | list[str] | tuple[str]] = {
            "response-content-disposition": as_file,
            "response-content-type": "application/octet-stream",
        }
        with self._in_words():
            return self._client.presigned_get_object(
                self._name, key, timedelta(seconds=seconds), headers
            )

    def leftovers(self) -> int:
        """See `ObjectStore`."""
        return len(self._old_uploads())

    def clear_leftovers(self) -> None:
        """See `ObjectStore`."""
        for key, identity in self._old_uploads():
            with self._in_words():
                self._client._abort_multipart_upload(self._name, key, identity)

    def _old_uploads(self) -> list[tuple[str, str]]:
        before = datetime.now(UTC) - timedelta(seconds=OLD_AFTER_S)
        with self._in_words():
            begun = uploads(self._client, self._name, f"{self._shop}/")
        return [(key, identity) for key, identity, when in begun if when < before]

    def _key(self, bucket: str, sha256: str) -> str:
        require_bucket(bucket)
        require_name(sha256)
        return f"{self._shop}/{bucket}/{sha256}"

    @contextmanager
    def _in_words(self, bucket: str = "", sha256: str = "") -> Iterator[None]:
        """What the server's refusal means for the shop."""
        try:
            yield
        except S3Error as error:
            if error.code in _MISSING and sha256:
                raise not_there(bucket, sha256) from error
            raise _refused(error, self._place) from error
        except (MinioException, urllib3.exceptions.HTTPError) as error:
            raise AwayError(
                f"The object store {self._place} does not answer ({type(error).__name__}).",
                "Check that it runs and can be reached, then try again.",
            ) from error
        except StorageError:
            raise
        except OSError as error:
            raise StorageError(
                f"What was to be stored could not be read ({error.strerror or error}).",
                "Send it again.",
            ) from error


class _Reading(io.RawIOBase):
    """An object that comes over the line; a line that breaks off is said in words."""

    def __init__(self, store: S3Objects, answer: Any) -> None:
        self._store, self._answer = store, answer

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with self._store._in_words():
            piece = self._answer.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        if not self.closed:
            self._answer.close()
            self._answer.release_conn()
        super().close()


def _measured(content: BinaryIO) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    while piece := content.read(_PIECE_BYTES):
        digest.update(piece)
        size += len(piece)
    return digest.hexdigest(), size


def _require_same(asked: str, found: str) -> None:
    if asked != found:
        raise StorageError(
            "A file was changed while it was being stored.", "Send it again when it rests."
        )


def _refused(error: S3Error, place: str) -> StorageError:
    if error.code in _NO_ROOM:
        return AwayError(
            f"The object store {place} has no room left for this shop.",
            "Free some room or ask for more, and try again; nothing was lost.",
        )
    if error.code in _NOT_ALLOWED:
        return AwayError(
            f"The object store {place} does not allow this ({error.code}).",
            "Check the access key, the secret key and what they may do.",
        )
    return AwayError(
        f"The object store {place} refused ({error.code}: {error.message}).",
        "Try again; if it stays so, ask whoever runs it.",
    )
