"""A folder of photos to a set that every stage can read: upright, sized, named, judged."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np

from stitchsketch_kernel.domain.arrays import ImageArray
from stitchsketch_kernel.domain.bounds import Within, require_allowed
from stitchsketch_kernel.domain.errors import PhotoError, StorageError
from stitchsketch_kernel.domain.photo import Photo, PhotoNote
from stitchsketch_kernel.domain.progress import Progress, silent
from stitchsketch_kernel.imaging.exif import focal_px
from stitchsketch_kernel.imaging.names import by_number, safe_names
from stitchsketch_kernel.imaging.quality import Quality, judge, measure
from stitchsketch_kernel.imaging.reading import (
    Picture,
    load_image,
    read_picture,
    sha256_of,
    shown,
)

__all__ = [
    "PhotoSet", "PhotoSettings", "PixelsWhenAsked", "load_image", "photos_or_frames", "read_photos",
]  # fmt: skip

#: The folder of copies, and the file in it that says it may be made anew.
COPIES, _OURS = "upright_photos", ".made-by-stitchsketch"
#: The folder of frames picked from a video.
_FRAMES = "video_frames"
SUFFIXES = (".jpg", ".jpeg", ".png", ".heic", ".heif")
_NAMED_IN_A_SENTENCE = 10

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PhotoSettings:
    """How photos are taken in.

    Attributes
    ----------
    min_photos : int
        With fewer usable photos there is no model worth measuring.
    max_side_px : int
        Larger photos are shrunk to this. 2400 keeps the fine lines of a cloth at two metres
        (about 1 mm a pixel) and a fifth of the pixels of a 24-megapixel camera.
    skip_broken : bool
        False: a photo that can't be read stops the run, since a missing view may be the only one
        of a seam. True: it is left out with a note.
    video_frames : int
        Picked from the video of a folder that holds one and no photos.
    """

    min_photos: Annotated[int, Within(2)] = 8
    max_side_px: Annotated[int, Within(320, 20_000)] = 2400
    skip_broken: bool = False
    video_frames: Annotated[int, Within(8, 400)] = 48

    def __post_init__(self) -> None:
        require_allowed(self)


@dataclass(frozen=True)
class PhotoSet:
    """The photos that are used, by name, and what there is to say about them."""

    photos: tuple[Photo, ...]
    notes: tuple[PhotoNote, ...]


class PixelsWhenAsked(Mapping[str, ImageArray]):
    """Upright RGB pixels (h, w, 3) of photos by name, read when they are asked for, never held."""

    def __init__(self, photos: Sequence[Photo]) -> None:
        self._paths = {photo.name: photo.path for photo in photos}

    def __getitem__(self, name: str) -> ImageArray:
        return load_image(self._paths[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


def read_photos(
    folder: Path,
    work_dir: Path,
    progress: Progress = silent,
    settings: PhotoSettings | None = None,
) -> PhotoSet:
    """Read every photo of a folder (not of those below it) and write upright copies.

    Parameters
    ----------
    folder : Path
    work_dir : Path
        The copies go to ``work_dir/upright_photos``, made anew: JPEG and PNG files that are
        upright and small enough are copied byte by byte, others written as JPEG.
    progress : Progress
    settings : PhotoSettings, optional

    Returns
    -------
    PhotoSet
        In the order of the names, digits counted as numbers.

    Raises
    ------
    PhotoError
        If the folder is missing, has no photos or too few that can be used, or (unless
        ``skip_broken``) any that can't be read; all of them are named.
    StorageError
        If the copies can't be written.
    """
    settings = settings or PhotoSettings()
    files = _photo_files(folder)
    _enough(len(files), settings, "has")
    names = safe_names([file.name for file in files])
    folder_of_copies = work_dir / COPIES
    with _fresh_folder(folder_of_copies) as aside:
        photos, qualities, notes = _take_in(files, names, aside, progress, settings)
        broken = [note for note in notes if note.kind == "unreadable"]
        if broken and not settings.skip_broken:
            raise PhotoError(
                _sentences(broken), "Or leave such photos out with the setting skip_broken."
            )
        notes += judge(photos, qualities)
        refused = {note.photo for note in notes if note.severity == "refuse"}
        kept = tuple(
            replace(photo, path=folder_of_copies / photo.path.name)
            for photo in photos
            if photo.name not in refused
        )
        faults = [note for note in notes if note.severity == "refuse"]
        _enough(len(kept), settings, "has, as far as they can be used,", _sentences(faults))
    progress(1.0, f"{len(kept)} photos")
    return PhotoSet(kept, tuple(notes))


def photos_or_frames(
    folder: Path, work_dir: Path, progress: Progress = silent, settings: PhotoSettings | None = None
) -> Path:
    """The folder to read photos from: `folder`, or frames of the one video that it holds instead.

    The frames go to ``work_dir/video_frames``.

    Raises
    ------
    PhotoError
        See `video.pick_frames`.
    StorageError
        The frames can't be written.
    """
    from stitchsketch_kernel.imaging.video import one_video, pick_frames

    if not folder.is_dir() or any(_is_photo(file) for file in folder.iterdir()):
        return folder
    video = one_video(folder)
    if video is None:
        return folder
    frames = work_dir / _FRAMES
    try:
        shutil.rmtree(frames, ignore_errors=True)
        pick_frames(video, frames, (settings or PhotoSettings()).video_frames, progress)
    except OSError as error:
        where, why = shown(str(work_dir)), error.strerror or error
        raise StorageError(
            f"The video's frames can't be written to {where} ({why}).", "Free some space there."
        ) from error
    return frames


def _is_photo(file: Path) -> bool:
    named = file.suffix.lower() in SUFFIXES and not file.name.startswith(".")
    return named and file.is_file()


def _photo_files(folder: Path) -> list[Path]:
    """Files that by their suffix are photos; hidden ones (macOS leaves ``._x.jpg``) are not."""
    where = shown(str(folder))
    if not folder.is_dir():
        raise PhotoError(f"There is no folder {where}.", "Name the folder that holds the photos.")
    entries = [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
    files = [file for file in entries if file.suffix.lower() in SUFFIXES and file.is_file()]
    if not files:
        what = "is empty" if not entries else "has no photos in it"
        raise PhotoError(
            f"The folder {where} {what}.",
            "Put JPEG, PNG or HEIC photos straight into it, or one MP4 or MOV video.",
        )
    return sorted(files, key=lambda file: by_number(file.name))


def _enough(count: int, settings: PhotoSettings, has: str, why: str = "") -> None:
    if count < settings.min_photos:
        photos = "1 photo" if count == 1 else f"{count} photos"
        raise PhotoError(
            f"The folder {has} only {photos}; {settings.min_photos} are the least. {why}".strip(),
            "Take 40 or more all round the piece, a step between photos.",
        )


def _sentences(notes: Sequence[PhotoNote]) -> str:
    texts = [note.text for note in notes[:_NAMED_IN_A_SENTENCE]]
    more = len(notes) - len(texts)
    return " ".join([*texts, f"And {more} more like these."] if more > 0 else texts)


@contextmanager
def _fresh_folder(folder: Path) -> Iterator[Path]:
    """A folder filled aside and put in place whole, or not at all."""
    aside = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    try:
        if folder.exists() and not (folder / _OURS).exists():
            raise OSError(f"{folder.name} is there already and not ours to replace")
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        (aside / _OURS).touch()
        yield aside
        shutil.rmtree(folder, ignore_errors=True)
        aside.replace(folder)
    except OSError as error:
        where, why = shown(str(folder.parent)), error.strerror or error
        raise StorageError(
            f"The photos can't be copied to {where} ({why}).",
            "Free some space there, or choose another folder.",
        ) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _take_in(
    files: Sequence[Path],
    names: Sequence[str],
    copies: Path,
    progress: Progress,
    settings: PhotoSettings,
) -> tuple[list[Photo], list[Quality], list[PhotoNote]]:
    """Read, copy and measure each file; unreadable ones and exact doubles become notes."""
    photos: list[Photo] = []
    qualities: list[Quality] = []
    notes: list[PhotoNote] = []
    by_content: dict[str, str] = {}
    for done, (file, name) in enumerate(zip(files, names, strict=True)):
        progress(done / len(files), name)
        try:
            picture = read_picture(file)
            content = sha256_of(file)
        except PhotoError as error:
            _log.info("%s: %s", name, error.__cause__ or error)
            notes.append(PhotoNote(name, "unreadable", "refuse", str(error)))
            continue
        if content in by_content:
            text = f"{name} is the same file as {by_content[content]} and left out."
            notes.append(PhotoNote(name, "duplicate", "refuse", text))
            continue
        try:
            photo, pixels = _copied(file, name, picture, content, copies, settings)
        except FileNotFoundError:
            if file.exists():
                raise
            text = f"{name} was deleted while the photos were read. Put it back, or run again."
            notes.append(PhotoNote(name, "unreadable", "refuse", text))
            continue
        by_content[content] = name
        photos.append(photo)
        qualities.append(measure(pixels))
    return photos, qualities, notes


def _copied(
    file: Path, name: str, picture: Picture, content: str, copies: Path, settings: PhotoSettings
) -> tuple[Photo, ImageArray]:
    """Write a photo's copy; also its pixels, as a later stage will read them."""
    pixels = _shrunk(picture.pixels, settings.max_side_px)
    suffixes = {"jpeg": (".jpg", ".jpeg"), "png": (".png",)}.get(picture.format, ())
    as_it_is = picture.as_stored and pixels is picture.pixels and name.lower().endswith(suffixes)
    if suffixes and as_it_is:
        shutil.copyfile(file, copies / name)
        copy = name
    else:
        copy = name if name.lower().endswith((".jpg", ".jpeg")) else f"{name}.jpg"
        _write_jpeg(copies / copy, pixels)
    height, width = pixels.shape[:2]
    photo = Photo(
        name=name,
        path=copies / copy,
        width_px=width,
        height_px=height,
        focal_px=focal_px(picture.facts, width, height),
        sha256=content,
        camera_key=picture.facts.key(width, height),
    )
    return photo, pixels


def _shrunk(pixels: ImageArray, max_side_px: int) -> ImageArray:
    """Averaged down to `max_side_px`; the picture's corners stay its corners."""
    import cv2

    height, width = pixels.shape[:2]
    factor = max_side_px / max(height, width)
    if factor >= 1:
        return pixels
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def _write_jpeg(path: Path, pixels: ImageArray) -> None:
    """At quality 97 with full colour: fine cloth is all small contrast."""
    from PIL import Image

    Image.fromarray(pixels).save(path, "JPEG", quality=97, subsampling=0)
