"""The gateway as it is served: uvicorn on a socket of this machine, in a thread."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from provider import AUDIENCE, Provider

from stitchsketch_kernel.gateway.app import create_app
from stitchsketch_kernel.gateway.settings import GatewaySettings
from stitchsketch_kernel.gateway.stores import Stores, embedded_stores
from stitchsketch_kernel.users.records import Role, User

#: Anna, Ben and Tia work in one shop, Carla leads another; Ada looks after the installation.
PEOPLE = (
    User("anna", "Nadel", "Anna", Role.MANAGER),
    User("ben", "Nadel", "Ben", Role.UPHOLSTERER),
    User("tia", "Nadel", "Tia", Role.TECHNICIAN),
    User("carla", "Zwirn", "Carla", Role.MANAGER),
    User("ada", "", "Ada", Role.ADMIN),
)


@dataclass
class Serving:
    """A gateway that answers at `url`."""

    url: str
    home: Path
    stores: Stores
    app: Any
    client: httpx.Client

    def ask(self, token: str | None, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {**more.pop("headers", {})}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return self.client.request(method, path, headers=headers, **more)


def people(serving: Serving) -> None:
    for user in PEOPLE:
        serving.stores.users.keep(user)


@contextmanager
def served(provider: Provider, home: Path, **settings: Any) -> Iterator[Serving]:
    """Serve a gateway over embedded stores below `home`."""
    told = {
        "issuer": provider.issuer,
        "audience": AUDIENCE,
        "algorithms": ("RS256", "ES256"),
        "requests_per_minute": 1_000_000,
        "keys_cooldown_s": 0.0,
        "poll_s": 0.02,
        "stream_s": 0.3,
        **settings,
    }
    stores = embedded_stores(home / "stores")
    app = create_app(GatewaySettings(home=home / "gateway", **told), stores)
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started:
        assert time.monotonic() < deadline, "the gateway does not start"
        time.sleep(0.01)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    try:
        with httpx.Client(base_url=url, timeout=30) as client:
            yield Serving(url, home, stores, app, client)
    finally:
        server.should_exit = True
        thread.join(30)
        listening.close()
        app.state.once.close()
        stores.projects.close()
        stores.users.close()
