"""A run told to the shop's stores as it goes. Keeping track never breaks a run, nor slows it."""

from __future__ import annotations

import getpass
import logging
import os
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stitchsketch_kernel.domain.errors import StitchSketchError
from stitchsketch_kernel.pipeline.files import plain
from stitchsketch_kernel.pipeline.record import RunRecord, StageRecord, read_record
from stitchsketch_kernel.projects.records import Beat, Run, StageRun, Status, new_id

if TYPE_CHECKING:
    from stitchsketch_kernel.pipeline.outbox import Outbox
    from stitchsketch_kernel.stores import StoreSettings

log = logging.getLogger(__name__)

#: A run that has ended waits this long for a store that is away; the rest is told later.
WAIT_AT_END_S = 10.0


@dataclass(frozen=True)
class KeptAs:
    """As whose run, and of which scan, a run is kept.

    Attributes
    ----------
    shop : str
        Empty: that of the environment.
    scan_id : str
        Empty: the scan of these photos in the project of the run's name, made when missing.
    started_by : str
        Empty: the hub's user, or the machine's account.
    run_id, worker : str
        Of a run that a worker has taken out of the queue; empty: it is a new one.
    """

    shop: str = ""
    scan_id: str = ""
    started_by: str = ""
    run_id: str = ""
    worker: str = ""


class Tracker:
    """Tells nobody."""

    #: The run's identity in the stores.
    run_id = ""
    #: Whether other machines may want to go on from its finished stages.
    keeps_stages = False

    def begin(self, stage: StageRecord) -> None:
        """A stage is at work."""

    def cell(self, stage: str, cell: int, cells: int) -> None:
        """A notebook has come to its cell number `cell` (from 1)."""

    def progress(self, share: float, note: str) -> None:
        """How far the whole run is."""

    def stage(self, stage: StageRecord, files: Iterable[Path] = ()) -> None:
        """A stage has come to an end and published these files."""

    def end(self, status: Status, error: str) -> None:
        """The run has come to an end."""

    @property
    def is_cancelled(self) -> bool:
        """Whether somebody has asked the store for the run's end."""
        return False


class StoreTracker(Tracker):
    """Tells the stores of this installation, through an outbox."""

    def __init__(self, outbox: Outbox, run: Run, root: Path) -> None:
        self._outbox, self.run, self._root = outbox, run, root
        self.run_id, self.keeps_stages = run.id, outbox.keeps_stages
        self._beat = Beat(worker=run.worker)
        outbox.beat(self._beat)

    def begin(self, stage: StageRecord) -> None:
        """See `Tracker`."""
        self._tell_beat(stage=stage.name, cell=0, cells=0)
        self._record(stage)

    def cell(self, stage: str, cell: int, cells: int) -> None:
        """See `Tracker`."""
        self._tell_beat(stage=stage, cell=cell, cells=cells)

    def progress(self, share: float, note: str) -> None:
        """See `Tracker`."""
        self._tell_beat(share=share, note=note)

    def _tell_beat(self, **news: Any) -> None:
        self._beat = replace(self._beat, **news)
        self._outbox.beat(self._beat)

    def stage(self, stage: StageRecord, files: Iterable[Path] = ()) -> None:
        """See `Tracker`."""
        from stitchsketch_kernel.pipeline.telling import file_event

        self._record(stage)
        for path in (self._root / stage.notebook, *files):
            try:
                self._outbox.add(file_event(self.run, stage.name, path, self._root))
            except OSError as error:
                log.info("not stored: %s", error)

    def keep_copy(self, stage: StageRecord, notebook: str) -> None:
        """A stage has ended whose notebook lies nowhere that lasts: keep its text."""
        from stitchsketch_kernel.pipeline.telling import file_event

        self._record(stage)
        root = self._outbox.aside
        path = root / stage.notebook
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(notebook, encoding="utf-8")
        self._outbox.add({**file_event(self.run, stage.name, path, root), "remove": True})

    def _record(self, stage: StageRecord) -> None:
        # beside the figures, so that settings can be compared over runs
        told = {**stage.figures, "settings": stage.settings} if stage.settings else stage.figures
        kept = StageRun(
            self.run.id, stage.name, stage.status, stage.seconds, stage.key, told, stage.notebook
        )
        self._outbox.add({"do": "stage", "stage": asdict(kept)})

    def end(self, status: Status, error: str) -> None:
        """See `Tracker`; a worker that is stopped gives its run back, for another to go on."""
        if self.run.worker and status == Status.CANCELLED and not self._is_ended_by_person:
            self._outbox.add({"do": "give back", "run_id": self.run.id})
        else:
            end = {"do": "end", "run_id": self.run.id, "status": status, "error": error}
            self._outbox.add(end)
        if not self._outbox.close(WAIT_AT_END_S):
            log.warning(
                "The shop's store is away. What this run has done waits on this machine and is "
                "told by the next run, or by 'stitchsketch check --mend'."
            )

    @property
    def is_cancelled(self) -> bool:
        """See `Tracker`; or another worker has the run now."""
        return self._outbox.status in {Status.CANCELLED, Status.DEAD}

    @property
    def _is_ended_by_person(self) -> bool:
        return self._outbox.status == Status.CANCELLED


def tracker_for(
    record: RunRecord,
    kept_as: KeptAs | None = None,
    settings: StoreSettings | None = None,
    holds_folder: bool = True,
) -> Tracker:
    """A tracker in the stores of this installation; a silent one when they are set up wrong.

    Parameters
    ----------
    record : RunRecord
    kept_as : KeptAs, optional
    settings : StoreSettings, optional
        Those of the environment when absent.
    holds_folder : bool
        Whether this process alone is at work in the run's folder, so that others which are said to
        be are dead.
    """
    try:
        return _tracker(record, kept_as or KeptAs(), settings, holds_folder)
    except Exception as error:
        log.warning("This run is not listed among the projects: %s", error)
        return Tracker()


def _tracker(
    record: RunRecord, kept_as: KeptAs, settings: StoreSettings | None, holds_folder: bool
) -> Tracker:
    # not above: every stage's kernel imports this module, and none needs the stores
    from stitchsketch_kernel.pipeline.outbox import SPOOL, Outbox
    from stitchsketch_kernel.pipeline.spool import Spool
    from stitchsketch_kernel.pipeline.telling import photo_event
    from stitchsketch_kernel.stores import open_stores

    stores = open_stores(settings)
    shop = kept_as.shop or stores.settings.shop
    run = Run(
        kept_as.scan_id, str(record.folder), host=platform.node(), id=kept_as.run_id or new_id(),
        started_by=kept_as.started_by or person(), settings=plain(record.settings),
        worker=kept_as.worker,
    )  # fmt: skip
    spool = None
    try:
        spool = Spool(stores.settings.home / SPOOL, run.id)
    except OSError as error:
        log.warning("%s can't be written: %s", stores.settings.home, error)
    outbox = Outbox(stores, shop, run.id, spool, run.worker)
    given = {**asdict(run), "started": run.started.isoformat()}
    outbox.add(
        {
            "do": "start", "shop": shop, "name": record.name, "photos": record.photos,
            "run": given, "holds_folder": holds_folder,
        }
    )  # fmt: skip
    # a notebook by itself reads no photos; a worker's photos come from the stores
    if not holds_folder or run.worker:
        return StoreTracker(outbox, run, record.folder)
    for path in photos_of(Path(record.photos)):
        outbox.add(photo_event(run, path))
    return StoreTracker(outbox, run, record.folder)


def tell_completed(record: RunRecord, kept_as: KeptAs) -> None:
    """Tell the store that a run is completed, were its process lost before it could."""
    from stitchsketch_kernel.stores import open_stores

    if not record.run_id:
        return
    try:
        with open_stores() as stores:
            shop = kept_as.shop or stores.settings.shop
            if stores.projects.run(shop, record.run_id).status != Status.COMPLETED:
                stores.projects.finish_run(shop, record.run_id, Status.COMPLETED)
    except Exception as error:
        log.info("not told again: %s", error)


def kept_as_before(folder: Path) -> KeptAs:
    """As which scan the run in a folder is kept, for one that goes on there.

    Without, its scan would be looked for by the run's name: a project that was renamed since would
    get a second one of the old name.
    """
    from stitchsketch_kernel.stores import open_stores

    record = read_record(folder)
    if record is None or not record.run_id:
        return KeptAs()
    try:
        with open_stores() as stores:
            shop = stores.settings.shop
            return KeptAs(shop, stores.projects.run(shop, record.run_id).scan_id)
    except StitchSketchError as error:
        log.info("not found as it was kept: %s", error)
        return KeptAs()


def photos_of(folder: Path) -> list[Path]:
    """The photos that a run of this folder reads."""
    from stitchsketch_kernel.imaging.photos import SUFFIXES

    if not folder.is_dir():
        return []
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and path.is_file() and not path.name.startswith(".")
    )


def person() -> str:
    """Who works here: the hub's user, or the machine's account."""
    if user := os.environ.get("JUPYTERHUB_USER"):
        return user
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
