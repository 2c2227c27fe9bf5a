"""Run progress: what a run has done and is doing, stopped and gone on with by a press."""

from __future__ import annotations

import logging
import platform
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from stitchsketch_kernel.domain.errors import RunError, StitchSketchError
from stitchsketch_kernel.pipeline.starting import go_on
from stitchsketch_kernel.pipeline.tracking import KeptAs
from stitchsketch_kernel.pipeline.watching import RunSeen, StageSeen, latest_run, watched
from stitchsketch_kernel.projects.interface import ProjectStore
from stitchsketch_kernel.projects.records import Run, Status
from stitchsketch_widgets.bundle import built
from stitchsketch_widgets.texts import text, texts

log = logging.getLogger(__name__)

#: Runs that have ended otherwise than well can go on.
_GOES_ON = frozenset({Status.FAILED, Status.CANCELLED, Status.DEAD, Status.COMPLETED})
#: Runs that can be stopped.
_CAN_END = frozenset({Status.QUEUED, Status.RUNNING})
#: The stage that reads a person's corrections.
_CORRECTED = "panels"


class RunProgress(anywidget.AnyWidget):
    """A run on the screen, from the store: the page may be closed and opened again at any time.

    The page asks every second or so; nothing goes on here while nobody looks. Once the run has
    ended, one that somebody else has started of the same scan meanwhile is shown in its place.

    Parameters
    ----------
    projects : ProjectStore
    shop, person : str
    run_id : str
        The run, or an earlier one in its folder.
    may_start : bool
        Whether runs go on on the page's own machine; else a worker is asked for it.
    """

    _esm = built("run_progress.js")
    _css = built("run_progress.css")

    texts = traitlets.Dict(help="the words").tag(sync=True)
    title = traitlets.Unicode(help="what is run").tag(sync=True)
    status = traitlets.Unicode(help="of the run").tag(sync=True)
    share = traitlets.Float(0.0, help="of the work, 0 to 1").tag(sync=True)
    left_s = traitlets.Float(None, allow_none=True, help="seconds left").tag(sync=True)
    note = traitlets.Unicode(help="what it does just now").tag(sync=True)
    stages: traitlets.List[Any] = traitlets.List(help="name, status, share, seconds").tag(sync=True)
    log: traitlets.List[Any] = traitlets.List(help="sentences, the oldest first").tag(sync=True)
    error = traitlets.Unicode(help="why it ended").tag(sync=True)
    can_stop = traitlets.Bool(False).tag(sync=True)
    can_go_on = traitlets.Bool(False).tag(sync=True)
    run = traitlets.Unicode(help="id of the run that is shown").tag(sync=True)
    followed = traitlets.Unicode(help="whose run took the place of the one before").tag(sync=True)
    looked = traitlets.Int(0, help="how often it was looked").tag(sync=True)

    def __init__(
        self,
        projects: ProjectStore,
        shop: str,
        run_id: str,
        person: str = "",
        title: str = "",
        *,
        may_start: bool = True,
    ) -> None:
        self._projects, self._shop, self._run_id = projects, shop, run_id
        self._person, self._started_after, self._may_start = person, "", may_start
        asked = projects.run(shop, run_id)
        self._before = {one.id for one in projects.runs(shop, asked.scan_id)}
        super().__init__(texts=texts("progress"), title=title)
        self.look()
        self.on_msg(self._on_message)

    def look(self) -> None:
        """Show the run as it stands."""
        run = self._shown_run()
        seen = watched(self._projects, self._shop, run)
        # a run that was just started is not in the store yet
        starting = run.id == self._started_after
        with self.hold_sync():
            self.status = "starting" if starting else str(run.status)
            self.share, self.left_s = (0.0, None) if starting else (seen.share, seen.left_s)
            self.note = "" if starting else run.note
            self.stages = [_stage(one) for one in seen.stages]
            self.log = sentences(seen)
            self.error = "" if starting or run.status == Status.RUNNING else run.error
            self.can_stop = run.status in _CAN_END
            self.can_go_on = run.status in _GOES_ON and self._goes_on(run) and not starting
            self.run = run.id
            self.looked += 1

    def _shown_run(self) -> Run:
        """The run, or the one that has come after it while this page was open."""
        run = latest_run(self._projects, self._shop, self._run_id)
        if run.status in _CAN_END or run.id == self._started_after:
            return run
        since = [
            one
            for one in self._projects.runs(self._shop, run.scan_id)
            if one.id not in self._before and one.started > run.started
        ]
        if not since:
            return run
        newest = max(since, key=lambda one: one.started)
        self._run_id = newest.id
        if newest.started_by and newest.started_by != self._person:
            self.followed = text("progress.followed", person=newest.started_by)
        return newest

    def _on_message(self, _: Any, asked: Any, __: Any) -> None:
        what = asked.get("do") if isinstance(asked, dict) else None
        try:
            if what in {"stop", "go_on"}:
                run = latest_run(self._projects, self._shop, self._run_id)
                (self._stop if what == "stop" else self._go_on)(run)
            self.look()
        except StitchSketchError as error:
            self.error = str(error)

    def _stop(self, run: Run) -> None:
        if run.status in _CAN_END:
            said = text("progress.stopped_by", person=self._person or text("progress.somebody"))
            self._projects.cancel_run(self._shop, run.id, said)

    def _goes_on(self, run: Run) -> bool:
        """Whether a run can go on: here, or with a worker."""
        return not self._may_start or _is_here(run)

    def _go_on(self, run: Run) -> None:
        if run.status not in _GOES_ON or not self._goes_on(run):
            raise RunError(text("progress.at_work"), text("progress.at_work_todo"))
        if not self._may_start:
            self._run_id = self._projects.queue_run(self._shop, again(run)).id
            return
        self._started_after = run.id
        go_on(Path(run.folder), KeptAs(self._shop, run.scan_id, self._person))


def again(run: Run) -> Run:
    """What is queued to go on with a run: one that is done begins from its corrected panels."""
    if run.status == Status.COMPLETED:
        return Run(run.scan_id, "", from_stage=_CORRECTED)
    return Run(run.scan_id, "", settings=run.settings, from_stage=run.from_stage)


def _is_here(run: Run) -> bool:
    return run.host == platform.node() and Path(run.folder).is_dir()


def _stage(seen: StageSeen) -> dict[str, Any]:
    return {
        "name": seen.name,
        "status": str(seen.status),
        "share": seen.share,
        "seconds": seen.seconds,
    }


def sentences(seen: RunSeen) -> list[str]:
    """What the finished stages found, in words, each with what a person should know of it."""
    told = [
        sentence
        for one in seen.stages
        if one.figures
        for sentence in (_sentence(one), *one.figures.get("doubts", ()))
    ]
    return [sentence for sentence in told if sentence]


def _sentence(stage: StageSeen) -> str:
    if refused := stage.figures.get("refused"):
        return str(refused)
    try:
        return text(f"progress.did.{stage.name}", **_figures(stage.figures))
    except (KeyError, ValueError, TypeError):
        log.info("no sentence for the stage %s", stage.name, exc_info=True)
        return ""


def _figures(figures: dict[str, Any]) -> dict[str, Any]:
    """A stage's figures, with lists as their length beside them."""
    counts = {f"{name}_count": len(value) for name, value in figures.items() if _is_list(value)}
    return {**figures, **counts}


def _is_list(value: object) -> bool:
    return isinstance(value, (list, tuple))
