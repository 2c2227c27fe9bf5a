"""*My projects*: what the shop has at work, newest first, each with the way to its screens."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from stitchsketch_kernel.domain.errors import StitchSketchError
from stitchsketch_kernel.pipeline.thumbnails import in_folder, in_stores
from stitchsketch_kernel.projects.copying import duplicate
from stitchsketch_kernel.projects.interface import ProjectStore
from stitchsketch_kernel.projects.records import Project, Run, Scan
from stitchsketch_kernel.storage.interface import ObjectStore
from stitchsketch_kernel.users.interface import UserStore
from stitchsketch_widgets.bundle import built
from stitchsketch_widgets.texts import text, texts

log = logging.getLogger(__name__)

#: So many projects are listed; older ones are found by the search of the command line.
MOST = 200
_LONGEST_NAME = 400
#: Where a run's files are, or raises `StitchSketchError` where this page may not read them.
FolderOf = Callable[[Run], Path]


class ProjectList(anywidget.AnyWidget):
    """The shop's projects on the screen; searched in the page.

    What a person asks comes as messages (``{"do": "rename", "project": ID, "name": ...}``); what
    the person's role doesn't allow, the store refuses in words, which are shown.

    Parameters
    ----------
    projects : ProjectStore
    shop : str
    objects : ObjectStore, optional
        For thumbnails of runs that aren't on this machine, and of photos.
    folder_of : callable, optional
        For thumbnails of runs that are.
    person : str
        Owns what is duplicated.
    users : UserStore, optional
        For the names of those whom a project may be kept to.
    """

    _esm = built("project_list.js")
    _css = built("project_list.css")

    texts = traitlets.Dict(help="the words").tag(sync=True)
    projects: traitlets.List[Any] = traitlets.List(help="name, customer, run").tag(sync=True)
    people = traitlets.Dict(help="names of the shop's people, by subject").tag(sync=True)
    person = traitlets.Unicode(help="who is at the page").tag(sync=True)
    error = traitlets.Unicode(help="why nothing can be listed or done").tag(sync=True)
    deleted = traitlets.Dict(help="id and name of what can be taken back").tag(sync=True)
    said = traitlets.Unicode(help="what was done").tag(sync=True)

    def __init__(
        self,
        projects: ProjectStore,
        shop: str,
        objects: ObjectStore | None = None,
        folder_of: FolderOf | None = None,
        person: str = "",
        users: UserStore | None = None,
    ) -> None:
        self._store, self._shop, self._objects = projects, shop, objects
        self._folder_of, self._person = folder_of, person
        people: dict[str, str] = {}
        with suppress(StitchSketchError):  # the list is of use without them
            people = {} if users is None else users.names(shop)
        super().__init__(texts=texts("projects", "progress", "help"), people=people, person=person)
        self.look()
        self.on_msg(self._on_message)

    def look(self) -> None:
        """List them as they stand."""
        try:
            page = self._store.page(self._shop, MOST)
            self.projects = [_shown(one, *self._newest(one)) for one in page.projects]
            self.error = ""
        except StitchSketchError as error:
            self.error = str(error)

    def _newest(self, project: Project) -> tuple[Scan | None, Run | None]:
        scans = self._store.scans(self._shop, project.id)
        runs = [run for scan in scans for run in self._store.runs(self._shop, scan.id)]
        return scans[0] if scans else None, max(runs, key=lambda run: run.started, default=None)

    def _on_message(self, _: Any, asked: Any, __: Any) -> None:
        try:
            if asked["do"] == "look":
                return self.look()
            self._do(asked)
        except StitchSketchError as error:
            self.error = str(error)
        except (KeyError, TypeError, ValueError, AttributeError):
            log.warning("a message of the page isn't understood: %.200r", asked, exc_info=True)
            self.error = text("projects.not_understood")
        return None

    def _do(self, asked: dict[str, Any]) -> None:
        store, shop, project_id = self._store, self._shop, str(asked["project"])
        match asked["do"]:
            case "thumbnail":
                picture = self._thumbnail(project_id)
                self.send({"thumbnail": project_id}, [picture] if picture else [])
                return
            case "rename":
                name = str(asked["name"]).strip()[:_LONGEST_NAME]
                if not name:
                    raise ValueError("no name")
                store.change_project(shop, replace(store.project(shop, project_id), name=name))
                self.said = text("projects.renamed", name=name)
            case "share":
                kept = store.share_project(shop, project_id, _people(asked["people"]))
                way = "kept" if kept.kept_to else "opened"
                self.said = text(f"projects.{way}", name=kept.name)
            case "duplicate":
                copy = duplicate(store, shop, project_id, self._person)
                self.said = text("projects.duplicated", name=copy.name)
            case "delete":
                gone = store.project(shop, project_id)
                store.delete_project(shop, project_id)
                self.deleted = {"id": gone.id, "name": gone.name}
                self.said = text("projects.deleted", name=gone.name)
            case "restore":
                back = store.restore_project(shop, project_id)
                self.deleted, self.said = {}, text("projects.restored", name=back.name)
            case other:
                raise ValueError(other)
        self.look()

    def _thumbnail(self, project_id: str) -> bytes | None:
        scan, run = self._newest(self._store.project(self._shop, project_id))
        if run is not None and self._folder_of is not None:
            with suppress(StitchSketchError):
                if found := in_folder(self._folder_of(run)):
                    return found
        if scan is None or self._objects is None:
            return None
        run_id = None if run is None else run.id
        return in_stores(self._store, self._objects, self._shop, scan.id, run_id)


def _people(given: Any) -> list[str]:
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise TypeError(given)
    return given


def _shown(project: Project, scan: Scan | None, run: Run | None) -> dict[str, Any]:
    return {
        "id": project.id,
        "name": project.name,
        "customer": project.customer,
        "furniture": project.furniture_type,
        "owner": project.owner,
        "kept_to": list(project.kept_to),
        "created": project.created.isoformat(),
        "scan": scan and scan.id,
        "run": run and run.id,
        "status": run and str(run.status),
    }
