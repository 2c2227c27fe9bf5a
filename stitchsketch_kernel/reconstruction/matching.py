"""Features of the photos, and which photos show the same ones: COLMAP's SIFT on the CPU."""

from __future__ import annotations

import itertools
import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pycolmap

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.photo import Photo
from stitchsketch_kernel.domain.progress import Progress, part
from stitchsketch_kernel.reconstruction.align_settings import LARGE_PX, AlignSettings
from stitchsketch_kernel.reconstruction.colmap_io import cancellable
from stitchsketch_kernel.reconstruction.neighbours import USUAL_FOCAL, likely_pairs

log = logging.getLogger(__name__)

#: Lens model while mapping: one focal length, two radial terms. Phones need no more.
_LENS = "RADIAL"
#: What the pyramids of a photo take, by the pixels of the largest level; and what all may take.
_BYTES_A_PIXEL, _ROOM_BYTES = 75, 2.5 * 2**30


def file_names(photos: tuple[Photo, ...]) -> dict[str, str]:
    """The photo's name for each file name that COLMAP knows."""
    return {file: name for name, file in _files(photos).items()}


def _files(photos: tuple[Photo, ...]) -> dict[str, str]:
    """The file name that COLMAP knows for each photo: its own, or a number where these won't do."""
    own = [photo.path.name for photo in photos]
    plain = len({photo.path.parent for photo in photos}) == 1 and len(set(own)) == len(own)
    # COLMAP's list of pairs is parted by blanks
    if plain and not any(character.isspace() for name in own for character in name):
        return {photo.name: name for photo, name in zip(photos, own, strict=True)}
    return {photo.name: f"{i:04d}{photo.path.suffix}" for i, photo in enumerate(photos, start=1)}


def image_folder(photos: tuple[Photo, ...], work_dir: Path) -> Path:
    """One folder that holds all photos under the names of `_files`."""
    files = _files(photos)
    if all(files[photo.name] == photo.path.name for photo in photos):
        return photos[0].path.parent
    folder = work_dir / "images"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for photo in photos:
        shutil.copyfile(photo.path, folder / files[photo.name])
    return folder


def extract(
    photos: tuple[Photo, ...],
    images: Path,
    database: Path,
    settings: AlignSettings,
    progress: Progress,
    threads: int = 0,
) -> None:
    """Features of all photos; photos of the same camera and zoom share one lens.

    `threads` photos at a time; 0: one for each core.
    """
    database.unlink(missing_ok=True)
    _numbered(photos, images, database)
    files = _files(photos)
    options = pycolmap.FeatureExtractionOptions()
    options.use_gpu = False
    options.max_image_size = settings.max_side_px
    options.sift.max_num_features = settings.max_features
    threads = threads or os.cpu_count() or 1
    if settings.features == "coarse" or (
        settings.features == "auto" and _are_rich(photos, images, database, options, threads)
    ):
        options.sift.first_octave = 0
    options.num_threads = _at_a_time(photos, options, threads)
    done = 0
    for members in _by_lens(photos):
        reader = _reader(members[0])

        def extract(token: Any, members: list[Photo] = members, reader: Any = reader) -> None:
            pycolmap.extract_features(
                database,
                images,
                image_names=[files[photo.name] for photo in members],
                camera_mode=pycolmap.CameraMode.SINGLE,
                reader_options=reader,
                extraction_options=options,
                device=pycolmap.Device.cpu,
                cancellation_token=token,
            )

        share = part(progress, done / len(photos), (done + len(members)) / len(photos))
        cancellable(extract, log_file(database), _noted(share, "finding features"))
        done += len(members)
    progress(1.0, f"features of {done} photos")


def _by_lens(photos: tuple[Photo, ...]) -> list[list[Photo]]:
    """The photos of each camera and zoom, in their names' order."""
    ordered = sorted(photos, key=lambda photo: photo.camera_key)
    return [list(group) for _, group in itertools.groupby(ordered, key=lambda p: p.camera_key)]


def _numbered(photos: tuple[Photo, ...], images: Path, database: Path) -> None:
    """Enter all photos before their features are looked for.

    COLMAP numbers a photo when its features are ready, so that threads that overtake each other
    would give other numbers each time, and with them another order of all sums and choices.
    """
    files = _files(photos)
    pycolmap.Database.open(database).close()
    for members in _by_lens(photos):
        pycolmap.import_images(
            database,
            images,
            camera_mode=pycolmap.CameraMode.SINGLE,
            image_names=[files[photo.name] for photo in members],
            options=_reader(members[0]),
        )


def _are_rich(
    photos: tuple[Photo, ...], images: Path, database: Path, options: Any, threads: int
) -> bool:
    """Whether photos show enough features without being enlarged: three are tried.

    The coarsest features are kept. Of large photos these leave no room for those of twice the size,
    which take three quarters of the time and of the memory.
    """
    tried = sorted(photos, key=lambda photo: photo.name)[:: max(1, len(photos) // 3)][:3]
    if min(_side_px(photo, options) for photo in tried) < LARGE_PX:
        return False
    trial, files = database.with_name("trial.db"), _files(photos)
    trial.unlink(missing_ok=True)
    first, options.sift.first_octave = options.sift.first_octave, 0
    options.num_threads = _at_a_time(photos, options, threads)
    try:
        pycolmap.extract_features(
            trial, images, image_names=[files[photo.name] for photo in tried],
            extraction_options=options, device=pycolmap.Device.cpu,
        )  # fmt: skip
        with pycolmap.Database.open(trial) as found:
            counts = [
                found.num_keypoints_for_image(one.image_id) for one in found.read_all_images()
            ]
    finally:
        options.sift.first_octave = first
        trial.unlink(missing_ok=True)
    return len(counts) == len(tried) and min(counts) >= options.sift.max_num_features


def _side_px(photo: Photo, options: Any) -> int:
    return min(max(photo.width_px, photo.height_px), int(options.max_image_size))


def _at_a_time(photos: tuple[Photo, ...], options: Any, threads: int) -> int:
    """Photos whose features are found at a time: of `threads` enlarged ones, as the memory leaves.

    All together take no more than `_ROOM_BYTES`, on however many cores.
    """
    largest = max(photos, key=lambda photo: photo.width_px * photo.height_px)
    shrunk = _side_px(largest, options) / max(largest.width_px, largest.height_px)
    enlarged = 4.0 ** -int(options.sift.first_octave)
    pixels = largest.width_px * largest.height_px * shrunk**2 * enlarged
    fit = min(_ROOM_BYTES // (_BYTES_A_PIXEL * pixels), threads * 4 / enlarged)
    return int(np.clip(fit, 1, os.cpu_count() or 1))


def _noted(progress: Progress, note: str) -> Callable[[float], None]:
    """Report shares with always the same note."""

    def report(share: float) -> None:
        progress(share, note)

    return report


def log_file(database: Path) -> Path:
    """What COLMAP has to say goes beside its database."""
    return database.with_name("colmap.log")


def _reader(photo: Photo) -> Any:
    """COLMAP's options for a lens whose focal length EXIF may tell."""
    reader = pycolmap.ImageReaderOptions()
    reader.camera_model = _LENS
    focal = photo.focal_px or USUAL_FOCAL * max(photo.width_px, photo.height_px)
    reader.camera_params = f"{focal},{photo.width_px / 2},{photo.height_px / 2},0,0"
    return reader


def match_photos(
    photos: tuple[Photo, ...],
    rough: dict[str, FloatArray],
    database: Path,
    settings: AlignSettings,
    progress: Progress,
) -> None:
    """Compare photos: those that the mats call neighbours, or all, or each with the next ones."""
    count = len(photos)
    every_pair = settings.matching == "exhaustive" or (
        settings.matching == "auto"
        and (count <= settings.exhaustive_up_to or len(rough) > count / 2)
    )
    matching = pycolmap.FeatureMatchingOptions()
    matching.use_gpu = False
    verification = pycolmap.TwoViewGeometryOptions()
    verification.ransac.random_seed = settings.seed
    device = pycolmap.Device.cpu

    def all_pairs(token: Any) -> None:
        pairing = pycolmap.ImportedPairingOptions()
        pairing.match_list_path = _pair_list(photos, rough, database)
        pairing.block_size = max(8, count)
        pycolmap.match_image_pairs(database, matching, pairing, verification, device, token)

    def next_ones(token: Any) -> None:
        pairing = pycolmap.SequentialPairingOptions()
        pairing.overlap = settings.overlap
        pairing.quadratic_overlap = True
        pairing.loop_detection = False
        pycolmap.match_sequential(database, matching, pairing, verification, device, token)

    match = all_pairs if every_pair else next_ones
    cancellable(match, log_file(database), _noted(progress, "comparing photos"))


def _pair_list(photos: tuple[Photo, ...], rough: dict[str, FloatArray], database: Path) -> Path:
    """A file with the pairs to compare, as COLMAP reads it."""
    files = _files(photos)
    pairs = likely_pairs(list(files), rough)
    log.info("comparing %d of %d pairs", len(pairs), len(photos) * (len(photos) - 1) // 2)
    path = database.with_name("pairs.txt")
    path.write_text("".join(f"{files[a]} {files[b]}\n" for a, b in pairs), encoding="utf-8")
    return path
