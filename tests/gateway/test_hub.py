"""Tokens of a real JupyterHub at the gateway, and the gateway as a service behind its proxy."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from importlib.util import find_spec

import httpx
import pytest
from a_hub import SERVICE, Hub, proxy_command
from provider import AUDIENCE
from real_servers.fixtures import missing
from real_servers.places import free_port
from serving import PEOPLE, Serving, people, served

from stitchsketch_kernel.client import GatewayClient, GatewayProjectStore
from stitchsketch_kernel.gateway.hub import HubTokens
from stitchsketch_kernel.gateway.problems import ProblemError
from stitchsketch_kernel.projects.records import Project
from stitchsketch_kernel.stores import Stores, StoreSettings

READ, WRITE, PEOPLES = (f"custom:stitchsketch:{scope}" for scope in ("read", "write", "people"))
CACHE_S = 0.3


@pytest.fixture(scope="session")
def hub(provider, tmp_path_factory) -> Iterator[Hub]:
    """The hub of this session; its gateway keeps people of two shops."""
    if find_spec("jupyterhub") is None or proxy_command() is None:
        missing("JupyterHub or its proxy (pip install jupyterhub, npm i configurable-http-proxy)")
    folder = tmp_path_factory.mktemp("hub")
    with Stores(StoreSettings(folder / "home")) as stores:
        for user in PEOPLE:
            stores.users.keep(user)
    environment = {
        "STITCHSKETCH_HOME": str(folder / "home"),
        "STITCHSKETCH_OIDC_ISSUER": provider.issuer,
        "STITCHSKETCH_OIDC_AUDIENCE": AUDIENCE,
    }
    hub = Hub(folder, [free_port() for _ in range(4)], environment)
    yield hub
    hub.remove()


@pytest.fixture(scope="module")
def beside(hub, provider, quick_disk) -> Iterator[Serving]:
    """A gateway that asks the hub, and soon asks again."""
    with served(provider, quick_disk, hub_api=hub.api, hub_cache_s=CACHE_S) as serving:
        people(serving)
        yield serving


@pytest.mark.parametrize(
    ("who", "scopes", "asked", "status"),
    [
        ("ben", [READ], ("GET", "/projects"), 200),
        ("ben", [READ], ("POST", "/projects"), 403),
        ("ben", [READ, WRITE], ("POST", "/projects"), 201),
        ("ben", [WRITE], ("GET", "/projects"), 403),
        ("ben", ["read:users!user"], ("GET", "/projects"), 403),
        # the scope says yes, the role no
        ("ben", [PEOPLES], ("GET", "/users"), 403),
        ("ben", [WRITE], ("POST", "/runs"), 403),
        ("anna", [PEOPLES], ("GET", "/users"), 200),
        # the role says yes, the scope no
        ("anna", [READ, WRITE], ("GET", "/users"), 403),
        # limited by the hub to what is its owner's own
        ("anna", [f"{READ}!user=anna"], ("GET", "/projects"), 200),
        ("carla", [READ, WRITE, PEOPLES], ("GET", "/users/ben"), 404),
        ("zoe", [READ], ("GET", "/projects"), 403),
    ],
)
def test_a_hubs_token_is_limited_by_its_scopes_and_its_owners_role(
    hub, beside, who, scopes, asked, status
):
    method, path = asked
    token, _ = hub.token(who, *scopes)
    body = {"json": {"name": "Sofa"}} if method == "POST" else {}
    answer = beside.ask(token, method, path, **body)
    assert answer.status_code == status, answer.text


def test_whoever_asks_is_told_the_scopes_of_the_token(hub, beside, provider):
    token, _ = hub.token("tia", READ, "read:users!user")
    me = beside.ask(token, "GET", "/users/me").json()
    assert (me["subject"], me["role"], me["scopes"]) == ("tia", "technician", ["read"])
    # a token of the identity provider goes as far as its owner's role, beside the hub's
    assert beside.ask(provider.token("tia"), "GET", "/users/me").json()["scopes"] is None


def test_a_token_that_was_taken_back_holds_no_longer_than_the_cache(hub, beside):
    token, path = hub.token("ben", READ)
    assert beside.ask(token, "GET", "/projects").status_code == 200
    assert hub.ask("DELETE", path).status_code == 204
    time.sleep(CACHE_S + 0.1)
    answer = beside.ask(token, "GET", "/projects")
    assert (answer.status_code, "does not know this token" in answer.text) == (401, True)
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_an_answer_is_believed_for_a_while_and_a_refusal_too(hub, monkeypatch):
    tokens, asked = HubTokens(hub.api, 30.0), []
    ask = tokens._http.get
    monkeypatch.setattr(
        tokens._http, "get", lambda *url, **more: asked.append(url) or ask(*url, **more)
    )
    token, path = hub.token("ben", READ)
    first = tokens.identity(token)
    assert 0 < first.expires_s - time.time() <= 30
    hub.ask("DELETE", path)
    assert tokens.identity(token) == first
    for _ in range(2):
        with pytest.raises(ProblemError, match="does not know"):
            tokens.identity("f" * 32)
    assert len(asked) == 2


@pytest.mark.parametrize(
    "token", [SERVICE, "f" * 32, "x" * 501, "not\tone", "{..}", "a.b", "a.b.c.d"]
)
def test_tokens_of_services_and_what_is_none_are_refused(hub, beside, token):
    answer = beside.ask(token, "GET", "/users/me")
    assert (answer.status_code, answer.json()["status"]) == (401, 401)


def test_a_hub_that_is_away_is_said_in_words(provider, tmp_path):
    silent = f"http://127.0.0.1:{free_port()}/hub/api"
    with served(provider, tmp_path, hub_api=silent) as serving:
        people(serving)
        answer = serving.ask("f" * 32, "GET", "/projects")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
        assert "hub does not answer" in answer.json()["detail"]
        # whoever needs no hub comes in
        assert serving.ask(provider.token("ben"), "GET", "/projects").status_code == 200


def test_what_is_no_hub_is_not_believed(provider, tmp_path):
    # the identity provider's pages: 503 for what they don't have, and no person in what they do
    for page in ("/none", "/.well-known/openid-configuration?"):
        with pytest.raises(ProblemError) as told:
            HubTokens(provider.issuer + page, 1.0).identity("f" * 32)
        assert told.value.status == 503


def test_without_a_hub_its_tokens_are_refused(provider, tmp_path):
    with served(provider, tmp_path) as serving:
        assert serving.ask("f" * 32, "GET", "/projects").status_code == 401


def test_whoever_tries_tokens_does_not_make_the_gateway_ask_for_each(hub, provider, tmp_path):
    told = {"hub_api": hub.api, "requests_per_minute": 5}
    with served(provider, tmp_path, **told) as serving:
        tokens = serving.app.state.door.tokens._hubs
        answers = [serving.ask(f"{n:032x}", "GET", "/projects").status_code for n in range(9)]
        assert answers == [401] * 5 + [429] * 4
        assert len(tokens._known) == 5


def test_the_gateway_is_a_service_of_the_hub_behind_its_proxy(hub):
    base = f"{hub.url}/services/gateway"
    with httpx.Client(timeout=20) as at:
        told = at.get(f"{base}/openapi.json").json()
        assert told["servers"] == [{"url": "/services/gateway"}]
        assert "/projects" in told["paths"]
        for page in (f"{base}/", f"{base}/docs"):
            answer = at.get(page)
            assert "text/html" in answer.headers["content-type"]
            link = answer.text.partition("href='")[2].partition("'")[0]
            assert at.get(httpx.URL(page).join(link)).json() == told
        moved = at.get(f"{base}/projects/")
        assert (moved.status_code, moved.headers["location"]) == (307, f"{base}/projects")
        secure = at.get(f"{base}/projects/", headers={"X-Forwarded-Proto": "https"})
        assert secure.headers["location"].endswith("/services/gateway/projects")
        assert at.get(f"{base}/nowhere").json()["status"] == 404
        assert at.get(f"{base}/projects").json()["status"] == 401


def test_a_kernels_client_works_through_the_hubs_proxy(hub):
    token, _ = hub.token("tia", READ, WRITE)
    store = GatewayProjectStore(GatewayClient(f"{hub.url}/services/gateway", token))
    kept = store.add_project(Project("Nadel", "Wing chair"))
    assert [one.id for one in store.projects("Nadel")] == [kept.id]
    store.close()


def test_a_stream_of_a_hubs_token_ends_with_what_the_hub_has_proved(hub, beside):
    """A line to a run's progress does not outlive the token by more than the cache."""
    token, path = hub.token("ben", READ)
    caller = beside.app.state.door.caller(token)
    assert caller.expires_s - time.time() <= CACHE_S
    assert hub.ask("DELETE", path).status_code == 204


def test_a_hub_that_falls_silent_is_not_waited_for(monkeypatch):
    monkeypatch.setattr("stitchsketch_kernel.gateway.hub._SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        began = time.monotonic()
        with pytest.raises(ProblemError) as told:
            HubTokens(f"http://127.0.0.1:{port}/hub/api", 1.0).identity("f" * 32)
        assert (told.value.status, time.monotonic() - began < 5) == (503, True)
