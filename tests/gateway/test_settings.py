"""What the gateway is told by its environment, and the command that starts it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from real_servers.fixtures import missing
from serving import served

from stitchsketch_kernel.client import GatewayClient
from stitchsketch_kernel.client.objects import ROOMS
from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.gateway.permissions import BUCKET_OF
from stitchsketch_kernel.gateway.settings import GatewaySettings

ENV = {
    "STITCHSKETCH_OIDC_ISSUER": "https://id.example.com/realms/shop",
    "STITCHSKETCH_OIDC_AUDIENCE": "stitchsketch",
}


def test_the_environment_is_read(tmp_path):
    more = {
        "STITCHSKETCH_GATEWAY_HOME": str(tmp_path),
        "STITCHSKETCH_GATEWAY_PHOTO_MB": "20",
        "STITCHSKETCH_GATEWAY_ALGORITHMS": "ES256, EdDSA",
        "STITCHSKETCH_GATEWAY_ADMINS": "a|1,b|2,",
    }
    told = GatewaySettings.from_env({**ENV, **more})
    assert (told.home, told.most_photo_bytes) == (tmp_path, 20_000_000)
    assert told.algorithms == ("ES256", "EdDSA")
    assert told.admins == {"a|1", "b|2"}
    assert told.quota_bytes == GatewaySettings.quota_bytes


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("STITCHSKETCH_OIDC_ISSUER", "http://id.example.com", "is not encrypted"),
        ("STITCHSKETCH_OIDC_ISSUER", "https://u:secret@id.example.com", "is no plain address"),
        ("STITCHSKETCH_OIDC_ISSUER", "", "Nobody could ever sign in"),
        ("STITCHSKETCH_OIDC_AUDIENCE", "", "AUDIENCE is not set"),
        ("STITCHSKETCH_GATEWAY_ALGORITHMS", "RS256,HS256", "has HS256"),
        ("STITCHSKETCH_GATEWAY_ALGORITHMS", "none", "has none"),
        ("STITCHSKETCH_GATEWAY_PHOTO_MB", "many", "is no whole number"),
        ("STITCHSKETCH_GATEWAY_QUOTA_MB", "-1", "is out of range"),
        ("STITCHSKETCH_GATEWAY_HUB_API", "http://hub.example.com/hub/api", "is not encrypted"),
        ("STITCHSKETCH_GATEWAY_PREFIX", "services", "is no path"),
        ("STITCHSKETCH_GATEWAY_PREFIX", "/a/../b", "is no path"),
        ("STITCHSKETCH_GATEWAY_LINK_SECONDS", "3601", "is too long"),
        ("STITCHSKETCH_OIDC_JWKS_URL", "ftp://id/keys", "is not encrypted"),
    ],
)
def test_what_is_wrong_is_named_and_no_secret_is_told(name, value, why):
    with pytest.raises(SettingsError, match=why) as told:
        GatewaySettings.from_env({**ENV, name: value})
    assert "secret" not in str(told.value)


def test_a_service_of_the_hub_is_told_by_the_hub():
    told = {
        "JUPYTERHUB_API_URL": "http://127.0.0.1:8081/hub/api",
        "JUPYTERHUB_SERVICE_PREFIX": "/services/gateway/",
    }
    settings = GatewaySettings.from_env(told)  # the hub's tokens alone are enough
    assert (settings.hub_api, settings.prefix) == (
        "http://127.0.0.1:8081/hub/api", "/services/gateway",
    )  # fmt: skip
    ours = {"STITCHSKETCH_GATEWAY_PREFIX": "/cuts", "STITCHSKETCH_GATEWAY_HUB_API": "https://h/api"}
    settings = GatewaySettings.from_env({**told, **ours})
    assert (settings.hub_api, settings.prefix) == ("https://h/api", "/cuts")


@pytest.mark.parametrize("prefix", ["", "/services/gateway"])
def test_a_gateway_answers_behind_its_prefix_and_behind_a_proxy_that_takes_it_away(
    provider, tmp_path, prefix
):
    with served(provider, tmp_path, prefix=prefix) as serving:
        for way in {"", prefix}:
            assert serving.ask(None, "GET", f"{way}/health").json() == {"status": "up"}
            told = serving.ask(None, "GET", f"{way}/openapi.json").json()
            assert told.get("servers") == ([{"url": prefix}] if prefix else None)
            moved = serving.ask(None, "GET", f"{way}/projects/")
            assert moved.headers["location"] == f"{serving.url}{prefix}/projects"
        assert serving.ask(None, "GET", f"{prefix}more/health").status_code == 404


def test_the_page_of_routes_needs_nothing_else_and_fits_a_phone(provider, tmp_path):
    try:
        from playwright import sync_api
    except ModuleNotFoundError:
        missing("playwright")
    if (browser := shutil.which("chromium")) is None:
        missing("a browser (apt-get install chromium)")
    with (
        served(provider, tmp_path, prefix="/services/gateway") as serving,
        sync_api.sync_playwright() as at,
    ):
        page = at.chromium.launch(executable_path=browser, args=["--no-sandbox"]).new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 800})
            page.goto(f"{serving.url}/services/gateway/docs")
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.get_by_text("/projects/{project_id}/restore").is_visible()
        assert set(asked) == {f"{serving.url}/services/gateway/docs"}


def test_a_token_is_never_sent_in_the_clear():
    with pytest.raises(SettingsError, match="not encrypted"):
        GatewayClient("http://gateway.example.com", "token")


def test_gateway_and_client_mean_the_same_rooms():
    assert {bucket: room for room, bucket in BUCKET_OF.items()} == ROOMS


def command(*arguments: str) -> list[str]:
    told = "import sys; from stitchsketch_kernel.cli import main; sys.exit(main())"
    return [sys.executable, "-c", told, "gateway", *arguments]


def test_the_command_serves_until_it_is_told_to_stop(tmp_path, repository):
    env = {**os.environ, **ENV, "STITCHSKETCH_GATEWAY_HOME": str(tmp_path)}
    log = tmp_path / "log"
    with (
        log.open("w") as written,
        subprocess.Popen(
            command("--port", "0"), stderr=written, stdout=written, env=env, cwd=repository
        ) as server,
    ):
        try:
            url = _url(log, server)
            answer = httpx.get(f"{url}/health")
            assert answer.json() == {"status": "up"}
            assert "server" not in answer.headers
            taken = subprocess.run(
                command("--port", url.rsplit(":", maxsplit=1)[1]), env=env, capture_output=True,
                text=True, check=False, cwd=repository, timeout=60,
            )  # fmt: skip
            assert (taken.returncode, "Choose another port" in taken.stderr) == (2, True)
            server.send_signal(signal.SIGTERM)
            assert server.wait(20) in {0, 130}
        finally:
            server.kill()


def _url(log: Path, server: subprocess.Popen) -> str:
    deadline = time.monotonic() + 40
    while "gateway is at " not in (text := log.read_text()):
        assert server.poll() is None, text
        assert time.monotonic() < deadline, text
        time.sleep(0.05)
    return text.partition("gateway is at ")[2].split()[0]


def test_a_command_without_settings_says_what_to_set(tmp_path, repository):
    env = {name: value for name, value in os.environ.items() if "OIDC" not in name}
    told = subprocess.run(
        command(), env=env, capture_output=True, text=True, check=False, cwd=repository
    )
    assert told.returncode == 2
    assert "STITCHSKETCH_OIDC_ISSUER" in told.stderr
