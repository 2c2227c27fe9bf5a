"""Frames picked from videos drawn here: a near and a far layer, seen by a moving camera."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from stitchsketch_kernel.domain.errors import PhotoError, StorageError
from stitchsketch_kernel.imaging import video as video_module
from stitchsketch_kernel.imaging.photos import PhotoSettings, photos_or_frames, read_photos
from stitchsketch_kernel.imaging.video import pick_frames

SIZE = (640, 400)
RNG = np.random.default_rng(5)


def speckle(width):
    small = RNG.integers(0, 255, (SIZE[1] // 8, width // 8, 3), dtype=np.uint8)
    return cv2.resize(small, (width, SIZE[1]), interpolation=cv2.INTER_CUBIC)


FAR, NEAR = speckle(1600), speckle(1600)


def frame(place, near=True):
    """The far layer, moved by `place` px; the near one before it, moved by three times as much."""
    picture = FAR[:, place : place + SIZE[0]].copy()
    if near:
        picture[100:300, 100:500] = NEAR[100:300, 3 * place : 3 * place + 400]
    return picture


def write_video(path, frames):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 10.0, SIZE)
    for one in frames:
        writer.write(one)
    writer.release()
    return path


@pytest.fixture(scope="module")
def walk(tmp_path_factory):
    """60 steps of 4 px; frames 20 to 39 stand still; every other frame of the walk is blurred."""
    places = [4 * min(k, 20) + 4 * max(0, k - 39) for k in range(60)]
    frames = [frame(place) for place in places]
    for k in range(1, 60, 2):
        frames[k] = cv2.GaussianBlur(frames[k], (0, 0), 3)
    folder = tmp_path_factory.mktemp("walk")
    write_video(folder / "IMG_1.MP4", frames)
    return folder


def numbers(paths):
    return [int(path.stem.split("-")[1]) for path in paths]


def test_sharp_frames_are_picked_and_none_twice_from_one_place(walk, tmp_path):
    picked = numbers(pick_frames(walk / "IMG_1.MP4", tmp_path / "frames", 12))
    assert 10 <= len(picked) <= 12
    assert picked == sorted(picked)
    assert all(number % 2 == 0 for number in picked), "the odd ones are blurred"
    assert sum(20 <= number < 40 for number in picked) <= 2, "there the camera stood still"


def test_a_folder_with_a_video_alone_is_read_as_its_frames(walk, tmp_path):
    settings = PhotoSettings(video_frames=12)
    folder = photos_or_frames(walk, tmp_path, settings=settings)
    taken = read_photos(folder, tmp_path, settings=settings)
    assert len(taken.photos) >= 10
    assert taken.photos[0].name.startswith("frame-000")
    assert len({photo.camera_key for photo in taken.photos}) == 1
    again = photos_or_frames(walk, tmp_path, settings=settings)
    assert len(list(again.iterdir())) == len(list(folder.iterdir()))


def test_photos_come_before_a_video(walk, tmp_path):
    both = tmp_path / "both"
    both.mkdir()
    (both / "film.mp4").write_bytes(b"whatever")
    (both / "IMG_1.jpg").write_bytes(b"whatever")
    assert photos_or_frames(both, tmp_path) == both
    assert photos_or_frames(tmp_path / "nowhere", tmp_path) == tmp_path / "nowhere"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"#EXTM3U\nhttp://example.com/a.ts\n", "not an MP4 or MOV video"),
        (b"\0\0\0\x18ftypmp42" + b"\0" * 400, "damaged, cut off"),
        (b"", "not an MP4"),
    ],
)
def test_what_is_no_video_is_said(tmp_path, content, words):
    (tmp_path / "film.mp4").write_bytes(content)
    with pytest.raises(PhotoError, match=words):
        photos_or_frames(tmp_path, tmp_path)


def test_two_videos_are_refused_by_name(tmp_path):
    for name in ("a.mp4", "b.mov"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(PhotoError, match=r"2 videos: a.mp4, b.mov"):
        photos_or_frames(tmp_path, tmp_path)


def test_a_camera_that_only_turns_is_told(tmp_path):
    film = write_video(tmp_path / "pan.mp4", [frame(4 * k, near=False) for k in range(20)])
    with pytest.raises(PhotoError, match=r"pan.mp4 the camera hardly moves"):
        pick_frames(film, tmp_path / "frames", 12)
    assert not (tmp_path / "frames").exists()


@pytest.mark.parametrize(("limit", "value"), [("MOST_SECONDS", 3), ("MOST_PIXELS", 9999)])
def test_limits_are_held_before_a_frame_is_decoded(walk, tmp_path, monkeypatch, limit, value):
    monkeypatch.setattr(video_module, limit, value)
    monkeypatch.setattr(video_module, "_small", None)
    with pytest.raises(PhotoError, match="Cut out the walk"):
        pick_frames(walk / "IMG_1.MP4", tmp_path / "frames", 12)


def test_a_large_file_is_refused(walk, tmp_path, monkeypatch):
    monkeypatch.setattr(video_module, "MOST_BYTES", 100)
    with pytest.raises(PhotoError, match="larger than 0 GB"):
        pick_frames(walk / "IMG_1.MP4", tmp_path / "frames", 12)


def test_a_full_disk_is_told(walk, tmp_path, monkeypatch):
    monkeypatch.setattr(cv2, "imwrite", lambda *_: False)
    with pytest.raises(StorageError, match="No space left"):
        photos_or_frames(walk, tmp_path)
