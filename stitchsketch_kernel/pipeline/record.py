"""``run.json``: what a run did, is doing, and still has to do. Always whole, always strict JSON."""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import stitchsketch_kernel
from stitchsketch_kernel.pipeline.files import read_json, write_json
from stitchsketch_kernel.pipeline.stage import Stage
from stitchsketch_kernel.projects.records import Status

SCHEMA = 1
#: Libraries whose version changes results.
_LIBRARIES = ("numpy", "opencv-python", "pycolmap", "open3d-cpu", "libigl", "spyrrow", "papermill")


@dataclass
class StageRecord:
    """A stage of a run, as ``run.json`` tells it.

    Attributes
    ----------
    status : Status
    seconds : float
        Of the time it was computed; kept when its result is used again.
    key : str
        Hash of all that its result depends on.
    figures : dict
    notebook : str
        The executed notebook, relative to the run's folder.
    error : str
        The sentence, when it failed or refused.
    settings : dict
        All that it was computed with, by group.
    """

    number: int
    name: str
    key: str
    notebook: str
    status: Status = Status.PENDING
    seconds: float = 0.0
    figures: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass
class RunRecord:
    """A run, as ``run.json`` tells it; `folder` is not written, a run's folder may be moved.

    `run_id` is the run's identity in the shop's stores; empty when it isn't kept there.
    """

    folder: Path
    name: str
    photos: str
    stages: list[StageRecord]
    settings: dict[str, Any] = field(default_factory=dict)
    status: Status = Status.RUNNING
    error: str = ""
    started: str = ""
    finished: str | None = None
    run_id: str = ""

    def stage(self, name: str) -> StageRecord:
        """The stage of that name."""
        return next(stage for stage in self.stages if stage.name == name)

    def figures(self, name: str) -> dict[str, Any]:
        """A stage's figures; empty when it wasn't reached."""
        return next((stage.figures for stage in self.stages if stage.name == name), {})

    def save(self) -> None:
        """Replace ``run.json``."""
        content = asdict(self)
        del content["folder"]
        header = {"schema": SCHEMA, "stitchsketch": stitchsketch_kernel.__version__}
        write_json(self.folder / "run.json", header | content | {"versions": versions()})


def new_record(
    folder: Path, name: str, photos: Path, stages: Sequence[Stage], keys: dict[str, str]
) -> RunRecord:
    """The record of a run that begins now."""
    return RunRecord(
        folder=folder,
        name=name,
        photos=str(photos),
        stages=[
            StageRecord(s.number, s.name, keys[s.name], f"notebooks/{s.notebook.name}")
            for s in stages
        ],
        started=time_now(),
    )


def read_record(folder: Path) -> RunRecord | None:
    """The record in a run's folder; None when there is none, or none that can be read."""
    content = read_json(folder / "run.json")
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        return None
    for extra in ("schema", "stitchsketch", "versions"):
        content.pop(extra, None)
    content["status"] = Status(content["status"])
    content["stages"] = [
        StageRecord(**{**stage, "status": Status(stage["status"])}) for stage in content["stages"]
    ]
    return RunRecord(folder=folder, **content)


def time_now() -> str:
    """The time in UTC, ISO 8601 to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def versions() -> dict[str, str]:
    """Of Python, the system and the libraries that make the results."""
    found = {"python": sys.version.split()[0], "system": platform.platform(terse=True)}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
