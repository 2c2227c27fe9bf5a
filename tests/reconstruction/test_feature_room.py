"""Features are looked for in as many and as large photos as fit the memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from stitchsketch_kernel.domain.errors import ShortOfMemoryError
from stitchsketch_kernel.domain.photo import Photo
from stitchsketch_kernel.reconstruction.align_settings import AlignSettings
from stitchsketch_kernel.reconstruction.feature_room import feature_room

GIB = 2**30
PHOTOS = tuple(
    Photo(f"{i}.jpg", Path(f"{i}.jpg"), 4032, 3024, None, str(i), "one") for i in range(40)
)


@pytest.fixture(autouse=True)
def sixteen_cores(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 16)


def test_with_room_every_core_has_a_photo():
    room = feature_room(PHOTOS, AlignSettings(), lambda: 64 * GIB)
    assert (room.threads, room.settings, room.say()) == (16, AlignSettings(), "")


@pytest.mark.parametrize(("gib", "threads"), [(16, 7), (8, 3), (2.5, 1)])
def test_with_less_fewer_photos_are_at_work(gib, threads):
    room = feature_room(PHOTOS, AlignSettings(), lambda: int(gib * GIB))
    assert (room.threads, room.settings, room.say()) == (threads, AlignSettings(), "")


def test_where_not_one_fits_it_is_smaller_and_that_is_said():
    room = feature_room(PHOTOS, AlignSettings(), lambda: GIB)
    assert room.threads == 1
    assert 400 * room.settings.max_side_px**2 * 3 / 4 < 0.8 * GIB
    assert f"photos of {room.settings.max_side_px} instead of 2400 pixels" in room.say()


def test_where_the_smallest_does_not_fit_it_is_said_how_much_it_takes():
    with pytest.raises(ShortOfMemoryError, match=r"take 0\.2 GiB of memory, and 0\.1 GiB can"):
        feature_room(PHOTOS, AlignSettings(), lambda: GIB // 10)


def test_photos_that_are_small_already_are_taken_as_they_are():
    small = tuple(Photo(f"{i}.jpg", Path("x"), 640, 480, None, str(i), "one") for i in range(5))
    room = feature_room(small, AlignSettings(), lambda: GIB)
    assert (room.threads, room.settings, room.say()) == (5, AlignSettings(), "")
