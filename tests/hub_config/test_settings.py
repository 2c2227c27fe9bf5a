from __future__ import annotations

import pytest

from hub_config import HubSettings
from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.users.records import Role

ENV = {
    "STITCHSKETCH_PUBLIC_URL": "https://hub.example.com/",
    "STITCHSKETCH_OIDC_ISSUER": "https://id.example.com/realms/shop",
    "STITCHSKETCH_OIDC_CLIENT_ID": "stitchsketch",
    "STITCHSKETCH_OIDC_CLIENT_SECRET": "hush-hush",
}


def test_groups_are_named_after_the_roles_unless_said_otherwise():
    settings = HubSettings.from_env(ENV | {"STITCHSKETCH_ADMIN_GROUPS": "it, owners,"})
    assert settings.groups[Role.UPHOLSTERER] == {"upholsterer"}
    assert settings.groups[Role.ADMIN] == {"it", "owners"}


def test_a_role_can_be_given_to_nobody():
    settings = HubSettings.from_env(ENV | {"STITCHSKETCH_ADMIN_GROUPS": " "})
    assert settings.groups[Role.ADMIN] == frozenset()


def test_the_secret_does_not_show():
    assert "hush-hush" not in repr(HubSettings.from_env(ENV))


def test_the_secret_may_stand_in_a_file(tmp_path):
    (tmp_path / "secret").write_text("from the file\n")
    env = {name: word for name, word in ENV.items() if not name.endswith("SECRET")}
    file = {"STITCHSKETCH_OIDC_CLIENT_SECRET_FILE": str(tmp_path / "secret")}
    assert HubSettings.from_env(env | file).client_secret == "from the file"
    with pytest.raises(SettingsError, match="both set"):
        HubSettings.from_env(ENV | file)
    with pytest.raises(SettingsError, match="can't be read"):
        HubSettings.from_env(env | {"STITCHSKETCH_OIDC_CLIENT_SECRET_FILE": str(tmp_path)})


@pytest.mark.parametrize("name", sorted(ENV))
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


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("STITCHSKETCH_PUBLIC_URL", "https://example.com/hub", "has a path"),
        ("STITCHSKETCH_SPAWNER", "lokal", "none that is known"),
        ("STITCHSKETCH_HUB_PORT", "eighty", "no whole number"),
        ("STITCHSKETCH_HUB_PORT", "80", "out of range"),
        ("STITCHSKETCH_HUB_PORT", "65535", "out of range"),
        ("STITCHSKETCH_IDLE_MINUTES", "0", "out of range"),
        ("STITCHSKETCH_SUBDOMAINS", "perhaps", "neither yes nor no"),
        ("STITCHSKETCH_HUB_HOME", "here", "no whole path"),
        ("STITCHSKETCH_MEMORY_GIB", "much", "no whole number"),
        ("STITCHSKETCH_CORES", "0", "out of range"),
    ],
)
def test_each_mistake_has_its_sentence(name, value, words):
    with pytest.raises(SettingsError, match=words) as told:
        HubSettings.from_env(ENV | {name: value})
    assert name in str(told.value)
