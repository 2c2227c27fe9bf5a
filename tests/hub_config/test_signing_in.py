from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from provider import Provider, forged
from traitlets.config import Config

from hub_config import Endpoints, HubSettings, discover, signing_in
from hub_config.id_token import IdTokenError, IdTokens
from hub_config.people import keep_person, role_of
from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.stores import StoreSettings, open_stores
from stitchsketch_kernel.users.records import Preferences, Role

ENDPOINTS = Endpoints(
    "https://id/auth", "https://id/token", "https://id/me", "https://id/keys", "https://id/bye"
)
SETTINGS = HubSettings("https://hub.example.com", "https://id.example.com", "hub", "hush", shop="S")
CLIENT = "stitchsketch-hub"


class Pages(BaseHTTPRequestHandler):
    """Serves one document as an OpenID provider does."""

    def do_GET(self) -> None:
        found = self.path == "/.well-known/openid-configuration"
        self.send_response(200 if found else 404)
        self.end_headers()
        self.wfile.write(self.server.document if found else b"")

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def described() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    issuer = server.issuer = f"http://127.0.0.1:{server.server_port}"
    server.told = {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/auth",
        "token_endpoint": f"{issuer}/token",
        "userinfo_endpoint": f"{issuer}/me",
        "jwks_uri": f"{issuer}/keys",
        "code_challenge_methods_supported": ["S256"],
    }
    server.document = json.dumps(server.told).encode()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    provider = Provider()
    yield provider
    provider.close()


@pytest.fixture
def env(tmp_path):
    return {"STITCHSKETCH_HOME": str(tmp_path)}


def verify(provider, token, nonce="n"):
    return IdTokens(provider.issuer, CLIENT, f"{provider.issuer}/keys").claims(token, nonce)


def test_people_sign_in_at_the_provider_with_pkce():
    config = Config()
    signing_in.configure(config, SETTINGS, ENDPOINTS)
    sign_in = config.ShopAuthenticator
    assert sign_in.enable_pkce is True
    assert sign_in.oauth_callback_url == "https://hub.example.com/hub/oauth_callback"
    urls = (sign_in.authorize_url, sign_in.token_url, sign_in.userdata_url)
    assert urls == ("https://id/auth", "https://id/token", "https://id/me")
    assert sign_in.logout_redirect_url.startswith("https://id/bye?client_id=hub&")
    assert "allow_all" not in sign_in
    # the provider's other groups are no matter of the hub
    state = {"oauth_user": {"sub": "1", "groups": ["choir", "technician"]}}
    assert sign_in.auth_state_groups_key(state) == {"technician"}


def test_endpoints_come_from_the_provider(described):
    issuer = described.issuer
    found = Endpoints(*(f"{issuer}/{name}" for name in ("auth", "token", "me", "keys")))
    assert discover(issuer) == found
    described.document = json.dumps(
        described.told | {"end_session_endpoint": f"{issuer}/bye"}
    ).encode()
    assert discover(issuer) == replace(found, sign_out=f"{issuer}/bye")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"issuer": "https://evil.example.com"}, "calls itself"),
        ({"code_challenge_methods_supported": ["plain"]}, "no PKCE"),
        ({"token_endpoint": None}, "no safe token_endpoint"),
        ({"jwks_uri": None}, "no safe jwks_uri"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "no safe authorization_endpoint"),
        ({"end_session_endpoint": "javascript:alert(1)"}, "no safe end_session_endpoint"),
    ],
)
def test_a_provider_that_is_not_as_it_must_be_is_refused(described, change, words):
    described.document = json.dumps(described.told | change).encode()
    with pytest.raises(SettingsError, match=words):
        discover(described.issuer)


@pytest.mark.parametrize("document", [b"<html>", b"[]", b"\xff\xfe"])
def test_a_page_that_is_no_configuration_is_refused(described, document):
    described.document = document
    with pytest.raises(SettingsError, match="OpenID"):
        discover(described.issuer)


def test_a_provider_that_is_down_is_named():
    with pytest.raises(SettingsError, match=r"does not answer at http://127\.0\.0\.1:9/"):
        discover("http://127.0.0.1:9")


def test_an_id_token_that_is_right_is_taken(provider):
    token = provider.token("uma", aud=CLIENT, nonce="n")
    assert verify(provider, token)["sub"] == "uma"
    assert verify(provider, provider.token("uma", aud=[CLIENT, "other"], azp=CLIENT), None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"aud": "another"},
        {"aud": None},
        {"aud": [CLIENT, "other"]},
        {"aud": CLIENT, "azp": "other"},
        {"aud": CLIENT, "iss": "https://evil.example.com"},
        {"aud": CLIENT, "exp": 1},
        {"aud": CLIENT, "exp": None},
        {"aud": CLIENT, "nonce": "of another sign-in"},
        {"aud": CLIENT, "nonce": None},
        {"aud": CLIENT, "sub": None},
    ],
)
def test_an_id_token_of_another_kind_is_refused(provider, wrong):
    with pytest.raises(IdTokenError):
        verify(provider, provider.token("uma", **{"nonce": "n", **wrong}))


def test_an_id_token_that_nobody_signed_is_refused(provider):
    claims = provider.claims("uma", aud=CLIENT, nonce="n")
    for header, secret in (
        ({"alg": "none", "kid": "first"}, None),
        ({"alg": "HS256", "kid": "first"}, provider.public_pem()),
        ({"alg": "RS256", "kid": "first"}, b"guessed"),
        ({"alg": "RS256", "kid": "unknown"}, b"guessed"),
    ):
        with pytest.raises(IdTokenError):
            verify(provider, forged(header, claims, secret))
    for nothing in (None, "", "a.b.c", 7, "x" * 30_000):
        with pytest.raises(IdTokenError):
            verify(provider, nothing)


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        (["upholsterer"], Role.UPHOLSTERER),
        (["technician", "upholsterer"], Role.TECHNICIAN),
        (["manager", "choir"], Role.MANAGER),
        (["choir"], None),
        ([], None),
        (None, None),
        ("admin", None),
        ([["admin"], 7], None),
    ],
)
def test_groups_make_a_role(groups, role):
    assert role_of(SETTINGS, {"groups": groups}) is role


def test_whoever_signs_in_is_kept_with_what_they_prefer(env):
    claims = {"sub": "uma", "name": "Uma", "groups": ["upholsterer"], "shop": "Old street"}
    assert keep_person(SETTINGS, claims, env).shop == "Old street"
    with open_stores(StoreSettings.from_env(env)) as stores:
        known = stores.users.user("uma")
        stores.users.keep(replace(known, preferences=Preferences(units="inch")))
    kept = keep_person(SETTINGS, {"sub": "uma", "groups": ["technician"]}, env)
    assert (kept.role, kept.shop, kept.preferences.units) == (Role.TECHNICIAN, "S", "inch")


def test_who_lost_the_last_group_is_forgotten(env):
    keep_person(SETTINGS, {"sub": "uma", "groups": ["manager"]}, env)
    assert keep_person(SETTINGS, {"sub": "uma", "groups": []}, env) is None
    with open_stores(StoreSettings.from_env(env)) as stores:
        assert stores.users.user("uma") is None


def test_subjects_that_differ_by_case_are_two_people():
    authenticator = signing_in.ShopAuthenticator()
    assert authenticator.normalize_username("aB") != authenticator.normalize_username("ab")
