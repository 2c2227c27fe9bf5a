"""Photos to cameras: COLMAP's structure from motion on the CPU.

A last bundle adjustment refines the principal point as well: on rendered photos of an armchair
that brought the cameras from 0.95 mm to 0.23 mm.
"""

from __future__ import annotations

import errno
import itertools
import logging
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pycolmap

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.board import Board, TagSighting
from stitchsketch_kernel.domain.errors import AlignError, SettingsError, StorageError
from stitchsketch_kernel.domain.model import SparseModel
from stitchsketch_kernel.domain.photo import Photo
from stitchsketch_kernel.domain.progress import Progress, part, silent
from stitchsketch_kernel.reconstruction.colmap_io import (
    cancellable,
    quiet,
    sparse_from_colmap,
)
from stitchsketch_kernel.reconstruction.neighbours import (
    USUAL_FOCAL,
    likely_pairs,
    rough_rotations,
)

log = logging.getLogger(__name__)

#: Lens model while mapping: one focal length, two radial terms. Phones need no more.
_LENS = "RADIAL"


@dataclass(frozen=True)
class AlignSettings:
    """How photos are aligned.

    Attributes
    ----------
    max_features : int
        SIFT features a photo; twice as many take four times as long to match.
    max_side_px : int
        Photos are shrunk to this for finding features.
    matching : {"auto", "exhaustive", "sequential"}
        ``auto``: every pair up to `exhaustive_up_to` photos, neighbours in name order above.
    overlap : int
        Neighbours to each side in sequential matching (and their powers of two).
    seed : int
        Of the random choices, so that the same photos give the same model.
    """

    max_features: int = 3072
    max_side_px: int = 2400
    matching: Literal["auto", "exhaustive", "sequential"] = "auto"
    exhaustive_up_to: int = 60
    overlap: int = 10
    min_share: float = 0.5
    seed: int = 1

    def __post_init__(self) -> None:
        if self.max_features < 256 or self.max_side_px < 320 or self.overlap < 1:
            raise SettingsError(
                "align needs max_features of 256 or more, max_side_px of 320 or more and "
                "overlap of 1 or more."
            )
        if self.matching not in {"auto", "exhaustive", "sequential"}:
            raise SettingsError(
                f"align.matching can't be {self.matching!r}.",
                "Use auto, exhaustive or sequential.",
            )


def align(
    photos: tuple[Photo, ...],
    work_dir: Path,
    settings: AlignSettings | None = None,
    progress: Progress = silent,
    sightings: Sequence[TagSighting] = (),
    boards: Sequence[Board] = (),
) -> SparseModel:
    """Find where each photo was taken from.

    Parameters
    ----------
    photos : tuple of Photo
    work_dir : Path
        Gets ``features.db``, ``colmap.log`` and the COLMAP model ``sparse/``.
    settings : AlignSettings, optional
    progress : Progress, optional
    sightings, boards : sequences, optional
        Tags of mats in the photos: they tell which photos are neighbours (`neighbours`).

    Returns
    -------
    SparseModel
        In arbitrary units. `left_out` names the photos that could not be placed.

    Raises
    ------
    AlignError
        The photos don't overlap enough to be placed together.
    """
    settings = settings or AlignSettings()
    work_dir.mkdir(parents=True, exist_ok=True)
    images = _image_folder(photos, work_dir)
    names = file_names(photos)
    database = work_dir / "features.db"
    try:
        with quiet(_log(database)):
            pycolmap.set_random_seed(settings.seed)
            _extract(photos, images, database, settings, part(progress, 0, 0.15))
            rough = rough_rotations(photos, sightings, boards)
            _match(photos, rough, database, settings, part(progress, 0.15, 0.6))
            models = _map(len(photos), images, database, work_dir, settings, progress)
            largest = _largest(models, photos)
            _refine_lens(largest)
    except OSError as error:
        raise _disk_words(error, work_dir) from error
    _write(largest, work_dir / "sparse")
    progress(1.0, "cameras placed")
    return _checked(largest, names, settings)


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


def _image_folder(photos: tuple[Photo, ...], work_dir: Path) -> Path:
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


def _extract(
    photos: tuple[Photo, ...],
    images: Path,
    database: Path,
    settings: AlignSettings,
    progress: Progress,
) -> None:
    """Features of all photos; photos of the same camera and zoom share one lens."""
    database.unlink(missing_ok=True)
    files = _files(photos)
    options = pycolmap.FeatureExtractionOptions()
    options.use_gpu = False
    options.max_image_size = settings.max_side_px
    options.sift.max_num_features = settings.max_features
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
        cancellable(extract, _log(database), _noted(share, "finding features"))
        done += len(members)
    progress(1.0, f"features of {done} photos")


def _noted(progress: Progress, note: str) -> Callable[[float], None]:
    """Report shares with always the same note."""

    def report(share: float) -> None:
        progress(share, note)

    return report


def _log(database: Path) -> Path:
    """What COLMAP has to say goes beside its database."""
    return database.with_name("colmap.log")


def _reader(photo: Photo) -> Any:
    """COLMAP's options for a lens whose focal length EXIF may tell."""
    reader = pycolmap.ImageReaderOptions()
    reader.camera_model = _LENS
    focal = photo.focal_px or USUAL_FOCAL * max(photo.width_px, photo.height_px)
    reader.camera_params = f"{focal},{photo.width_px / 2},{photo.height_px / 2},0,0"
    return reader


def _match(
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
    cancellable(match, _log(database), _noted(progress, "comparing photos"))


def _pair_list(photos: tuple[Photo, ...], rough: dict[str, FloatArray], database: Path) -> Path:
    """A file with the pairs to compare, as COLMAP reads it."""
    files = _files(photos)
    pairs = likely_pairs(list(files), rough)
    log.info("comparing %d of %d pairs", len(pairs), len(photos) * (len(photos) - 1) // 2)
    path = database.with_name("pairs.txt")
    path.write_text("".join(f"{files[a]} {files[b]}\n" for a, b in pairs), encoding="utf-8")
    return path


def _map(
    count: int,
    images: Path,
    database: Path,
    work_dir: Path,
    settings: AlignSettings,
    progress: Progress,
) -> dict[int, Any]:
    options = pycolmap.IncrementalPipelineOptions()
    options.random_seed = settings.seed
    options.min_model_size = min(10, max(3, count // 2))
    options.mapper.random_seed = settings.seed
    placed = [0]

    def next_image() -> None:
        placed[0] += 1

    scratch = work_dir / "models"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()

    def run(token: Any) -> object:
        return pycolmap.incremental_mapping(
            database,
            images,
            scratch,
            options=options,
            next_image_callback=next_image,
            cancellation_token=token,
        )

    report = part(progress, 0.6, 0.97)
    try:
        models = cancellable(
            run,
            _log(database),
            lambda _: report(min(1.0, placed[0] / count), f"placing photo {placed[0]} of {count}"),
        )
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return dict(models)  # type: ignore[call-overload, no-any-return]


def _largest(models: dict[int, Any], photos: tuple[Photo, ...]) -> Any:
    """The model with most photos: number 0 is not always the largest."""
    if not models:
        raise AlignError(
            f"The {len(photos)} photos don't fit together: no two of them show enough of the same "
            "things from different places.",
            "Walk round the piece in small steps so that each photo overlaps the last by two "
            "thirds, keep the floor with the mats in sight, and use brighter light.",
        )
    return max(models.values(), key=lambda model: (model.num_reg_images(), model.num_points3D()))


def _refine_lens(model: Any) -> None:
    """One last bundle adjustment, with the principal point free."""
    options = pycolmap.BundleAdjustmentOptions()
    options.refine_principal_point = True
    options.print_summary = False
    pycolmap.bundle_adjustment(model, options)


def _write(model: Any, target: Path) -> None:
    aside = target.with_name(f"{target.name}.partial")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    model.write(aside)
    shutil.rmtree(target, ignore_errors=True)
    aside.replace(target)


def _checked(model: Any, names: dict[str, str], settings: AlignSettings) -> SparseModel:
    placed = {names[image.name] for image in model.images.values() if image.has_pose}
    left_out = tuple(sorted(set(names.values()) - placed))
    if len(placed) < max(3, settings.min_share * len(names)):
        shown = ", ".join(left_out[:8]) + (" ..." if len(left_out) > 8 else "")
        raise AlignError(
            f"Only {len(placed)} of {len(names)} photos fit together; left out: {shown}.",
            "Take more photos between those that were placed and those left out, so that each "
            "overlaps the last by two thirds, and run again.",
        )
    return sparse_from_colmap(model, names, left_out)


def _disk_words(error: OSError, work_dir: Path) -> BaseException:
    if error.errno not in {errno.ENOSPC, errno.EDQUOT} or isinstance(error, StorageError):
        return error
    return StorageError(
        f"The disk of {work_dir} is full.", "Free some room and run again; nothing was lost."
    )
