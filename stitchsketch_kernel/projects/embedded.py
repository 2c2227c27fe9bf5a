"""The default store of projects: SQLAlchemy on a SQLite file, no server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine, create_engine, delete, event, func, inspect, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateIndex, CreateTable

from stitchsketch_kernel.domain.errors import StorageError
from stitchsketch_kernel.projects.interface import AlreadyKeptError, NotKeptError
from stitchsketch_kernel.projects.records import (
    Artefact,
    Project,
    Run,
    Scan,
    StageRun,
    Status,
    now,
)
from stitchsketch_kernel.projects.tables import (
    ArtefactRow,
    ProjectRow,
    RunRow,
    ScanRow,
    StageRow,
    Table,
)

Record = TypeVar("Record", Project, Scan, Run, StageRun, Artefact)


class SqlProjectStore:
    """Projects in one database file; several processes may use it at once.

    Parameters
    ----------
    path : Path
        The SQLite file; its folder is made when missing.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._engine = sqlite_engine(path)
        with _in_words(path):
            _make_tables(self._engine)
        self._path = path

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    @contextmanager
    def _session(self) -> Iterator[Session]:
        with _in_words(self._path), Session(self._engine) as session, session.begin():
            yield session

    def add_project(self, project: Project) -> Project:
        """See `ProjectStore`."""
        with self._session() as session:
            session.add(ProjectRow(**asdict(project)))
        return project

    def projects(self, shop: str) -> list[Project]:
        """See `ProjectStore`."""
        query = (
            select(ProjectRow)
            .where(ProjectRow.shop == shop, ProjectRow.status != "deleted")
            .order_by(ProjectRow.created.desc())
        )
        with self._session() as session:
            return [_record(Project, row) for row in session.scalars(query)]

    def project(self, shop: str, project_id: str) -> Project:
        """See `ProjectStore`."""
        with self._session() as session:
            return _record(Project, _own_project(session, shop, project_id))

    def delete_project(self, shop: str, project_id: str) -> None:
        """See `ProjectStore`."""
        with self._session() as session:
            _own_project(session, shop, project_id).status = "deleted"

    def add_scan(self, shop: str, scan: Scan) -> Scan:
        """See `ProjectStore`."""
        with self._session() as session:
            _own_project(session, shop, scan.project_id)
            session.add(ScanRow(**asdict(scan)))
        return scan

    def scans(self, shop: str, project_id: str) -> list[Scan]:
        """See `ProjectStore`."""
        query = (
            select(ScanRow).where(ScanRow.project_id == project_id).order_by(ScanRow.created.desc())
        )
        with self._session() as session:
            _own_project(session, shop, project_id)
            return [
                _record(Scan, row)
                for row in session.scalars(query.order_by(ScanRow.created.desc()))
            ]

    def start_run(self, shop: str, run: Run) -> Run:
        """See `ProjectStore`."""
        with self._session() as session:
            _own_scan(session, shop, run.scan_id)
            session.add(RunRow(**asdict(run)))
        return run

    def record_stage(self, shop: str, stage: StageRun) -> None:
        """See `ProjectStore`."""
        with self._session() as session:
            _own_run(session, shop, stage.run_id)
            new = insert(StageRow).values(**asdict(stage))
            # one statement: between a look and a write another process may write
            session.execute(
                new.on_conflict_do_update(
                    index_elements=["run_id", "stage"],
                    set_={name: new.excluded[name] for name in asdict(stage)},
                )
            )

    def finish_run(self, shop: str, run_id: str, status: Status, error: str = "") -> Run:
        """See `ProjectStore`."""
        with self._session() as session:
            row = _own_run(session, shop, run_id)
            row.status, row.error, row.finished = status, error, now()
            session.flush()
            return _record(Run, row)

    def run(self, shop: str, run_id: str) -> Run:
        """See `ProjectStore`."""
        with self._session() as session:
            return _record(Run, _own_run(session, shop, run_id))

    def runs(self, shop: str, scan_id: str) -> list[Run]:
        """See `ProjectStore`."""
        query = select(RunRow).where(RunRow.scan_id == scan_id).order_by(RunRow.started.desc())
        with self._session() as session:
            _own_scan(session, shop, scan_id)
            return [_record(Run, row) for row in session.scalars(query)]

    def stages(self, shop: str, run_id: str) -> list[StageRun]:
        """See `ProjectStore`."""
        query = select(StageRow).where(StageRow.run_id == run_id).order_by(StageRow.number)
        with self._session() as session:
            _own_run(session, shop, run_id)
            return [_record(StageRun, row) for row in session.scalars(query)]

    def add_artefact(self, shop: str, artefact: Artefact) -> None:
        """See `ProjectStore`."""
        with self._session() as session:
            _own_run(session, shop, artefact.run_id)
            session.add(ArtefactRow(**asdict(artefact)))

    def artefacts(self, shop: str, run_id: str) -> list[Artefact]:
        """See `ProjectStore`."""
        query = (
            select(ArtefactRow)
            .where(ArtefactRow.run_id == run_id)
            .order_by(ArtefactRow.stage, ArtefactRow.kind, ArtefactRow.number)
        )
        with self._session() as session:
            _own_run(session, shop, run_id)
            return [_record(Artefact, row) for row in session.scalars(query)]


def sqlite_engine(path: Path) -> Engine:
    """An engine on a SQLite file that keeps foreign keys and lets readers and a writer share it."""
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 30})

    def on_connect(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.close()

    event.listen(engine, "connect", on_connect)
    return engine


def _make_tables(engine: Engine) -> None:
    """Make what is missing; another process may be making the same."""
    tables = Table.metadata.sorted_tables
    with engine.begin() as connection:
        for table in tables:
            connection.execute(CreateTable(table, if_not_exists=True))
        if not any(found["unique"] for found in inspect(connection).get_indexes("stage_run")):
            # doubles from before stages were unique: the last word on a stage counts
            last = select(func.max(StageRow.number)).group_by(StageRow.run_id, StageRow.stage)
            connection.execute(delete(StageRow).where(StageRow.number.not_in(last)))
        for index in (index for table in tables for index in table.indexes):
            connection.execute(CreateIndex(index, if_not_exists=True))


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    """Say in words what a database error means for the shop."""
    try:
        yield
    except IntegrityError as error:
        raise AlreadyKeptError(
            "Something is kept under this identity already.", "Give it a new one."
        ) from error
    except OperationalError as error:
        raise StorageError(
            f"The shop's project file {path} could not be used ({error.orig}).",
            "Check that its disk has room and that you may write there, then try again.",
        ) from error


def _record(kind: type[Record], row: Table) -> Record:
    """The record that a row holds."""
    values = {field.name: getattr(row, field.name) for field in fields(kind)}
    if "status" in values and kind is not Project:
        values["status"] = Status(values["status"])
    return kind(**values)


def _own_project(session: Session, shop: str, project_id: str) -> ProjectRow:
    row = session.get(ProjectRow, project_id)
    if row is None or row.shop != shop or row.status == "deleted":
        raise NotKeptError("There is no such project in this shop.", "Choose one from the list.")
    return row


def _own_scan(session: Session, shop: str, scan_id: str) -> ScanRow:
    row = session.get(ScanRow, scan_id)
    if row is None:
        raise NotKeptError("There is no such scan in this shop.", "Choose one from the list.")
    _own_project(session, shop, row.project_id)
    return row


def _own_run(session: Session, shop: str, run_id: str) -> RunRow:
    row = session.get(RunRow, run_id)
    if row is None:
        raise NotKeptError("There is no such run in this shop.", "Choose one from the list.")
    _own_scan(session, shop, row.scan_id)
    return row
