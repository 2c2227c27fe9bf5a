"""A stage by itself, without a kernel, a notebook or a run."""

from __future__ import annotations

from pathlib import Path

from stitchsketch_kernel.pipeline.context import StageContext
from stitchsketch_kernel.pipeline.stage import stage_of


def context(root: Path, module: str, **files: Path | None) -> StageContext:
    """The stage at work in a run's folder under `root`."""
    stage = stage_of(f"stitchsketch_kernel.pipeline.stages.{module}", root)
    folder = root / "stages" / stage.folder_name
    folder.mkdir(parents=True)
    job = {
        "stage": stage.name,
        "module": stage.module,
        "groups": dict(stage.settings),
        "settings": {group: {} for group in stage.settings},
        "earlier": {path.name[3:]: path.name for path in folder.parent.iterdir()},
        "files": {name: files.get(name) for name in stage.files},
    }
    return StageContext(folder, job)
