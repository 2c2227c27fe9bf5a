"""What every store of objects must do; each implementation is one line in `STORES`."""

from __future__ import annotations

import hashlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from serving import over_gateway

from stitchsketch_kernel.client import GatewayObjectStore
from stitchsketch_kernel.domain.errors import StorageError
from stitchsketch_kernel.storage.folders import LocalFolders

STORES = {
    "embedded": LocalFolders,
    "gateway": lambda folder: over_gateway(GatewayObjectStore, "tia"),
}


def _photo() -> bytes:
    """A real one: a store that people reach looks at what they send."""
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(file, "JPEG")
    return file.getvalue()


PHOTO = _photo()


@pytest.fixture(params=STORES)
def store(request, tmp_path):
    store = STORES[request.param](tmp_path / "objects")
    yield store
    getattr(store, "close", lambda: None)()


@pytest.fixture(scope="module")
def kept_store(tmp_path_factory):
    return LocalFolders(tmp_path_factory.mktemp("objects"))


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
    with pytest.raises(StorageError):
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
