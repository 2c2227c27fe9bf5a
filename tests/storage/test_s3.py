"""The store on an S3 server: uploads that go on, links, refusals, a server that is away."""

from __future__ import annotations

import io
import random
from dataclasses import replace
from uuid import uuid4

import pytest
import urllib3

from stitchsketch_kernel.domain.errors import SettingsError, StorageError
from stitchsketch_kernel.storage import services
from stitchsketch_kernel.storage.multipart import PART_BYTES, PartedUpload, uploads
from stitchsketch_kernel.storage.s3_settings import S3Settings
from stitchsketch_kernel.storage.services import S3Objects

LARGE = random.Random(3).randbytes(2 * PART_BYTES + 1000)


@pytest.fixture
def store(s3_settings):
    return S3Objects(s3_settings, f"Nadel {uuid4()}")


class BreaksOff(io.BytesIO):
    """A file that is measured whole; then, while it is sent, its disk goes away."""

    passes = 0

    def seek(self, *where):
        self.passes += 1
        return super().seek(*where)

    def read(self, size=-1):
        if self.passes and self.tell() >= 2 * PART_BYTES:
            raise OSError("the disk went away")
        return super().read(size)


def test_an_upload_that_broke_off_goes_on_from_its_last_part(store, monkeypatch):
    with pytest.raises(StorageError, match="the disk went away"):
        store.put("models", BreaksOff(LARGE))
    assert store.objects("models") == []
    sent = []
    send = PartedUpload.send

    def counted(self, content):
        digest, parts = send(self, content)
        sent.append(parts)
        return digest, parts

    monkeypatch.setattr(PartedUpload, "send", counted)
    stored = store.put("models", io.BytesIO(LARGE))
    assert sent == [1]  # the third part of three
    with store.open("models", stored.sha256) as file:
        assert file.read() == LARGE
    assert uploads(store._client, store._name, store._shop) == []


class Overtaken(io.BytesIO):
    """A file that another process stores too, and is done while this one is at its second part."""

    def __init__(self, content, store):
        super().__init__(content)
        self.store, self.passes = store, 0

    def seek(self, *where):
        self.passes += 1
        return super().seek(*where)

    def read(self, size=-1):
        if self.passes and self.store and self.tell() == PART_BYTES:
            store, self.store = self.store, None
            store.put("models", io.BytesIO(self.getvalue()))
        return super().read(size)


def test_who_is_overtaken_with_the_same_content_finds_it_there(store):
    stored = store.put("models", Overtaken(LARGE, store))
    assert store.objects("models") == [stored]
    with store.open("models", stored.sha256) as file:
        assert file.read() == LARGE


class Changes(io.BytesIO):
    """A file that somebody writes into between its being measured and sent."""

    def seek(self, *where):
        self.getbuffer()[7] = (self.getbuffer()[7] + 1) % 256
        return super().seek(*where)


@pytest.mark.parametrize("content", [LARGE[:100], LARGE])
def test_a_file_that_changes_meanwhile_is_not_kept(store, content):
    with pytest.raises(StorageError, match="changed while"):
        store.put("models", Changes(content))
    assert store.objects("models") == []
    assert uploads(store._client, store._name, store._shop) == []


def test_old_uploads_that_never_ended_are_found_and_cleared(store, monkeypatch):
    with pytest.raises(StorageError):
        store.put("models", BreaksOff(LARGE))
    assert store.leftovers() == 0
    monkeypatch.setattr(services, "OLD_AFTER_S", -60.0)
    assert store.leftovers() == 1
    store.clear_leftovers()
    assert store.leftovers() == 0


def test_a_link_gives_the_object_as_a_file_and_nothing_else(store):
    stored = store.put("patterns", io.BytesIO(b"<script>"))
    link = store.link("patterns", stored.sha256, "Sessel Ö.svg")
    answer = urllib3.request("GET", link)
    assert (answer.status, answer.data) == (200, b"<script>")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert "Sessel%20%C3%96.svg" in answer.headers["Content-Disposition"]
    other = store.put("patterns", io.BytesIO(b"other"))
    assert urllib3.request("GET", link.replace(stored.sha256, other.sha256)).status == 403


def test_a_link_ends(store):
    stored = store.put("patterns", io.BytesIO(b"cut"))
    link = store.link("patterns", stored.sha256, "cut.svg", seconds=1)
    assert "X-Amz-Expires=1&" in link
    old = link.replace("X-Amz-Expires=1&", "X-Amz-Expires=600&")
    assert urllib3.request("GET", old).status == 403


def test_an_account_that_may_only_read_is_told_so(ceph, s3_settings, store):
    reader = ceph.new_account(f"reader-{uuid4().hex[:8]}")
    theirs = replace(s3_settings, access_key=reader.access_key, secret_key=reader.secret_key)
    with pytest.raises(StorageError, match="does not allow this"):
        S3Objects(theirs, "Nadel").put("images", io.BytesIO(b"photo"))


def test_a_store_without_room_says_so_and_keeps_nothing(ceph, s3_settings):
    name = f"small-{uuid4().hex[:8]}"
    account = ceph.new_account(name)
    ceph.admin("quota", "set", "--quota-scope=user", f"--uid={name}", "--max-size=1048576")
    ceph.admin("quota", "enable", "--quota-scope=user", f"--uid={name}")
    small = S3Objects(S3Settings(ceph.endpoint, account.access_key, account.secret_key, name), "x")
    for content in (LARGE[: 3 << 20], LARGE):
        with pytest.raises(StorageError, match="no room left"):
            small.put("models", io.BytesIO(content))
        assert small.objects("models") == []
    small.put("models", io.BytesIO(b"little"))


def test_a_wrong_secret_is_said_in_words_without_telling_it(s3_settings):
    wrong = replace(s3_settings, secret_key="wrong-secret")
    with pytest.raises(StorageError, match="Check the access key") as told:
        S3Objects(wrong, "Nadel")
    assert "wrong-secret" not in f"{told.value}{wrong}"


def test_a_server_that_is_away_is_said_in_words(free_port):
    nobody = S3Settings(f"http://127.0.0.1:{free_port}", "key", "secret-key")
    with pytest.raises(StorageError, match="does not answer"):
        S3Objects(nobody, "Nadel")


@pytest.mark.parametrize("endpoint", ["", "storage", "ftp://x", "https://", "https://x/path"])
def test_an_address_that_is_none_is_refused(endpoint):
    with pytest.raises(SettingsError, match="not the address of an S3 server"):
        S3Objects(S3Settings(endpoint, "key", "secret"), "Nadel")
