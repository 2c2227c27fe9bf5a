"""What a store of objects must do, whatever stands behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, Literal, Protocol

Bucket = Literal["images", "models", "patterns", "renders"]
BUCKETS: tuple[Bucket, ...] = ("images", "models", "patterns", "renders")


@dataclass(frozen=True)
class StoredObject:
    """An object as kept: its bucket, the SHA-256 of its content (its name), its size."""

    bucket: Bucket
    sha256: str
    bytes: int


class ObjectStore(Protocol):
    """Objects named by their content: the same content is kept once."""

    def put(self, bucket: Bucket, content: BinaryIO) -> StoredObject:
        """Read `content` to its end in pieces and keep it; nothing is visible before all is kept.

        Raises
        ------
        StorageError
            The disk is full, or the folder can't be written. Nothing is left behind.
        """
        ...

    def open(self, bucket: Bucket, sha256: str) -> BinaryIO:
        """Open an object for reading; `StorageError` when it isn't there."""
        ...

    def exists(self, bucket: Bucket, sha256: str) -> bool:
        """Whether an object is kept."""
        ...

    def delete(self, bucket: Bucket, sha256: str) -> None:
        """Remove an object; nothing happens where there is none."""
        ...

    def objects(self, bucket: Bucket) -> list[StoredObject]:
        """All objects of a bucket, by name."""
        ...
