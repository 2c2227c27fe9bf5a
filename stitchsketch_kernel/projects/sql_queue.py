"""Runs that wait for a worker, in a database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.orm import Session

from stitchsketch_kernel.domain.known_lengths import require_known_lengths
from stitchsketch_kernel.projects.records import (
    DEAD_AFTER_S,
    ERROR_CHARS,
    MOST_ATTEMPTS,
    STOPPED_OFTEN,
    Run,
    Status,
    Taken,
    now,
    shortened,
)
from stitchsketch_kernel.projects.sql import SqlBase, own_project, own_run, own_scan
from stitchsketch_kernel.projects.sql_runs import AT_WORK
from stitchsketch_kernel.projects.tables import PhotoRow, ProjectRow, RunRow, ScanRow, StageRow

_CAN_END = (Status.QUEUED, *AT_WORK)


class SqlQueue(SqlBase):
    """The part of a `ProjectArchive` that hands runs to workers."""

    def queue_run(self, shop: str, run: Run) -> Run:
        """See `ProjectStore`."""
        moment = now()
        waiting = Run(
            run.scan_id, "", Status.QUEUED, id=run.id, started=moment, started_by=run.started_by,
            settings=run.settings, from_stage=run.from_stage, queued=moment,
        )  # fmt: skip
        with self._session() as session:
            own_scan(session, shop, run.scan_id)
            photos = _photos(session, run.scan_id)
        require_known_lengths(run.settings, photos)
        with self._session() as session:
            self._keep(session, waiting, ("id",), change=False)
            return own_run(session, shop, run.id)

    def cancel_run(self, shop: str, run_id: str, why: str = "") -> Run:
        """See `ProjectStore`."""
        with self._session() as session:
            own_run(session, shop, run_id)
            which = (RunRow.id == run_id) & RunRow.status.in_(_CAN_END)
            ended = {"status": Status.CANCELLED, "error": shortened(why, ERROR_CHARS)}
            session.execute(update(RunRow).where(which).values(**ended, finished=now()))
            return own_run(session, shop, run_id)

    def take_run(
        self, worker: str, host: str, folder_of: Callable[[str, str], str]
    ) -> Taken | None:
        """See `ProjectArchive`."""
        with self._session() as session:
            # a look costs nobody anything; most of the time there is nothing
            if session.execute(self._waiting()).first() is None:
                return None
        with self._session() as session:
            if self._engine.dialect.name == "sqlite":
                # nobody else takes it between the look and the word
                session.connection().exec_driver_sql("BEGIN IMMEDIATE")
            while (found := session.execute(self._waiting(for_update=True)).first()) is not None:
                run_id, scan_id, shop, attempts = found
                if attempts >= MOST_ATTEMPTS:
                    self._fail(session, run_id)
                    continue
                self._hand_over(session, run_id, worker, host, folder_of(shop, run_id))
                run = own_run(session, shop, run_id)
                scan = own_scan(session, shop, scan_id)
                return Taken(shop, own_project(session, shop, scan.project_id), run)
        return None

    def _waiting(self, for_update: bool = False) -> Select[Any]:
        """The run to be taken next."""
        heard = func.coalesce(RunRow.heartbeat, RunRow.started)
        lost: ColumnElement[bool] = RunRow.status.in_(AT_WORK) & (
            heard < self._silent_since(DEAD_AFTER_S)
        )
        columns: tuple[Any, ...] = (RunRow.id, RunRow.scan_id, ProjectRow.shop, RunRow.attempts)
        query = (
            select(*columns)
            .join(ScanRow, ScanRow.id == RunRow.scan_id)
            .join(ProjectRow, ProjectRow.id == ScanRow.project_id)
            .where(RunRow.queued.is_not(None), ProjectRow.status != "deleted")
            .where((RunRow.status == Status.QUEUED) | lost)
            .order_by(RunRow.queued, RunRow.id)
            .limit(1)
        )
        if for_update and self._engine.dialect.name == "postgresql":
            return query.with_for_update(skip_locked=True, of=RunRow)
        return query

    def _hand_over(
        self, session: Session, run_id: str, worker: str, host: str, folder: str
    ) -> None:
        session.execute(
            update(RunRow)
            .where(RunRow.id == run_id)
            .values(
                status=Status.RUNNING, worker=worker, host=host, folder=folder, error="",
                started=self._clock(), heartbeat=self._clock(), finished=None, stage="", cell=0,
                cells=0, share=0.0, note="", attempts=RunRow.attempts + 1,
            )
        )  # fmt: skip
        _nothing_at_work(session, run_id, Status.PENDING)

    def _fail(self, session: Session, run_id: str) -> None:
        session.execute(
            update(RunRow)
            .where(RunRow.id == run_id)
            .values(status=Status.FAILED, error=STOPPED_OFTEN, finished=now())
        )
        _nothing_at_work(session, run_id, Status.FAILED)

    def give_back(self, shop: str, run_id: str, worker: str, *, lost: bool = False) -> Run:
        """See `ProjectArchive`."""
        mine = (RunRow.id == run_id) & (RunRow.worker == worker) & RunRow.status.in_(AT_WORK)
        with self._session() as session:
            own_run(session, shop, run_id)
            # held until the end: nobody takes it in between
            found = session.execute(
                update(RunRow)
                .where(mine)
                .values(
                    status=Status.QUEUED, worker="", error="", note="",
                    attempts=RunRow.attempts - (0 if lost else 1),
                )
                .returning(RunRow.attempts)
            ).first()  # fmt: skip
            if found is not None and found.attempts >= MOST_ATTEMPTS:
                self._fail(session, run_id)
            elif found is not None:
                _nothing_at_work(session, run_id, Status.PENDING)
            return own_run(session, shop, run_id)


def _nothing_at_work(session: Session, run_id: str, status: Status) -> None:
    """The stage that a run was at is at work no more."""
    session.execute(
        update(StageRow)
        .where(StageRow.run_id == run_id, StageRow.status.in_((*AT_WORK, Status.CANCELLED)))
        .values(status=status)
    )


def _photos(session: Session, scan_id: str) -> set[str]:
    """Names of the photos that a run of the scan sees."""
    query = select(PhotoRow.name).where(PhotoRow.scan_id == scan_id, ~PhotoRow.left_out)
    return set(session.scalars(query))
