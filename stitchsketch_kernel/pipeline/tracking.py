"""Runs in the shop's own store of projects. Keeping track never breaks a run."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from stitchsketch_kernel.pipeline.record import RunRecord, StageRecord
from stitchsketch_kernel.projects.records import Project, Run, Scan, StageRun, Status
from stitchsketch_kernel.storage.home import default_home

if TYPE_CHECKING:
    from stitchsketch_kernel.projects.embedded import SqlProjectStore

log = logging.getLogger(__name__)

#: The shop of an installation without a hub.
SHOP = "local"


class Tracker:
    """Tells nobody."""

    def stage(self, stage: StageRecord) -> None:
        """A stage has come to an end."""

    def end(self, status: Status, error: str) -> None:
        """The run has come to an end."""


class StoreTracker(Tracker):
    """Tells a store of projects; what the store can't keep is logged and forgotten."""

    def __init__(self, store: SqlProjectStore, record: RunRecord) -> None:
        self._store = store
        project = _project(store, record.name)
        scan = _scan(store, project, record.photos)
        self._run = store.start_run(SHOP, Run(scan.id, str(record.folder)))

    def stage(self, stage: StageRecord) -> None:
        """Keep the stage's state and figures."""
        kept = StageRun(
            self._run.id,
            stage.name,
            stage.status,
            stage.seconds,
            stage.key,
            stage.figures,
            stage.notebook,
        )
        _never_break(lambda: self._store.record_stage(SHOP, kept))

    def end(self, status: Status, error: str) -> None:
        """Keep how the run ended."""
        _never_break(lambda: self._store.finish_run(SHOP, self._run.id, status, error))
        _never_break(self._store.close)


def tracker_for(record: RunRecord, home: Path | None = None) -> Tracker:
    """A tracker in the store of this installation; a silent one when that can't be used."""
    try:
        # not above: every stage's kernel imports this module, and none needs the database
        from stitchsketch_kernel.projects.embedded import SqlProjectStore

        store = SqlProjectStore((home or default_home()) / "projects.db")
        return StoreTracker(store, record)
    except Exception as error:
        log.warning("This run is not listed among the projects: %s", error)
        return Tracker()


def _never_break(keep: Callable[[], object]) -> None:
    try:
        keep()
    except Exception as error:
        log.warning("The project store could not be told: %s", error)


def _project(store: SqlProjectStore, name: str) -> Project:
    for project in store.projects(SHOP):
        if project.name == name:
            return project
    return store.add_project(Project(SHOP, name))


def _scan(store: SqlProjectStore, project: Project, photos: str) -> Scan:
    for scan in store.scans(SHOP, project.id):
        if scan.name == photos:
            return scan
    return store.add_scan(SHOP, Scan(project.id, photos))
