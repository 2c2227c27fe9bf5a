"""What a route is, and what several of them need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, cast

from fastapi import Depends, Path, Request

from stitchsketch_kernel.gateway.models import EXAMPLE_ID, EXAMPLE_SHA256
from stitchsketch_kernel.gateway.once import Once


@dataclass(frozen=True)
class Route:
    """An endpoint for a row of the table.

    Attributes
    ----------
    operation : str
        The row's.
    endpoint : callable
    status : int
        Of the answer when all is well.
    model : type, optional
        Of the answer.
    wrong : tuple of int
        What else may be answered, beside what any route may.
    options : dict
        For `fastapi.FastAPI.add_api_route`.
    """

    operation: str
    endpoint: Callable[..., Any]
    status: int = 200
    model: Any = None
    wrong: tuple[int, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)


def _id(of: str) -> Any:
    return Path(pattern=r"^[0-9a-f]{32}$", description=f"Of the {of}.", examples=[EXAMPLE_ID])


ProjectId = Annotated[str, _id("project")]
ScanId = Annotated[str, _id("scan")]
RunId = Annotated[str, _id("run")]
FabricId = Annotated[str, _id("fabric")]
UploadId = Annotated[str, _id("upload")]
FileName = Annotated[
    str,
    Path(pattern=r"^[0-9a-f]{64}$", description="Of the content.", examples=[EXAMPLE_SHA256]),
]


def _once(request: Request) -> Once:
    return cast(Once, request.app.state.once)


KeptOnce = Annotated[Once, Depends(_once)]
