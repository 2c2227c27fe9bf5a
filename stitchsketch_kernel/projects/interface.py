"""What a store of projects must do, whatever stands behind it.

One contract (``tests/projects/test_contract.py``) is run against every implementation.
"""

from __future__ import annotations

from typing import Protocol

from stitchsketch_kernel.domain.errors import StorageError
from stitchsketch_kernel.projects.records import Artefact, Project, Run, Scan, StageRun, Status


class NotKeptError(StorageError):
    """What was asked for is not kept here, or belongs to another shop."""


class AlreadyKeptError(StorageError):
    """Something else is kept under the same identity."""


class ProjectStore(Protocol):
    """Projects of shops. Nothing of another shop exists for the one that asks.

    A method that takes `shop` raises `NotKeptError` for what belongs to another shop, in the same
    words as for what never was. A method that keeps something new raises `AlreadyKeptError` when
    something is kept under its identity.
    """

    def add_project(self, project: Project) -> Project:
        """Keep a new project."""
        ...

    def projects(self, shop: str) -> list[Project]:
        """The shop's projects that aren't deleted, newest first."""
        ...

    def project(self, shop: str, project_id: str) -> Project:
        """One project."""
        ...

    def delete_project(self, shop: str, project_id: str) -> None:
        """Mark it deleted; it is no longer listed or found."""
        ...

    def add_scan(self, shop: str, scan: Scan) -> Scan:
        """Keep a new scan of one of the shop's projects."""
        ...

    def scans(self, shop: str, project_id: str) -> list[Scan]:
        """The project's scans, newest first."""
        ...

    def start_run(self, shop: str, run: Run) -> Run:
        """Keep a run that has begun."""
        ...

    def record_stage(self, shop: str, stage: StageRun) -> None:
        """Keep a stage's state; the last word on a stage of a run counts."""
        ...

    def finish_run(self, shop: str, run_id: str, status: Status, error: str = "") -> Run:
        """Keep how the run ended, and when."""
        ...

    def run(self, shop: str, run_id: str) -> Run:
        """One run."""
        ...

    def runs(self, shop: str, scan_id: str) -> list[Run]:
        """The scan's runs, newest first."""
        ...

    def stages(self, shop: str, run_id: str) -> list[StageRun]:
        """The run's stages in the order in which they were first recorded."""
        ...

    def add_artefact(self, shop: str, artefact: Artefact) -> None:
        """Keep where a stage's file is."""
        ...

    def artefacts(self, shop: str, run_id: str) -> list[Artefact]:
        """The run's artefacts by stage and kind."""
        ...
