"""What both databases share: sessions, errors in words, who owns what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from typing import Any, Self, TypeVar

from sqlalchemy import (
    ColumnElement,
    Engine,
    Interval,
    Select,
    String,
    func,
    literal,
    select,
    type_coerce,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import (
    DBAPIError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    StatementError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from stitchsketch_kernel.domain.errors import AwayError, NotKeptError, StorageError
from stitchsketch_kernel.projects.records import (
    Artefact,
    Photo,
    Project,
    Quote,
    Run,
    Scan,
    StageRun,
    Status,
    now,
    shortened,
)
from stitchsketch_kernel.projects.seeing import FencedSession
from stitchsketch_kernel.projects.tables import (
    ArtefactRow,
    PhotoRow,
    ProjectRow,
    QuoteRow,
    RunRow,
    ScanRow,
    StageRow,
    Table,
    UtcDateTime,
)

Record = TypeVar("Record", Project, Scan, Photo, Run, StageRun, Artefact, Quote)
#: The table of each record; its columns have the names of the record's fields.
TABLES: dict[type, type[Table]] = {
    Project: ProjectRow,
    Scan: ScanRow,
    Photo: PhotoRow,
    Run: RunRow,
    StageRun: StageRow,
    Artefact: ArtefactRow,
    Quote: QuoteRow,
}
#: Which of their columns is a `Status`.
_STATUS_AT: dict[type, int] = {
    kind: [field.name for field in fields(kind)].index("status") for kind in (Run, StageRun)
}


class SqlBase:
    """A database that is open.

    Parameters
    ----------
    engine : Engine
        SQLite's or PostgreSQL's.
    place : str
        What the shop calls it in errors; no password in it.
    todo : str
        What to do when it can't be used.
    """

    def __init__(self, engine: Engine, place: str, todo: str) -> None:
        self._engine, self._place, self._todo = engine, place, todo
        self._person: str | None = None

    def seen_by(self, person: str) -> Self:
        """See `ProjectArchive`."""
        seen = copy(self)
        seen._person = person
        return seen

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    @contextmanager
    def _session(self) -> Iterator[Session]:
        with (
            in_words(self._place, self._todo),
            self._opened() as session,
            session.begin(),
        ):
            yield session

    def _opened(self) -> Session:
        if self._person is None:
            return Session(self._engine, expire_on_commit=False)
        return FencedSession(self._engine, expire_on_commit=False, person=self._person)

    def _clock(self) -> ColumnElement[datetime]:
        """The time by the clock that all who use this database share."""
        if self._engine.dialect.name == "postgresql":
            return func.now(type_=UtcDateTime)
        return literal(now(), UtcDateTime)

    def _silent_since(self, seconds: float) -> ColumnElement[datetime]:
        """What was last heard of before this has been silent for `seconds`."""
        if self._engine.dialect.name == "postgresql":
            ago = literal(timedelta(seconds=seconds), Interval)
            return type_coerce(func.now() - ago, UtcDateTime)
        return literal(now() - timedelta(seconds=seconds), UtcDateTime)

    def _keep(self, session: Session, record: object, by: tuple[str, ...], change: bool) -> None:
        """Insert a record; where one is (the same in `by`) change it, or leave it as it is.

        One statement: between a look and a write another process may write.
        """
        table, values = TABLES[type(record)], fitting(record)
        insert = (
            postgresql.insert if self._engine.dialect.name == "postgresql" else sqlite.insert
        )(table).values(**values)
        if change:
            new = {name: insert.excluded[name] for name in values if name not in by}
            session.execute(insert.on_conflict_do_update(index_elements=by, set_=new))
        else:
            session.execute(insert.on_conflict_do_nothing(index_elements=by))


@contextmanager
def in_words(place: str, todo: str) -> Iterator[None]:
    """Say in words what a database error means for the shop."""
    try:
        yield
    except IntegrityError as error:
        raise StorageError(
            f"What this belongs to is no longer in {place}.",
            "Somebody removed it meanwhile; look at the list again.",
        ) from error
    except (DBAPIError, PoolTimeout) as error:
        reason = str(getattr(error, "orig", error)).strip().partition("\n")[0]
        may_come_back = isinstance(error, (OperationalError, InterfaceError, PoolTimeout))
        kind = AwayError if may_come_back or _is_cut_off(error) else StorageError
        raise kind(f"{place} could not be used ({reason}).", todo) from error
    except (StatementError, ValueError) as error:
        # drivers differ in who finds it: SQLAlchemy wraps its own, psycopg's comes as it is
        raise StorageError(
            f"{place} can't keep this ({getattr(error, 'orig', error)}).",
            "Figures must be plain, finite numbers.",
        ) from error


def _is_cut_off(error: Exception) -> bool:
    return isinstance(error, DBAPIError) and error.connection_invalidated


def fitting(record: object) -> dict[str, Any]:
    """The record's values, when they fit into its table in every database.

    Raises
    ------
    StorageError
        A text is too long, or holds a character that no database keeps.
    """
    columns = TABLES[type(record)].__table__.columns
    values = asdict(record)  # type: ignore[call-overload]
    for name, value in values.items():
        kind = columns[name].type
        if isinstance(value, str) and isinstance(kind, String):
            values[name] = _fitting_text(name, value, kind.length or 0)
    return dict(values)


#: Texts of ours, which are shortened; a person's are refused, so that nothing is lost unseen.
_SHORTENED = {"error", "note"}


def _fitting_text(name: str, value: str, length: int) -> str:
    if name in _SHORTENED:
        return shortened(value, length)
    if "\0" in value or len(value) > length:
        raise StorageError(
            f"The {name.replace('_', ' ')} {value[:40]!r} can't be kept: it has {len(value)} "
            f"characters of at most {length}, or one that is none.",
            "Choose a shorter one without control characters.",
        )
    return str(value)


def columns(kind: type) -> list[Any]:
    """The columns that a record is made of."""
    return [getattr(TABLES[kind], field.name) for field in fields(kind)]


def record_of(kind: type[Record], row: Sequence[Any]) -> Record:
    """The record that a row of `columns` holds."""
    if kind not in _STATUS_AT:
        return kind(*row)
    values = list(row)
    values[_STATUS_AT[kind]] = Status(values[_STATUS_AT[kind]])
    return kind(*values)


def records(session: Session, kind: type[Record], query: Select[Any]) -> list[Record]:
    """All records of a query for `columns`."""
    return [record_of(kind, row) for row in session.execute(query)]


def _one(session: Session, kind: type[Record], query: Select[Any], what: str) -> Record:
    row = session.execute(query).first()
    if row is None:
        raise NotKeptError(f"There is no such {what} in this shop.", "Choose one from the list.")
    return record_of(kind, row)


def own_project(session: Session, shop: str, project_id: str, deleted: bool = False) -> Project:
    """The shop's project, or `NotKeptError`."""
    query = select(*columns(Project)).where(
        ProjectRow.id == project_id,
        ProjectRow.shop == shop,
        (ProjectRow.status == "deleted") == deleted,
    )
    return _one(session, Project, query, "deleted project" if deleted else "project")


def own_scan(session: Session, shop: str, scan_id: str) -> Scan:
    """The shop's scan, or `NotKeptError`."""
    query = (
        select(*columns(Scan))
        .join(ProjectRow, ProjectRow.id == ScanRow.project_id)
        .where(ScanRow.id == scan_id, ProjectRow.shop == shop, ProjectRow.status != "deleted")
    )
    return _one(session, Scan, query, "scan")


def own_run(session: Session, shop: str, run_id: str) -> Run:
    """The shop's run, or `NotKeptError`."""
    query = (
        select(*columns(Run))
        .join(ScanRow, ScanRow.id == RunRow.scan_id)
        .join(ProjectRow, ProjectRow.id == ScanRow.project_id)
        .where(RunRow.id == run_id, ProjectRow.shop == shop, ProjectRow.status != "deleted")
    )
    return _one(session, Run, query, "run")
