"""The store in MongoDB: wrong addresses, wrong passwords, a server that is away."""

from __future__ import annotations

import pytest

from stitchsketch_kernel.domain.errors import SettingsError, StorageError
from stitchsketch_kernel.users import services
from stitchsketch_kernel.users.services import MongoUserStore


@pytest.mark.parametrize("url", ["", "postgresql://x/y", "mongodb://", "mongodb://a:b:c@x"])
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(SettingsError, match="STITCHSKETCH_MONGO_URL is not the address"):
        MongoUserStore(url)


def test_a_wrong_password_is_said_in_words_without_telling_it(mongo):
    url = mongo.new_database().replace(mongo.password, "wrong-secret")
    with pytest.raises(StorageError, match=r"refused .*Check the name and password") as told:
        MongoUserStore(url)
    assert "wrong-secret" not in str(told.value)


def test_a_server_that_is_away_is_said_in_words(free_port, monkeypatch):
    monkeypatch.setattr(services, "_ANSWER_MS", 300)
    with pytest.raises(StorageError, match="Check that the MongoDB server runs"):
        MongoUserStore(f"mongodb://127.0.0.1:{free_port}/shop")
