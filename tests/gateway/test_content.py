"""A file that is given out is closed, whether its reader stays or not."""

from __future__ import annotations

import asyncio
import io

import pytest

from stitchsketch_kernel.gateway.content import ContentResponse

SCOPE = {"type": "http", "method": "GET", "asgi": {"spec_version": "2.4"}}


def answered(content: io.BytesIO, send) -> None:
    answer = ContentResponse(content, "image/jpeg", {"ETag": '"a"'}, content.read(4))

    async def nothing_more() -> dict[str, str]:
        return await asyncio.Event().wait() or {}

    asyncio.run(answer(SCOPE, nothing_more, send))


def test_a_file_arrives_whole_and_is_closed():
    content, sent = io.BytesIO(bytes(range(256)) * 9000), []

    async def send(message) -> None:
        sent.append(message.get("body", b""))

    answered(content, send)
    assert b"".join(sent) == bytes(range(256)) * 9000
    assert content.closed


@pytest.mark.parametrize("leaves_after", [0, 2], ids=["before the first byte", "halfway"])
def test_a_reader_who_leaves_leaves_no_file_open(leaves_after):
    content, sent = io.BytesIO(bytes(4 << 20)), []

    async def send(message) -> None:
        if len(sent) == leaves_after:
            raise OSError("the line broke")
        sent.append(message)

    with pytest.raises(Exception, match=r"^$"):  # starlette's ClientDisconnect says nothing
        answered(content, send)
    assert content.closed
