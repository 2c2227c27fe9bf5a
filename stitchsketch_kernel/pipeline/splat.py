"""``stitchsketch splat``: a run's furniture as Gaussian splats, from its aligned photos."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stitchsketch_kernel.disk.aside import renamed_when_whole
from stitchsketch_kernel.domain.errors import (
    SettingsError,
    SplatError,
    StorageError,
)
from stitchsketch_kernel.domain.progress import Progress, part, silent
from stitchsketch_kernel.pipeline.artefacts import read_value, write_value
from stitchsketch_kernel.pipeline.files import disk_in_words, read_json, remove, write_json
from stitchsketch_kernel.pipeline.record import read_record
from stitchsketch_kernel.pipeline.splat_scan import pixel_m, scan_of

if TYPE_CHECKING:
    from PIL import Image

    from stitchsketch_kernel.domain.arrays import ImageArray
    from stitchsketch_kernel.visualization.splat.photos import Scan
    from stitchsketch_kernel.visualization.splat.settings import SplatSettings
    from stitchsketch_kernel.visualization.splat.splats import Splats
    from stitchsketch_kernel.visualization.splat.trained import State, Trained

PLY, SPZ, PAGE, FIGURES = "splat.ply", "splat.spz", "splat.html", "splat.json"
HELD_OUT, CURVE, STATE = "held-out.png", "curve.png", "state.npz"
_STILL_PX = (960, 720)


@dataclass(frozen=True)
class SplatRecord:
    """Where the splats lie, and their figures (those of ``splat.json``)."""

    folder: Path
    figures: dict[str, Any]


def splat(
    run: Path,
    out: Path | None = None,
    settings: SplatSettings | None = None,
    progress: Progress = silent,
    trained_elsewhere: Path | None = None,
) -> SplatRecord:
    """Make splats of a run's scan; what was begun and stopped is gone on with.

    Parameters
    ----------
    run : Path
        A run's folder with a mesh; nothing in it is changed but ``splat/``.
    out : Path, optional
        ``RUN/splat`` without.
    settings : SplatSettings, optional
    progress : Progress
    trained_elsewhere : Path, optional
        A PLY or SPZ in the run's world, taken instead of training.

    Raises
    ------
    RunError
        The folder holds no run with a mesh.
    ScaleError
        The scan's size is not known.
    SplatError
        The scan can't be trained on, or the file is wrong.
    """
    from stitchsketch_kernel.visualization.splat.settings import SplatSettings

    made, name = scan_of(run), _name(run)
    folder = (out or run / "splat").resolve()
    with disk_in_words(folder):
        folder.mkdir(parents=True, exist_ok=True)
        making = _Making(made, name, run, folder, settings or SplatSettings(), progress)
        if trained_elsewhere is not None:
            return making.taken_over(trained_elsewhere)
        return making.trained()


def read_splats(path: Path) -> Splats:
    """Splats of a PLY or SPZ file, by its ending.

    Raises
    ------
    SplatError
        It is neither, or can't be read.
    """
    from stitchsketch_kernel.visualization.splat.ply import read_ply
    from stitchsketch_kernel.visualization.splat.spz import read_spz

    readers = {".ply": read_ply, ".spz": read_spz}
    if path.suffix.lower() not in readers:
        raise SplatError(f"{path.name} is neither PLY nor SPZ.", "Give one of these.")
    try:
        return readers[path.suffix.lower()](path)
    except OSError as error:
        raise SplatError(f"{path} can't be opened ({error.strerror}).", "Look at its name.") from (
            error
        )


class _Making:
    """Training, judging, and all files."""

    def __init__(
        self,
        scan: Scan,
        name: str,
        run: Path,
        folder: Path,
        settings: SplatSettings,
        progress: Progress,
    ) -> None:
        self._scan, self._name, self._run = scan, name, run
        self._folder, self._settings, self._progress = folder, settings, progress

    def trained(self) -> SplatRecord:
        from stitchsketch_kernel.visualization.splat.course import key_of
        from stitchsketch_kernel.visualization.splat.even import lit
        from stitchsketch_kernel.visualization.splat.photos import held_out
        from stitchsketch_kernel.visualization.splat.train import chosen, train

        filled = self._settings.filled(chosen(self._settings.engine))
        self._progress(0.0, "how bright each photo is")
        self._scan = lit(self._scan, held_out(self._scan.views, filled.held_out)[0])
        key = key_of(self._scan, filled)
        known = read_json(self._folder / FIGURES)
        if isinstance(known, dict) and known.get("key") == key and self._whole():
            return SplatRecord(self._folder, known)
        remove(self._folder / FIGURES)
        trained = train(
            self._scan, self._settings, part(self._progress, 0, 0.9), self._state(), self._keep
        )
        self._progress(0.9, "held-out photos")
        figures = {
            "key": key, "settings": asdict(trained.settings), "seconds": trained.seconds,
            "exposures": trained.exposures, "curve": [asdict(mark) for mark in trained.curve],
            "falloff": self._scan.light.falloff, "held_out": self._judged(trained),
        }  # fmt: skip
        record = self._written(trained.splats, figures, pixel_m(self._scan, filled.long_side_px))
        remove(self._folder / STATE)
        return record

    def taken_over(self, path: Path) -> SplatRecord:
        """Splats of another program, cut to the furniture."""
        from stitchsketch_kernel.visualization.splat.splats import cropped

        self._progress(0.1, "reading")
        splats = cropped(read_splats(path), self._scan.region)
        if not len(splats):
            raise SplatError(
                f"None of the splats in {path.name} lies where the furniture is.",
                "They must be in metres, with z up and the run's origin.",
            )
        return self._written(splats, {"key": "", "taken_from": path.name})

    def _whole(self) -> bool:
        return all((self._folder / name).is_file() for name in (PLY, SPZ, PAGE))

    def _state(self) -> State | None:
        from stitchsketch_kernel.visualization.splat.trained import State

        try:
            return read_value(self._folder / STATE, State)
        except StorageError:
            return None

    def _keep(self, state: State) -> None:
        write_value(self._folder / STATE, state)

    def _judged(self, trained: Trained) -> dict[str, Any] | None:
        from stitchsketch_kernel.visualization.splat import judge
        from stitchsketch_kernel.visualization.splat.photos import held_out, targets

        used = trained.settings
        shown, hidden = held_out(self._scan.views, used.held_out)
        if not hidden:
            return None
        size = min(used.long_side_px, 640)
        asked, seen_by = targets(self._scan, hidden, size), targets(self._scan, shown, size)
        mesh = self._scan.mesh
        pictures = {
            "splats": judge.splat_pictures(trained.splats, asked),
            "mesh, photos' texture": judge.textured_pictures(
                mesh, asked, [target.as_taken() for target in seen_by]
            ),
            "mesh, even texture": judge.textured_pictures(mesh, asked, seen_by),
            "mesh, vertex colours": judge.vertex_pictures(mesh, asked, seen_by),
        }
        scores = {name: judge.score(images, asked) for name, images in pictures.items()}
        title = f"{self._name}: {len(asked)} photos that were not trained on"
        _save(self._folder / HELD_OUT, judge.beside(asked, pictures, title))
        rows = {"splats": [(mark.seconds / 60, mark.psnr_db) for mark in trained.curve]}
        levels = {name: one.psnr_db for name, one in scores.items() if name != "splats"}
        _save(self._folder / CURVE, judge.curve_picture(rows, levels))
        return {
            "photos": [target.view.name for target in asked],
            "long_side_px": size,
            "scores": {name: asdict(one) for name, one in scores.items()},
        }

    def _written(
        self, splats: Splats, figures: dict[str, Any], trained_px_m: float = 0.0
    ) -> SplatRecord:
        from stitchsketch_kernel.visualization.splat.page import write_page
        from stitchsketch_kernel.visualization.splat.ply import write_ply
        from stitchsketch_kernel.visualization.splat.spz import write_spz

        self._progress(0.95, "files")
        if not len(splats):
            raise SplatError("No splat was left.", "Train again, with other settings.")
        write_ply(self._folder / PLY, splats)
        write_spz(self._folder / SPZ, splats)
        around = _front(self._run)
        still = _still(splats, around, trained_px_m)
        made_at = datetime.now().astimezone().strftime("%Y-%m-%d")
        write_page(self._folder / PAGE, self._name, made_at, splats, still, around, trained_px_m)
        figures = {"name": self._name, "splats": len(splats), **figures}
        write_json(self._folder / FIGURES, figures)
        self._progress(1.0, "done")
        return SplatRecord(self._folder, figures)


def _name(run: Path) -> str:
    record = read_record(run)
    return str(record.settings.get("job.name", record.name)) if record else run.name


def _front(run: Path) -> float:
    """Where the eye begins: a little to the right of the front, where panels tell it."""
    from stitchsketch_kernel.domain.panel import PanelMap
    from stitchsketch_kernel.visualization.front import front_of

    try:
        out = front_of(read_value(run / "stages" / "06_panels" / "panels.npz", PanelMap))
    except StorageError:
        out = None
    return 0.45 if out is None else float(np.arctan2(out[1], out[0])) + 0.45


def _still(splats: Splats, around: float, trained_px_m: float) -> ImageArray:
    from stitchsketch_kernel.visualization.splat.judge import as_bytes
    from stitchsketch_kernel.visualization.splat.render import looking, picture

    low, high = np.percentile(splats.means_m, [0.1, 99.9], axis=0)
    view = looking(low, high, around, _STILL_PX)
    return as_bytes(picture(splats, view, (1.0, 1.0, 1.0), trained_px_m))


def _save(path: Path, image: Image.Image) -> None:
    with renamed_when_whole(path) as aside:
        image.save(aside, "PNG")


def splat_settings(values: dict[str, Any]) -> SplatSettings:
    """Settings of numbers and words as a person gives them; those that are None stay as they are.

    Raises
    ------
    SettingsError
        One can't be.
    """
    from stitchsketch_kernel.visualization.splat.settings import SplatSettings

    given = {name: value for name, value in values.items() if value is not None}
    unknown = set(given) - set(SplatSettings.__dataclass_fields__)
    if unknown:
        raise SettingsError(f"There is no setting {', '.join(sorted(unknown))}.", "Leave it out.")
    return SplatSettings(**given)
