"""A file's content as an answer: sent piece by piece, closed however the answer ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import BinaryIO

from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

_PIECE_BYTES = 1 << 20


class ContentResponse(StreamingResponse):
    """Sends a file and closes it, also when the reader leaves halfway or before the first byte.

    Parameters
    ----------
    content : file of bytes
        Read from where it stands; the answer closes it.
    media_type : str
    headers : mapping
    start : bytes
        What was read of it already.
    """

    def __init__(
        self, content: BinaryIO, media_type: str, headers: Mapping[str, str], start: bytes = b""
    ) -> None:
        super().__init__(_pieces(start, content), media_type=media_type, headers=headers)
        self._content = content

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, then close the file."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            # a generator that nobody read to its end closes nothing before it is collected
            self._content.close()


def _pieces(start: bytes, content: BinaryIO) -> Iterator[bytes]:
    if start:
        yield start
    while piece := content.read(_PIECE_BYTES):
        yield piece
