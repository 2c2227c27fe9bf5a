"""The wizard of a new scan: from the piece's name to its run, one step at a time."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import anywidget
import traitlets
from ipywidgets import Widget, widget_serialization

from stitchsketch_kernel.domain.errors import NotKeptError, StitchSketchError
from stitchsketch_kernel.projects.interface import ProjectStore
from stitchsketch_kernel.projects.records import Project, Run, Scan, Status
from stitchsketch_kernel.storage.interface import ObjectStore
from stitchsketch_widgets.bundle import built
from stitchsketch_widgets.capture_coach import CaptureCoach
from stitchsketch_widgets.photo_drop import PhotoDrop
from stitchsketch_widgets.run_progress import RunProgress
from stitchsketch_widgets.scan_facts import facts_of
from stitchsketch_widgets.scan_papers import mats_pdf, picture
from stitchsketch_widgets.scan_running import Running
from stitchsketch_widgets.scan_values import (
    OF_PROJECT,
    STEPS,
    beginning,
    faults,
    fields,
    lengths_of,
    marked_in,
    require_step,
    settings_of,
    sound_values,
    values_of,
)
from stitchsketch_widgets.texts import text, texts

log = logging.getLogger(__name__)

LEAST_PHOTOS = 8


class ScanWizard(anywidget.AnyWidget):
    """A scan that is made in steps; each step has an address, and the answers are kept.

    Parameters
    ----------
    projects : ProjectStore
    objects : ObjectStore
    running : Running
        How runs are started here.
    make_drop : callable
        A `PhotoDrop` for a scan's identity.
    shop, person : str
    scan_id, step : str
        Where to go on; empty: a new scan.
    project_id : str
        A new scan of this project.
    """

    _esm = built("scan_wizard.js")
    _css = built("scan_wizard.css")

    texts = traitlets.Dict(help="the words").tag(sync=True)
    steps: traitlets.List[Any] = traitlets.List(list(STEPS)).tag(sync=True)
    fields = traitlets.Dict(help="questions by step").tag(sync=True)
    step = traitlets.Enum(STEPS, STEPS[0]).tag(sync=True)
    scan = traitlets.Unicode(help="identity of the scan once it is kept").tag(sync=True)
    person = traitlets.Unicode(help="whose answers a browser keeps").tag(sync=True)
    values = traitlets.Dict(help="answers by name; lengths in mm").tag(sync=True)
    wrong = traitlets.Dict(help="what is wrong with an answer, by name").tag(sync=True)
    message = traitlets.Dict(help="kind and text").tag(sync=True)
    facts: traitlets.List[Any] = traitlets.List(help="what is started, in sentences").tag(sync=True)
    photos: traitlets.List[Any] = traitlets.List(help="names of the photos").tag(sync=True)
    can_start = traitlets.Bool(False).tag(sync=True)
    starting = traitlets.Bool(False).tag(sync=True)
    run = traitlets.Unicode(help="identity of the run once there is one").tag(sync=True)
    done = traitlets.Bool(False, help="whether the run has come to its end").tag(sync=True)
    drop = traitlets.Instance(Widget, allow_none=True).tag(sync=True, **widget_serialization)
    coach = traitlets.Instance(Widget, allow_none=True).tag(sync=True, **widget_serialization)
    progress = traitlets.Instance(Widget, allow_none=True).tag(sync=True, **widget_serialization)
    after = traitlets.Instance(Widget, allow_none=True).tag(sync=True, **widget_serialization)

    def __init__(
        self,
        projects: ProjectStore,
        objects: ObjectStore,
        running: Running,
        make_drop: Any,
        shop: str,
        person: str = "",
        scan_id: str = "",
        step: str = "",
        project_id: str = "",
    ) -> None:
        self._projects, self._objects, self._running = projects, objects, running
        self._make_drop, self._shop = make_drop, shop
        self._project: Project | None = None
        super().__init__(
            texts=texts("new"),
            fields=fields(),
            values=beginning(),
            person=person,
        )
        if scan_id or project_id:
            self._open(scan_id, project_id)
        wanted = step if step in STEPS else STEPS[0]
        self.step = wanted if self.scan else STEPS[0]
        if self.scan and wanted == "run":
            self._look_for_run()
        self.observe(lambda _: self._valued(), "values")
        self.on_msg(self._on_message)

    def _open(self, scan_id: str, project_id: str) -> None:
        """Go on with a scan that is kept, or begin another one of its project."""
        for project in self._projects.projects(self._shop):
            scans = {scan.id: scan for scan in self._projects.scans(self._shop, project.id)}
            if scan_id in scans or (not scan_id and project.id == project_id):
                self._project = project
                break
        else:
            raise NotKeptError(text("new.not_kept"), text("pages.no_run_todo"))
        project = self._project
        kept = {
            "name": project.name, "customer": project.customer,
            "furniture": project.furniture_type, "units": project.units,
        }  # fmt: skip
        self.values = {**beginning(project.units), **kept, **self._answers_before(scan_id)}
        if scan_id:
            self._has(scan_id)

    def _answers_before(self, scan_id: str) -> dict[str, Any]:
        """Of the scan's last run."""
        runs = self._projects.runs(self._shop, scan_id) if scan_id else []
        settings = next((run.settings for run in runs if run.settings), {})
        return sound_values(values_of(settings))

    def _has(self, scan_id: str) -> None:
        """The scan is kept: photos may come."""
        drop: PhotoDrop = self._make_drop(scan_id)
        coach = CaptureCoach(units=self.values["units"])
        drop.mats_wanted = self.values["scale_by"] == "mats"
        self.drop, self.coach, self.scan = drop, coach, scan_id
        drop.watch(self._photos_came)
        drop.observe(lambda _: self._told(), "sending")
        self._photos_came()

    @property
    def _photos(self) -> PhotoDrop:
        assert isinstance(self.drop, PhotoDrop)  # asked only once the scan is kept
        return self.drop

    @property
    def _capture(self) -> CaptureCoach:
        assert isinstance(self.coach, CaptureCoach)
        return self.coach

    def _photos_came(self) -> None:
        drop = self._photos
        looks, _ = drop.looks.found()
        shown = [looks[one.name] for one in drop.kept if one.name in looks]
        # the coach is slower than a look, and half a set says little
        if not drop.looks.waiting:
            self._capture.see(shown, drop.notes)
        self._told()

    def _told(self) -> None:
        """What would be started, and whether it can be."""
        drop = self._photos if self.scan else None
        kept = drop.kept if drop else []
        facts = facts_of(self.values, drop, LEAST_PHOTOS)
        with self.hold_sync():
            self.photos, self.facts = [one.name for one in kept], facts
            self.can_start = bool(drop and not drop.sending and len(kept) >= LEAST_PHOTOS)

    def _valued(self) -> None:
        """The person has typed."""
        sound = {**beginning(), **sound_values(self.values)}
        if self.drop:
            self._photos.mats_wanted = sound["scale_by"] == "mats"
            self._capture.units = sound["units"] if sound["units"] in {"mm", "inch"} else "mm"
        if self.scan:
            self._told()

    def _on_message(self, _: Any, asked: Any, __: Any) -> None:
        number = asked.get("number") if isinstance(asked, dict) else None
        answer: dict[str, Any] = {}
        buffers: list[bytes] = []
        try:
            answer, buffers = self._answer(asked)
        except StitchSketchError as error:
            self.message = {"kind": "error", "text": str(error)}
            answer = {"wrong": str(error), "for_good": True}
        except (KeyError, TypeError, ValueError, AttributeError):
            log.warning("a message of the page isn't understood: %.200r", asked, exc_info=True)
            answer = {"wrong": text("common.not_understood"), "for_good": True}
        self.send({"is": "answer", "number": number, **answer}, buffers)

    def _answer(self, asked: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
        match asked["do"]:
            case "go":
                self.values = {**beginning(), **sound_values(asked["values"])}
                self._go(require_step(asked["step"]))
            case "mats":
                return {"name": "stitchsketch-mats.pdf"}, [
                    mats_pdf(int(self.values["mats"]), str(self.values["paper"]))
                ]
            case "picture":
                return self._picture(str(asked["photo"]))
            case "start":
                self.values = {**beginning(), **sound_values(asked["values"])}
                self._start()
            case "look":
                self._look_for_run()
            case "report":
                return {"name": "report.html"}, [self._running.report(self.run)]
            case other:
                raise ValueError(other)
        return {}, []

    def _go(self, step: str) -> None:
        """To a step; forwards only when what was answered is sound."""
        at, to = STEPS.index(self.step), STEPS.index(step)
        self.wrong = faults(self.step, self.values) if to > at else {}
        if self.wrong:
            return
        if not self.scan and to > at:
            self._keep()
        elif self.scan:
            self._keep_changes()
        self.message = {}
        self.step = step if self.scan else STEPS[0]
        if self.step == "run":
            self._look_for_run()
        self._told()

    def _keep(self) -> None:
        """The project, unless it is there, and the scan."""
        if self._project is None:
            self._project = self._projects.add_project(
                self._with_answers(Project(self._shop, "", owner=self.person))
            )
        scans = self._projects.scans(self._shop, self._project.id)
        name = text("new.name", number=len(scans) + 1)
        self._has(self._projects.add_scan(self._shop, Scan(self._project.id, name)).id)

    def _keep_changes(self) -> None:
        assert self._project is not None  # a scan has one
        changed = self._with_answers(self._project)
        if changed != self._project and changed.name:
            self._project = self._projects.change_project(self._shop, changed)

    def _with_answers(self, project: Project) -> Project:
        name, customer, furniture, units = (str(self.values[key]).strip() for key in OF_PROJECT)
        return replace(
            project, name=name, customer=customer, furniture_type=furniture,
            units="inch" if units == "inch" else "mm",
        )  # fmt: skip

    def _picture(self, name: str) -> tuple[dict[str, Any], list[bytes]]:
        """A photo large enough to mark a point in it."""
        photo = next((one for one in self._photos.kept if one.name == name), None)
        if photo is None:
            raise NotKeptError(text("drop.not_here", name=name))
        jpeg, (width, height) = picture(self._objects, photo)
        return {"width": width, "height": height}, [jpeg]

    def _start(self) -> None:
        self.values = marked_in(self.values, {one.name for one in self._photos.kept})
        for step in ("piece", "size"):
            if wrong := faults(step, self.values):
                self.wrong, self.step = wrong, step
                return
        self._told()
        if not self.can_start or self._project is None:
            raise StitchSketchError(" ".join(self.facts))
        self._keep_changes()
        settings, lengths = settings_of(self.values), lengths_of(self.values)
        run = self._running.start(self._project, self.scan, self._photos.kept, settings, lengths)
        self.message, self.step = {}, "run"
        self.starting = run is None
        self.progress, self.run, self.done, self.after = None, "", False, None
        if run is not None:
            self._watch(run)

    def _look_for_run(self) -> None:
        """The scan's newest run, once the store has it."""
        run = self._running.newest(self.scan)
        if run is not None and run.id != self.run:
            self._watch(run)
        elif run is None and self.starting and (why := self._running.why_not(self.scan)):
            self.starting, self.message = False, {"kind": "error", "text": why}

    def _watch(self, run: Run) -> None:
        assert self._project is not None
        progress = RunProgress(
            self._projects, self._shop, run.id, self.person,
            text("progress.title_of", name=self._project.name),
            may_start=self._running.here,
        )  # fmt: skip
        progress.observe(lambda _: self._ended(progress), "status")
        self.progress, self.run, self.starting = progress, run.id, False
        self._ended(progress)

    def _ended(self, progress: RunProgress) -> None:
        if progress.status != Status.COMPLETED or self.done:
            return
        if run := self._running.newest(self.scan):
            self.run = run.id
        self.done = True
        after = CaptureCoach(units=self.values["units"])
        if self._running.coach(self.run, self._capture.front, after.see_run):
            self.after = after
