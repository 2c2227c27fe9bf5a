"""What every store of people must do; `conftest.py` has each implementation."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from stitchsketch_kernel.domain.errors import StorageError
from stitchsketch_kernel.domain.marker import Fabric
from stitchsketch_kernel.users.embedded import SqlUserStore
from stitchsketch_kernel.users.records import (
    Preferences,
    Role,
    ShopFabric,
    User,
    user_document,
    user_from_document,
)

STRIPE = ShopFabric(
    "Nadel",
    Fabric("Stripe", 1400, 1370, True, 42.0, "EUR", 64.0, 32.0, True, 1.0, 2.0),
    "Weberei", "S-12", "100 % CO", "ab" * 32,
)  # fmt: skip
ANNA = User(
    "oidc|1", "Nadel", "Anna", Role.MANAGER, Preferences("inch", {"staple": 80.0}, "Linen 140")
)


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
    assert list(store.names("Nadel").items())[:2] == [("2", "Anna"), ("1", "bert")]


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


def test_names_that_a_database_could_take_for_questions_are_only_names(store):
    for subject in ("$where", "a.b", "{'$ne': 1}", "'; DROP TABLE user; --", "x" * 255):
        person = User(subject, "Nadel $ne", subject, preferences=Preferences("mm", {"a.$b": 1.5}))
        store.keep(person)
        assert store.user(subject) == person
    assert len(store.of_shop("Nadel $ne")) == 5
    assert store.user("$ne") is None


def test_a_fabric_comes_back_whole_and_by_its_last_word(store):
    kept = store.keep_fabric(STRIPE)
    assert store.fabric("Nadel", kept.id) == STRIPE
    dearer = replace(STRIPE, fabric=replace(STRIPE.fabric, price_per_metre=48.5))
    store.keep_fabric(dearer)
    assert store.fabrics("Nadel") == [dearer]


def test_the_library_is_by_name_and_the_shops_own(store):
    plain = store.keep_fabric(ShopFabric("Nadel", Fabric("linen", 1400, 1370)))
    store.keep_fabric(STRIPE)
    theirs = store.keep_fabric(ShopFabric("Zwirn", Fabric("linen", 1400, 1370)))
    assert store.fabrics("Nadel") == [plain, STRIPE]
    assert store.fabric("Nadel", theirs.id) is None
    store.forget_fabric("Nadel", theirs.id)
    assert store.fabrics("Zwirn") == [theirs]
    store.forget_fabric("Nadel", plain.id)
    assert store.fabrics("Nadel") == [STRIPE]


def test_another_shops_fabric_cannot_be_taken_over(store):
    store.keep_fabric(STRIPE)
    with pytest.raises(StorageError, match="no such fabric"):
        store.keep_fabric(replace(STRIPE, shop="Zwirn"))
    assert store.fabrics("Nadel") == [STRIPE] and store.fabrics("Zwirn") == []


@pytest.mark.parametrize("store", ["embedded", "services"], indirect=True)
def test_all_shops_are_known(store):
    store.keep(ANNA)
    store.keep_fabric(replace(STRIPE, shop="Zwirn"))
    assert store.shops() == ["Nadel", "Zwirn"]


def test_a_person_kept_by_many_at_once_is_kept_once(store):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda at: store.keep(replace(ANNA, name=str(at))), range(40)))
    assert len(store.of_shop("Nadel")) == 1


def test_what_a_later_version_added_is_passed_over():
    document = user_document(ANNA) | {"_id": "oidc|1", "favourite_thread": "red"}
    document["preferences"] = {**document["preferences"], "theme": "dark"}
    assert user_from_document(document) == ANNA
