"""The application: made of the table of permissions, and only of it."""

from __future__ import annotations

from typing import Any

from fastapi import Depends, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

import stitchsketch_kernel
from stitchsketch_kernel.gateway import problems
from stitchsketch_kernel.gateway.guard import Door, Guard
from stitchsketch_kernel.gateway.hub import AnyTokens, HubTokens
from stitchsketch_kernel.gateway.limits import Behind, Manners, Rates
from stitchsketch_kernel.gateway.once import Once
from stitchsketch_kernel.gateway.permissions import TABLE, Permission, as_markdown, row_of
from stitchsketch_kernel.gateway.routes import ROUTES, Route
from stitchsketch_kernel.gateway.settings import GatewaySettings
from stitchsketch_kernel.gateway.tokens import OidcTokens
from stitchsketch_kernel.gateway.uploads import Uploads
from stitchsketch_kernel.stores import Stores

_ABOUT = """The one entrance for phones, scripts and kernels of a StitchSketch installation.

Send a token of the shop's identity provider, or one of its JupyterHub with the scopes that the
table names: `Authorization: Bearer ...`.
Everything belongs to a shop; nothing of another shop exists for you. Lists come in parts (`limit`,
`cursor`). A request with an `Idempotency-Key` may be sent again. What is wrong is told as
`application/problem+json` (RFC 9457). Files are sent in parts that go on where the last one ended
(`Upload-Offset`).

## Who may do what

"""


class TableError(RuntimeError):
    """Routes and table of permissions differ; the gateway must not start."""


def create_app(settings: GatewaySettings, stores: Stores) -> FastAPI:
    """The gateway over some stores.

    Raises
    ------
    TableError
        A route lacks its row or its guard, or a row its route.
    StorageError
        Its own folder can't be written.
    """
    app = FastAPI(
        title="StitchSketch gateway",
        version=stitchsketch_kernel.__version__,
        description=_ABOUT + as_markdown(),
        openapi_url=None,  # served as a route of the table; the pages would load from elsewhere
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,
    )
    app.state.door = Door(
        settings,
        stores,
        AnyTokens(
            OidcTokens(settings) if settings.issuer else None,
            HubTokens(settings.hub_api, settings.hub_cache_s) if settings.hub_api else None,
        ),
        Rates(settings.requests_per_minute),
    )
    app.state.once = Once(settings.home / "gateway.db")
    app.state.uploads = Uploads(settings, stores)
    problems.install(app)
    app.add_middleware(Manners, receive_s=settings.receive_s)
    app.add_middleware(Behind, prefix=settings.prefix)
    for route in ROUTES:
        _add(app, route)
    app.openapi = lambda: _openapi(app, settings.prefix)  # type: ignore[method-assign]
    return checked(app)


def checked(app: FastAPI) -> FastAPI:
    """The application, when its routes are exactly the rows of the table, each with its guard.

    Raises
    ------
    TableError
        Naming what differs.
    """
    served = [_row(route) for route in app.routes]
    for row in TABLE:
        if served.count(row) != 1:
            raise TableError(f"{row.operation} must have one route, not {served.count(row)}.")
    return app


def _row(route: Any) -> Permission:
    """The row that a route serves."""
    name = getattr(route, "path", None) or repr(route)
    if not isinstance(route, APIRoute):
        raise TableError(f"{name} can't be guarded: it is no plain route.")
    try:
        row = row_of(str(route.operation_id))
    except KeyError as error:
        raise TableError(f"{name} has no row in the table of permissions.") from error
    if (route.path_format, route.methods) != (row.path, {row.method}):
        raise TableError(f"{name} is not where the row {row.operation} says.")
    if not any(
        isinstance(d.call, Guard) and d.call.row is row for d in route.dependant.dependencies
    ):
        raise TableError(f"{name} has no guard.")
    return row


def _add(app: FastAPI, route: Route) -> None:
    row = row_of(route.operation)
    options = dict(route.options)
    usual = (400, 401, 403, 404, 413, 422, 429, 503) if row.roles else (422, 429)
    responses = {**problems.answers(*usual, *route.wrong), **options.pop("responses", {})}
    app.add_api_route(
        # a subject may have a slash in it
        row.path.replace("{subject}", "{subject:path}"),
        route.endpoint,
        methods=[row.method],
        operation_id=row.operation,
        name=row.operation,
        tags=[row.room],
        summary=row.what,
        status_code=route.status,
        response_model=route.model,
        dependencies=[Depends(Guard(row))],
        responses=responses,
        **options,
    )


def _openapi(app: FastAPI, prefix: str) -> dict[str, Any]:
    """The description, with problems, tokens and roles; made once."""
    if app.openapi_schema is None:
        told = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes,
            servers=[{"url": prefix}] if prefix else None,
        )  # fmt: skip
        parts = told.setdefault("components", {})
        parts.setdefault("schemas", {})["Problem"] = problems.schema()
        parts["securitySchemes"] = {
            "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT, or of the hub"}
        }
        for row in (row for row in TABLE if row.roles):
            one = told["paths"][row.path][row.method.lower()]
            one["security"] = [{"token": []}]
            one["x-roles"] = sorted(row.roles)
            one["x-scope"] = row.scope
        app.openapi_schema = told
    return app.openapi_schema
