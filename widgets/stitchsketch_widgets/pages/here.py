"""Where a page is: who asks, of which shop, with which address."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs

from stitchsketch_kernel.domain.errors import NotKeptError, RunError, StitchSketchError
from stitchsketch_kernel.projects.interface import ProjectStore
from stitchsketch_kernel.projects.records import Project, Run
from stitchsketch_kernel.storage.interface import ObjectStore, shop_folder
from stitchsketch_kernel.stores import open_stores
from stitchsketch_widgets.texts import text

UNITS = ("mm", "inch")
#: Where the gateway is, the token of whoever is at the page, and the folder below which the runs of
#: each shop lie in a folder of its own. The hub sets them; a shop without a hub has none of them.
GATEWAY_URL, GATEWAY_TOKEN = "STITCHSKETCH_GATEWAY_URL", "STITCHSKETCH_GATEWAY_TOKEN"
RUNS = "STITCHSKETCH_RUNS"


@dataclass(frozen=True)
class Here:
    """Who is at the page, and what its address asks.

    Attributes
    ----------
    person, shop : str
    query : dict of str to str
        What stands behind the ``?`` of the page's address: it survives a reload.
    projects : ProjectStore
        This machine's own, or over the gateway as far as the person may.
    shared : bool
        Other shops use this machine too: of a run's folder a page believes only that it is its own
        shop's when it lies below `runs`, and starts no run.
    runs : Path, optional
    objects : ObjectStore, optional
        The shop's files, wherever `projects` is.
    """

    person: str
    shop: str
    query: dict[str, str]
    projects: ProjectStore
    shared: bool = False
    runs: Path | None = None
    objects: ObjectStore | None = None

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
        for project in self.projects.projects(self.shop):
            if any(scan.id == run.scan_id for scan in self.projects.scans(self.shop, project.id)):
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
        return self.projects.run(self.shop, run_id)

    def run_folder(self) -> Path:
        """Where that run's files are.

        Raises
        ------
        RunError
            On another machine, or nowhere that this page may read.
        """
        return self.folder_of(self.run())

    def folder_of(self, run: Run) -> Path:
        """Where a run's files are; raises as `run_folder`."""
        folder = Path(run.folder).resolve()
        if run.host != platform.node() or not self._may_read(folder) or not folder.is_dir():
            raise RunError(text("pages.elsewhere", host=run.host), text("pages.elsewhere_todo"))
        return folder

    def _may_read(self, folder: Path) -> bool:
        """Whether a folder, its links followed, is the shop's own; a record may name any."""
        if not self.shared:
            return True
        return self.runs is not None and folder.is_relative_to(
            (self.runs / shop_folder(self.shop)).resolve()
        )


def here(person: str = "", shop: str = "") -> Here:
    """The page's place: behind the gateway what its token says, else what the environment does.

    Raises
    ------
    StitchSketchError
        The gateway doesn't answer, or doesn't know the token.
    """
    asked = parse_qs(os.environ.get("QUERY_STRING", ""))
    query = {name: values[-1] for name, values in asked.items()}
    if url := os.environ.get(GATEWAY_URL, ""):
        return _behind(url, query)
    stores = open_stores()
    shop = shop or stores.settings.shop
    return Here(person, shop, query, stores.projects, objects=stores.objects(shop))


def _behind(url: str, query: dict[str, str]) -> Here:
    from stitchsketch_kernel.client import (
        GatewayClient,
        GatewayObjectStore,
        GatewayProjectStore,
        GatewayUserStore,
    )

    client = GatewayClient(url, os.environ.get(GATEWAY_TOKEN, ""))
    try:
        me, runs = GatewayUserStore(client).me(), os.environ.get(RUNS, "")
    except StitchSketchError:
        client.close()
        raise
    return Here(
        me.subject, me.shop, query, GatewayProjectStore(client), True,
        Path(runs) if runs else None, GatewayObjectStore(client),
    )  # fmt: skip
