"""An upload in parts that goes on from what an earlier try has sent.

The S3 protocol keeps an upload in parts out of sight until it is completed, and tells which parts
it has. The `minio` client sends its own uploads in one go and keeps the single calls to itself
(their names begin with an underscore); its version is held below 7.3 for their sake.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import BinaryIO

from minio import Minio
from minio.datatypes import Part

#: S3 asks for 5 MiB at least, and for 10,000 parts at most: this is enough for 160 GB.
PART_BYTES = 16 << 20


class PartedUpload:
    """The upload of one key: the latest that was begun, or a new one.

    Parameters
    ----------
    client : Minio
    bucket, key : str
        Where the content will be seen once the upload is completed.
    """

    def __init__(self, client: Minio, bucket: str, key: str) -> None:
        self._client, self._bucket, self._key = client, bucket, key
        begun = [one for one in uploads(client, bucket, key) if one[0] == key]
        if begun:
            self._id = max(begun, key=lambda one: one[2])[1]
            self._there = self._sent()
        else:
            self._id = client._create_multipart_upload(bucket, key, {})
            self._there = {}
        self._parts: list[Part] = []

    def _sent(self) -> dict[int, str]:
        """Which parts are there, and the MD5 of each."""
        found: dict[int, str] = {}
        after = None
        while True:
            answer = self._client._list_parts(
                self._bucket, self._key, self._id, part_number_marker=after
            )
            found |= {part.part_number: part.etag.strip('"') for part in answer.parts}
            after = str(answer.next_part_number_marker)
            if not answer.is_truncated:
                return found

    def send(self, content: BinaryIO, part_bytes: int = PART_BYTES) -> tuple[str, int]:
        """Send what isn't there yet; the SHA-256 of the whole, and how many parts were sent.

        Nothing is visible before `complete`.
        """
        digest, sent = hashlib.sha256(), 0
        while piece := content.read(part_bytes):
            digest.update(piece)
            number = len(self._parts) + 1
            etag = hashlib.md5(piece, usedforsecurity=False).hexdigest()
            if self._there.get(number) != etag:
                etag = self._client._upload_part(
                    self._bucket, self._key, piece, None, self._id, number
                )
                sent += 1
            self._parts.append(Part(number, etag.strip('"')))
        return digest.hexdigest(), sent

    def complete(self) -> None:
        """Make the content visible, in one step."""
        self._client._complete_multipart_upload(self._bucket, self._key, self._id, self._parts)

    def abort(self) -> None:
        """Forget what was sent."""
        self._client._abort_multipart_upload(self._bucket, self._key, self._id)


def uploads(client: Minio, bucket: str, prefix: str) -> list[tuple[str, str, datetime]]:
    """Key, identity and beginning of each upload under way below `prefix`."""
    found: list[tuple[str, str, datetime]] = []
    key_marker = id_marker = None
    while True:
        answer = client._list_multipart_uploads(
            bucket, prefix=prefix, key_marker=key_marker, upload_id_marker=id_marker
        )
        found += [
            (one.object_name, one.upload_id, one.initiated_time)
            for one in answer.uploads
            if one.initiated_time is not None and one.upload_id is not None
        ]
        key_marker, id_marker = answer.next_key_marker, answer.next_upload_id_marker
        if not answer.is_truncated:
            return found
