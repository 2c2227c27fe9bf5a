"""What a store of projects must do, whatever stands behind it.

One contract (``tests/projects/test_contract.py``) is run against every implementation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol, Self

from stitchsketch_kernel.projects.records import (
    Artefact,
    Beat,
    Bundle,
    Page,
    Photo,
    Project,
    Quote,
    Reference,
    Run,
    Scan,
    StageRun,
    Status,
    Taken,
)


class ProjectStore(Protocol):
    """Projects of shops. Nothing of another shop exists for the one that asks.

    A method that takes `shop` raises `NotKeptError` for what belongs to another shop, in the same
    words as for what never was. What is told twice is kept once.
    """

    def add_project(self, project: Project) -> Project:
        """Keep a new project."""
        ...

    def projects(self, shop: str) -> list[Project]:
        """The shop's projects that aren't deleted, newest first."""
        ...

    def page(self, shop: str, limit: int = 100, after: str | None = None) -> Page:
        """At most `limit` of the shop's projects, newest first, from where a page ended (`after`).

        A project that is added or deleted meanwhile shifts no page.
        """
        ...

    def project(self, shop: str, project_id: str) -> Project:
        """One project."""
        ...

    def project_named(self, shop: str, name: str) -> Project | None:
        """The newest project of that name, or None."""
        ...

    def change_project(self, shop: str, project: Project) -> Project:
        """Keep what was changed of a project.

        Its shop, day and deletion stay as they are, and whom it is kept to.
        """
        ...

    def share_project(self, shop: str, project_id: str, kept_to: Iterable[str]) -> Project:
        """Keep a project to its owner and some people, by subject; to nobody: the shop sees it."""
        ...

    def delete_project(self, shop: str, project_id: str) -> None:
        """Mark it deleted; it is no longer listed or found."""
        ...

    def deleted_projects(self, shop: str) -> list[Project]:
        """The shop's projects that are deleted and not yet purged, newest first."""
        ...

    def restore_project(self, shop: str, project_id: str) -> Project:
        """Take a deletion back."""
        ...

    def add_scan(self, shop: str, scan: Scan) -> Scan:
        """Keep a new scan of one of the shop's projects."""
        ...

    def scans(self, shop: str, project_id: str) -> list[Scan]:
        """The project's scans, newest first."""
        ...

    def keep_photo(self, shop: str, photo: Photo) -> None:
        """Keep which object a scan's photo is; the last word on a name counts."""
        ...

    def photos(self, shop: str, scan_id: str, left_out: bool = False) -> list[Photo]:
        """The scan's photos by name; or those that were taken out of it."""
        ...

    def start_run(self, shop: str, run: Run) -> Run:
        """Keep a run that has begun; told twice, it is kept once."""
        ...

    def queue_run(self, shop: str, run: Run) -> Run:
        """Keep a run that a worker shall run; only its scan, settings, stage and person count.

        Known lengths among its settings (`domain.known_lengths`) are checked here; what is wrong
        with other settings the run says when a worker has taken it.
        """
        ...

    def cancel_run(self, shop: str, run_id: str, why: str = "") -> Run:
        """Ask for a run's end, whether it waits or is at work; one that has ended stays as it is.

        A worker hears of it with its next sign of life.
        """
        ...

    def beat(self, shop: str, run_id: str, beat: Beat) -> Status:
        """Keep a sign of life; what the store knows of the run: ``cancelled`` asks it to stop.

        A run that was taken for dead is running again; but one that another worker has taken
        meanwhile is ``dead`` for the worker that had it before.
        """
        ...

    def record_stage(self, shop: str, stage: StageRun) -> None:
        """Keep a stage's state; the last word on a stage of a run counts."""
        ...

    def finish_run(self, shop: str, run_id: str, status: Status, error: str = "") -> Run:
        """Keep how the run ended, and when."""
        ...

    def run(self, shop: str, run_id: str) -> Run:
        """One run; dead when nothing was heard of it for `DEAD_AFTER_S`."""
        ...

    def runs(self, shop: str, scan_id: str) -> list[Run]:
        """The scan's runs, newest first; dead are those that were not heard of."""
        ...

    def stages(self, shop: str, run_id: str) -> list[StageRun]:
        """The run's stages in the order in which they were first recorded."""
        ...

    def add_artefact(self, shop: str, artefact: Artefact) -> None:
        """Keep where a stage's file is; the last word on a place counts."""
        ...

    def artefacts(self, shop: str, run_id: str) -> list[Artefact]:
        """The run's artefacts by stage and kind."""
        ...

    def keep_quote(self, shop: str, quote: Quote) -> Quote:
        """Keep a quote; the last word on it counts."""
        ...

    def quotes(self, shop: str, run_id: str) -> list[Quote]:
        """The run's quotes, newest first."""
        ...

    def history(self, shop: str) -> list[tuple[Project, Scan, Run, StageRun]]:
        """Every stage that was ever run, the oldest run first."""
        ...


class ProjectArchive(ProjectStore, Protocol):
    """What only the installation itself may do; the gateway doesn't offer it."""

    def seen_by(self, person: str) -> Self:
        """The store as one person of a shop sees it.

        Projects that are kept to others don't exist in it, nor does anything of them.
        """
        ...

    def hidden(self, shop: str, sha256: str = "") -> set[tuple[str, str]]:
        """Objects that only projects name which aren't seen here, by bucket and SHA-256.

        Of all, or of the one of that name.
        """
        ...

    def shops(self) -> list[str]:
        """All shops that have projects, deleted ones too."""
        ...

    def references(self, shop: str) -> list[Reference]:
        """Every object that a record of the shop says is kept."""
        ...

    def purge_project(self, shop: str, project_id: str) -> list[Reference]:
        """Remove a deleted project with all its records; the objects that nothing refers to now.

        Raises
        ------
        NotKeptError
            There is no such project, or it isn't deleted.
        """
        ...

    def bundle(self, shop: str, project_id: str) -> Bundle:
        """All records of a project, as they are at one moment."""
        ...

    def add_bundle(self, bundle: Bundle) -> None:
        """Keep a whole project, all of it or nothing; `NotKeptError` when it is here already."""
        ...

    def made_under(self, shop: str, inputs_hash: str) -> list[StageRun]:
        """The completed stages of this hash of their inputs, of the newest runs, the newest first.

        A handful; those of deleted projects are not told.
        """
        ...

    def take_run(
        self, worker: str, host: str, folder_of: Callable[[str, str], str]
    ) -> Taken | None:
        """The queued run that has waited longest, for this worker alone; None: there is none.

        Also one whose worker hasn't been heard of for `DEAD_AFTER_S`; after `MOST_ATTEMPTS` such a
        run has failed.

        Parameters
        ----------
        worker : str
            A name that nobody has, nor has had.
        host : str
            The worker's machine.
        folder_of : callable
            Where a run's files go there, by its shop and identity.
        """
        ...

    def give_back(self, shop: str, run_id: str, worker: str, *, lost: bool = False) -> Run:
        """Put a run that this worker has back into the queue; nothing happens when it hasn't.

        A run whose program was `lost` has used one of its attempts.
        """
        ...

    def bury_folder(self, shop: str, folder: str, host: str, but: str = "") -> None:
        """Runs said to be at work in a folder that another process holds now are dead.

        `but` is the run of that process.
        """
        ...

    def drop_artefact(self, shop: str, artefact: Artefact) -> None:
        """Forget a file of a stage: its object is lost."""
        ...

    def close(self) -> None:
        """Let go of the database."""
        ...
