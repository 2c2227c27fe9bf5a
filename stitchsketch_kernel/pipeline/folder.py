"""A run's folder: finished stages, what is published of them, and one run at a time."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from stitchsketch_kernel.disk.aside import ASIDE
from stitchsketch_kernel.domain.errors import RunError, SettingsError
from stitchsketch_kernel.pipeline.begun import BEGUN, begun_name, forget_begun
from stitchsketch_kernel.pipeline.context import FIGURES, JOB, KEY, PROGRESS
from stitchsketch_kernel.pipeline.files import (
    publish,
    put_in_place,
    read_json,
    remove,
    write_json,
)
from stitchsketch_kernel.pipeline.record import read_record
from stitchsketch_kernel.pipeline.stage import Stage, earlier_folders

LOCK = ".lock"
#: Of a stage's folder: what belongs to this machine, and the seal.
_OWN = {JOB, KEY}
#: What a run writes; nothing else in the folder is ever touched.
OURS = ("run.json", "notebooks", "stages", "model", "patterns", "report.html", LOCK)


class RunFolder:
    """The folder of a run, held by this process.

    Use `hold_folder` to get one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.stages = path / "stages"
        self.notebooks = path / "notebooks"

    def prepare(self) -> None:
        """Make what is missing, clear what a killed run left half-written.

        What a stage had finished of its work is whole, and stays (`begun`).
        """
        for folder in (self.stages, self.notebooks):
            folder.mkdir(parents=True, exist_ok=True)
        for left in (
            *self.stages.glob(".*"),
            *self.path.glob(f"{ASIDE}*"),
            *self.path.glob(".*.old"),
        ):
            if left.name.startswith(BEGUN):
                continue
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)

    def begun(self, stage: Stage, key: str, earlier: Mapping[str, str]) -> str:
        """The name of the folder for what a stage finishes of its work; older ones are removed."""
        name = begun_name(stage.folder_name, key, self._made(earlier))
        forget_begun(self.stages, but=name, of=stage.folder_name)
        return name

    def finished(
        self, stage: Stage, key: str, earlier: Mapping[str, str]
    ) -> tuple[dict[str, Any], float] | None:
        """Figures and seconds of a stage that was finished under this key, and is still whole.

        Not every stage gives the same bits twice, so it must also have read the very results
        of the earlier stages (`earlier`: their folders' names) that lie there now.
        """
        folder = self.stages / stage.folder_name
        seal, figures = read_json(folder / KEY), read_json(folder / FIGURES)
        if not seal or figures is None or seal["key"] != key:
            return None
        same = self.fits(seal, key, earlier) and seal["files"] == _sizes(folder)
        return (figures, float(seal["seconds"])) if same else None

    def _made(self, earlier: Mapping[str, str]) -> dict[str, str]:
        """Which making of each earlier stage lies there."""
        seals = {name: read_json(self.stages / folder / KEY) for name, folder in earlier.items()}
        return {name: seal["made"] if seal else "" for name, seal in seals.items()}

    def is_whole(self, stages: Sequence[Stage], keys: Mapping[str, str]) -> bool:
        """Whether all stages are finished under these keys, and all that they publish is there."""
        return all(
            self.finished(stage, keys[stage.name], earlier_folders(stage, stages)) is not None
            and self._is_published(stage)
            for stage in stages
        )

    def has_finished_stage(self) -> bool:
        """Whether any stage was ever finished here."""
        return any(self.stages.glob(f"[0-9]*/{KEY}"))

    def begin(self, stage: Stage, job: Mapping[str, Any]) -> Path:
        """A new folder for a stage at work, aside and under a name that was never used.

        A kernel of a killed run may still write for a second: into its own, older folder.
        """
        aside = self.stages / f".{stage.folder_name}.{os.urandom(4).hex()}.partial"
        aside.mkdir()
        write_json(aside / JOB, job)
        return aside

    def finish(
        self, stage: Stage, aside: Path, key: str, seconds: float, earlier: Mapping[str, str]
    ) -> None:
        """Seal a computed stage and put it in its place, in one step."""
        (aside / PROGRESS).unlink(missing_ok=True)
        seal = {
            "key": key,
            "seconds": seconds,
            "made": os.urandom(8).hex(),
            "read": self._made(earlier),
            "files": _sizes(aside),
        }
        write_json(aside / KEY, seal)
        put_in_place(aside, self.stages / stage.folder_name)
        forget_begun(self.stages, of=stage.folder_name)

    def parts(self, stage: Stage) -> list[Path]:
        """What another machine needs of a finished stage, its seal last; but for its job.

        A stage's job names files of this machine.
        """
        folder = self.stages / stage.folder_name
        found = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        last = [folder / KEY] if folder / KEY in found else []
        return [path for path in found if path.relative_to(folder).as_posix() not in _OWN] + last

    def fits(self, seal: Mapping[str, Any], key: str, earlier: Mapping[str, str]) -> bool:
        """Whether a stage's seal is of this key and of the earlier stages that lie here now."""
        return bool(seal["key"] == key and seal["read"] == self._made(earlier))

    def take_over(self, stage: Stage, aside: Path, seal: Mapping[str, Any]) -> bool:
        """Put a stage in its place that was made elsewhere; not when it isn't whole."""
        sizes = _sizes(aside)
        files = {**seal["files"], JOB: sizes[JOB]}
        if files != sizes:
            return False
        write_json(aside / KEY, {**seal, "files": files})
        put_in_place(aside, self.stages / stage.folder_name)
        return True

    def retract(self, stages: Sequence[Stage]) -> None:
        """Take back what these stages had published: nobody may cut from an outdated file."""
        for stage in stages:
            for target in stage.publishes.values():
                if (self.path / target).exists():
                    remove(self.path / target)

    def publish(self, stage: Stage, anew: bool) -> None:
        """Copy what a finished stage publishes to where people look for it."""
        for made, place in self._published_as(stage):
            if anew or _sizes(made) != _sizes(place):
                publish(made, place)

    def _is_published(self, stage: Stage) -> bool:
        return all(_sizes(made) == _sizes(place) for made, place in self._published_as(stage))

    def _published_as(self, stage: Stage) -> list[tuple[Path, Path]]:
        """What a stage has made to be published, and the place of each."""
        folder = self.stages / stage.folder_name
        pairs = [(folder / what, self.path / place) for what, place in stage.publishes.items()]
        return [(made, place) for made, place in pairs if made.exists()]

    def published(self, stage: Stage) -> list[Path]:
        """The files that a stage has published."""
        places = [self.path / target for target in stage.publishes.values()]
        return [
            path
            for place in places
            for path in ([place] if place.is_file() else sorted(place.rglob("*")))
            if path.is_file()
        ]


def _sizes(folder: Path) -> dict[str, int]:
    """Size of each file in a folder (or of a file alone), but for a stage's seal."""
    return {
        path.relative_to(folder).as_posix(): path.stat().st_size
        for path in (folder, *sorted(folder.rglob("*")))
        if path.is_file() and path.name != KEY
    }


@contextmanager
def hold_folder(path: Path) -> Iterator[RunFolder]:
    """A run's folder for this process alone.

    When the run ends with an error before any stage was finished, everything that it made is
    removed again.

    Raises
    ------
    RunError
        Another run is at work there.
    SettingsError
        The folder holds other things under the names that a run uses.
    """
    path = path.resolve()
    check_place(path)
    made = _missing_parents(path)
    had = {name for name in OURS if (path / name).exists()}
    path.mkdir(parents=True, exist_ok=True)
    with _locked(path / LOCK):
        folder = RunFolder(path)
        try:
            folder.prepare()
            yield folder
        except Exception as error:
            if not folder.has_finished_stage() and not getattr(error, "keep_folder", False):
                _undo(path, had, made)
            raise


def check_place(path: Path) -> None:
    """Refuse a place that can't be a run's folder; see `hold_folder`."""
    if path.exists() and not path.is_dir():
        raise SettingsError(f"{path} is a file.", "Choose a folder for the results.")
    if not path.is_dir() or read_record(path) is not None or (path / LOCK).exists():
        return
    if foreign := [name for name in OURS if (path / name).exists()]:
        raise SettingsError(
            f"{path} holds {foreign[0]}, but not from a run of StitchSketch.",
            "Choose an empty folder for the results.",
        )


def _missing_parents(path: Path) -> list[Path]:
    """The folder and those above it that aren't there yet, the deepest first."""
    missing = []
    while not path.exists():
        missing.append(path)
        path = path.parent
    return missing


def _undo(path: Path, had: set[str], made: list[Path]) -> None:
    for name in OURS:
        if name not in had and (path / name).exists():
            with suppress(OSError):
                remove(path / name)
    for folder in made:
        with suppress(OSError):
            folder.rmdir()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock of a run's folder; the system frees it however its holder dies."""
    with path.open("a+", encoding="ascii") as file:
        if not _try_lock(file):
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise RunError(
                f"Another run (process {holder}) is at work in {path.parent}.",
                "Wait until it ends, or choose another folder.",
            )
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def is_held(path: Path) -> bool:
    """Whether a run is at work in a folder now."""
    if not (path / LOCK).is_file():
        return False
    with (path / LOCK).open("a+", encoding="ascii") as file:
        return not _try_lock(file)


def _try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
