"""What every store of objects must do; `conftest.py` has each implementation."""

from __future__ import annotations

import hashlib
import io
import random
import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from stitchsketch_kernel.domain.errors import StorageError
from stitchsketch_kernel.storage.folders import LocalFolders
from stitchsketch_kernel.storage.interface import shop_folder


def _photo() -> bytes:
    """A real one: a store that people reach looks at what they send."""
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(file, "JPEG")
    return file.getvalue()


PHOTO = _photo()


@pytest.fixture(scope="module")
def kept_store(tmp_path_factory):
    return LocalFolders(tmp_path_factory.mktemp("objects"))


def content_of(store, stored):
    with store.open(stored.bucket, stored.sha256) as file:
        return file.read()


@given(st.binary(max_size=4096))
def test_content_comes_back_under_its_own_hash(kept_store, content):
    stored = kept_store.put("models", io.BytesIO(content))
    assert stored.sha256 == hashlib.sha256(content).hexdigest()
    with kept_store.open("models", stored.sha256) as file:
        assert file.read() == content


def test_content_of_any_size_comes_back(store):
    for size in (0, 1, 63, 64, 65, 1 << 20, (1 << 20) + 1, (17 << 20) + 3):
        content = (bytes(range(256)) * (size // 256 + 1))[:size]
        stored = store.put("renders", io.BytesIO(content))
        assert (stored.bytes, stored.sha256) == (size, hashlib.sha256(content).hexdigest())
        with store.open("renders", stored.sha256) as file:
            assert file.read() == content


def test_the_same_content_is_kept_once(store):
    for _ in range(2):
        store.put("images", io.BytesIO(PHOTO))
    assert [found.bytes for found in store.objects("images")] == [len(PHOTO)]


def test_buckets_are_apart(store):
    stored = store.put("images", io.BytesIO(PHOTO))
    assert not store.exists("models", stored.sha256)


def test_a_deleted_object_is_gone(store):
    stored = store.put("images", io.BytesIO(PHOTO))
    store.delete("images", stored.sha256)
    store.delete("images", stored.sha256)
    with pytest.raises(StorageError, match="is not there"):
        store.open("images", stored.sha256)


class CutOff(io.RawIOBase):
    """An upload whose line goes dead after the first piece."""

    def __init__(self) -> None:
        self.pieces = [b"x" * 1000]

    def read(self, size: int = -1) -> bytes:
        if self.pieces:
            return self.pieces.pop()
        raise ConnectionResetError("the line went dead")


def test_an_upload_that_was_cut_off_leaves_nothing(store, tmp_path):
    with pytest.raises(StorageError, match=r"the line went dead|could not be written"):
        store.put("images", CutOff())
    assert store.objects("images") == []
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_a_name_cannot_lead_elsewhere(store, name):
    with pytest.raises(StorageError, match="is not the name"):
        store.exists("images", name)


def test_an_unknown_bucket_is_refused(store):
    with pytest.raises(StorageError, match="no place called"):
        store.put("../secrets", io.BytesIO(b""))


def test_a_link_out_of_the_root_is_refused(tmp_path):
    store = LocalFolders(tmp_path / "objects")
    name = "ab" * 32
    (tmp_path / "secret").write_text("not yours")
    (tmp_path / "objects" / "images" / "ab").mkdir()
    (tmp_path / "objects" / "images" / "ab" / name).symlink_to(tmp_path / "secret")
    with pytest.raises(StorageError, match="points out of"):
        store.open("images", name)


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path, small_disk):
    store = LocalFolders(small_disk)
    with pytest.raises(StorageError, match="is full"):
        store.put("images", io.BytesIO(b"x" * 4_000_000))
    assert [path for path in small_disk.rglob("*") if path.is_file()] == []
    assert store.put("images", io.BytesIO(b"small")).bytes == 5


def test_a_root_that_cannot_be_made_is_said_in_words(tmp_path):
    (tmp_path / "objects").write_text("a file where the folder should be")
    with pytest.raises(StorageError, match="could not be written"):
        LocalFolders(tmp_path / "objects")


def test_nothing_of_another_shop_exists(store, other_shop):
    stored = store.put("images", io.BytesIO(PHOTO))
    assert not other_shop.exists("images", stored.sha256)
    assert other_shop.objects("images") == []
    with pytest.raises(StorageError, match="is not there"):
        other_shop.open("images", stored.sha256)
    other_shop.put("images", io.BytesIO(PHOTO))
    other_shop.delete("images", stored.sha256)
    assert content_of(store, stored) == PHOTO


def test_an_object_says_when_it_was_last_put(store):
    first = store.put("images", io.BytesIO(PHOTO))
    time.sleep(1.1)  # S3 tells whole seconds
    store.put("images", io.BytesIO(PHOTO))
    [found] = store.objects("images")
    assert found == first
    assert timedelta(seconds=0.9) < found.put - first.put < timedelta(minutes=5)


def test_a_large_object_comes_back_whole(store):
    content = random.Random(1).randbytes(20 << 20)
    stored = store.put("models", io.BytesIO(content))
    assert (stored.sha256, stored.bytes) == (hashlib.sha256(content).hexdigest(), len(content))
    with store.open("models", stored.sha256) as file:
        assert file.read(5) == content[:5]
        assert file.read() == content[5:]
    assert [found.bytes for found in store.objects("models")] == [len(content)]


def test_the_same_content_put_by_many_at_once_is_kept_once(store):
    content = random.Random(2).randbytes(17 << 20)
    with ThreadPoolExecutor(3) as pool:
        stored = list(pool.map(lambda _: store.put("models", io.BytesIO(content)), range(3)))
    assert store.objects("models") == stored[:1] == stored[1:2]
    assert content_of(store, stored[0]) == content


def test_shops_have_places_of_their_own_whatever_they_are_called():
    names = ["Nadel", "nadel", "../Nadel", "Nadel/", "", "..", "Ö", "N" * 500, "a\0b"]
    folders = [shop_folder(name) for name in names]
    assert len(set(folders)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9-]{17,47}", folder) for folder in folders)
