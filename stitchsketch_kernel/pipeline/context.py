"""A stage from within its notebook: where it reads, where it writes, how it tells its progress."""

from __future__ import annotations

import importlib
import json
import logging
import os
import resource
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from stitchsketch_kernel.domain.errors import RunError, StitchSketchError
from stitchsketch_kernel.domain.progress import Wait, part
from stitchsketch_kernel.pipeline.artefacts import read_value, write_value
from stitchsketch_kernel.pipeline.begun import Begun
from stitchsketch_kernel.pipeline.files import disk_in_words, plain, read_json, write_json
from stitchsketch_kernel.pipeline.settings import settings_from
from stitchsketch_kernel.pipeline.stage import load

if TYPE_CHECKING:
    from PIL import Image

JOB, FIGURES, PROGRESS, KEY = "job.json", "figures.json", "progress.json", "key.json"
#: The folder of pictures that a notebook has drawn and the report shows again.
PICTURES = "pictures"
#: Progress is written at most this often.
_EVERY_S = 0.2

T = TypeVar("T")


def open_stage(run_dir: str | Path, name: str) -> StageContext:
    """The stage of a run that its notebook computes, or the finished one when it is opened again.

    Raises
    ------
    RunError
        The run has no such stage yet.
    """
    stages = Path(run_dir).resolve() / "stages"
    at_work = sorted(stages.glob(f".[0-9][0-9]_{name}.*.partial"))
    finished = sorted(stages.glob(f"[0-9][0-9]_{name}"))
    for folder in (*at_work, *finished):
        job = read_json(folder / JOB)
        if job is not None:
            return StageContext(folder, job)
    raise RunError(
        f"The run in {run_dir} has not come to the stage {name} yet.",
        "Start it with 'stitchsketch run'; notebooks are opened for looking afterwards.",
    )


def refusal(error: StitchSketchError) -> dict[str, str]:
    """Figures of a stage that could not give its result, though later ones can say why.

    The run goes on, for looking; it ends with this error and counts as failed.
    """
    return {"refused": str(error), "refused_as": type(error).__name__}


class StageContext:
    """What a stage's `compute` is given.

    Attributes
    ----------
    folder : Path
        The stage's own folder: its artefacts go here.
    """

    def __init__(self, folder: Path, job: Mapping[str, Any]) -> None:
        self.folder = folder
        self._job = job
        self._last_told = -1e9
        before, after = job.get("around", (0.0, 0.0))
        #: Where in the stage's time computing begins and ends; pictures come after.
        self._computing = (float(before), 1 - float(after))
        self._is_computing = False
        self._pictures = 0

    def settings(self, group: str) -> Any:
        """The settings of a group, as its dataclass."""
        kind = load(self._job["groups"][group])
        return settings_from(kind, group, self._job["settings"][group])

    def earlier(self, stage: str) -> Path:
        """The folder of an earlier stage that this one declares to read."""
        return self.folder.parent / str(self._job["earlier"][stage])

    def folder_of(self, stage: str) -> Path:
        """The folder of an earlier stage, or of this one."""
        return self.folder if stage == self._job["stage"] else self.earlier(stage)

    def figures(self, stage: str) -> dict[str, Any]:
        """The figures of an earlier stage, or of this one once it is finished."""
        return dict(read_json(self.folder_of(stage) / FIGURES) or {})

    def file(self, name: str) -> Path | None:
        """A file or folder from outside; None when the person gave none."""
        given = self._job["files"][name]
        return None if given is None else Path(given)

    def free_bytes(self) -> int:
        """How much memory this stage may still take: what there is, and what it is allowed."""
        from stitchsketch_kernel.pipeline.limits import memory_of
        from stitchsketch_kernel.reconstruction.memory import free_bytes

        free, allowed = free_bytes(), int(self._job.get("memory_bytes", 0))
        return min(free, max(0, allowed - memory_of(os.getpid()))) if allowed else free

    @property
    def begun(self) -> Begun:
        """What was finished of this stage's work before it was stopped; it may keep more there."""
        name = self._job.get("begun")
        return Begun(self.folder.parent / name if name else None)

    def keep(self, name: str, value: object) -> None:
        """Keep a value of the domain as the artefact `name`."""
        write_value(self.folder / f"{name}.npz", value)

    def read(self, stage: str, name: str, kind: type[T]) -> T:
        """The artefact `name` of an earlier stage, or of this one."""
        return read_value(self.folder_of(stage) / f"{name}.npz", kind)

    def seconds(self, stage: str) -> float:
        """How long an earlier stage took when it was computed."""
        return float(read_json(self.earlier(stage) / KEY)["seconds"])

    def picture(self, name: str, image: Image.Image) -> Image.Image:
        """`image`, for the notebook to show; kept for the report while the stage is at work."""
        if not (self.folder / KEY).exists():
            (self.folder / PICTURES).mkdir(exist_ok=True)
            with disk_in_words(self.folder.parent.parent):
                image.save(self.folder / PICTURES / f"{name}.png")
            self._pictures += 1
            _, end = self._computing
            self.progress(1 - (1 - end) / (1 + self._pictures), "drawing pictures")
        return image

    @property
    def is_finished(self) -> bool:
        """Whether the stage was computed in an earlier run of its notebook."""
        return (self.folder / FIGURES).is_file()

    def progress(self, share: float, note: str = "") -> None:
        """Tell the runner how far the stage is; cheap, so call it often."""
        now = time.monotonic()
        # nothing comes after a wait for long: it must not be what is left out
        if now - self._last_told < _EVERY_S and share < 1 and not isinstance(note, Wait):
            return
        self._last_told = now
        if self._is_computing:
            part(self._write_progress, *self._computing)(share, note)
        else:
            self._write_progress(share, note)

    def _write_progress(self, share: float, note: str) -> None:
        told: dict[str, Any] = {
            "share": round(min(1.0, max(0.0, share)), 4),
            "note": note.replace("\n", " "),
        }
        if isinstance(note, Wait):
            told |= {"until": round(min(1.0, note.until), 4), "seconds": round(note.seconds, 1)}
        # a full disk fails the work itself; the progress bar must not be what does
        with suppress(OSError):
            path = self.folder / PROGRESS
            aside = path.with_suffix(".aside")
            aside.write_text(json.dumps(told), encoding="utf-8")
            aside.replace(path)

    def compute(self) -> dict[str, Any]:
        """Compute the stage and keep its figures; a finished stage only tells them.

        Raises
        ------
        StitchSketchError
            In words for the shop; the runner ends the run with them.
        """
        if self.is_finished:
            return dict(read_json(self.folder / FIGURES))
        logging.basicConfig(format="%(name)s: %(message)s", stream=sys.stdout)
        logging.getLogger("stitchsketch_kernel").setLevel(logging.INFO)
        module = importlib.import_module(self._job["module"])
        started, worked = time.perf_counter(), time.process_time()
        self._is_computing = True
        self.progress(0.0)
        self._last_told = -1e9  # what the stage tells first counts at once
        with disk_in_words(self.folder.parent.parent):
            figures: dict[str, Any] = plain(module.compute(self))
            figures["compute_s"] = round(time.perf_counter() - started, 2)
            figures["processor_s"] = round(time.process_time() - worked, 2)
            figures["peak_memory_mb"] = peak_memory_mb()
            write_json(self.folder / FIGURES, figures)
        self.progress(1.0, "drawing pictures")
        self._is_computing = False
        return figures


def read_progress(folder: Path) -> tuple[float, str] | None:
    """The share and the note of a stage at work; None before it tells any.

    What can't tell how far it is goes on by the clock, as long as it said that it would take.
    """
    path = folder / PROGRESS
    if not (told := read_json(path)):
        return None
    share, note = float(told["share"]), str(told["note"])
    if "until" in told:
        with suppress(OSError):
            waited_s = max(0.0, time.time() - path.stat().st_mtime)
            share = Wait(note, float(told["until"]), float(told["seconds"])).at(share, waited_s)
    return share, note


def peak_memory_mb() -> int:
    """The most memory that this process has held since its program began."""
    status = Path("/proc/self/status")
    if status.exists():
        # getrusage tells also what the process that started this one held
        words = status.read_text(encoding="ascii", errors="replace").split()
        return round(int(words[words.index("VmHWM:") + 1]) / 2**10)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10))
