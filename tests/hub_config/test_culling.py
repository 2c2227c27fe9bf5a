"""A server that does nothing is stopped; one whose kernel computes in silence is not."""

from __future__ import annotations

import json
import sqlite3
import time
from urllib.parse import quote

import pytest

#: After 24 seconds, where a shop has an hour.
SETTINGS = {"STITCHSKETCH_IDLE_MINUTES": "0.4"}
_IDLE_S, _MOST_S = 24, 120
_POST = """async ([path, body]) => (await fetch(path, { method: 'POST', body, headers: {
    'X-XSRFToken': document.cookie.match('(?:^|; )_xsrf=([^;]*)')?.[1] ?? '' } })).json()"""

_GET = """async (path) => (await (await fetch(path, { headers: {
    'X-XSRFToken': document.cookie.match('(?:^|; )_xsrf=([^;]*)')?.[1] ?? '' } })).json())
    .execution_state"""


def servers(hub) -> set[str]:
    """Whose servers are there, as the hub keeps it."""
    with sqlite3.connect(hub.private / "jupyterhub.sqlite") as hubs:
        rows = hubs.execute(
            "select users.name from spawners join users on users.id = spawners.user_id"
            " where spawners.server_id is not null"
        )
        return {name for (name,) in rows}


@pytest.fixture
def left_alone(visit):
    """Start somebody's server and a kernel in it that does `code`; then close the page."""

    def leave(name: str, subject: str, code: str) -> None:
        one = visit(name)
        one.page.wait_for_url(f"**/user/{quote(subject)}/lab*", timeout=180_000)
        body = json.dumps({"name": "stitchsketch"})
        made = one.page.evaluate(_POST, [f"/user/{subject}/api/kernels", body])
        channel = f"/user/{subject}/api/kernels/{made['id']}/channels"
        # what is sent to a kernel that is still starting is lost with the socket
        assert one.tell_kernel(channel, "kernel_info_request", {}, 120), "the kernel did not start"
        wanted = {"code": code, "silent": False, "store_history": False}
        one.tell_kernel(channel, "execute_request", wanted, 8)
        kernel = f"/user/{subject}/api/kernels/{made['id']}"
        asked = time.monotonic()
        while "sleep" in code and one.page.evaluate(_GET, kernel) != "busy":
            assert time.monotonic() < asked + 60, "the kernel did not begin"
            time.sleep(0.5)
        one.context.close()

    return leave


def test_an_idle_server_is_stopped_and_a_silent_run_is_not(hub, left_alone):
    left_alone("Tom", "demo-tom", "import time; time.sleep(600)")
    left_alone("Ada", "demo-ada", "1 + 1")
    began = time.monotonic()
    assert servers(hub) == {"demo-tom", "demo-ada"}
    while "demo-ada" in servers(hub):
        assert time.monotonic() < began + _MOST_S, "the idle server was not stopped"
        time.sleep(0.5)
    # twice as long as an idle one may be there, he has said nothing
    time.sleep(max(0.0, began + 2.5 * _IDLE_S - time.monotonic()))
    assert servers(hub) == {"demo-tom"}
