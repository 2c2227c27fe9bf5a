"""What a store of objects must do, whatever stands behind it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, Literal, Protocol

from stitchsketch_kernel.domain.errors import StorageError

Bucket = Literal["images", "models", "patterns", "renders", "notebooks"]
BUCKETS: tuple[Bucket, ...] = ("images", "models", "patterns", "renders", "notebooks")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NOT_PLAIN = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class StoredObject:
    """An object as kept.

    Attributes
    ----------
    bucket : str
    sha256 : str
        Of its content; its name.
    bytes : int
    put : datetime, optional
        When it was last put; two that differ only in this are the same.
    """

    bucket: Bucket
    sha256: str
    bytes: int
    put: datetime | None = field(default=None, compare=False)


class ObjectStore(Protocol):
    """A shop's objects, named by their content: the same content is kept once."""

    def put(self, bucket: Bucket, content: BinaryIO) -> StoredObject:
        """Read `content` to its end in pieces and keep it; nothing is visible before all is kept.

        Raises
        ------
        StorageError
            There is no room, the place can't be written, or `content` broke off. Nothing is
            visible then; the same content put again may go on from what was sent.
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

    def link(self, bucket: Bucket, sha256: str, name: str, seconds: int = 600) -> str | None:
        """An address that gives an object to whoever has it, for `seconds`, as a file `name`.

        None where there is no server that could: then read it with `open`.
        """
        ...

    def leftovers(self) -> int:
        """How many uploads were begun over a day ago and never ended."""
        ...

    def clear_leftovers(self) -> None:
        """Remove what such uploads left."""
        ...


def shop_folder(shop: str) -> str:
    """The name of a shop's own place: readable, and no two shops' are the same.

    A shop's name may hold anything; its place holds ``a-z0-9-`` only, so no name leads elsewhere.
    """
    plain = _NOT_PLAIN.sub("-", shop.casefold()).strip("-")[:30]
    return f"{plain or 'shop'}-{hashlib.sha256(shop.encode()).hexdigest()[:16]}"


def require_bucket(bucket: str) -> None:
    """Refuse a bucket that there is none of.

    Raises
    ------
    StorageError
    """
    if bucket not in BUCKETS:
        raise StorageError(
            f"There is no place called {bucket!r}.", f"Use one of: {', '.join(BUCKETS)}."
        )


def require_name(sha256: str) -> None:
    """Refuse what is no SHA-256.

    Raises
    ------
    StorageError
    """
    if not _SHA256.fullmatch(sha256):
        raise StorageError(
            f"{sha256[:80]!r} is not the name of a stored file.", "Names have 64 digits."
        )


def is_name(text: str) -> bool:
    """Whether it could be an object's name."""
    return _SHA256.fullmatch(text) is not None


def not_there(bucket: str, sha256: str) -> StorageError:
    """The sentence for an object that isn't kept."""
    return StorageError(
        f"The stored file {sha256[:12]} of {bucket} is not there.",
        "Run the stage that makes it again.",
    )
