"""Runs, their stages, artefacts and quotes, and how a run goes on, live."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any

from fastapi import Header, Path, Query, Request
from fastapi.responses import Response, StreamingResponse

from stitchsketch_kernel.gateway.events import events_of, has_ended
from stitchsketch_kernel.gateway.guard import Allowed
from stitchsketch_kernel.gateway.models import (
    EXAMPLE_ID,
    Cancelled,
    Ended,
    Heard,
    HistoryLine,
    NewArtefact,
    NewBeat,
    NewQuote,
    NewRun,
    NewStage,
    Page,
    Queued,
    values_of,
)
from stitchsketch_kernel.gateway.once import Key
from stitchsketch_kernel.gateway.paging import DEFAULT_LIMIT, Cursor, Limit, page
from stitchsketch_kernel.gateway.routes.route import KeptOnce, Route, RunId
from stitchsketch_kernel.projects.records import Artefact, Beat, Quote, Run, StageRun

StageName = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}$", examples=["mesh"])]
ScanId = Annotated[
    str, Query(pattern=r"^[0-9a-f]{32}$", description="Whose runs.", examples=[EXAMPLE_ID])
]
LastEventId = Annotated[
    str | None,
    Header(alias="Last-Event-ID", max_length=8000, description="As the last event told it."),
]


def of_scan(
    access: Allowed, scan_id: ScanId, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[Run]:
    """The scan's runs, newest first."""
    runs = access.projects.runs(access.shop, scan_id)
    return page(runs, _begun, limit, cursor, True)


def start(access: Allowed, once: KeptOnce, run: NewRun, key: Key = None) -> Any:
    """Keep a run that has begun; `folder` is where its files are on the machine that computes."""
    asked = run.model_dump(mode="json", exclude_unset=True)
    # who starts it is who asks: the subject, as long as its column
    new = Run(**values_of(run), started_by=access.caller.user.subject[:200])
    return once.answer(access, key, asked, lambda: access.projects.start_run(access.shop, new))


def queue(access: Allowed, once: KeptOnce, run: Queued, key: Key = None) -> Any:
    """Have one of the installation's workers run a scan, from its photos that are kept here.

    `settings` are by name, as the command line's. Known lengths stand in `scale.known_lengths`,
    each as in a file of them (`mm`, and `a` and `b` with their marks by photo); they are checked
    here, and what is wrong with other settings the run says when a worker has taken it. With
    `from_stage` the settings of the scan's last run stand beneath them, and that stage is computed
    anew with all that follow from it.
    """
    new = Run(
        run.scan_id, "", settings=run.settings, from_stage=run.from_stage,
        started_by=access.caller.user.subject[:200],
    )  # fmt: skip
    return once.answer(
        access, key, run.model_dump(mode="json"),
        lambda: access.projects.queue_run(access.shop, new),
    )  # fmt: skip


def cancel(
    access: Allowed, once: KeptOnce, run_id: RunId, asked: Cancelled, key: Key = None
) -> Any:
    """Ask for a run's end, whether it waits or is at work."""
    return once.answer(
        access, key, [run_id, asked.model_dump(mode="json")],
        lambda: access.projects.cancel_run(access.shop, run_id, asked.why),
    )  # fmt: skip


def read(access: Allowed, run_id: RunId) -> Run:
    """One run."""
    return access.projects.run(access.shop, run_id)


def beat(access: Allowed, run_id: RunId, sign: NewBeat) -> Heard:
    """Keep a sign of life; the answer asks a run to stop that a person has ended."""
    told = Beat(**values_of(sign))
    return Heard(status=access.projects.beat(access.shop, run_id, told))


def history(
    access: Allowed, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[HistoryLine]:
    """Every stage that was ever run, with its run, scan and project; the oldest run first."""
    told = access.projects.history(access.shop)
    lines = [
        HistoryLine(project=project, scan=scan, run=run, stage=stage)
        for project, scan, run, stage in told
    ]
    places = {(line.run.id, line.stage.stage): at for at, line in enumerate(lines)}

    def place(line: HistoryLine) -> tuple[str, ...]:
        number = places[line.run.id, line.stage.stage]
        return (*_begun(line.run), f"{number:09}", line.stage.stage)

    return page(lines, place, limit, cursor)


def quotes(
    access: Allowed, run_id: RunId, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[Quote]:
    """The run's quotes, newest first."""
    found = access.projects.quotes(access.shop, run_id)
    return page(found, lambda quote: (_iso(quote.created), quote.id), limit, cursor, True)


def keep_quote(access: Allowed, run_id: RunId, quote: NewQuote) -> Quote:
    """Keep a quote; the last word on it counts."""
    kept = Quote(run_id=run_id, **values_of(quote))
    return access.projects.keep_quote(access.shop, kept)


def finish(access: Allowed, once: KeptOnce, run_id: RunId, ended: Ended, key: Key = None) -> Any:
    """Keep how the run ended, and when."""
    return once.answer(
        access, key, [run_id, ended.model_dump(mode="json")],
        lambda: access.projects.finish_run(access.shop, run_id, ended.status, ended.error),
    )  # fmt: skip


def stages(access: Allowed, run_id: RunId) -> Page[StageRun]:
    """The run's stages in the order in which they were first recorded."""
    return Page(items=access.projects.stages(access.shop, run_id))


def record(access: Allowed, run_id: RunId, stage: StageName, state: NewStage) -> None:
    """Keep a stage's state; the last word on a stage of a run counts."""
    kept = StageRun(run_id=run_id, stage=stage, **values_of(state))
    access.projects.record_stage(access.shop, kept)


def artefacts(
    access: Allowed, run_id: RunId, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[Artefact]:
    """The run's artefacts by stage and kind."""
    found = access.projects.artefacts(access.shop, run_id)
    return page(found, lambda a: (a.stage, a.kind, a.sha256, a.where), limit, cursor)


def add_artefact(
    access: Allowed, once: KeptOnce, run_id: RunId, artefact: NewArtefact, key: Key = None
) -> Any:
    """Keep where a stage's file is."""
    new = Artefact(run_id=run_id, **values_of(artefact))

    def act() -> Artefact:
        access.projects.add_artefact(access.shop, new)
        return new

    return once.answer(access, key, new, act)


def events(
    access: Allowed, request: Request, run_id: RunId, last_event_id: LastEventId = None
) -> Response:
    """How the run goes on, as server-sent events.

    Each event has the state of one stage, or of the run. Whoever comes back with the last event's
    id gets what has changed since; when that was the end, 204, so that listeners stop.
    """
    run = access.projects.run(access.shop, run_id)  # 404 before the stream begins
    if has_ended(run, last_event_id):
        return Response(status_code=204)

    async def stream() -> AsyncIterator[bytes]:
        async for event in events_of(access, run_id, last_event_id, request.is_disconnected):
            yield event

    return StreamingResponse(stream(), media_type="text/event-stream")


def _begun(run: Run) -> tuple[str, str]:
    return _iso(run.started), run.id


def _iso(moment: datetime) -> str:
    """A time as text that is in the order of time."""
    return moment.isoformat(timespec="microseconds")


_STREAM = {
    200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}},
    204: {"description": "The run has ended, and the end was told before."},
}
ROUTES = (
    Route("runs.list", of_scan, model=Page[Run]),
    Route("runs.start", start, status=201, model=Run, wrong=(409,)),
    Route("runs.queue", queue, status=201, model=Run, wrong=(409,)),
    Route("runs.cancel", cancel, status=201, model=Run, wrong=(409,)),
    Route("runs.history", history, model=Page[HistoryLine]),
    Route("runs.read", read, model=Run),
    Route("runs.finish", finish, status=201, model=Run, wrong=(409,)),
    Route("runs.beat", beat, model=Heard),
    Route("runs.quotes", quotes, model=Page[Quote]),
    Route("runs.keep_quote", keep_quote, model=Quote),
    Route("runs.stages", stages, model=Page[StageRun]),
    Route("runs.record", record, status=204),
    Route("runs.artefacts", artefacts, model=Page[Artefact]),
    Route("runs.add_artefact", add_artefact, status=201, model=Artefact, wrong=(409,)),
    Route(
        "runs.events", events, options={"responses": _STREAM, "response_class": StreamingResponse}
    ),
)
