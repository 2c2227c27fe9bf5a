"""The gateway as it is served: uvicorn on a socket of this machine, in a thread."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import uvicorn
from provider import AUDIENCE, Provider

from stitchsketch_kernel.client import GatewayClient
from stitchsketch_kernel.gateway.app import create_app
from stitchsketch_kernel.gateway.settings import GatewaySettings
from stitchsketch_kernel.stores import Stores, StoreSettings
from stitchsketch_kernel.users.records import Role, User

#: Anna, Ben and Tia work in one shop, Carla leads another; Ada looks after the installation.
PEOPLE = (
    User("anna", "Nadel", "Anna", Role.MANAGER),
    User("ben", "Nadel", "Ben", Role.UPHOLSTERER),
    User("tia", "Nadel", "Tia", Role.TECHNICIAN),
    User("carla", "Zwirn", "Carla", Role.MANAGER),
    User("ada", "", "Ada", Role.ADMIN),
)


#: One for all tests that only want sound tokens.
PROVIDER = cache(Provider)


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
def served(
    provider: Provider, home: Path, servers: dict[str, str] | None = None, **settings: Any
) -> Iterator[Serving]:
    """Serve a gateway over embedded stores below `home`, or those that `servers` names."""
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
    stores = Stores(StoreSettings(home / "stores", **(servers or {})))
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
        stores.close()


def over_gateway(make: Callable[[GatewayClient], Any], who: str) -> Any:
    """A store behind a gateway that is served, over a client with somebody's token.

    Its `close` ends the gateway, too.
    """
    with ExitStack() as stack:
        home = stack.enter_context(TemporaryDirectory(dir=memory()))
        serving = stack.enter_context(served(PROVIDER(), Path(home)))
        for user in PEOPLE:
            if user.subject == who:
                serving.stores.users.keep(user)
        client = GatewayClient(serving.url, lambda: PROVIDER().token(who))
        stack.callback(client.close)
        store = make(client)
        store.close = stack.pop_all().close
        return store


@dataclass
class OnServers:
    """One gateway in front of real servers, for many tests; it gives links to its object store."""

    serving: Serving
    empty: Callable[[], None]

    def client(self, who: str) -> GatewayClient:
        """The client of one person, who is the only one that the gateway knows."""
        self.empty()
        for user in PEOPLE:
            if user.subject == who:
                self.serving.stores.users.keep(user)
        return GatewayClient(self.serving.url, lambda: PROVIDER().token(who))


@contextmanager
def served_on_servers(postgres: Any, mongo: Any, ceph: Any) -> Iterator[OnServers]:
    """Serve a gateway over PostgreSQL, MongoDB and S3."""
    from pymongo import MongoClient

    servers = {
        "database_url": postgres.new_database(),
        "mongo_url": mongo.new_database(),
        "s3_endpoint": ceph.endpoint,
        "s3_access_key": ceph.owner.access_key,
        "s3_secret_key": ceph.owner.secret_key,
        "s3_bucket": "behind-the-gateway",
    }
    name = servers["database_url"].rpartition("/")[2]

    def empty() -> None:
        assert serving.stores.projects  # opened, so that there are tables
        postgres.ask(name, "truncate project cascade")
        for collection in people.list_collection_names():
            people[collection].delete_many({})

    with (
        TemporaryDirectory(dir=memory()) as home,
        MongoClient(servers["mongo_url"]) as mongo_client,
        served(PROVIDER(), Path(home), servers, link_s=60) as serving,
    ):
        people = mongo_client.get_default_database()
        yield OnServers(serving, empty)


def memory() -> Path | None:
    """Where files lie in memory; None: nowhere."""
    place = Path("/dev/shm")
    return place if os.access(place, os.W_OK) else None
