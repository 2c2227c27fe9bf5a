"""The gateway itself: whether it is up, and what it can do."""

from __future__ import annotations

import html
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, JSONResponse

from stitchsketch_kernel.gateway.permissions import TABLE
from stitchsketch_kernel.gateway.routes.route import Route
from stitchsketch_kernel.users.records import Role

_ROLES = (Role.UPHOLSTERER, Role.TECHNICIAN, Role.MANAGER, Role.ADMIN)
_STYLE = (
    "body{font:16px/1.4 sans-serif;margin:2rem}table{border-collapse:collapse}"
    "td,th{border:1px solid #bbb;padding:.2rem .6rem;text-align:left}"
)


async def health() -> dict[str, str]:
    """Up; says nothing of what stands behind."""
    return {"status": "up"}


async def openapi(request: Request) -> JSONResponse:
    """The description of all routes."""
    return JSONResponse(request.app.openapi())


async def docs() -> HTMLResponse:
    """The table of permissions as a page that needs nothing else."""
    roles = "".join(f"<th>{role.value}</th>" for role in _ROLES)
    rows = "".join(
        f"<tr><td><code>{row.method} {html.escape(row.path)}</code></td>"
        f"<td>{html.escape(row.what)}</td>{_marks(row.roles)}</tr>"
        for row in TABLE
    )
    return HTMLResponse(
        f"<!doctype html><html lang='en'><meta charset='utf-8'><title>StitchSketch gateway</title>"
        f"<style>{_STYLE}</style><h1>Who may do what</h1><p>Bodies and answers are told in "
        f"<a href='openapi.json'>openapi.json</a>.</p><table><tr><th>Route</th><th>What</th>"
        f"{roles}</tr>{rows}</table></html>"
    )


def _marks(roles: frozenset[Role]) -> str:
    return "".join(f"<td>{'yes' if not roles or role in roles else ''}</td>" for role in _ROLES)


ROUTES = (
    Route("gateway.home", docs, options={"response_class": HTMLResponse}),
    Route("gateway.health", health, model=dict[str, str]),
    Route("gateway.openapi", openapi, model=dict[str, Any]),
    Route("gateway.docs", docs, options={"response_class": HTMLResponse}),
)
