from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from hub_config import HubSettings

SECRET = re.compile(r"SECRET|PASSWORD|ACCESS_KEY|DATABASE_URL|MONGO_URL")


@pytest.fixture
def folder(repository):
    return repository / "hub_config" / "deploy"


@pytest.fixture
def compose(folder):
    return yaml.safe_load((folder / "compose.yaml").read_text())


@pytest.fixture
def values(folder):
    return yaml.safe_load((folder / "zero-to-jupyterhub.yaml").read_text())


def test_the_hubs_settings_in_compose_are_right(compose, tmp_path):
    told = {}
    for name, value in compose["services"]["hub"]["environment"].items():
        default = re.fullmatch(r"\$\{[A-Z_]+:[?-](.*)\}", str(value))
        told[name] = default[1] if default else str(value)
    secret = tmp_path / "secret"
    secret.write_text("hush")
    told |= {
        "STITCHSKETCH_PUBLIC_URL": "https://hub.example.com",
        "STITCHSKETCH_OIDC_ISSUER": "https://id.example.com",
        "STITCHSKETCH_OIDC_CLIENT_ID": "hub",
        "STITCHSKETCH_OIDC_CLIENT_SECRET_FILE": str(secret),
    }
    settings = HubSettings.from_env(told)
    assert (settings.spawner, settings.subdomains, settings.connect) == ("docker", True, "hub")
    assert settings.image == compose["services"]["dask-worker"]["image"]


def test_no_secret_stands_in_compose(compose):
    files = {f"/run/secrets/{name}" for name in compose["secrets"]}
    for service in compose["services"].values():
        for name, value in service.get("environment", {}).items():
            assert not SECRET.search(name) or value in files, name
        assert {f"/run/secrets/{one}" for one in service.get("secrets", [])} <= files


def test_peoples_servers_do_not_see_the_stores(compose):
    assert compose["networks"]["stores"] == {"internal": True}
    assert compose["networks"]["servers"]["name"] == "stitchsketch-people"
    on_servers = {name for name, one in compose["services"].items() if "servers" in one["networks"]}
    assert on_servers == {"hub"}
    for service in compose["services"].values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
        assert re.search(r":[\d.]+", service["image"])


def test_the_hubs_settings_in_kubernetes_are_right(values):
    told = {}
    for name, value in values["hub"]["extraEnv"].items():
        if SECRET.search(name):
            assert value["valueFrom"]["secretKeyRef"]["name"] == "stitchsketch", name
        told[name] = "hush" if isinstance(value, dict) else value
    settings = HubSettings.from_env(told)
    assert (settings.spawner, settings.gpus, settings.subdomains) == ("kubernetes", 1, True)
    ports = [one["port"] for one in values["hub"]["service"]["extraPorts"]]
    assert ports == [settings.port + 4, settings.port + 5]
    compile(values["hub"]["extraConfig"]["stitchsketch"], "extraConfig", "exec")


def test_the_compose_file_keeps_to_the_specification(compose):
    """Its schema is the specification's own (github.com/compose-spec, Apache-2.0), unchanged."""
    schema = json.loads(Path(__file__).with_name("compose-spec.json").read_text())
    checked = jsonschema.Draft7Validator(schema)
    checked.validate(compose)
    with pytest.raises(jsonschema.ValidationError):
        checked.validate(compose | {"service": {}})
