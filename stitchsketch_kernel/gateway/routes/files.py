"""Files of the shop: photos, models, patterns, pictures; uploads that go on where they ended."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, BinaryIO, cast

from anyio import to_thread
from fastapi import Depends, Header, Query, Request, Response
from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic import Field as Limits
from starlette.requests import ClientDisconnect

from stitchsketch_kernel.gateway.content import ContentResponse
from stitchsketch_kernel.gateway.guard import Access, Allowed
from stitchsketch_kernel.gateway.models import EXAMPLE_ID, Page, Sha256
from stitchsketch_kernel.gateway.once import Key
from stitchsketch_kernel.gateway.paging import DEFAULT_LIMIT, Cursor, Limit, page
from stitchsketch_kernel.gateway.permissions import BUCKET_OF
from stitchsketch_kernel.gateway.problems import ProblemError
from stitchsketch_kernel.gateway.routes.route import FileName, KeptOnce, Route, UploadId
from stitchsketch_kernel.gateway.settings import is_private
from stitchsketch_kernel.gateway.uploads import Upload, Uploads
from stitchsketch_kernel.imaging.reading import kind_of
from stitchsketch_kernel.storage.interface import StoredObject

_PIECE_BYTES = 1 << 20
_LONGEST_NAME_BYTES = 255
_TYPES = {"jpeg": "image/jpeg", "png": "image/png", "heif": "image/heic"}


def _safe(name: str) -> str:
    """A file's name, and nothing that could be a path."""
    if len(name.encode("utf-8", "replace")) > _LONGEST_NAME_BYTES:
        raise ValueError("the name is longer than 255 bytes")
    if any(sign in "/\\" or not sign.isprintable() for sign in name) or name in {".", ".."}:
        raise ValueError("the name must not be a path, nor have control signs")
    return name


class NewUpload(BaseModel):
    """What is about to be sent."""

    model_config = ConfigDict(extra="forbid")
    name: Annotated[
        str, Limits(min_length=1, max_length=255, examples=["IMG_0042.jpg"]), AfterValidator(_safe)
    ]
    total_bytes: Annotated[int, Limits(ge=0, le=2**50, examples=[8_123_456])]
    sha256: Sha256 | None = None


class UploadState(BaseModel):
    """How much of an upload is here; `stored` is what it has become when all of it is."""

    id: Annotated[str, Limits(examples=[EXAMPLE_ID])]
    name: str
    total_bytes: int
    offset_bytes: int
    stored: StoredObject | None


Offset = Annotated[
    int,
    Header(alias="Upload-Offset", ge=0, le=2**50, description="Where the bytes sent now belong."),
]


def _uploads(request: Request) -> Uploads:
    return cast(Uploads, request.app.state.uploads)


Kept = Annotated[Uploads, Depends(_uploads)]


def begin(
    access: Allowed, uploads: Kept, once: KeptOnce, upload: NewUpload, key: Key = None
) -> Any:
    """Make place for a file; its bytes are then sent with PATCH, beginning at 0.

    A file that the shop keeps already (by `sha256`) needn't be sent: `stored` says so.
    """
    total = upload.total_bytes

    def act() -> UploadState:
        begun = uploads.begin(
            access.shop,
            access.caller.user.subject,
            access.row.room,
            upload.name,
            upload.total_bytes,
            upload.sha256 or "",
        )
        return _state(begun, 0 if begun.stored is None else total)

    return once.answer(access, key, upload.model_dump(mode="json"), act)


def state(access: Allowed, uploads: Kept, upload_id: UploadId, response: Response) -> UploadState:
    """Where to go on after a line went dead; ``Upload-Offset`` tells it too."""
    found, offset = _found(access, uploads, upload_id)
    response.headers["Upload-Offset"] = str(offset)
    return _state(found, offset)


async def go_on(
    access: Allowed, request: Request, uploads: Kept, upload_id: UploadId, offset: Offset
) -> UploadState:
    """Send the next bytes as the body. What has arrived when the line goes dead is kept.

    With the last byte the file is looked at and kept; the answer then has it as `stored`.
    """
    upload, here = await to_thread.run_sync(_found, access, uploads, upload_id)
    if upload.stored is not None and offset == here:  # the answer to the last byte got lost
        return _state(upload, here)
    with uploads.writing(access.shop, upload, offset) as file:
        offset = await _received(access, request, uploads, upload, file)
        if offset < upload.total_bytes:
            return _state(upload, offset)
        loop = asyncio.get_running_loop()
        done = await loop.run_in_executor(uploads.endings, uploads.finish, access.shop, upload)
    return _state(done, offset)


def abandon(access: Allowed, uploads: Kept, upload_id: UploadId) -> None:
    """Forget an upload."""
    uploads.abandon(access.shop, _found(access, uploads, upload_id)[0])


def of_shop(
    access: Allowed, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[StoredObject]:
    """The shop's files of this room, by name."""
    bucket, hidden = BUCKET_OF[access.row.room], access.projects.hidden(access.shop)
    found = [one for one in access.objects.objects(bucket) if (bucket, one.sha256) not in hidden]
    return page(found, lambda kept: (kept.sha256,), limit, cursor)


def read(
    access: Allowed, sha256: FileName,
    if_none_match: Annotated[str | None, Header(max_length=200)] = None,
    link: Annotated[
        bool, Query(description="Whether a link to the object store may be the answer.")
    ] = True,
) -> Response:  # fmt: skip
    """A file's content. It never changes, so it may be kept by whoever read it.

    Where the installation gives links (307), the file comes from its object store: ask there
    without the token. With `link=false` it comes through the gateway.
    """
    _must_exist(access, sha256)
    headers = {"ETag": f'"{sha256}"', "Cache-Control": "private, max-age=31536000, immutable"}
    if if_none_match == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    if link and (url := _link(access, sha256)):
        return Response(status_code=307, headers={"Location": url, "Cache-Control": "no-store"})
    content = access.objects.open(BUCKET_OF[access.row.room], sha256)
    start = content.read(64)
    kind = _TYPES.get(kind_of(start) or "", "application/octet-stream")
    headers["Content-Disposition"] = f'attachment; filename="{sha256[:16]}"'
    return ContentResponse(content, kind, headers, start)


def exists(access: Allowed, sha256: FileName) -> Response:
    """200 when it is kept, 404 when not."""
    _must_exist(access, sha256)
    return Response(headers={"ETag": f'"{sha256}"'})


def delete(access: Allowed, uploads: Kept, sha256: FileName) -> None:
    """Remove a file."""
    _must_exist(access, sha256)
    access.objects.delete(BUCKET_OF[access.row.room], sha256)
    uploads.count_anew(access.shop)


def _found(access: Access, uploads: Uploads, upload_id: str) -> tuple[Upload, int]:
    subject = access.caller.user.subject
    return uploads.upload(access.shop, subject, access.row.room, upload_id)


def _must_exist(access: Access, sha256: str) -> None:
    bucket = BUCKET_OF[access.row.room]
    hidden = (bucket, sha256) in access.projects.hidden(access.shop, sha256)
    if hidden or not access.objects.exists(bucket, sha256):
        raise ProblemError(404, "There is no such file in this shop.", "Choose one from the list.")


def _link(access: Access, sha256: str) -> str | None:
    """Where the object store gives the file itself for a while, if the installation allows it."""
    seconds = access.door.settings.link_s
    if not seconds:
        return None
    url = access.objects.link(BUCKET_OF[access.row.room], sha256, sha256[:16], seconds)
    # a shop's file doesn't go over a line that others can read
    return url if url is not None and is_private(url) else None


def _state(upload: Upload, offset: int) -> UploadState:
    return UploadState(
        id=upload.id,
        name=upload.name,
        total_bytes=upload.total_bytes,
        offset_bytes=offset,
        stored=upload.stored,
    )


async def _received(
    access: Access, request: Request, uploads: Uploads, upload: Upload, file: BinaryIO
) -> int:
    """Write the body as it comes, a piece in memory at a time; the new offset.

    Raises
    ------
    ProblemError
        413: more comes than was said; none of it is kept.
    """
    first = offset = file.tell()
    waiting = bytearray()

    async def write() -> None:
        nonlocal offset
        await to_thread.run_sync(file.write, bytes(waiting))
        offset += len(waiting)
        waiting.clear()
        if first < 64 <= offset or offset == upload.total_bytes:
            await to_thread.run_sync(uploads.check_start, access.shop, upload)

    try:
        async for chunk in request.stream():
            waiting += chunk
            if offset + len(waiting) > upload.total_bytes:
                file.truncate(first)
                raise ProblemError(
                    413, f"More comes than the {upload.total_bytes} bytes that were said.",
                    "Begin the upload anew with its right size.",
                )  # fmt: skip
            if len(waiting) >= _PIECE_BYTES:
                await write()
    except ClientDisconnect:
        pass  # nobody hears the answer; what has come is kept
    except ProblemError as error:
        if waiting and error.status == 408:  # a silent sender may come back
            await write()
        raise
    if waiting:
        await write()
    return offset


_BYTES = {"type": "string", "format": "binary"}
_ANY = {"application/octet-stream": {"schema": _BYTES}}
_SENT: dict[str, Any] = {
    "openapi_extra": {"requestBody": {"required": True, "content": _ANY}},
}
_READ: dict[str, Any] = {
    "response_class": ContentResponse,
    "responses": {
        200: {"content": {**_ANY, **{kind: {"schema": _BYTES} for kind in _TYPES.values()}}},
        304: {"description": "The reader has it already."},
        307: {"description": "Where the object store gives it, for a while."},
    },
}
_EXISTS: dict[str, Any] = {"response_class": Response}


def _routes(room: str) -> tuple[Route, ...]:
    return (
        Route(f"{room}.begin", begin, status=201, model=UploadState, wrong=(409, 507)),
        Route(f"{room}.upload", state, model=UploadState),
        Route(
            f"{room}.continue", go_on, model=UploadState, wrong=(408, 409, 415, 507), options=_SENT
        ),
        Route(f"{room}.abandon", abandon, status=204),
        Route(f"{room}.list", of_shop, model=Page[StoredObject]),
        Route(f"{room}.read", read, options=_READ),
        Route(f"{room}.exists", exists, options=_EXISTS),
        Route(f"{room}.delete", delete, status=204),
    )


ROUTES = tuple(route for room in BUCKET_OF for route in _routes(room))
