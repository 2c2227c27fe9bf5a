"""What of a run is looked at: the new cover's page, films and 3D files, splats."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Annotated, Any

from fastapi import Header, Query, Response

from stitchsketch_kernel.gateway.content import ContentResponse
from stitchsketch_kernel.gateway.guard import Access, Allowed
from stitchsketch_kernel.gateway.models import NewRender, Page, values_of
from stitchsketch_kernel.gateway.paging import DEFAULT_LIMIT, Cursor, Limit, page
from stitchsketch_kernel.gateway.problems import ProblemError
from stitchsketch_kernel.gateway.routes.route import FileName, Route, RunId
from stitchsketch_kernel.gateway.settings import is_private
from stitchsketch_kernel.projects.records import RENDERS, Artefact

_OTHER = "application/octet-stream"
#: By the ending of the file's name; what isn't here is bytes.
TYPES = {
    "html": "text/html; charset=utf-8", "glb": "model/gltf-binary", "usdz": "model/vnd.usdz+zip",
    "webm": "video/webm", "mp4": "video/mp4", "gif": "image/gif", "png": "image/png",
}  # fmt: skip
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")


def of_run(
    access: Allowed, run_id: RunId, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[Artefact]:
    """The files of a run that are looked at; each is read by its `sha256`."""
    return page(_renders(access, run_id), lambda a: (a.stage, a.kind, a.where), limit, cursor)


def keep(access: Allowed, run_id: RunId, render: NewRender) -> Artefact:
    """Keep where a file is that was brought to `visualizations`; one of the same place goes."""
    new = Artefact(run_id=run_id, **values_of(render), bucket=RENDERS)
    access.projects.add_artefact(access.shop, new)
    return new


def read(
    access: Allowed, run_id: RunId, sha256: FileName,
    if_none_match: Annotated[str | None, Header(max_length=200)] = None,
    link: Annotated[
        bool, Query(description="Whether a link to the object store may be the answer.")
    ] = True,
) -> Response:  # fmt: skip
    """A file's content, as a download by its own name.

    A page for the customer is given out to be opened from a disk or a message, never as a page of
    this host: its script would be at home where people's tokens are.
    """
    render = next((one for one in _renders(access, run_id) if one.sha256 == sha256), None)
    hidden = (RENDERS, sha256) in access.projects.hidden(access.shop, sha256)
    if render is None or hidden or not access.objects.exists("renders", sha256):
        raise ProblemError(404, "There is no such file of this run.", "Choose one from the list.")
    headers = {"ETag": f'"{sha256}"', "Cache-Control": "private, max-age=31536000, immutable"}
    if if_none_match == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    name = _plain(render)
    if link and (url := _link(access, sha256, name)):
        return Response(status_code=307, headers={"Location": url, "Cache-Control": "no-store"})
    headers["Content-Disposition"] = f'attachment; filename="{name}"'
    headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    kind = TYPES.get(name.rpartition(".")[2], _OTHER)
    content = access.objects.open("renders", sha256)
    return ContentResponse(content, kind, headers)


def _renders(access: Access, run_id: str) -> list[Artefact]:
    kept = access.projects.artefacts(access.shop, run_id)
    return [one for one in kept if one.bucket == RENDERS]


def _plain(render: Artefact) -> str:
    """The file's own name, without what a header or a disk might take amiss."""
    name = _NOT_PLAIN.sub("-", PurePosixPath(render.where).name).strip(".-")[-100:]
    return name or render.sha256[:16]


def _link(access: Access, sha256: str, name: str) -> str | None:
    """Where the object store gives the file itself; see `files`."""
    seconds = access.door.settings.link_s
    if not seconds:
        return None
    url = access.objects.link("renders", sha256, name, seconds)
    return url if url is not None and is_private(url) else None


_BYTES = {"schema": {"type": "string", "format": "binary"}}
_READ: dict[str, Any] = {
    "response_class": ContentResponse,
    "responses": {
        200: {"content": dict.fromkeys((_OTHER, *TYPES.values()), _BYTES)},
        304: {"description": "The reader has it already."},
        307: {"description": "Where the object store gives it, for a while."},
    },
}
ROUTES = (
    Route("runs.renders", of_run, model=Page[Artefact]),
    Route("runs.keep_render", keep, model=Artefact),
    Route("runs.render", read, options=_READ),
)
