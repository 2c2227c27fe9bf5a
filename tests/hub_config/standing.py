"""A hub as ``make hub`` starts it, and somebody with a browser; for tests and benchmarks."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import nbformat

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
APP = """
import ipywidgets
told = ipywidgets.HTML("<h1>My projects</h1>")
press = ipywidgets.Button(description="Press")
press.on_click(lambda _: setattr(told, "value", "<h1>Pressed</h1>"))
display(told, press)
"""
_START_S = 180
_PATIENCE_MS = 240_000


class Hub:
    """`hub_config.fresh`, which ``make hub`` starts, with folders and ports of its own."""

    def __init__(self, place: Path, own_apps: bool = True, **settings: str) -> None:
        self.place, self.port = place, _free_row(6)
        self.url = f"http://127.0.0.1:{self.port}"
        self.private = place / "hub"
        self.settings = settings
        self.apps = place / "apps" if own_apps else REPOSITORY / "voila_apps"
        if not own_apps:
            return
        self.apps.mkdir()
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(APP)])
        book.metadata.kernelspec = {
            "name": "stitchsketch",
            "display_name": "",
            "language": "python",
        }
        nbformat.write(book, self.apps / "a-press.ipynb")
        # the people's own pages, beside a page that only wants to be pressed
        shutil.copy(REPOSITORY / "voila_apps" / "projects.ipynb", self.apps / "shop.ipynb")
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        usual = {name: word for name, word in os.environ.items() if "STITCHSKETCH" not in name}
        return usual | {
            "PYTHONPATH": f"{REPOSITORY}{os.pathsep}{REPOSITORY / 'widgets'}",
            "STITCHSKETCH_HOME": str(self.place / "home"),
            "STITCHSKETCH_HUB_HOME": str(self.private),
            "STITCHSKETCH_PEOPLE": str(self.place / "people"),
            "STITCHSKETCH_HUB_PORT": str(self.port),
            "STITCHSKETCH_APPS": str(self.apps),
            # what no kernel may see
            "STITCHSKETCH_S3_SECRET_KEY": "secret-of-the-test",
            **self.settings,
        }

    def start(self) -> None:
        with (self.place / "said.txt").open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "hub_config.fresh"], cwd=REPOSITORY, env=self.environment,
                stdout=said, stderr=said, start_new_session=True,
            )  # fmt: skip
        end = time.monotonic() + _START_S
        while "is at http" not in self.said:
            if self.process.poll() is not None or time.monotonic() > end:
                log = self.private / "hub.log"
                raise RuntimeError(self.said + (log.read_text()[-4000:] if log.exists() else ""))
            time.sleep(0.1)

    @property
    def said(self) -> str:
        return (self.place / "said.txt").read_text()

    def kill(self) -> None:
        """End the hub itself as a crash would; its launcher ends then."""
        for one in _children(self.process.pid):
            if b"jupyterhub_config.py" in Path(f"/proc/{one}/cmdline").read_bytes():
                os.kill(one, signal.SIGKILL)
        self.process.wait(60)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(60)


class Visitor:
    """Somebody with a browser of their own, and every address that it asked for."""

    def __init__(self, browser: Any, hub: Hub) -> None:
        self.hub = hub
        # what turns on a page takes time from what is tested
        self.context = browser.new_context(
            viewport={"width": 1280, "height": 800}, reduced_motion="reduce"
        )
        # only ends a wait for what will never come: on a busy machine a page takes a minute
        self.context.set_default_timeout(_PATIENCE_MS)
        self.context.set_default_navigation_timeout(_PATIENCE_MS)
        self.page = self.context.new_page()
        self.asked: list[str] = []
        self.context.on("request", lambda request: self.asked.append(request.url))

    def sign_in(self, name: str, lands: bool) -> None:
        """Sign in, and go where this person works, or to the hub's plain page."""
        self.page.goto(self.hub.url + ("" if lands else "/hub/login?next=%2Fhub%2Fhome"))
        self.page.get_by_role("button", name=name).click()
        if not lands:
            self.page.wait_for_url("**/hub/home", timeout=60_000)

    def token(self) -> str:
        """A token of the provider's, for this person, who has signed in at its page."""
        from hub_config.demo_provider import CLIENT_ID

        provider = f"http://127.0.0.1:{self.hub.port + 2}"
        back, proof = f"{self.hub.url}/hub/oauth_callback", secrets.token_urlsafe(48)
        hashed = base64.urlsafe_b64encode(hashlib.sha256(proof.encode()).digest()).rstrip(b"=")
        asked = {
            "client_id": CLIENT_ID, "response_type": "code", "scope": "openid profile groups",
            "redirect_uri": back, "code_challenge": hashed.decode(),
            "code_challenge_method": "S256",
        }  # fmt: skip
        page = self.context.new_page()
        page.route(f"{back}*", lambda route: route.fulfill(body="taken"))
        page.goto(f"{provider}/auth?{urlencode(asked)}")
        code = parse_qs(urlsplit(page.url).query)["code"][0]
        page.close()
        told = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": back,
            "code_verifier": proof,
        }  # fmt: skip
        secret = (self.hub.private / "oidc-client-secret").read_text()
        answer = httpx.post(f"{provider}/token", data=told, auth=(CLIENT_ID, secret), timeout=30)
        return str(answer.json()["id_token"])

    def status(self, path: str, method: str = "GET") -> int:
        """What the page gets when it asks for something; it may not read more than the number."""
        return self.page.evaluate(
            """async ([path, method]) => {
                const xsrf = document.cookie.match('(?:^|; )_xsrf=([^;]*)')?.[1] ?? '';
                const headers = { 'X-XSRFToken': xsrf };
                return (await fetch(path, { method, headers, redirect: 'manual' })).status;
            }""",
            [path, method],
        )

    def socket_opens(self, path: str) -> bool:
        """Whether a websocket opens."""
        return self.page.evaluate(
            """(path) => new Promise((done) => {
                const socket = new WebSocket(location.origin.replace('http', 'ws') + path);
                socket.onopen = () => { done(true); socket.close(); };
                socket.onerror = () => done(false);
            })""",
            path,
        )

    def new_kernel(self, subject: str) -> str:
        """The channel of a kernel that is started in somebody's own server."""
        kernels = f"/user/{subject}/api/kernels"
        made = self.page.evaluate(
            """async (path) => (await fetch(path, {
                method: 'POST', body: JSON.stringify({ name: 'stitchsketch' }),
                headers: { 'X-XSRFToken': document.cookie.match('(?:^|; )_xsrf=([^;]*)')[1] },
            })).json()""",
            kernels,
        )
        return f"{kernels}/{made['id']}/channels"

    def run(self, channel: str, code: str) -> str:
        """What a kernel prints."""
        wanted = {"code": code, "silent": False, "store_history": False}
        reply, printed = self.tell_kernel(channel, "execute_request", wanted, 60)
        assert reply["status"] == "ok", reply
        return str(printed)

    def tell_kernel(self, path: str, kind: str, content: dict[str, Any], seconds: float) -> Any:
        """Send a kernel one message; the reply's content and what was printed, or None."""
        return self.page.evaluate(
            """([path, kind, content, seconds]) => new Promise((done) => {
                const socket = new WebSocket(location.origin.replace('http', 'ws') + path);
                const id = crypto.randomUUID();
                let printed = '';
                setTimeout(() => { socket.close(); done(null); }, seconds * 1000);
                socket.onerror = () => done(null);
                socket.onopen = () => socket.send(JSON.stringify({
                    header: {
                        msg_id: id, msg_type: kind, username: '', session: id, version: '5.3',
                    },
                    parent_header: {}, metadata: {}, content, buffers: [], channel: 'shell',
                }));
                socket.onmessage = (event) => {
                    const told = JSON.parse(event.data);
                    if (told.parent_header.msg_id !== id) return;
                    if (told.header.msg_type === 'stream') printed += told.content.text;
                    if (told.header.msg_type !== kind.replace('request', 'reply')) return;
                    setTimeout(() => { socket.close(); done([told.content, printed]); }, 300);
                };
            })""",
            [path, kind, content, seconds],
        )


def _children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _free_row(count: int) -> int:
    """The first of several free ports in a row, below those that the system gives away itself.

    Two test workers, whose numbers follow each other, begin rows apart: both found the same free
    ports when their rows began three apart, and one hub was refused.
    """
    for first in range(20000 + os.getpid() % 1000 * 10, 32000, 10):
        with _taken(range(first, first + count)) as all_free:
            if all_free:
                return first
    raise RuntimeError("no free ports")


@contextmanager
def _taken(ports: range) -> Iterator[bool]:
    sockets = []
    try:
        for port in ports:
            sockets.append(socket.create_server(("127.0.0.1", port)))  # noqa: PERF401
        yield True
    except OSError:
        yield False
    finally:
        for one in sockets:
            one.close()
