"""Where a page is: who asks, of which shop, with which address."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs

from stitchsketch_kernel.domain.errors import NotKeptError, RunError, StitchSketchError
from stitchsketch_kernel.projects.records import Project, Run
from stitchsketch_kernel.stores import Stores, open_stores
from stitchsketch_widgets.texts import text

UNITS = ("mm", "inch")


@dataclass(frozen=True)
class Here:
    """Who is at the page, and what its address asks.

    Attributes
    ----------
    person, shop : str
    query : dict of str to str
        What stands behind the ``?`` of the page's address: it survives a reload.
    stores : Stores
    """

    person: str
    shop: str
    query: dict[str, str]
    stores: Stores

    @property
    def units(self) -> str:
        """In which lengths are shown: as the address says, else as the run's project does."""
        asked = self.query.get("units", "")
        if asked in UNITS:
            return asked
        try:
            return self.project_of(self.run()).units
        except StitchSketchError:
            return UNITS[0]

    def project_of(self, run: Run) -> Project:
        """The project that a run of this shop belongs to.

        Raises
        ------
        NotKeptError
            It is in none that is open: it was deleted.
        """
        projects = self.stores.projects
        for project in projects.projects(self.shop):
            if any(scan.id == run.scan_id for scan in projects.scans(self.shop, project.id)):
                return project
        raise NotKeptError(text("pages.deleted"), text("pages.no_run_todo"))

    def run(self) -> Run:
        """The run that the address names.

        Raises
        ------
        NotKeptError
            It is none of this shop's.
        RunError
            The address names none.
        """
        if not (run_id := self.query.get("run", "")):
            raise RunError(text("pages.no_run"), text("pages.no_run_todo"))
        return self.stores.projects.run(self.shop, run_id)

    def run_folder(self) -> Path:
        """Where that run's files are.

        Raises
        ------
        RunError
            On another machine.
        """
        run = self.run()
        folder = Path(run.folder)
        if run.host != platform.node() or not folder.is_dir():
            raise RunError(text("pages.elsewhere", host=run.host), text("pages.elsewhere_todo"))
        return folder


def here(person: str = "", shop: str = "") -> Here:
    """The page's place: what the hub says, else what the environment does."""
    stores = open_stores()
    asked = parse_qs(os.environ.get("QUERY_STRING", ""))
    query = {name: values[-1] for name, values in asked.items()}
    return Here(person, shop or stores.settings.shop, query, stores)
