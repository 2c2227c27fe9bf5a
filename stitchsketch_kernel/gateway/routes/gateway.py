"""The gateway itself: whether it is up, and what it can do."""

from __future__ import annotations

import html
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, JSONResponse

from stitchsketch_kernel.gateway.permissions import SCOPE_PREFIX, TABLE, Permission
from stitchsketch_kernel.gateway.routes.route import Route
from stitchsketch_kernel.users.records import Role

_ROLES = (Role.UPHOLSTERER, Role.TECHNICIAN, Role.MANAGER, Role.ADMIN)
#: On a phone each row becomes a card: seven columns are wider than it.
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;color:#222;margin:0 auto;padding:1rem 1.5rem 3rem;"
    "max-width:72rem}h1{font-size:1.6rem;margin:.6rem 0}h2{font-size:1.1rem;margin:1.8rem 0 .4rem}"
    "code{font:.85rem ui-monospace,monospace;overflow-wrap:anywhere}a{color:#0b5a8a}"
    "table{border-collapse:collapse;width:100%;table-layout:fixed}"
    "th,td{padding:.3rem .5rem;text-align:left;vertical-align:top}"
    "td{border-top:1px solid #ddd}th{font-size:.8rem;color:#555;font-weight:600}"
    "th:nth-child(1){width:33%}th:nth-child(2){width:20%}td.no{color:#767676}"
    ".verb{display:inline-block;min-width:4.2em;font-weight:700}"
    "@media(max-width:46rem){body{padding:.5rem 1rem 2rem}thead{display:none}"
    "table,tbody,tr,td{display:block}tr{border-top:1px solid #ddd;padding:.5rem 0}"
    "td{border:0;padding:.1rem 0}td.may,td.scope{display:inline-block;margin-right:.9em;"
    "font-size:.85rem}td.no{display:none}td.may::before{content:attr(data-role)}td.may span"
    "{display:none}}"
)


async def health() -> dict[str, str]:
    """Up; says nothing of what stands behind."""
    return {"status": "up"}


async def openapi(request: Request) -> JSONResponse:
    """The description of all routes."""
    return JSONResponse(request.app.openapi())


async def docs() -> HTMLResponse:
    """The table of permissions as a page that needs nothing else."""
    rooms = dict.fromkeys(row.room for row in TABLE)
    parts = "".join(_room(room) for room in rooms)
    return HTMLResponse(
        "<!doctype html><html lang='en'><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width,initial-scale=1'>"
        f"<title>StitchSketch gateway</title><style>{_STYLE}</style><h1>Who may do what</h1>"
        "<p>The routes of this gateway, and the roles that may ask each. Bodies and answers are "
        "told in <a href='openapi.json'>openapi.json</a>.</p>"
        "<p>Send <code>Authorization: Bearer TOKEN</code>: a token of the shop's sign-in, or one "
        f"of its JupyterHub that has the scope, <code>{SCOPE_PREFIX}...</code></p>{parts}</html>"
    )


def _room(room: str) -> str:
    """A room's part of the table."""
    roles = "".join(f"<th>{role.value}</th>" for role in _ROLES)
    rows = "".join(_row(row) for row in TABLE if row.room == room)
    return (
        f"<h2>{room}</h2><table><thead><tr><th>Route</th><th>What</th>{roles}<th>scope</th></tr>"
        f"</thead><tbody>{rows}</tbody></table>"
    )


def _row(row: Permission) -> str:
    marks = "".join(
        f"<td class='may {'' if may else 'no'}' data-role='{role.value}'>"
        f"<span>{'yes' if may else 'no'}</span></td>"
        for role in _ROLES
        for may in (not row.roles or role in row.roles,)
    )
    return (
        f"<tr><td><code><span class='verb'>{row.method}</span> {html.escape(row.path)}</code></td>"
        f"<td>{html.escape(row.what)}</td>{marks}"
        f"<td class='scope'>{row.scope if row.roles else 'no token'}</td></tr>"
    )


ROUTES = (
    Route("gateway.home", docs, options={"response_class": HTMLResponse}),
    Route("gateway.health", health, model=dict[str, str]),
    Route("gateway.openapi", openapi, model=dict[str, Any]),
    Route("gateway.docs", docs, options={"response_class": HTMLResponse}),
)
