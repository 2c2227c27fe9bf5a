"""Runs, stages, artefacts and quotes in a database."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from stitchsketch_kernel.projects.records import (
    DEAD_AFTER_S,
    ERROR_CHARS,
    NOTE_CHARS,
    SILENT,
    Artefact,
    Beat,
    Project,
    Quote,
    Run,
    Scan,
    StageRun,
    Status,
    now,
    shortened,
)
from stitchsketch_kernel.projects.sql import (
    SqlBase,
    columns,
    own_run,
    own_scan,
    record_of,
    records,
)
from stitchsketch_kernel.projects.tables import (
    ArtefactRow,
    ProjectRow,
    QuoteRow,
    RunRow,
    ScanRow,
    StageRow,
)

_A_HANDFUL = 5
#: Runs that may still be heard of.
AT_WORK = (Status.RUNNING, Status.DEAD)


class SqlRuns(SqlBase):
    """The part of a `ProjectStore` that follows runs."""

    def start_run(self, shop: str, run: Run) -> Run:
        """See `ProjectStore`."""
        with self._session() as session:
            own_scan(session, shop, run.scan_id)
            self._keep(session, run, ("id",), change=False)
            session.execute(
                update(RunRow)
                .where(RunRow.id == run.id, RunRow.heartbeat.is_(None))
                .values(heartbeat=self._clock())
            )
            return own_run(session, shop, run.id)

    def beat(self, shop: str, run_id: str, beat: Beat) -> Status:
        """See `ProjectStore`."""
        with self._session() as session:
            run = own_run(session, shop, run_id)
            if beat.worker and run.worker != beat.worker:
                return Status.CANCELLED if run.status == Status.CANCELLED else Status.DEAD
            if run.status not in AT_WORK:
                return run.status
            told = {**asdict(beat), "note": shortened(beat.note, NOTE_CHARS)}
            told["worker"] = run.worker
            session.execute(
                update(RunRow)
                .where(RunRow.id == run_id, RunRow.status.in_(AT_WORK))
                .where(RunRow.worker == run.worker)
                .values(**told, heartbeat=self._clock(), status=Status.RUNNING, error="")
            )
            return Status.RUNNING

    def finish_run(self, shop: str, run_id: str, status: Status, error: str = "") -> Run:
        """See `ProjectStore`."""
        with self._session() as session:
            own_run(session, shop, run_id)
            ended = {"status": status, "error": shortened(error, ERROR_CHARS)}
            which = RunRow.id == run_id
            if status == Status.DEAD:  # a guess of others; how it ended is known better
                which &= RunRow.status.in_(AT_WORK)
            session.execute(update(RunRow).where(which).values(**ended, finished=now()))
            return own_run(session, shop, run_id)

    def run(self, shop: str, run_id: str) -> Run:
        """See `ProjectStore`."""
        with self._session() as session:
            scan_id = own_run(session, shop, run_id).scan_id
            self._bury(session, RunRow.scan_id == scan_id)
            return own_run(session, shop, run_id)

    def runs(self, shop: str, scan_id: str) -> list[Run]:
        """See `ProjectStore`."""
        query = select(*columns(Run)).where(RunRow.scan_id == scan_id)
        with self._session() as session:
            own_scan(session, shop, scan_id)
            self._bury(session, RunRow.scan_id == scan_id)
            return records(session, Run, query.order_by(RunRow.started.desc(), RunRow.id))

    def _bury(self, session: Session, which: ColumnElement[bool]) -> None:
        """Runs that were not heard of are dead, and so is the stage that they were at."""
        heard = func.coalesce(RunRow.heartbeat, RunRow.started)
        silent = heard < self._silent_since(DEAD_AFTER_S)
        self._declare_dead(session, which & silent)

    def _declare_dead(self, session: Session, which: ColumnElement[bool]) -> None:
        dead = select(RunRow.id).where(which, RunRow.status == Status.RUNNING)
        if not (ids := list(session.scalars(dead))):
            return
        session.execute(
            update(RunRow)
            .where(RunRow.id.in_(ids), which, RunRow.status == Status.RUNNING)
            .values(status=Status.DEAD, error=SILENT)
        )
        session.execute(
            update(StageRow)
            .where(StageRow.run_id.in_(ids), StageRow.status == Status.RUNNING)
            .values(status=Status.DEAD)
        )

    def record_stage(self, shop: str, stage: StageRun) -> None:
        """See `ProjectStore`."""
        with self._session() as session:
            own_run(session, shop, stage.run_id)
            self._keep(session, stage, ("run_id", "stage"), change=True)

    def stages(self, shop: str, run_id: str) -> list[StageRun]:
        """See `ProjectStore`."""
        query = select(*columns(StageRun)).where(StageRow.run_id == run_id)
        with self._session() as session:
            own_run(session, shop, run_id)
            return records(session, StageRun, query.order_by(StageRow.number))

    def made_under(self, shop: str, inputs_hash: str) -> list[StageRun]:
        """See `ProjectArchive`."""
        query = (
            select(*columns(StageRun))
            .join(RunRow, RunRow.id == StageRow.run_id)
            .join(ScanRow, ScanRow.id == RunRow.scan_id)
            .join(ProjectRow, ProjectRow.id == ScanRow.project_id)
            .where(ProjectRow.shop == shop, ProjectRow.status != "deleted")
            .where(StageRow.inputs_hash == inputs_hash, StageRow.status == Status.COMPLETED)
            .order_by(RunRow.started.desc(), RunRow.id)
            .limit(_A_HANDFUL)
        )
        with self._session() as session:
            return records(session, StageRun, query)

    def add_artefact(self, shop: str, artefact: Artefact) -> None:
        """See `ProjectStore`."""
        with self._session() as session:
            own_run(session, shop, artefact.run_id)
            self._keep(session, artefact, ("run_id", "stage", "where"), change=True)

    def artefacts(self, shop: str, run_id: str) -> list[Artefact]:
        """See `ProjectStore`."""
        query = select(*columns(Artefact)).where(ArtefactRow.run_id == run_id)
        by = (ArtefactRow.stage, ArtefactRow.kind, ArtefactRow.number)
        with self._session() as session:
            own_run(session, shop, run_id)
            return records(session, Artefact, query.order_by(*by))

    def keep_quote(self, shop: str, quote: Quote) -> Quote:
        """See `ProjectStore`."""
        with self._session() as session:
            own_run(session, shop, quote.run_id)
            kept = session.scalar(select(QuoteRow.run_id).where(QuoteRow.id == quote.id))
            own_run(session, shop, kept or quote.run_id)
            self._keep(session, quote, ("id",), change=True)
            return quote

    def quotes(self, shop: str, run_id: str) -> list[Quote]:
        """See `ProjectStore`."""
        query = select(*columns(Quote)).where(QuoteRow.run_id == run_id)
        with self._session() as session:
            own_run(session, shop, run_id)
            return records(session, Quote, query.order_by(QuoteRow.created.desc(), QuoteRow.id))

    def history(self, shop: str) -> list[tuple[Project, Scan, Run, StageRun]]:
        """See `ProjectStore`."""
        kinds = (Project, Scan, Run, StageRun)
        query = (
            select(*(column for kind in kinds for column in columns(kind)))
            .join_from(ProjectRow, ScanRow, ScanRow.project_id == ProjectRow.id)
            .join(RunRow, RunRow.scan_id == ScanRow.id)
            .join(StageRow, StageRow.run_id == RunRow.id)
            .where(ProjectRow.shop == shop, ProjectRow.status != "deleted")
            .order_by(RunRow.started, RunRow.id, StageRow.number)
        )
        ends = [0]
        for kind in kinds:
            ends.append(ends[-1] + len(columns(kind)))
        with self._session() as session:
            of_shop = select(ScanRow.id).join(ProjectRow, ProjectRow.id == ScanRow.project_id)
            self._bury(session, RunRow.scan_id.in_(of_shop.where(ProjectRow.shop == shop)))
            return [
                (
                    record_of(Project, row[ends[0] : ends[1]]),
                    record_of(Scan, row[ends[1] : ends[2]]),
                    record_of(Run, row[ends[2] : ends[3]]),
                    record_of(StageRun, row[ends[3] : ends[4]]),
                )
                for row in session.execute(query)
            ]
