"""What the environment may say of where things are kept."""

from __future__ import annotations

import pytest

from stitchsketch_kernel.domain.errors import SettingsError, StorageError
from stitchsketch_kernel.projects.embedded import SqlProjectStore
from stitchsketch_kernel.projects.records import Project
from stitchsketch_kernel.stores import Stores, StoreSettings, open_stores
from stitchsketch_kernel.stores.settings import LOCAL_SHOP

S3 = {
    "STITCHSKETCH_S3_ENDPOINT": "https://objects.example",
    "STITCHSKETCH_S3_ACCESS_KEY": "key",
    "STITCHSKETCH_S3_SECRET_KEY": "hidden-word",
}


def test_with_no_word_everything_is_files_at_home(tmp_path):
    settings = StoreSettings.from_env({"STITCHSKETCH_HOME": str(tmp_path / "home")})
    assert settings == StoreSettings(tmp_path / "home", LOCAL_SHOP)
    with Stores(settings) as stores:
        stores.projects.add_project(Project("local", "chair"))
        assert stores.users.of_shop("local") == [] and stores.objects("local").leftovers() == 0
    again = SqlProjectStore(tmp_path / "home" / "projects.db")
    assert [project.name for project in again.projects("local")] == ["chair"]
    again.close()


def test_the_process_own_environment_counts(tmp_path, monkeypatch):
    monkeypatch.setenv("STITCHSKETCH_HOME", str(tmp_path))
    monkeypatch.setenv("STITCHSKETCH_SHOP", "Nadel")
    with open_stores() as stores:
        assert (stores.settings.home, stores.settings.shop) == (tmp_path, "Nadel")


def test_passwords_may_stand_in_files_and_are_never_shown(tmp_path):
    (tmp_path / "url").write_text("postgresql://shop:hidden-word@db/shop\n")
    settings = StoreSettings.from_env(
        {"STITCHSKETCH_DATABASE_URL_FILE": str(tmp_path / "url"), **S3}
    )
    assert settings.database_url == "postgresql://shop:hidden-word@db/shop"
    assert "hidden-word" not in repr(settings)


@pytest.mark.parametrize(
    ("env", "told"),
    [
        ({"STITCHSKETCH_DATABASE_URL": "mysql://a:hidden-word@b/c"}, "DATABASE_URL is not"),
        ({"STITCHSKETCH_DATABASE_URL": "hidden-word"}, "DATABASE_URL is not"),
        ({"STITCHSKETCH_MONGO_URL": "http://hidden-word"}, "MONGO_URL is not"),
        ({"STITCHSKETCH_S3_ENDPOINT": "s3://hidden-word"}, "S3_ENDPOINT is not"),
        (S3 | {"STITCHSKETCH_S3_SECRET_KEY": ""}, "S3_SECRET_KEY is not"),
        (S3 | {"STITCHSKETCH_S3_ACCESS_KEY_FILE": "/x"}, "both set"),
        ({"STITCHSKETCH_DATABASE_URL_FILE": "/nowhere/url"}, "/nowhere/url .* can't be read"),
    ],
)
def test_what_is_of_no_use_is_refused_by_name_without_telling_it(env, told):
    with pytest.raises(SettingsError, match=told) as error:
        StoreSettings.from_env(env)
    assert "hidden-word" not in str(error.value)


def test_a_database_that_is_away_is_said_in_words_and_may_come_back(postgres, tmp_path):
    url = postgres.new_database()
    settings = StoreSettings(tmp_path, database_url=url)
    with Stores(settings) as stores:
        stores.projects.add_project(Project("Nadel", "chair"))
        postgres.stop()
        try:
            with pytest.raises(
                StorageError, match=r"The project database .* could not be used"
            ) as told:
                stores.projects.projects("Nadel")
            assert postgres.password not in str(told.value)
            with Stores(settings) as others, pytest.raises(StorageError, match="server runs"):
                _ = others.projects
        finally:
            postgres.start()
        assert [one.name for one in stores.projects.projects("Nadel")] == ["chair"]


def test_a_database_address_without_a_database_is_refused(tmp_path):
    told = pytest.raises(SettingsError, match="names no server or no database")
    with Stores(StoreSettings(tmp_path, database_url="postgresql://db")) as stores, told:
        _ = stores.projects
