"""Lengths on a finished run's surface, and its size held against mats that had no say in it."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stitchsketch_kernel.domain.errors import MeshError, ScaleError, SettingsError, StorageError
from stitchsketch_kernel.domain.progress import Progress, silent
from stitchsketch_kernel.domain.units import MM_PER_M
from stitchsketch_kernel.pipeline.context import StageContext, open_stage
from stitchsketch_kernel.pipeline.looking import SeenScan, open_scan

if TYPE_CHECKING:
    from stitchsketch_kernel.reconstruction.mat_checks import MatCheck
    from stitchsketch_kernel.upholstery.geometry.ruler import Place, SurfaceRuler

#: A point typed as coordinates may lie so far off the surface.
_OFF_MM = 25.0
_HOW = (
    "Write a spot of a photo as IMG_1.jpg:1204,880 (pixels from the upper left corner of the photo "
    "shown upright), or a place in mm as 120,-35,410 (the model's x, y and height)."
)


@dataclass(frozen=True)
class Taken:
    """A length between two places of a scan.

    Attributes
    ----------
    a, b : str
        As they were asked for.
    straight_mm, straight_sure_mm : float
        And the half-width of its 95 % interval.
    along_mm, along_sure_mm : float or None
        The shortest way on the surface; None where it has none between the two.
    seen : bool
        Whether photos saw both ends; if not, the ± says nothing of that.
    """

    a: str
    b: str
    straight_mm: float
    straight_sure_mm: float
    along_mm: float | None
    along_sure_mm: float | None
    seen: bool


def measure(run_dir: Path, pairs: Sequence[tuple[str, str]]) -> tuple[Taken, ...]:
    """Measure between places of a run's surface.

    Parameters
    ----------
    run_dir : Path
    pairs : sequence of (str, str)
        Each place as ``PHOTO:X,Y`` (a pixel of the photo as taken, shown upright) or ``X,Y,Z``
        (mm, the model's axes).

    Raises
    ------
    SettingsError
        A place can't be read, names a photo that the run hasn't, or lies outside of it.
    MeshError
        There is no surface at a place.
    ScaleError
        The run's size isn't known.
    RunError
        The run has no mesh yet.
    """
    from stitchsketch_kernel.upholstery.geometry.ruler import SurfaceRuler
    from stitchsketch_kernel.upholstery.sure.ruled import RulerSureness

    scan = open_scan(run_dir)
    _require_size(scan, run_dir)
    ruler = SurfaceRuler(scan.mesh)
    sureness = RulerSureness(scan.mesh, scan.errors)
    places = {text: _place(text, scan, ruler, run_dir) for pair in pairs for text in pair}
    taken = []
    for a, b in pairs:
        found = ruler.between(places[a], places[b])
        sure = sureness.of(places[a], places[b], found)
        assert sure.straight_mm is not None  # the size is known
        taken.append(
            Taken(
                a, b, found.straight_mm, sure.straight_mm, found.along_mm, sure.along_mm, sure.seen
            )
        )
    return tuple(taken)


def check_size(
    run_dir: Path, boards: Path | None = None, progress: Progress = silent
) -> tuple[MatCheck, ...]:
    """Hold a run's size against mats: each against the others, or those of a file against all.

    Parameters
    ----------
    run_dir : Path
    boards : Path, optional
        Boards that the run didn't get its size from; they are looked for in its photos.
    progress : Progress, optional

    Returns
    -------
    tuple of MatCheck
        Empty where the photos show fewer than two mats and no file is given.

    Raises
    ------
    ScaleError
        The run's size isn't known, or its photos show none of the file's boards.
    SettingsError
        A board of the file gave the run its size: it can't judge itself.
    """
    from stitchsketch_kernel.domain.model import SparseModel
    from stitchsketch_kernel.imaging.board_file import read_board_file
    from stitchsketch_kernel.imaging.photos import PhotoSet
    from stitchsketch_kernel.pipeline.mats import find_all_tags, known_boards
    from stitchsketch_kernel.pipeline.stages.reading import scale_of
    from stitchsketch_kernel.reconstruction.mat_checks import check_against, check_mats

    stage = open_stage(run_dir, "scale")
    scale = scale_of(stage)
    if not scale.is_metric:
        raise _no_size(run_dir)
    model = stage.read("scale", "model", SparseModel)
    settings, known = stage.settings("scale"), known_boards(stage)
    if boards is None:
        sightings = stage.read("align", "sightings", tuple)
        return check_mats(model, sightings, known.boards, settings)
    file = read_board_file(boards)
    used = {(one.dictionary, tag) for one in known.boards for tag in one.tag_ids}
    for board in file.boards:
        if any((board.dictionary, tag) in used for tag in board.tag_ids):
            raise SettingsError(
                f"{board.name} of {boards.name} has tags of the mats that gave this run its size.",
                "Check it with a board of another dictionary or other numbers.",
            )
    photos = stage.read("ingest", "photos", PhotoSet).photos
    sightings = find_all_tags(photos, file, progress)
    checks = check_against(model, sightings, file.boards, scale.uncertainty_percent, settings)
    if not checks:
        raise ScaleError(
            f"No board of {boards.name} was seen well in the photos of {run_dir}.",
            "Lay it flat beside the piece so that three photos or more show four of its tags.",
        )
    return checks


def _require_size(scan: SeenScan, run_dir: Path) -> None:
    if not scan.scale.is_metric:
        raise _no_size(run_dir)


def _no_size(run_dir: Path) -> ScaleError:
    return ScaleError(
        f"The size of the scan in {run_dir} is not known, so no length can be told.",
        "Run it again with mats in the photos or a length that you measured (--length).",
    )


def _place(text: str, scan: SeenScan, ruler: SurfaceRuler, run_dir: Path) -> Place:
    marked = re.fullmatch(r"(.+):([^:,]+),([^:,]+)", text)
    if marked:
        x, y = _numbers(text, marked.groups()[1:])
        return _in_photo(text, marked.group(1), (x, y), scan, ruler, run_dir)
    parts = text.split(",")
    if len(parts) != 3:
        raise SettingsError(f"The place {text!r} isn't understood.", _HOW)
    import numpy as np

    point = np.array(_numbers(text, parts)) / MM_PER_M
    place = ruler.nearest(point)
    off = MM_PER_M * float(np.linalg.norm(place.point_m - point))
    if off > _OFF_MM:
        raise MeshError(
            f"The surface is {off:.0f} mm away from {text}.",
            f"Give a place within {_OFF_MM:.0f} mm of it, or a spot in a photo.",
        )
    return place


def _in_photo(
    text: str,
    photo: str,
    pixel: tuple[float, float],
    scan: SeenScan,
    ruler: SurfaceRuler,
    run_dir: Path,
) -> Place:
    """Where the line of sight through a pixel meets the surface."""
    import numpy as np

    views = {} if scan.model is None else {view.name: view for view in scan.model.views}
    if photo not in views:
        raise SettingsError(
            f"{photo} is not among the photos that the scan in {run_dir} was made of.",
            f"Take one of these: {', '.join(sorted(views)[:6])} ..." if views else _HOW,
        )
    view = views[photo]
    width, height = _taken_px(open_stage(run_dir, "scale"), photo)
    if not (0 <= pixel[0] <= width and 0 <= pixel[1] <= height):
        raise SettingsError(
            f"{text} lies outside the photo ({width} x {height} pixels).",
            "Count pixels from the upper left corner of the photo as it is shown upright.",
        )
    own = np.array(pixel) * [view.camera.width_px / width, view.camera.height_px / height]
    ray = view.camera.rays_from_pixels(own[None])[0] @ view.rotation
    place = ruler.hit(view.centre, ray)
    if place is None:
        raise MeshError(
            f"There is no surface of the piece at {text}.",
            "Mark a spot on the cloth, away from its edge.",
        )
    return place


def _taken_px(stage: StageContext, photo: str) -> tuple[int, int]:
    """The size of the photo as taken."""
    try:
        width, height = stage.read("ingest", "taken_px", dict)[photo]
    except KeyError as error:
        raise StorageError(f"The run doesn't say how large {photo} was.", "Run it anew.") from error
    return int(width), int(height)


def _numbers(text: str, parts: Sequence[Any]) -> list[float]:
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        numbers = [math.nan]
    if not all(map(math.isfinite, numbers)):
        raise SettingsError(f"The place {text!r} isn't understood.", _HOW)
    return numbers
