"""Photos of a second session lie in the folder ``turned``; without one a run is as it ever was."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from stage_alone import context

from stitchsketch_kernel.domain.errors import AlignError, PhotoError
from stitchsketch_kernel.domain.model import Motion, Scale, Similarity, SparseModel
from stitchsketch_kernel.domain.photo import Camera, Photo, PhotoNote, View
from stitchsketch_kernel.imaging.photos import PhotoSet
from stitchsketch_kernel.pipeline.asked import RunSettings
from stitchsketch_kernel.pipeline.keys import content_hash
from stitchsketch_kernel.pipeline.stages import ingest
from stitchsketch_kernel.pipeline.stages.reading import errors_of
from stitchsketch_kernel.pipeline.two_sessions import (
    both,
    motion_of,
    said_of,
    session_photos,
)


def photo_files(folder, count, seed):
    """Photos that are sharp and bright enough, each another."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    for number in range(count):
        coarse = rng.integers(40, 220, (30, 40, 3), dtype=np.uint8)
        pixels = coarse.repeat(16, axis=0).repeat(16, axis=1)
        Image.fromarray(pixels).save(folder / f"IMG_{number}.jpg", quality=95)


def photo(tmp_path, name, content):
    return Photo(name, tmp_path / name, 640, 480, None, content, "one")


def test_without_the_folder_the_photos_count_as_they_did(tmp_path):
    """A finished stage of an older run is still found by its key."""
    photo_files(tmp_path / "photos", 2, 1)
    (tmp_path / "photos" / "masks").mkdir()
    files = sorted((tmp_path / "photos").glob("*.jpg"))
    lines = [f"{one.name}\0{hashlib.sha256(one.read_bytes()).hexdigest()}\n" for one in files]
    before = hashlib.sha256("".join(lines).encode()).hexdigest()
    assert content_hash(tmp_path / "photos") == before


def test_the_turned_photos_change_the_key(tmp_path):
    photo_files(tmp_path / "photos", 2, 1)
    keys = [content_hash(tmp_path / "photos")]
    for count in (1, 2):
        shutil.rmtree(tmp_path / "photos" / "turned", ignore_errors=True)
        photo_files(tmp_path / "photos" / "turned", count, 2)
        keys.append(content_hash(tmp_path / "photos"))
    assert len(set(keys)) == 3
    assert RunSettings().files(tmp_path / "photos")["photos"] == tmp_path / "photos"


def test_photos_of_both_sessions_are_taken_in_each_under_its_own_name(tmp_path):
    photo_files(tmp_path / "photos", 8, 1)
    photo_files(tmp_path / "photos" / "turned", 9, 2)
    stage = context(tmp_path, "ingest", photos=tmp_path / "photos")
    figures = ingest.compute(stage)
    assert figures["photos"] == 17
    first, second = session_photos(stage)
    assert [one.name for one in first] == [f"IMG_{i}.jpg" for i in range(8)]
    assert [one.name for one in second] == [f"turned-IMG_{i}.jpg" for i in range(9)]
    assert all(one.path.is_file() for one in (*first, *second))
    assert {one.path.parent.parent.name for one in second} == {"turned"}
    assert tuple(stage.read("ingest", "taken_px", dict)["turned-IMG_8.jpg"]) == (640, 480)


def test_one_session_keeps_nothing_of_a_second(tmp_path):
    photo_files(tmp_path / "photos", 8, 1)
    stage = context(tmp_path, "ingest", photos=tmp_path / "photos")
    ingest.compute(stage)
    assert len(session_photos(stage)) == 1
    assert not [path for path in stage.folder.iterdir() if path.name.startswith("turned")]
    assert motion_of(context(tmp_path, "scale")) is None


def test_too_few_turned_photos_are_said_to_be_the_turned_ones(tmp_path):
    photo_files(tmp_path / "photos", 8, 1)
    photo_files(tmp_path / "photos" / "turned", 3, 2)
    stage = context(tmp_path, "ingest", photos=tmp_path / "photos")
    with pytest.raises(PhotoError, match="In the folder turned: The folder has only 3 photos"):
        ingest.compute(stage)


def test_a_photo_in_both_folders_is_refused(tmp_path):
    first = PhotoSet((photo(tmp_path, "a.jpg", "1"), photo(tmp_path, "b.jpg", "2")), ())
    second = PhotoSet((photo(tmp_path, "x.jpg", "2"),), ())
    with pytest.raises(PhotoError, match=r"b.jpg lies in the folder turned as well\."):
        both(first, second)


def test_a_name_that_would_be_taken_is_refused(tmp_path):
    first = PhotoSet((photo(tmp_path, "turned-a.jpg", "1"),), ())
    with pytest.raises(PhotoError, match="would get the same name"):
        both(first, PhotoSet((photo(tmp_path, "a.jpg", "2"),), ()))


def test_notes_of_the_turned_photos_name_them(tmp_path):
    note = PhotoNote("a.jpg", "blur", "warn", "a.jpg is blurred.")
    one = photo(tmp_path, "a.jpg", "1")
    taken = both(PhotoSet((one,), ()), PhotoSet((replace(one, sha256="2"),), (note,)))
    assert [one.photo for one in taken.notes] == ["turned-a.jpg"]
    assert taken.notes[0].text == "In turned: a.jpg is blurred."


def test_an_error_of_the_second_session_says_so():
    with pytest.raises(AlignError, match="In the folder turned: No two fit") as told, said_of("x"):
        raise AlignError("No two fit.", "Take more.")
    assert told.value.todo == "Take more."
    with pytest.raises(AlignError, match=r"^No two fit"), said_of(""):
        raise AlignError("No two fit.")


def test_the_motions_sigma_is_in_the_scans_errors():
    camera = Camera(1000, 800, 1000.0, 1000.0, 500.0, 400.0)
    views = tuple(View(f"{i}.jpg", camera, np.eye(3), np.array([0.1 * i, 0, 2])) for i in range(4))
    seen = tuple(np.arange(4, dtype=np.int32) for _ in range(40))
    points = np.random.default_rng(0).normal(0, 0.1, (40, 3))
    model = SparseModel(views, points, np.zeros((40, 3), np.uint8), seen, (), 0.3)
    scale, still = Scale("mat", 1.0, 0.1, 0.1, 8), Similarity(1.0, np.eye(3), np.zeros(3))
    alone = errors_of(scale, model, None)
    moved = errors_of(scale, model, Motion(still, points, points, 0.5, 0.4))
    assert moved.bend_mm == pytest.approx(np.hypot(alone.bend_mm, 0.4))
