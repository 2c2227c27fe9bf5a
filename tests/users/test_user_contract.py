"""What every store of people must do; each implementation is one line in `STORES`."""

from dataclasses import replace

import pytest
from serving import over_gateway

from stitchsketch_kernel.client import GatewayUserStore
from stitchsketch_kernel.domain.errors import StorageError
from stitchsketch_kernel.users.embedded import SqlUserStore
from stitchsketch_kernel.users.records import Preferences, Role, User

STORES = {
    "embedded": lambda folder: SqlUserStore(folder / "users.sqlite"),
    "gateway": lambda folder: over_gateway(GatewayUserStore, "ada"),
}
ANNA = User(
    "oidc|1", "Nadel", "Anna", Role.MANAGER, Preferences("inch", {"staple": 80.0}, "Linen 140")
)


@pytest.fixture(params=STORES)
def store(request, tmp_path):
    store = STORES[request.param](tmp_path)
    yield store
    store.close()


def test_a_person_comes_back_whole(store):
    store.keep(ANNA)
    assert store.user("oidc|1") == ANNA


def test_the_last_word_on_a_person_counts(store):
    store.keep(ANNA)
    store.keep(replace(ANNA, shop="Zwirn", role=Role.TECHNICIAN))
    assert store.of_shop("Nadel") == []
    assert [user.role for user in store.of_shop("Zwirn")] == [Role.TECHNICIAN]


def test_people_are_listed_by_name(store):
    for subject, name in (("3", "Özlem"), ("1", "bert"), ("2", "Anna")):
        store.keep(User(subject, "Nadel", name))
    assert [user.name for user in store.of_shop("Nadel")] == ["Anna", "bert", "Özlem"]


def test_a_stranger_is_nobody(store):
    assert store.user("nobody") is None


def test_a_forgotten_person_is_gone(store):
    store.keep(ANNA)
    store.forget("oidc|1")
    store.forget("oidc|1")
    assert store.user("oidc|1") is None


def test_a_file_that_cannot_be_used_is_said_in_words(tmp_path):
    (tmp_path / "users.sqlite").mkdir()
    with pytest.raises(StorageError, match=r"users\.sqlite could not be used"):
        SqlUserStore(tmp_path / "users.sqlite")
