"""*My projects*: what the shop has at work, newest first, each with the way to its screens."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from stitchsketch_kernel.domain.errors import StitchSketchError
from stitchsketch_kernel.projects.interface import ProjectStore
from stitchsketch_kernel.projects.records import Project, Run
from stitchsketch_widgets.bundle import built
from stitchsketch_widgets.texts import texts

#: So many projects are listed; older ones are found by the search of the command line.
MOST = 200


class ProjectList(anywidget.AnyWidget):
    """The shop's projects on the screen; searched in the page.

    Parameters
    ----------
    projects : ProjectStore
    shop : str
    """

    _esm = built("project_list.js")
    _css = built("project_list.css")

    texts = traitlets.Dict(help="the words").tag(sync=True)
    projects: traitlets.List[Any] = traitlets.List(help="name, customer, run").tag(sync=True)
    error = traitlets.Unicode(help="why nothing can be listed").tag(sync=True)

    def __init__(self, projects: ProjectStore, shop: str) -> None:
        self._store, self._shop = projects, shop
        super().__init__(texts=texts("projects", "progress"))
        self.look()
        self.on_msg(lambda *_: self.look())

    def look(self) -> None:
        """List them as they stand."""
        try:
            page = self._store.page(self._shop, MOST)
            self.projects = [_shown(one, self._newest(one)) for one in page.projects]
            self.error = ""
        except StitchSketchError as error:
            self.error = str(error)

    def _newest(self, project: Project) -> Run | None:
        runs = [
            run
            for scan in self._store.scans(self._shop, project.id)
            for run in self._store.runs(self._shop, scan.id)
        ]
        return max(runs, key=lambda run: run.started, default=None)


def _shown(project: Project, run: Run | None) -> dict[str, Any]:
    return {
        "name": project.name,
        "customer": project.customer,
        "furniture": project.furniture_type,
        "created": project.created.isoformat(),
        "run": run and run.id,
        "status": run and str(run.status),
    }
