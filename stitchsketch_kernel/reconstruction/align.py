"""Photos to cameras: COLMAP's structure from motion on the CPU.

A last bundle adjustment refines the principal point as well: on rendered photos of an armchair
that brought the cameras from 0.95 mm to 0.23 mm.
"""

from __future__ import annotations

import errno
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pycolmap

from stitchsketch_kernel.disk.aside import folder_written_aside
from stitchsketch_kernel.domain.board import Board, TagSighting
from stitchsketch_kernel.domain.errors import AlignError, StorageError
from stitchsketch_kernel.domain.model import SparseModel
from stitchsketch_kernel.domain.photo import Photo
from stitchsketch_kernel.domain.progress import Progress, part, silent
from stitchsketch_kernel.reconstruction.align_costs import likely_costs
from stitchsketch_kernel.reconstruction.align_settings import AlignSettings
from stitchsketch_kernel.reconstruction.bundle import adjust, mapping_options
from stitchsketch_kernel.reconstruction.colmap_io import (
    cancellable,
    quiet,
    sparse_from_colmap,
)
from stitchsketch_kernel.reconstruction.matching import (
    extract,
    file_names,
    image_folder,
    log_file,
    match_photos,
)
from stitchsketch_kernel.reconstruction.mend import mend
from stitchsketch_kernel.reconstruction.neighbours import rough_rotations
from stitchsketch_kernel.reconstruction.tag_tracks import add_tags

__all__ = ["AlignSettings", "align", "file_names"]

#: A second model of this share of the photos is another piece, not a few strays.
_ANOTHER_PIECE = 0.15
_NAMED = 8


def align(
    photos: tuple[Photo, ...],
    work_dir: Path,
    settings: AlignSettings | None = None,
    progress: Progress = silent,
    sightings: Sequence[TagSighting] = (),
    boards: Sequence[Board] = (),
    threads: int = 0,
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
    threads : int, optional
        Photos whose features are found at a time (`feature_room`); 0: one for each core.

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
    images = image_folder(photos, work_dir)
    names = file_names(photos)
    database = work_dir / "features.db"
    costs = likely_costs(photos, settings, bool(sightings))
    found, matched, placed = (0.98 * end for end in costs.ends("features", "matching", "placing"))
    try:
        with quiet(log_file(database)):
            pycolmap.set_random_seed(settings.seed)
            extract(photos, images, database, settings, part(progress, 0, found), threads)
            rough = rough_rotations(photos, sightings, boards)
            match_photos(photos, rough, database, settings, part(progress, found, matched))
            add_tags(database, names, sightings)
            told = part(progress, matched, placed)
            models = _map(len(photos), images, database, work_dir, settings, told)
            groups = _groups(models, names)
            largest = _largest(models, photos)
            largest = mend(largest, names, sightings, database, images, settings.seed)
            adjust(largest, principal_point=True)
    except OSError as error:
        raise _disk_words(error, work_dir) from error
    _write(largest, work_dir / "sparse")
    progress(1.0, "cameras placed")
    return _checked(largest, names, groups, settings)


def _map(
    count: int,
    images: Path,
    database: Path,
    work_dir: Path,
    settings: AlignSettings,
    progress: Progress,
) -> dict[int, Any]:
    options = mapping_options(settings.seed, count)
    options.min_model_size = min(10, max(3, count // 2))
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

    try:
        models = cancellable(
            run,
            log_file(database),
            lambda _: progress(
                min(1.0, placed[0] / count), f"placing photo {placed[0]} of {count}"
            ),
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


def _groups(models: dict[int, Any], names: dict[str, str]) -> list[set[str]]:
    """The names of the photos of each model."""
    return [
        {names[image.name] for image in model.images.values() if image.has_pose}
        for model in models.values()
    ]


def _write(model: Any, target: Path) -> None:
    with folder_written_aside(target) as aside:
        model.write(aside)


def _checked(
    model: Any, names: dict[str, str], groups: list[set[str]], settings: AlignSettings
) -> SparseModel:
    placed = {names[image.name] for image in model.images.values() if image.has_pose}
    left_out = tuple(sorted(set(names.values()) - placed))
    for group in groups:
        apart = sorted(group - placed)
        if len(apart) >= max(3, _ANOTHER_PIECE * len(names)):
            raise AlignError(
                f"The photos show two things that have nothing to do with each other: "
                f"{_listed(sorted(placed))} fit together, and so do {_listed(apart)}.",
                "Put the photos of each piece into a folder of its own. If it is one piece, add "
                "photos that overlap with both by two thirds.",
            )
    if len(placed) < max(3, settings.min_share * len(names)):
        raise AlignError(
            f"Only {len(placed)} of {len(names)} photos fit together; left out: "
            f"{_listed(left_out)}.",
            "Take more photos between those that were placed and those left out, so that each "
            "overlaps the last by two thirds, and run again.",
        )
    return sparse_from_colmap(model, names, left_out)


def _listed(names: Sequence[str]) -> str:
    """``a.jpg, b.jpg ... (12 photos)``: the first of many, and how many there are."""
    more = f" ... ({len(names)} photos)" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _disk_words(error: OSError, work_dir: Path) -> BaseException:
    if error.errno not in {errno.ENOSPC, errno.EDQUOT} or isinstance(error, StorageError):
        return error
    return StorageError(
        f"The disk of {work_dir} is full.", "Free some room and run again; nothing was lost."
    )
