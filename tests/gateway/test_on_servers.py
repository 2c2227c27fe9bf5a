"""The gateway in front of PostgreSQL, MongoDB and S3: who may what, and links to the S3 server.

The stores' own contracts run through it, too: see ``tests/projects/conftest.py`` and its like.
"""

from __future__ import annotations

import hashlib
import io
import threading
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from pictures import jpeg
from real_servers.places import free_port
from serving import people, served
from test_matrix import GUARDED, SHOP, Things, kept, things

from stitchsketch_kernel.client import GatewayClient, GatewayObjectStore

__all__ = ["things"]


@pytest.fixture(scope="module")
def gateway(on_servers):
    on_servers.empty()
    people(on_servers.serving)
    yield on_servers.serving


@pytest.fixture
def store(gateway, provider):
    """Ben's client."""
    people(gateway)
    with closing(GatewayClient(gateway.url, lambda: provider.token("ben"))) as client:
        yield GatewayObjectStore(client)


@pytest.fixture
def photo(store) -> tuple[str, bytes]:
    content = jpeg(41, 200)
    return store.put("images", io.BytesIO(content)).sha256, content


def test_nothing_of_a_shop_exists_for_another_nor_without_a_token(gateway, things: Things, ask):
    before = kept(gateway, things)
    for row in GUARDED:
        request = things.request(row)
        assert ask(None, **request).status_code == 401, row.operation
        named = {**request, "params": {**request.get("params", {}), "shop": SHOP}}
        assert ask("carla", **named).status_code in {403, 404}, row.operation
        answer = ask("carla", **request)
        assert "Ms Secret" not in answer.text
        assert things.project.id not in answer.text
    assert kept(gateway, things) == before


def test_each_route_does_what_it_says(gateway, things: Things, ask):
    for row in sorted(GUARDED, key=lambda row: (row.method == "DELETE", "finish" in row.operation)):
        answer = ask("anna", **things.request(row))
        assert answer.status_code in {200, 201, 204, 307}, (row, answer.text)
    assert gateway.stores.projects.deleted_projects(SHOP)
    assert gateway.stores.users.fabric(SHOP, things.keys["fabric_id"]) is None
    assert not gateway.stores.objects(SHOP).exists("images", things.keys["images"])


def test_a_file_comes_by_a_link_to_the_object_store(gateway, ceph, ask, photo):
    sha256, content = photo
    answer = ask("ben", "GET", f"/images/{sha256}")
    assert (answer.status_code, answer.headers["cache-control"]) == (307, "no-store")
    link = urlsplit(answer.headers["location"])
    assert f"{link.scheme}://{link.netloc}" == ceph.endpoint
    assert parse_qs(link.query)["X-Amz-Expires"] == ["60"]
    got = httpx.get(link.geturl())
    assert (got.status_code, got.content) == (200, content)
    assert got.headers["content-disposition"].startswith("attachment")
    # it opens this file alone
    other = link.geturl().replace(sha256, "0" * 64)
    assert httpx.get(other).status_code == 403
    assert ask("carla", "GET", f"/images/{sha256}").status_code == 404
    same = ask("ben", "GET", f"/images/{sha256}", headers={"If-None-Match": f'"{sha256}"'})
    assert same.status_code == 304


def test_whoever_does_not_reach_the_object_store_says_so(ask, photo):
    sha256, content = photo
    answer = ask("ben", "GET", f"/images/{sha256}", params={"link": "false"})
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["content-type"] == "image/jpeg"


def test_a_client_follows_a_link_and_hands_it_on(store, photo):
    sha256, content = photo
    with store.open("images", sha256) as file:
        assert file.read() == content
    link = store.link("images", sha256, "photo.jpg")
    assert link is not None
    assert httpx.get(link).content == content


class _Eavesdropper(BaseHTTPRequestHandler):
    heard: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.heard.append(str(self.headers).lower())
        content = jpeg(41, 200)
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def test_a_client_sends_its_token_to_the_gateway_alone(gateway, store, photo, monkeypatch):
    with HTTPServer(("127.0.0.1", 0), _Eavesdropper) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        link = f"http://127.0.0.1:{server.server_port}/{photo[0]}"
        objects = gateway.stores.objects(SHOP)
        monkeypatch.setattr(objects, "link", lambda *_: link)
        with store.open("images", photo[0]) as file:
            assert file.read() == photo[1]
        thread.join(10)
    assert len(_Eavesdropper.heard) == 1
    assert "authorization" not in _Eavesdropper.heard[0]


def test_a_client_whose_machine_does_not_reach_the_link_reads_all_the_same(
    gateway, ceph, store, photo, monkeypatch
):
    objects = gateway.stores.objects(SHOP)
    for nowhere in (f"http://127.0.0.1:{free_port()}/x", f"{ceph.endpoint}/behind/nothing"):
        monkeypatch.setattr(objects, "link", lambda *_, url=nowhere: url)
        with store.open("images", photo[0]) as file:
            assert file.read() == photo[1]


@pytest.mark.parametrize("why", ["not allowed", "not encrypted", "no server"])
def test_a_file_comes_through_the_gateway_where_there_are_no_links(ceph, provider, tmp_path, why):
    host = "0.0.0.0" if why == "not encrypted" else "127.0.0.1"  # both are this machine
    servers = {
        "s3_endpoint": f"http://{host}:{ceph.port}",
        "s3_access_key": ceph.owner.access_key,
        "s3_secret_key": ceph.owner.secret_key,
        "s3_bucket": "behind-the-gateway",
    }
    told = {} if why == "no server" else servers
    with served(provider, tmp_path, told, link_s=0 if why == "not allowed" else 60) as serving:
        people(serving)
        stored = serving.stores.objects(SHOP).put("patterns", io.BytesIO(b"a piece"))
        answer = serving.ask(provider.token("ben"), "GET", f"/patterns/{stored.sha256}")
        assert (answer.status_code, answer.content) == (200, b"a piece")
        assert hashlib.sha256(answer.content).hexdigest() == stored.sha256
