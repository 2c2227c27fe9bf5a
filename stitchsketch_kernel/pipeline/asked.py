"""What a person asks of a run, and whether it can be done at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from stitchsketch_kernel.domain.errors import SettingsError, StitchSketchError
from stitchsketch_kernel.pipeline.folder import check_place
from stitchsketch_kernel.pipeline.limits import Limits
from stitchsketch_kernel.pipeline.settings import groups_of, read_settings, resolve
from stitchsketch_kernel.pipeline.stage import Stage, load, standard_stages
from stitchsketch_kernel.pipeline.tracking import KeptAs

#: Settings of a first look: cameras and surface in a third of the time, half as exact.
FIRST_LOOK = MappingProxyType(
    {"align.features": "coarse", "densify.engine": "fast", "mesh.cell_mm": 4.0}
)


@dataclass(frozen=True)
class RunSettings:
    """What a person asks of a run, beside the photos.

    Attributes
    ----------
    values : mapping of str to value
        By name: ``{"align.max_features": 8192}``.
    boards, lengths, edits, rules : Path, optional
        Files of boards of tags, of known lengths, of panel edits, of the shop's own rules.
    fabric : Path, optional
        A file of the settings of the group ``fabric``; those in `values` come before it.
    name : str
        Of the piece; the photos' folder when empty.
    track : bool
        Whether the run is kept in the shop's stores.
    kept_as : KeptAs
        As whose, and of which scan.
    limits : Limits
        What each stage may take.
    anew : frozenset of str
        Stages that are computed again though nothing has changed.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    boards: Path | None = None
    lengths: Path | None = None
    edits: Path | None = None
    rules: Path | None = None
    fabric: Path | None = None
    name: str = ""
    track: bool = True
    kept_as: KeptAs = field(default_factory=KeptAs)
    limits: Limits = field(default_factory=Limits)
    anew: frozenset[str] = frozenset()

    def all_settings(self) -> dict[str, Any]:
        """What is set, the fabric's file included."""
        of_fabric = read_settings(self.fabric, "fabric") if self.fabric else {}
        of_fabric.pop("fabric.look", None)  # how it looks cuts nothing
        return {**of_fabric, **self.values}

    def files(self, photos: Path) -> dict[str, Path | None]:
        """Everything that is read from outside, by the name that stages know it by."""
        given = {
            "photos": photos,
            "masks": photos / "masks" if (photos / "masks").is_dir() else None,
            "boards": self.boards,
            "lengths": self.lengths,
            "edits": self.edits,
            "rules": self.rules,
        }
        return {name: path and path.resolve() for name, path in given.items()}


@dataclass(frozen=True)
class Sound:
    """A request whose settings and files are sound.

    Attributes
    ----------
    name : str
        Of the piece.
    given : dict
        What was set, by name.
    of_groups : dict
        The settings' dataclasses, by group.
    files : dict
        What is read from outside, by the name that stages know it by.
    """

    name: str
    given: dict[str, Any]
    of_groups: dict[str, Any]
    files: dict[str, Path | None]


def sound(photos: Path, asked: RunSettings, stages: Sequence[Stage]) -> Sound:
    """What is asked, with its settings and files looked at before the first stage.

    Raises
    ------
    StitchSketchError
        The first thing that a person typed wrong.
    """
    name = asked.name or photos.resolve().name
    given = asked.all_settings()
    if "job" in groups_of(stages):
        given.setdefault("job.name", name)
    of_groups, files = resolve(stages, given), asked.files(photos)
    for error in _faults_of_files(stages, files):
        raise error
    return Sound(name, given, of_groups, files)


def check(photos: Path, out: Path, settings: RunSettings) -> None:
    """Find what a person typed wrong, for whoever has long work to do before a run.

    Raises
    ------
    SettingsError
        As `run` would raise it.
    """
    sound(photos, settings, standard_stages())
    check_place(out.resolve())


def mistakes(
    photos: Path, out: Path, asked: RunSettings, stages: Sequence[Stage]
) -> list[StitchSketchError]:
    """All that a person typed wrong, where `check` raises the first."""
    found = [*_faults_of_settings(asked, stages)]
    try:
        found.extend(_faults_of_files(stages, asked.files(photos)))
        check_place(out.resolve())
    except StitchSketchError as error:
        found.append(error)
    return found


def _faults_of_settings(asked: RunSettings, stages: Sequence[Stage]) -> Iterator[StitchSketchError]:
    try:
        given = asked.all_settings()
    except StitchSketchError as error:  # the fabric's file
        yield error
        given = dict(asked.values)
    one_by_one = [_fault_of(stages, {name: value}) for name, value in given.items()]
    faults = [fault for fault in one_by_one if fault is not None]
    # each is sound by itself, but they may not fit together
    whole = None if faults else _fault_of(stages, given)
    yield from faults if whole is None else [whole]


def _fault_of(stages: Sequence[Stage], given: Mapping[str, Any]) -> StitchSketchError | None:
    try:
        resolve(stages, given)
    except StitchSketchError as error:
        return error
    return None


def _faults_of_files(
    stages: Sequence[Stage], files: Mapping[str, Path | None]
) -> Iterator[StitchSketchError]:
    """Faults of a person's files, found before the first stage and not an hour later."""
    seen = set()
    for stage in stages:
        for name, reader in stage.files.items():
            path = files[name]
            if path is None or not reader or name in seen:
                continue
            seen.add(name)
            if not path.is_file():
                yield SettingsError(f"There is no file {path}.", f"Check what --{name} says.")
                continue
            try:
                load(reader)(path)
            except StitchSketchError as error:
                yield error
