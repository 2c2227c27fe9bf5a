from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from traitlets.config import Config, PyFileConfigLoader

from stitchsketch_kernel.domain.errors import SettingsError

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from hub_config import Endpoints, HubSettings, configure, discover

ENV = {
    "STITCHSKETCH_PUBLIC_URL": "https://hub.example.com/",
    "STITCHSKETCH_OIDC_ISSUER": "https://id.example.com/realms/shop",
    "STITCHSKETCH_OIDC_CLIENT_ID": "stitchsketch",
    "STITCHSKETCH_OIDC_CLIENT_SECRET": "hush-hush",
    "STITCHSKETCH_ALLOWED_GROUPS": "upholsterers, technicians,",
    "STITCHSKETCH_ADMIN_GROUPS": "admins",
}
ENDPOINTS = Endpoints("https://id/auth", "https://id/token", "https://id/me")


class Provider(BaseHTTPRequestHandler):
    """Serves one document as an OpenID provider does."""

    def do_GET(self) -> None:
        found = self.path == "/.well-known/openid-configuration"
        self.send_response(200 if found else 404)
        self.end_headers()
        self.wfile.write(self.server.document if found else b"")

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def provider() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    issuer = server.issuer = f"http://127.0.0.1:{server.server_port}"
    server.told = {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/auth",
        "token_endpoint": f"{issuer}/token",
        "userinfo_endpoint": f"{issuer}/me",
        "code_challenge_methods_supported": ["S256"],
    }
    server.document = json.dumps(server.told).encode()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def configured(**changes: str) -> Config:
    config = Config()
    configure(config, HubSettings.from_env(ENV | changes), ENDPOINTS)
    return config


def test_people_sign_in_at_the_provider_with_pkce():
    config = configured()
    assert config.JupyterHub.authenticator_class == "generic-oauth"
    sign_in = config.GenericOAuthenticator
    assert sign_in.enable_pkce is True
    assert sign_in.oauth_callback_url == "https://hub.example.com/hub/oauth_callback"
    urls = (sign_in.authorize_url, sign_in.token_url, sign_in.userdata_url)
    assert urls == ("https://id/auth", "https://id/token", "https://id/me")
    assert sign_in.allowed_groups == {"upholsterers", "technicians"}
    assert sign_in.admin_groups == {"admins"}


def test_nobody_is_let_in_by_default():
    config = configured(STITCHSKETCH_ALLOWED_GROUPS="", STITCHSKETCH_ADMIN_GROUPS="")
    assert config.GenericOAuthenticator.allowed_groups == set()
    assert "allow_all" not in config.GenericOAuthenticator


def test_the_secret_does_not_show():
    assert "hush-hush" not in repr(HubSettings.from_env(ENV))


@pytest.mark.parametrize(
    "name", sorted(set(ENV) - {"STITCHSKETCH_ALLOWED_GROUPS", "STITCHSKETCH_ADMIN_GROUPS"})
)
@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_missing_variable_is_named(name, value):
    env = {key: word for key, word in ENV.items() if key != name}
    with pytest.raises(SettingsError, match=f"{name} is not set"):
        HubSettings.from_env(env if value is None else env | {name: value})


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://hub.example.com", "not encrypted"),
        ("ftp://hub.example.com", "not encrypted"),
        ("hub.example.com", "no plain address"),
        ("https://", "no plain address"),
        ("https://me:secret@hub.example.com", "no plain address"),
        ("https://hub.example.com?x=1", "no plain address"),
    ],
)
@pytest.mark.parametrize("name", ["STITCHSKETCH_PUBLIC_URL", "STITCHSKETCH_OIDC_ISSUER"])
def test_a_bad_address_is_named_and_not_repeated(name, url, words):
    with pytest.raises(SettingsError, match=words) as told:
        HubSettings.from_env(ENV | {name: url})
    assert name in str(told.value)
    assert "secret@" not in str(told.value)


def test_endpoints_come_from_the_provider(provider):
    issuer = provider.issuer
    assert discover(issuer) == Endpoints(f"{issuer}/auth", f"{issuer}/token", f"{issuer}/me")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"issuer": "https://evil.example.com"}, "calls itself"),
        ({"code_challenge_methods_supported": ["plain"]}, "no PKCE"),
        ({"token_endpoint": None}, "no safe token_endpoint"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "no safe authorization_endpoint"),
    ],
)
def test_a_provider_that_is_not_as_it_must_be_is_refused(provider, change, words):
    provider.document = json.dumps(provider.told | change).encode()
    with pytest.raises(SettingsError, match=words):
        discover(provider.issuer)


@pytest.mark.parametrize("document", [b"<html>", b"[]", b"\xff\xfe"])
def test_a_page_that_is_no_configuration_is_refused(provider, document):
    provider.document = document
    with pytest.raises(SettingsError, match="OpenID"):
        discover(provider.issuer)


def test_a_provider_that_is_down_is_named():
    with pytest.raises(SettingsError, match=r"does not answer at http://127\.0\.0\.1:9/"):
        discover("http://127.0.0.1:9")


def test_jupyterhub_reads_the_file(provider, repository, monkeypatch):
    for name, value in (ENV | {"STITCHSKETCH_OIDC_ISSUER": provider.issuer}).items():
        monkeypatch.setenv(name, value)
    config = PyFileConfigLoader("jupyterhub_config.py", path=str(repository)).load_config()
    assert config.GenericOAuthenticator.token_url == f"{provider.issuer}/token"
