"""Features of the photos, and which photos show the same ones: COLMAP's SIFT on the CPU."""

from __future__ import annotations

import itertools
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pycolmap

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.photo import Photo
from stitchsketch_kernel.domain.progress import Progress, part
from stitchsketch_kernel.reconstruction.align_settings import AlignSettings
from stitchsketch_kernel.reconstruction.colmap_io import cancellable
from stitchsketch_kernel.reconstruction.neighbours import USUAL_FOCAL, likely_pairs

log = logging.getLogger(__name__)

#: With so many features in a photo those of a pixel's size add nothing: on the demo (3,300) cameras
#: come out as exact without them; plain cloth (2,000) has 0.28 mm with them and 0.44 without.
_ENOUGH = 2600
#: Photos that are tried first, to tell.
_TRIED = 4
#: Lens model while mapping: one focal length, two radial terms. Phones need no more.
_LENS = "RADIAL"


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
) -> None:
    """Features of all photos; photos of the same camera and zoom share one lens."""
    fine = settings.features == "fine"
    if settings.features == "auto":
        tried = photos[:: -(-len(photos) // _TRIED)]
        _extract(tried, images, database, settings, False, part(progress, 0, 0.05))
        fine = _usual_count(database) < _ENOUGH
    _extract(photos, images, database, settings, fine, part(progress, 0.05, 1))
    progress(1.0, f"features of {len(photos)} photos")


def _usual_count(database: Path) -> float:
    """The median of the photos' numbers of features."""
    with pycolmap.Database.open(database) as db:
        counts = [db.num_keypoints_for_image(image.image_id) for image in db.read_all_images()]
    return float(np.median(counts))


def _extract(
    photos: tuple[Photo, ...],
    images: Path,
    database: Path,
    settings: AlignSettings,
    fine: bool,
    progress: Progress,
) -> None:
    database.unlink(missing_ok=True)
    files = _files(photos)
    options = pycolmap.FeatureExtractionOptions()
    options.use_gpu = False
    options.max_image_size = settings.max_side_px
    options.sift.max_num_features = settings.max_features
    options.sift.first_octave = -1 if fine else 0
    done = 0
    for _, group in itertools.groupby(
        sorted(photos, key=lambda photo: photo.camera_key), key=lambda photo: photo.camera_key
    ):
        members = list(group)
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
