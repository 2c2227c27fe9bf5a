"""A batch's file: CSV as a spreadsheet writes it, or YAML; all of its mistakes told at once.

A row has ``photos`` and, when they are wanted, ``name``, ``out``, ``boards`` (or ``mat``),
``lengths``, ``edits``, ``rules``, ``fabric``, ``bar_mm``, ``gpu`` (yes or no), ``settings`` (a
file; in YAML also the settings themselves) and settings by name: ``align.max_features``. Files are
looked for beside the batch's file.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from stitchsketch_kernel.domain.errors import SettingsError, StitchSketchError
from stitchsketch_kernel.pipeline.asked import RunSettings, mistakes
from stitchsketch_kernel.pipeline.batch.jobs import Job
from stitchsketch_kernel.pipeline.limits import Limits
from stitchsketch_kernel.pipeline.settings import read_settings
from stitchsketch_kernel.pipeline.stage import Stage, standard_stages
from stitchsketch_kernel.pipeline.tracking import photos_of

_FILES = {
    "boards": "boards", "mat": "boards", "lengths": "lengths", "length": "lengths",
    "edits": "edits", "rules": "rules", "fabric": "fabric",
}  # fmt: skip
_COLUMNS = ("photos", "name", "out", *_FILES, "bar_mm", "gpu", "settings")
_YES, _NO = {"yes", "true", "1", "x"}, {"", "no", "false", "0"}
_EXAMPLE = "The first line of a CSV names its columns: photos,name,fabric,settings."


def read_jobs(
    path: Path,
    out: Path,
    stages: Sequence[Stage] | None = None,
    limits: Limits | None = None,
    track: bool = True,
) -> list[Job]:
    """Read a batch's file and look at all that its rows ask, before anything is begun.

    Parameters
    ----------
    path : Path
        ``.csv``, ``.yaml``, ``.yml`` or ``.json``.
    out : Path
        Where rows that don't say it have their folder, by their name.
    stages : sequence of Stage, optional
        The standard nine when absent.
    limits : Limits, optional
        What each stage of a row may take.
    track : bool
        Whether the runs are kept in the shop's stores.

    Raises
    ------
    SettingsError
        With every mistake of every row.
    """
    stages = tuple(stages or standard_stages())
    rows = _rows(path)
    told = [] if rows else [f"{path.name} holds no rows."]
    jobs: list[Job] = []
    for number, given in rows:
        reader = _Row(number, given, path.resolve().parent, out.resolve())
        job = reader.job(RunSettings(limits=limits or Limits(), track=track))
        faults = [*reader.faults]
        if job is not None:
            asked = mistakes(job.photos, job.out, job.settings, stages)
            faults += [str(error) for error in asked]
            jobs.append(job)
        told += [f"row {number}: {fault}" for fault in dict.fromkeys(faults)]
    told += [f"row {job.row}: {fault}" for job, fault in _in_each_others_way(jobs)]
    if told:
        count = "a mistake" if len(told) == 1 else f"{len(told)} mistakes"
        listed = "\n".join(f"  {one}" for one in told)
        raise SettingsError(f"{path.name} has {count}; nothing was begun.\n{listed}")
    return jobs


@dataclass
class _Row:
    """One row, being read."""

    number: int
    given: Mapping[str, Any]
    base: Path
    out: Path

    def __post_init__(self) -> None:
        self.faults: list[str] = []

    def job(self, settings: RunSettings) -> Job | None:
        """What the row asks; None when it can't be told what that is."""
        for column in self.given:
            if column not in _COLUMNS and "." not in column:
                self.faults.append(
                    f"There is no column {column!r}. Columns are {', '.join(_COLUMNS)}, and "
                    "settings by name (align.max_features)."
                )
        photos, name = self._photos(), str(self.given.get("name", ""))
        given_files: dict[str, Any] = {}
        for column, field in _FILES.items():
            if value := self.given.get(column):
                if field in given_files:
                    self.faults.append(f"{column} says again what another column says.")
                given_files[field] = self._path(value)
        needs_gpu = self._gpu()
        values = self._values()
        if photos is None:
            return None
        settings = replace(settings, values=values, name=name, **given_files)
        return Job(self.number, photos, self._out(name or photos.name), settings, needs_gpu)

    def _photos(self) -> Path | None:
        if not (value := self.given.get("photos")):
            self.faults.append("It names no photos.")
            return None
        folder = self._path(value)
        if not folder.is_dir():
            self.faults.append(f"There is no folder {folder}.")
        elif not photos_of(folder):
            self.faults.append(f"No photos are in {folder}.")
        return folder

    def _out(self, name: str) -> Path:
        if value := self.given.get("out"):
            return self._path(value)
        out = (self.out / name).resolve()
        if out.parent != self.out:
            self.faults.append(f"{name!r} can't be a folder's name; give the row another, or out.")
        return out

    def _gpu(self) -> bool:
        word = str(self.given.get("gpu", "")).strip().casefold()
        if word not in _YES | _NO:
            self.faults.append(f"gpu is yes or no, not {word!r}.")
        return word in _YES

    def _values(self) -> dict[str, Any]:
        """The settings; those in columns come before those of the row's file."""
        values: dict[str, Any] = {}
        asked = self.given.get("settings")
        if isinstance(asked, Mapping):
            values |= _dotted(asked)
        elif asked:
            try:
                values |= read_settings(self._path(asked))
            except StitchSketchError as error:
                self.faults.append(str(error))
        if (bar := self.given.get("bar_mm")) not in {None, ""}:
            values["scale.bar_measured_mm"] = bar
        return values | {name: value for name, value in self.given.items() if "." in name}

    def _path(self, value: object) -> Path:
        return (self.base / Path(str(value)).expanduser()).resolve()


def _dotted(settings: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping) and "." not in str(name):
            flat |= {f"{name}.{inner}": item for inner, item in value.items()}
        else:
            flat[str(name)] = value
    return flat


def _in_each_others_way(jobs: Sequence[Job]) -> Iterator[tuple[Job, str]]:
    """Rows that would write into one another's folder, or among somebody's photos."""
    places = Counter(job.out for job in jobs)
    photos = {job.photos for job in jobs}
    for job in jobs:
        if places[job.out] > 1:
            yield job, f"Another row writes to {job.out} too; give each its own name or out."
        elif within := [other for other in job.out.parents if other in places]:
            yield job, f"{job.out} lies in the folder of another row, {within[0]}."
        if job.out in photos:
            yield job, f"{job.out} holds photos; choose another folder for the results."


def _rows(path: Path) -> list[tuple[int, dict[str, Any]]]:
    """The rows with their numbers; empty ones are left out."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SettingsError(f"{path} can't be opened ({error.strerror}).", _EXAMPLE) from error
    except ValueError as error:
        raise SettingsError(f"{path.name} is not text in UTF-8.", "Save it as UTF-8.") from error
    if path.suffix.lower() in {".yaml", ".yml", ".json"}:
        return _yaml_rows(path, text)
    return _csv_rows(path, text)


def _csv_rows(path: Path, text: str) -> list[tuple[int, dict[str, Any]]]:
    header = text.partition("\n")[0]
    mark = max(",;\t", key=header.count)  # what a spreadsheet puts between depends on its country
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    rows: list[tuple[int, dict[str, Any]]] = []
    try:
        names = [(name or "").strip() for name in reader.fieldnames or ()]
        reader.fieldnames = names
        if twice := [name for name, count in Counter(names).items() if name and count > 1]:
            raise SettingsError(f"{path.name} has two columns {twice[0]!r}.", "Keep one of them.")
        for number, row in enumerate(reader, 2):
            if row.pop(None, None):
                raise SettingsError(
                    f"{path.name}, row {number}: it has more cells than the first line has names.",
                    "Put quotation marks round a cell that holds the mark between cells.",
                )
            filled = {name: word.strip() for name, word in row.items() if word and word.strip()}
            if filled:
                rows.append((number, filled))
    except csv.Error as error:
        raise SettingsError(f"{path.name} can't be read: {error}.", _EXAMPLE) from error
    return rows


def _yaml_rows(path: Path, text: str) -> list[tuple[int, dict[str, Any]]]:
    import yaml

    todo = "Write a list: '- photos: chair' and, below it, what else that row asks."
    try:
        content = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise SettingsError(f"{path.name} can't be read: {error}.", todo) from error
    if isinstance(content, Mapping):
        content = content.get("jobs")
    if not isinstance(content, list) or not all(isinstance(one, Mapping) for one in content):
        raise SettingsError(f"{path.name} holds no list of rows.", todo)
    named = [{str(name): value for name, value in one.items()} for one in content]
    return [
        (number, {name: value for name, value in one.items() if value is not None})
        for number, one in enumerate(named, 1)
    ]
