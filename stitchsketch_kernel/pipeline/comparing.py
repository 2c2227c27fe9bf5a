"""Two finished runs, opened to be compared."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stitchsketch_kernel.domain.errors import RunError
from stitchsketch_kernel.pipeline.context import open_stage
from stitchsketch_kernel.pipeline.record import read_record
from stitchsketch_kernel.pipeline.stages.reading import mesh_of

if TYPE_CHECKING:
    from stitchsketch_kernel.domain.model import Mesh
    from stitchsketch_kernel.domain.piece import Pattern


@dataclass(frozen=True)
class OpenedRun:
    """What of a run is compared.

    Attributes
    ----------
    name : str
        Of its folder.
    figures, settings : dict
        By stage; by name, as a person set them.
    mesh : Mesh
    pattern : Pattern
    """

    name: str
    figures: dict[str, dict[str, Any]]
    settings: dict[str, Any]
    mesh: Mesh
    pattern: Pattern


def open_run(run_dir: str | Path) -> OpenedRun:
    """A finished run.

    Raises
    ------
    RunError
        There is none in that folder, or it came to no pattern.
    """
    from stitchsketch_kernel.upholstery.export.pattern_json import read_pattern_json

    folder = Path(run_dir).resolve()
    record = read_record(folder)
    if record is None:
        raise RunError(f"There is no run in {folder}.", "Name the folder of a run.")
    file = folder / "patterns" / "pattern.json"
    if not file.is_file():
        raise RunError(
            f"The run in {folder} has no pattern to compare.", "Let it come to its end first."
        )
    pattern, _ = read_pattern_json(file)
    figures = {stage.name: stage.figures for stage in record.stages}
    mesh = mesh_of(open_stage(folder, "mesh"))
    return OpenedRun(folder.name, figures, record.settings, mesh, pattern)
