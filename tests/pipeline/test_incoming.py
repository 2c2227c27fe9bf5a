"""Photos that come in pieces: gone on with by their content, refused in words, never as paths."""

from __future__ import annotations

import hashlib
import io
import os
import time

import pytest
from PIL import Image

from stitchsketch_kernel.domain.errors import PhotoError, StorageError
from stitchsketch_kernel.pipeline import incoming
from stitchsketch_kernel.pipeline.beginning import begin, lay_out
from stitchsketch_kernel.pipeline.detached import why_ended
from stitchsketch_kernel.pipeline.incoming import Incoming
from stitchsketch_kernel.pipeline.tracking import KeptAs
from stitchsketch_kernel.projects.records import Photo
from stitchsketch_kernel.storage.folders import LocalFolders


def jpeg(seed=0):
    file = io.BytesIO()
    Image.effect_noise((320, 240), 60 + seed).convert("RGB").save(file, "JPEG", quality=95)
    return file.getvalue()


@pytest.fixture
def store(tmp_path):
    return LocalFolders(tmp_path / "objects")


@pytest.fixture
def place(store, tmp_path):
    return Incoming(store, tmp_path / "incoming")


def name_of(data):
    return hashlib.sha256(data).hexdigest()


def send(place, data, name="IMG_1.jpg", start=0, piece=10_000):
    state = None
    for at in range(start, len(data), piece):
        state = place.go_on(name, name_of(data), len(data), at, data[at : at + piece])
    return state


def test_a_photo_comes_in_pieces_and_is_kept_under_its_content(place, store, tmp_path):
    data = jpeg()
    assert place.begin("IMG_1.jpg", name_of(data), len(data)).offset_bytes == 0
    assert send(place, data).stored.sha256 == name_of(data)
    with store.open("images", name_of(data)) as content:
        assert content.read() == data
    assert list((tmp_path / "incoming").iterdir()) == []
    again = place.begin("other name.jpg", name_of(data), len(data))
    assert (again.offset_bytes, again.stored.bytes) == (len(data), len(data))


def test_it_goes_on_where_it_ended_for_whoever_has_the_same_photo(place, store, tmp_path):
    data = jpeg()
    place.begin("IMG_1.jpg", name_of(data), len(data))
    place.go_on("IMG_1.jpg", name_of(data), len(data), 0, data[:9_000])
    other = Incoming(store, tmp_path / "incoming")
    assert other.begin("copy.jpg", name_of(data), len(data)).offset_bytes == 9_000
    # a piece that was kept, but whose answer was lost, is not kept twice
    assert other.go_on("copy.jpg", name_of(data), len(data), 0, data[:9_000]).offset_bytes == 9_000
    assert send(other, data, start=9_000).stored is not None


def test_what_is_no_photo_is_refused_at_its_first_piece(place, tmp_path):
    data = b"<svg onload=alert(1)>" * 1000
    place.begin("IMG_1.jpg", name_of(data), len(data))
    with pytest.raises(PhotoError, match=r"IMG_1.jpg is not a photo"):
        place.go_on("IMG_1.jpg", name_of(data), len(data), 0, data[:5000])
    assert list((tmp_path / "incoming").iterdir()) == []


def test_a_photo_that_is_another_than_was_said_is_not_kept(place, store):
    data, said = jpeg(), name_of(b"another")
    place.begin("IMG_1.jpg", said, len(data))
    with pytest.raises(PhotoError, match="arrived damaged"):
        place.go_on("IMG_1.jpg", said, len(data), 0, data)
    assert store.objects("images") == []


def test_a_photo_that_is_cut_off_is_not_kept(place, store):
    data = jpeg()[:-500]
    place.begin("IMG_1.jpg", name_of(data), len(data))
    with pytest.raises(PhotoError, match="cut off"):
        send(place, data)
    assert store.objects("images") == []


@pytest.mark.parametrize("size", [0, -1, incoming.MOST_PHOTO_BYTES + 1])
def test_sizes_are_looked_at_before_anything_is_kept(place, tmp_path, size):
    with pytest.raises(PhotoError, match="MB is the limit"):
        place.begin("IMG_1.jpg", "0" * 64, size)
    assert not (tmp_path / "incoming").exists()


def test_more_than_was_said_is_not_kept(place):
    data = jpeg()
    place.begin("IMG_1.jpg", name_of(data), len(data))
    with pytest.raises(StorageError, match="More of IMG_1"):
        place.go_on("IMG_1.jpg", name_of(data), len(data), 0, data + b"more")


@pytest.mark.parametrize("sha256", ["../../etc/passwd", "A" * 64, "", "0" * 63 + "/"])
def test_a_name_that_is_no_sha256_leads_nowhere(place, sha256):
    for ask in (
        lambda: place.begin("IMG_1.jpg", sha256, 100),
        lambda: place.go_on("IMG_1.jpg", sha256, 100, 0, b"x"),
        lambda: place.give_up(sha256, 100),
    ):
        with pytest.raises(StorageError):
            ask()


def test_a_link_in_its_place_is_not_followed(place, tmp_path):
    data = jpeg()
    place.begin("IMG_1.jpg", name_of(data), len(data))
    (part,) = (tmp_path / "incoming").iterdir()
    part.unlink()
    (tmp_path / "secret").write_bytes(b"")
    part.symlink_to(tmp_path / "secret")
    with pytest.raises(StorageError):
        place.go_on("IMG_1.jpg", name_of(data), len(data), 0, data[:100])
    assert (tmp_path / "secret").read_bytes() == b""


def test_those_that_nobody_went_on_with_are_forgotten(place, tmp_path, monkeypatch):
    monkeypatch.setattr(incoming, "MOST_UNDER_WAY", 2)
    for k in range(2):
        place.begin(f"{k}.jpg", f"{k}" * 64, 1000)
    with pytest.raises(StorageError, match="Too many"):
        place.begin("2.jpg", "2" * 64, 1000)
    old = time.time() - incoming.FORGOTTEN_AFTER_S - 60
    os.utime(tmp_path / "incoming" / f"{'0' * 64}-1000", (old, old))
    assert place.begin("2.jpg", "2" * 64, 1000).offset_bytes == 0
    place.give_up("2" * 64, 1000)
    assert [path.name[0] for path in (tmp_path / "incoming").iterdir()] == ["1"]


def kept(store, name, seed=0):
    data = jpeg(seed)
    stored = store.put("images", io.BytesIO(data))
    return Photo("scan", name, stored.sha256, stored.bytes)


def test_a_scans_photos_are_laid_out_and_no_others(store, tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "old.jpg").write_bytes(b"of the last run")
    photos = [kept(store, "IMG 1.jpg"), kept(store, "IMG_2.jpg", 1)]
    lay_out(photos, store, tmp_path / "photos")
    assert {path.name for path in (tmp_path / "photos").iterdir()} == {"IMG 1.jpg", "IMG_2.jpg"}
    assert name_of((tmp_path / "photos" / "IMG_2.jpg").read_bytes()) == photos[1].sha256


@pytest.mark.parametrize("name", ["../x.jpg", "/x.jpg", "a/b.jpg", ".hidden.jpg"])
def test_a_photos_name_leads_nowhere_else(store, tmp_path, name):
    with pytest.raises(PhotoError):
        lay_out([kept(store, name)], store, tmp_path / "photos")
    with pytest.raises(PhotoError, match="no photos"):
        lay_out([], store, tmp_path / "photos")


def test_a_run_that_never_comes_to_its_first_stage_says_why(store, tmp_path):
    values = {"align.max_feature": 2048}
    begin(tmp_path / "scan", [kept(store, "1.jpg")], store, "stool", values, KeptAs())
    end = time.monotonic() + 60
    while not (said := why_ended(tmp_path / "scan")) and time.monotonic() < end:
        time.sleep(0.1)
    assert "Did you mean align.max_features" in said
