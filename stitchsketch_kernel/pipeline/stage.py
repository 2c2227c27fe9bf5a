"""What a stage is: one notebook, one module of `pipeline.stages`, one folder of artefacts."""

from __future__ import annotations

import importlib
import importlib.metadata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

STAGE_MODULES = tuple(
    f"stitchsketch_kernel.pipeline.stages.{name}"
    for name in (
        "ingest", "align", "scale", "densify", "mesh", "panels", "flatten", "nest", "report",
    )
)  # fmt: skip


#: Before and after computing, where a stage doesn't say otherwise.
AROUND = (0.02, 0.02)


@dataclass(frozen=True)
class Stage:
    """A stage as its module declares it.

    Attributes
    ----------
    name, number
        ``"align"``, 2: its notebook is ``02_align.ipynb``, its folder ``stages/02_align``.
    version : int
        Raised when the stage's results change for the same inputs and settings.
    inputs : tuple of str
        Earlier stages that it reads.
    settings : mapping of str to str
        For each group of settings where its dataclass is: ``{"align": "package.module:Class"}``.
    files : mapping of str to str
        For each file or folder from outside the function that reads it, to find faults before
        the run begins; ``""`` when the stage itself tells them.
    publishes : mapping of str to str
        What of its folder is copied where in the run's folder once it is finished.
    weight : float
        Its usual share of a run's time, for the progress bar.
    around : (float, float)
        Shares of its usual time that pass before its computing begins (a kernel starts, modules
        are read) and after it, while its pictures are drawn.
    needs : tuple of str
        ``"gpu"`` when only a worker that offers one may do it.
    module : str
    notebook : Path
    """

    name: str
    number: int
    version: int
    inputs: tuple[str, ...]
    module: str
    notebook: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    publishes: Mapping[str, str] = field(default_factory=dict)
    weight: float = 1.0
    around: tuple[float, float] = AROUND
    needs: tuple[str, ...] = ()

    @property
    def folder_name(self) -> str:
        """``"02_align"``."""
        return f"{self.number:02d}_{self.name}"


def stage_of(module_name: str, notebooks: Path) -> Stage:
    """The stage that a module declares."""
    module = importlib.import_module(module_name)
    return Stage(
        name=module.NAME,
        number=module.NUMBER,
        version=module.VERSION,
        inputs=tuple(module.INPUTS),
        module=module_name,
        notebook=notebooks / f"{module.NUMBER:02d}_{module.NAME}.ipynb",
        settings=dict(getattr(module, "SETTINGS", {})),
        files=dict(getattr(module, "FILES", {})),
        publishes=dict(getattr(module, "PUBLISHES", {})),
        weight=float(getattr(module, "WEIGHT", 1.0)),
        around=tuple(getattr(module, "AROUND", AROUND)),
        needs=tuple(getattr(module, "NEEDS", ())),
    )


def standard_stages() -> tuple[Stage, ...]:
    """Ingest to report, in order."""
    folder = notebooks_folder()
    return tuple(stage_of(name, folder) for name in STAGE_MODULES)


def followers(stages: Sequence[Stage], name: str) -> set[str]:
    """The stage and all that read it, directly or through others."""
    found = {name}
    for stage in stages:
        if found & set(stage.inputs):
            found.add(stage.name)
    return found


def earlier_folders(stage: Stage, stages: Sequence[Stage]) -> dict[str, str]:
    """The names of the folders of those stages that this one reads."""
    return {other.name: other.folder_name for other in stages if other.name in stage.inputs}


def notebooks_folder() -> Path:
    """Where the notebooks are: beside the package in a checkout, or where the wheel put them."""
    beside = Path(__file__).resolve().parents[2] / "notebooks"
    if (beside / "01_ingest.ipynb").is_file():
        return beside
    for file in importlib.metadata.files("stitchsketch") or ():
        if file.name == "01_ingest.ipynb":
            return Path(str(file.locate())).resolve().parent
    raise FileNotFoundError("the notebooks of stitchsketch were not installed; install it again")


def load(reference: str) -> type:
    """The object that ``"package.module:Name"`` names."""
    module, _, name = reference.partition(":")
    found: type = getattr(importlib.import_module(module), name)
    return found
