"""Objects over the gateway: a shop's own."""

from __future__ import annotations

import hashlib
import tempfile
from contextlib import suppress
from typing import IO, Any, BinaryIO, cast

from stitchsketch_kernel.client.connection import ConflictError, GatewayClient
from stitchsketch_kernel.client.records import record_of
from stitchsketch_kernel.domain.errors import NotKeptError, StorageError
from stitchsketch_kernel.storage.interface import (
    Bucket,
    StoredObject,
    not_there,
    require_bucket,
    require_name,
)

ROOMS: dict[str, str] = {
    "images": "images",
    "models": "reconstructions",
    "patterns": "patterns",
    "renders": "visualizations",
    "notebooks": "notebooks",
}
_PIECE_BYTES = 1 << 20
#: What is sent at once; a line that breaks costs no more than this.
_PART_BYTES = 8 << 20
_IN_MEMORY_BYTES = 16 << 20
_MOST_SETBACKS = 5


class GatewayObjectStore:
    """A shop's objects; see `ObjectStore`. Photos are looked at when they come.

    Parameters
    ----------
    client : GatewayClient
    shop : str, optional
        For administrators; else the token's owner's.
    """

    def __init__(self, client: GatewayClient, shop: str | None = None) -> None:
        self._client = client
        self._params = {} if shop is None else {"shop": shop}

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def put(self, bucket: Bucket, content: BinaryIO) -> StoredObject:
        """See `ObjectStore`."""
        room = _room(bucket)
        with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as aside:
            sha256, size = _copied(content, aside)
            told = {"name": sha256[:16], "total_bytes": size, "sha256": sha256}
            begun = self._client.ask(
                "POST", f"/{room}/uploads", json=told, params=self._params
            ).json()
            if begun["stored"] is not None:  # the gateway has it: its bytes needn't travel
                return record_of(StoredObject, begun["stored"])
            return self._sent(f"/{room}/uploads/{begun['id']}", aside, size)

    def open(self, bucket: Bucket, sha256: str) -> BinaryIO:
        """See `ObjectStore`; what arrives is held against its name."""
        path = _path(bucket, sha256)
        file = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES)  # noqa: SIM115 - handed on
        try:
            self._read(path, sha256, file)
        except BaseException as error:
            file.close()
            if isinstance(error, NotKeptError):
                raise not_there(bucket, sha256) from error
            raise
        file.seek(0)
        return cast(BinaryIO, file)

    def exists(self, bucket: Bucket, sha256: str) -> bool:
        """See `ObjectStore`."""
        try:
            self._client.ask("HEAD", _path(bucket, sha256), params=self._params)
        except NotKeptError:
            return False
        return True

    def delete(self, bucket: Bucket, sha256: str) -> None:
        """See `ObjectStore`."""
        with suppress(NotKeptError):
            self._client.ask("DELETE", _path(bucket, sha256), params=self._params)

    def objects(self, bucket: Bucket) -> list[StoredObject]:
        """See `ObjectStore`."""
        found = self._client.items(f"/{_room(bucket)}", **self._params)
        return [record_of(StoredObject, one) for one in found]

    def link(self, bucket: Bucket, sha256: str, name: str, seconds: int = 600) -> str | None:
        """See `ObjectStore`; where the gateway gives links, for its own time and name."""
        with self._client.reading(_path(bucket, sha256), params=self._params) as answer:
            return answer.headers["Location"] if answer.is_redirect else None

    def leftovers(self) -> int:
        """See `ObjectStore`; the gateway clears its own."""
        return 0

    def clear_leftovers(self) -> None:
        """See `ObjectStore`."""

    def _read(self, path: str, sha256: str, target: IO[bytes]) -> None:
        digest = hashlib.sha256()
        with self._client.content(path, params=self._params) as answer:
            for piece in answer.iter_bytes(_PIECE_BYTES):
                digest.update(piece)
                target.write(piece)
        if digest.hexdigest() != sha256:
            raise StorageError(f"The file {sha256[:12]} arrived damaged.", "Try again.")

    def _sent(self, path: str, content: IO[bytes], size: int) -> StoredObject:
        """Send from where the gateway is, until it has all; its answer."""
        offset, setbacks = 0, 0
        while True:
            content.seek(offset)
            part, headers = content.read(_PART_BYTES), {"Upload-Offset": str(offset)}
            try:
                state = self._client.ask(
                    "PATCH", path, content=part, headers=headers, params=self._params
                ).json()
            except ConflictError:  # the line broke midway: the gateway has some of it
                setbacks += 1
                if setbacks > _MOST_SETBACKS:
                    raise
                state = self._client.ask("GET", path, params=self._params).json()
            if state["stored"] is not None:
                return record_of(StoredObject, cast(dict[str, Any], state["stored"]))
            offset = min(int(state["offset_bytes"]), size)


def _room(bucket: str) -> str:
    require_bucket(bucket)
    return ROOMS[bucket]


def _path(bucket: str, sha256: str) -> str:
    require_name(sha256)
    return f"/{_room(bucket)}/{sha256}"


def _copied(source: BinaryIO, target: IO[bytes]) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    try:
        while piece := source.read(_PIECE_BYTES):
            digest.update(piece)
            target.write(piece)
            size += len(piece)
    except OSError as error:
        raise StorageError(
            f"The file could not be read to its end ({error}).", "Look at it and try again."
        ) from error
    return digest.hexdigest(), size
