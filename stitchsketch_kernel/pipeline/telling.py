"""Events of a run, told to the stores. Each may be told again: the stores keep it once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from stitchsketch_kernel.domain.errors import NotKeptError
from stitchsketch_kernel.projects.records import (
    Artefact,
    Photo,
    Project,
    Run,
    Scan,
    StageRun,
    Status,
)
from stitchsketch_kernel.storage.interface import Bucket
from stitchsketch_kernel.stores import Stores

log = logging.getLogger(__name__)

_SPACE = uuid5(NAMESPACE_URL, "https://stitchsketch/run")
#: Where in the object store a file of a run's folder belongs, by its topmost folder.
_BUCKETS: dict[str, Bucket] = {
    "model": "models", "patterns": "patterns", "notebooks": "notebooks", "stages": "models",
}  # fmt: skip
#: Events that bring files to the object store; the others only concern the database.
FILES = {"file", "photo"}

Event = dict[str, Any]


def file_event(run: Run, stage: str, path: Path, root: Path) -> Event:
    """That a stage has made a file; how it looks now, so that a later one isn't taken for it."""
    return {
        "do": "file", "run_id": run.id, "stage": stage, "path": str(path), **_look(path),
        "where": path.relative_to(root).as_posix(),
    }  # fmt: skip


def photo_event(run: Run, path: Path) -> Event:
    """That a photo belongs to the run's scan."""
    return {"do": "photo", "run_id": run.id, "path": str(path), **_look(path)}


def _look(path: Path) -> Event:
    stat = path.stat()
    return {"bytes": stat.st_size, "changed_ns": stat.st_mtime_ns}


def tell(stores: Stores, shop: str, event: Event) -> None:
    """Tell one event.

    Raises
    ------
    AwayError
        The store can't be used now: tell it again later.
    StorageError
        It will never be kept.
    """
    if _is_of_another(stores, shop, event):
        log.info("another worker has this run; not told: %s", event["do"])
        return
    _TELLERS[event["do"]](stores, shop, event)


def _is_of_another(stores: Stores, shop: str, event: Event) -> bool:
    """Whether a worker tells of a run that another worker has taken from it."""
    if not (worker := event.get("worker")):
        return False
    of = {"start": "run", "stage": "stage"}.get(event["do"])
    run_id = event["run_id"] if of is None else event[of]["id" if of == "run" else "run_id"]
    return stores.projects.run(shop, run_id).worker != str(worker)


def _start(stores: Stores, shop: str, event: Event) -> None:
    given = dict(event["run"])
    run = Run(**{**given, "started": datetime.fromisoformat(given["started"])})
    projects = stores.projects
    if not run.scan_id:
        run = replace(run, scan_id=_scan(stores, shop, event, run).id)
    if event.get("holds_folder", True):
        # whoever else is said to be at work there is not
        projects.bury_folder(shop, run.folder, run.host, run.id)
    projects.start_run(shop, run)


def _scan(stores: Stores, shop: str, event: Event, run: Run) -> Scan:
    """The scan of these photos in the project of this name; two runs at once find the same."""
    name, photos = event["name"], event["photos"]
    projects = stores.projects
    project = projects.project_named(shop, name)
    if project is None:
        wanted = Project(shop, name, owner=run.started_by, id=_id(shop, name))
        try:
            project = projects.add_project(wanted)
        except NotKeptError:  # that one was deleted; a new one begins
            project = projects.add_project(replace(wanted, id=_id(shop, name, run.id)))
    for scan in projects.scans(shop, project.id):
        if scan.name == photos:
            return scan
    return projects.add_scan(shop, Scan(project.id, photos, id=_id(project.id, photos)))


def _id(*parts: str) -> str:
    return uuid5(_SPACE, "\n".join(parts)).hex


def _stage(stores: Stores, shop: str, event: Event) -> None:
    stage = {**event["stage"], "status": Status(event["stage"]["status"])}
    stores.projects.record_stage(shop, StageRun(**stage))


def _file(stores: Stores, shop: str, event: Event) -> None:
    path, where = Path(event["path"]), event["where"]
    if not _is_as_it_was(event, path):
        return
    bucket = _BUCKETS.get(where.partition("/")[0], "renders")
    with path.open("rb") as content:
        kept = stores.objects(shop).put(bucket, content)
    kind = path.suffix.removeprefix(".").lower() or "file"
    stores.projects.add_artefact(
        shop,
        Artefact(event["run_id"], event["stage"], kind, kept.sha256, kept.bytes, where, bucket),
    )
    if event.get("remove"):
        path.unlink(missing_ok=True)
        with suppress(OSError):  # its folders, once they are empty
            path.parent.rmdir()
            path.parent.parent.rmdir()


def _photo(stores: Stores, shop: str, event: Event) -> None:
    path = Path(event["path"])
    scan_id = stores.projects.run(shop, event["run_id"]).scan_id
    if not _is_as_it_was(event, path):
        return
    with path.open("rb") as content:
        kept = stores.objects(shop).put("images", content)
    stores.projects.keep_photo(shop, Photo(scan_id, path.name, kept.sha256, kept.bytes))


def _is_as_it_was(event: Event, path: Path) -> bool:
    try:
        same = _look(path) == {name: event[name] for name in ("bytes", "changed_ns")}
    except FileNotFoundError:
        same = False
    if not same:
        log.warning("%s was changed before it could be stored; that version is not kept", path)
    return same


def _end(stores: Stores, shop: str, event: Event) -> None:
    cancelled = event["status"] == Status.CANCELLED
    if cancelled and stores.projects.run(shop, event["run_id"]).status == Status.CANCELLED:
        return  # whoever asked for it has said why
    stores.projects.finish_run(shop, event["run_id"], Status(event["status"]), event["error"])


def _give_back(stores: Stores, shop: str, event: Event) -> None:
    stores.projects.give_back(shop, event["run_id"], event["worker"])


_TELLERS: dict[str, Callable[[Stores, str, Event], None]] = {
    "start": _start,
    "stage": _stage,
    "file": _file,
    "photo": _photo,
    "end": _end,
    "give back": _give_back,
}
