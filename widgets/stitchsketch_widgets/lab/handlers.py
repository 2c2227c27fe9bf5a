"""What JupyterLab's page asks of its server: which runs there are, a stage's notebook of one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado.ioloop import IOLoop
from tornado.web import authenticated

from stitchsketch_kernel.domain.errors import StitchSketchError
from stitchsketch_widgets.lab.notebooks import ListedRun, no_runs, open_notebook, run_at
from stitchsketch_widgets.pages.here import here

_KERNEL = "stitchsketch"


def listed_runs() -> list[ListedRun]:
    """The runs of the shop whose files this server can read, the newest first, each folder once."""
    place, found = here(), dict[Path, ListedRun]()
    for project in place.projects.projects(place.shop):
        for scan in place.projects.scans(place.shop, project.id):
            for run in place.projects.runs(place.shop, scan.id):
                try:
                    folder = place.folder_of(run)
                except StitchSketchError:  # on another machine
                    continue
                found.setdefault(folder, ListedRun(f"{project.name}: {scan.name}", folder))
    return list(found.values())


class StageHandler(APIHandler):
    """``POST {"stage": "nest", "cwd": "jobs/chair"}``: the notebook's path, or runs to choose."""

    @authenticated
    async def post(self) -> None:
        """Write the notebook; several runs and none chosen: ask which."""
        asked = self.get_json_body() or {}
        try:
            told = await IOLoop.current().run_in_executor(None, self._told, asked)
        except StitchSketchError as error:
            self.set_status(409)
            told = {"message": str(error)}
        self.finish(json.dumps(told))

    def _told(self, asked: dict[str, Any]) -> dict[str, Any]:
        root = Path(self.settings["server_root_dir"]).expanduser().resolve()
        run = self._run(asked, root)
        if run is None:
            runs = listed_runs()
            if not runs:
                raise no_runs()
            if len(runs) > 1:
                return {"runs": [{"name": r.name, "folder": str(r.folder)} for r in runs]}
            [run] = runs
        known = self.kernel_spec_manager.find_kernel_specs()
        kernel = _KERNEL if _KERNEL in known else ""
        path = open_notebook(run, str(asked.get("stage", "")), root, kernel)
        return {"path": path.relative_to(root).as_posix()}

    def _run(self, asked: dict[str, Any], root: Path) -> ListedRun | None:
        """The run that was chosen, else that of the folder which the launcher is in."""
        if chosen := asked.get("run"):
            return next((one for one in listed_runs() if str(one.folder) == chosen), None)
        at = (root / str(asked.get("cwd", "")).lstrip("/")).resolve()
        return run_at(at) if at.is_relative_to(root) else None


def addresses(base: str) -> list[tuple[str, type]]:
    """The addresses below the server's own."""
    return [(url_path_join(base, "stitchsketch", "stage"), StageHandler)]
