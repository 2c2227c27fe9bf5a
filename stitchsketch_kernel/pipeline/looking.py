"""A run's scan opened for looking and measuring; its box, kept where the next run finds it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stitchsketch_kernel.domain.errors import RunError, SettingsError, StorageError
from stitchsketch_kernel.pipeline.context import StageContext, open_stage
from stitchsketch_kernel.pipeline.files import read_json, write_json
from stitchsketch_kernel.pipeline.stages.reading import errors_of, mesh_of, scale_of

if TYPE_CHECKING:
    from stitchsketch_kernel.domain.model import Mesh, Region, Scale, SparseModel
    from stitchsketch_kernel.domain.panel import PanelMap
    from stitchsketch_kernel.domain.sureness import ScanErrors

#: Where a run's folder keeps the box that a person has set; a run never touches it.
BOX = "box.json"
#: Shorter sides than this (in metres, or the model's unit) hold no furniture.
_LEAST_SIDE_M = 0.02


@dataclass(frozen=True)
class SeenScan:
    """What there is to look at of a run.

    Attributes
    ----------
    mesh : Mesh
    scale : Scale
    errors : ScanErrors
        What its lengths may be off by.
    model : SparseModel or None
        Cameras and points; None where the run's own are not at hand.
    region : Region or None
        The box that the run took depth from.
    panels : PanelMap or None
        None where the run has not come so far.
    """

    mesh: Mesh
    scale: Scale
    errors: ScanErrors
    model: SparseModel | None = None
    region: Region | None = None
    panels: PanelMap | None = None


def open_scan(run_dir: Path) -> SeenScan:
    """Open the scan of a run; what is missing but for the mesh is left out.

    Raises
    ------
    RunError
        The run has no mesh yet.
    StitchSketchError
        Its mesh can't be read.
    """
    from stitchsketch_kernel.domain.model import Motion, Region, SparseModel
    from stitchsketch_kernel.domain.panel import PanelMap
    from stitchsketch_kernel.domain.sureness import ScanErrors

    stage = open_stage(run_dir, "mesh")
    mesh, scale = mesh_of(stage), scale_of(stage)
    model = _kept(stage, "scale", "model", SparseModel)
    errors = ScanErrors(scale.uncertainty_percent)
    if model is not None:
        errors = errors_of(scale, model, _kept(stage, "scale", "motion", Motion))
    try:
        panels = _kept(open_stage(run_dir, "panels"), "panels", "panels", PanelMap)
    except RunError:
        panels = None
    region = _kept(stage, "densify", "region", Region)
    return SeenScan(mesh, scale, errors, model, region, panels)


def _kept(stage: StageContext, of: str, name: str, kind: type[Any]) -> Any:
    try:
        return stage.read(of, name, kind)
    except (StorageError, KeyError):
        return None


def keep_box(run_dir: Path, region: Region) -> Path:
    """Keep a box in the run's folder, for the next run there to take depth from; returns the file.

    Raises
    ------
    SettingsError
        It is no box, or too small for any furniture.
    """
    import numpy as np

    sides = np.asarray(region.high_m, dtype=float) - np.asarray(region.low_m, dtype=float)
    if sides.shape != (3,) or not (np.isfinite(sides).all() and (sides >= _LEAST_SIDE_M).all()):
        raise SettingsError(
            f"The box must be at least {1000 * _LEAST_SIDE_M:.0f} mm wide, deep and high.",
            "Draw its sides further apart.",
        )
    path = run_dir / BOX
    write_json(path, {"box_m": [*map(float, region.low_m), *map(float, region.high_m)]})
    return path


def drop_box(run_dir: Path) -> None:
    """Let the next run find its box itself, whatever it was set to."""
    write_json(run_dir / BOX, {"box_m": []})


def kept_box(run_dir: Path) -> tuple[float, ...] | None:
    """The box that a person has set, as the setting ``region.box_m``; None where nobody has.

    Raises
    ------
    SettingsError
        The file holds something else.
    """
    if not (run_dir / BOX).is_file():
        return None
    try:
        box = tuple(float(value) for value in read_json(run_dir / BOX)["box_m"])
        if len(box) not in {0, 6}:
            raise ValueError(f"{len(box)} numbers")
    except (KeyError, TypeError, ValueError) as error:
        raise SettingsError(
            f"{run_dir / BOX} holds no box.", "Remove it, or set the box again."
        ) from error
    return box
