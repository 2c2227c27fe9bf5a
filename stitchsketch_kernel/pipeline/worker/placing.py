"""A run's folder before it begins: photos from the stores, and what an earlier run has finished."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from stitchsketch_kernel.disk.aside import renamed_when_whole
from stitchsketch_kernel.domain.errors import RunError, SettingsError
from stitchsketch_kernel.domain.known_lengths import SETTING, require_known_lengths
from stitchsketch_kernel.pipeline.asked import RunSettings
from stitchsketch_kernel.pipeline.context import JOB, KEY
from stitchsketch_kernel.pipeline.correcting import CORRECTIONS
from stitchsketch_kernel.pipeline.elsewhere import bring
from stitchsketch_kernel.pipeline.files import plain, put_in_place, read_json, write_json
from stitchsketch_kernel.pipeline.record import read_record
from stitchsketch_kernel.pipeline.stage import Stage, followers
from stitchsketch_kernel.pipeline.starting import asked_again
from stitchsketch_kernel.pipeline.tracking import KeptAs
from stitchsketch_kernel.projects.records import Photo, Project, Run, Status
from stitchsketch_kernel.storage.interface import ObjectStore, shop_folder
from stitchsketch_kernel.stores import Stores

PHOTOS, LENGTHS = "photos", "known_lengths.json"
#: A run of which something is finished has come past what was wrong with its settings.
_FINISHED = {Status.COMPLETED, Status.REUSED}
#: Files that a run was given from outside and that its followers are given, too.
_GIVEN = ("boards", "lengths", "rules")


def folder_of(runs: Path, shop: str, run_id: str) -> Path:
    """Where the files of a shop's run lie."""
    return runs / shop_folder(shop) / run_id


def lay_out(
    stores: Stores,
    project: Project,
    run: Run,
    runs: Path,
    stages: Sequence[Stage],
    tell: Callable[[str], None],
) -> tuple[Path, RunSettings]:
    """Make a run's folder ready; its photos' folder, and what is asked of the run.

    Parameters
    ----------
    stores : Stores
    project : Project
    run : Run
        As a worker has taken it.
    runs : Path
        The folder below which each shop has its own.
    stages : sequence of Stage
    tell : callable
        Told what is done just now; may raise `Cancelled`.

    Raises
    ------
    StitchSketchError
        In words for the shop: no photos, a photo that is lost, a stage that there is none of.
    """
    shop, folder = project.shop, Path(run.folder)
    _require_stage(stages, run.from_stage)
    folder.mkdir(parents=True, exist_ok=True)
    earlier = _earlier(stores, shop, run)
    basis = _basis(earlier, folder.parent, runs)
    if basis is not None and read_record(folder) is None:
        tell("taking over what is finished")
        _take_over(basis, folder)
    photos = stores.projects.photos(shop, run.scan_id)
    bring_photos(photos, stores.objects(shop), folder / PHOTOS, tell)
    values = {**(_inherited(earlier) if run.from_stage else {}), **run.settings}
    lengths = _lengths(values, [one.name for one in photos], folder)
    asked = RunSettings(
        values={name: value for name, value in values.items() if name != SETTING},
        name=project.name,
        kept_as=KeptAs(shop, run.scan_id, run.started_by, run.id, run.worker),
        anew=_anew(stores, shop, run, stages),
    )
    asked = _with_files(asked, folder, basis)
    return folder / PHOTOS, asked if lengths is None else replace(asked, lengths=lengths)


def _lengths(values: Mapping[str, Any], photos: Sequence[str], folder: Path) -> Path | None:
    """The file of the known lengths that are set; those of an earlier run's settings go with it."""
    path = folder / LENGTHS
    path.unlink(missing_ok=True)
    if SETTING not in values:
        return None
    require_known_lengths(values, photos)
    write_json(path, {"lengths": values[SETTING]})
    return path


def _require_stage(stages: Sequence[Stage], name: str) -> None:
    names = [stage.name for stage in stages]
    if name and name not in names:
        raise SettingsError(
            f"There is no stage {name!r} to begin from.", f"Choose one of {', '.join(names)}."
        )


def bring_photos(
    photos: Sequence[Photo], objects: ObjectStore, folder: Path, tell: Callable[[str], None]
) -> None:
    """Bring a scan's photos from the object store, each held against its hash.

    Photos that are no longer the scan's are removed; those that are here already stay.

    Raises
    ------
    RunError
        The scan has none, or one whose name can't be a file's.
    StorageError
        One is lost or damaged.
    """
    if not photos:
        raise RunError("This scan has no photos yet.", "Add its photos, then start it again.")
    folder.mkdir(parents=True, exist_ok=True)
    names = {one.name for one in photos}
    for path in folder.iterdir():
        if path.name not in names:
            path.unlink()
    for number, photo in enumerate(photos, start=1):
        tell(f"photo {number} of {len(photos)}")
        if Path(photo.name).name != photo.name or photo.name.startswith("."):
            raise RunError(
                f"A photo is called {photo.name[:80]!r}, which is no name of a file.",
                "Take it out of the scan, or add it under another name.",
            )
        path = folder / photo.name
        if path.is_file() and path.stat().st_size == photo.bytes:
            continue
        with renamed_when_whole(path) as aside:
            bring(objects, "images", photo.sha256, aside)


def _earlier(stores: Stores, shop: str, run: Run) -> list[Run]:
    """The scan's earlier runs of which anything is finished, the newest first."""
    return [
        one
        for one in stores.projects.runs(shop, run.scan_id)
        if one.id != run.id
        and one.status not in {Status.QUEUED, Status.RUNNING}
        and any(stage.status in _FINISHED for stage in stores.projects.stages(shop, one.id))
    ]


def _basis(earlier: Sequence[Run], of_shop: Path, runs: Path) -> Path | None:
    """The folder of the newest of them that lies here, among the shop's own.

    A run's folder is what somebody said it is: it must not lead to another shop's files.
    """
    for one in earlier:
        folder = Path(one.folder).resolve()
        own = folder.is_relative_to(of_shop.resolve()) and folder.is_relative_to(runs.resolve())
        if own and one.host == platform.node() and read_record(folder) is not None:
            return folder
    return None


def _take_over(basis: Path, folder: Path) -> None:
    """Copy an earlier run's finished stages and corrections; what of them still fits, keys tell."""
    for stage in sorted((basis / "stages").glob("[0-9]*")):
        aside = folder / "stages" / f".{stage.name}.partial"
        shutil.rmtree(aside, ignore_errors=True)
        shutil.copytree(stage, aside)
        job = read_json(aside / JOB)
        if isinstance(job, dict):
            # the photos of this run, not of that one
            files = {**job.get("files", {})}
            if files.get(PHOTOS):
                files[PHOTOS] = str(folder / PHOTOS)
            if files.get("lengths") == str(basis / LENGTHS):
                files["lengths"] = str(folder / LENGTHS)
            write_json(aside / JOB, plain({**job, "files": files}))
            _fit_seal(aside)
        put_in_place(aside, folder / "stages" / stage.name)
    if (basis / "notebooks").is_dir():
        shutil.copytree(basis / "notebooks", folder / "notebooks", dirs_exist_ok=True)
    if (basis / CORRECTIONS).is_file() and not (folder / CORRECTIONS).exists():
        shutil.copyfile(basis / CORRECTIONS, folder / CORRECTIONS)
    # the copied stages are a run's: without it the folder would be somebody's own
    record = read_record(basis)
    if record is not None:
        replace(record, folder=folder, photos=str(folder / PHOTOS), run_id="").save()


def _fit_seal(stage: Path) -> None:
    """A stage's seal knows the size of its job, which names other folders now."""
    seal = read_json(stage / KEY)
    if isinstance(seal, dict) and JOB in seal.get("files", {}):
        files = {**seal["files"], JOB: (stage / JOB).stat().st_size}
        write_json(stage / KEY, {**seal, "files": files})


def _inherited(earlier: Sequence[Run]) -> dict[str, Any]:
    """What was set for the scan's last run, and for those that it began from."""
    values: dict[str, Any] = {}
    for one in earlier:
        values = {**one.settings, **values}
        if not one.from_stage:
            break
    # the piece is called what its project is called now
    return {name: value for name, value in values.items() if name != "job.name"}


def _anew(stores: Stores, shop: str, run: Run, stages: Sequence[Stage]) -> frozenset[str]:
    """The stages to be computed again, but for those that an earlier try of this run has done."""
    if not run.from_stage:
        return frozenset()
    done = {
        stage.stage
        for stage in stores.projects.stages(shop, run.id)
        if stage.status == Status.COMPLETED
    }
    return frozenset(followers(stages, run.from_stage) - done)


def _with_files(asked: RunSettings, folder: Path, basis: Path | None) -> RunSettings:
    """With the files that the earlier run was given, and the corrections."""
    if basis is not None:
        _, before = asked_again(basis, asked.kept_as)
        given = {name: getattr(before, name) for name in _GIVEN}
        if before.lengths == basis / LENGTHS:  # of its settings, which say what is inherited
            given.pop("lengths")
        asked = replace(
            asked, **{name: path for name, path in given.items() if path and path.is_file()}
        )
    own = folder / CORRECTIONS
    return replace(asked, edits=own) if own.is_file() else asked
