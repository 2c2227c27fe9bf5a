"""What is wrong, in the form of RFC 9457 and in words for a shop."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from stitchsketch_kernel.domain.errors import (
    NotKeptError,
    PhotoError,
    SettingsError,
    StitchSketchError,
    StorageError,
)

MEDIA_TYPE = "application/problem+json"
TITLES = {
    400: "The request can't be understood",
    401: "Nobody known is asking",
    403: "Not allowed",
    404: "Not here",
    405: "Not that way",
    408: "Too slow",
    409: "It stands otherwise",
    413: "Too large",
    415: "Not a photo that can be used",
    422: "Something is not as it must be",
    429: "Too many requests",
    500: "A fault of the program",
    503: "Not now",
    507: "No room left",
}
_MOST_FAULTS = 20

_log = logging.getLogger(__name__)


class ProblemError(HTTPException):
    """An answer that says what is wrong.

    Parameters
    ----------
    status : int
        Of HTTP.
    what, todo : str
        Sentences: what is wrong, what to do.
    headers : mapping of str, optional
    faults : list, optional
        What is wrong with which part of the request.
    """

    def __init__(
        self,
        status: int,
        what: str,
        todo: str = "",
        headers: Mapping[str, str] | None = None,
        faults: list[dict[str, str]] | None = None,
    ) -> None:
        super().__init__(status, f"{what} {todo}".strip(), dict(headers or {}))
        self.status, self.what, self.todo = status, what, todo
        self.faults = faults or []

    def __str__(self) -> str:
        return str(self.detail)

    def answer(self) -> JSONResponse:
        """The response."""
        content: dict[str, Any] = {
            "type": "about:blank",
            "title": TITLES.get(self.status, "Something is wrong"),
            "status": self.status,
            "detail": self.what,
            "todo": self.todo,
        }
        if self.faults:
            content["errors"] = self.faults
        return JSONResponse(content, self.status, self.headers, MEDIA_TYPE)


def of_error(error: StitchSketchError) -> ProblemError:
    """The problem that an error of the kernel is."""
    kinds: tuple[tuple[type[StitchSketchError], int], ...] = (
        (NotKeptError, 404),
        (PhotoError, 415),
        (SettingsError, 422),
        (StorageError, 503),
    )
    status = next((status for kind, status in kinds if isinstance(error, kind)), 422)
    if status == 503:
        # paths and causes are for whoever runs the server, not for whoever asks it
        _log.error("storage: %s", error)
        return ProblemError(
            503, "The shop's store can't be used just now.", "Try again in a while."
        )
    return ProblemError(status, error.what, error.todo)


def schema() -> dict[str, Any]:
    """The JSON schema of a problem, for OpenAPI."""
    fault = {"type": "object", "properties": {"where": _text(), "what": _text()}}
    return {
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": _text(),
            "title": _text(),
            "status": {"type": "integer"},
            "detail": _text(),
            "todo": _text(),
            "errors": {"type": "array", "items": fault},
        },
    }


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route may answer when something is wrong, for OpenAPI."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": TITLES[status], "content": content} for status in statuses}


def install(app: FastAPI) -> None:
    """Let every fault be told as a problem."""

    @app.exception_handler(ProblemError)
    async def _problem(_request: Request, error: ProblemError) -> JSONResponse:
        return error.answer()

    @app.exception_handler(StitchSketchError)
    async def _ours(_request: Request, error: StitchSketchError) -> JSONResponse:
        return of_error(error).answer()

    @app.exception_handler(RequestValidationError)
    async def _invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        return _invalid_request(error).answer()

    @app.exception_handler(HTTPException)
    async def _http(_request: Request, error: HTTPException) -> JSONResponse:
        return ProblemError(error.status_code, _detail(error), headers=error.headers).answer()

    @app.exception_handler(Exception)
    async def _fault(_request: Request, error: Exception) -> JSONResponse:
        number = uuid4().hex[:12]
        _log.error("fault %s", number, exc_info=error)
        return ProblemError(
            500, f"A fault of the program, number {number}.", "Tell whoever runs the gateway."
        ).answer()


def _detail(error: HTTPException) -> str:
    known = {
        404: "There is no such route.",
        405: "This route can't be asked that way.",
    }
    return known.get(error.status_code, str(error.detail))


def _invalid_request(error: RequestValidationError) -> ProblemError:
    faults = [
        {"where": ".".join(str(part) for part in fault["loc"])[:200], "what": fault["msg"][:200]}
        for fault in error.errors()[:_MOST_FAULTS]
    ]
    where = ", ".join(fault["where"] for fault in faults[:3])
    return ProblemError(
        422, f"The request is not as it must be: {where}.", "See errors.", faults=faults
    )


def _text() -> dict[str, str]:
    return {"type": "string"}
