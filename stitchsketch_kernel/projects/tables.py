"""The tables of the project store, for any database that SQLAlchemy knows."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    String,
    Text,
    TypeDecorator,
    false,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC; SQLite forgets the zone, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database: always UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database: with its zone."""
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


class People(TypeDecorator[tuple[str, ...]]):
    """People by subject: a line each, in JSON, so that none can be taken for a part of another."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str:
        """To the database: lines that begin and end at an end of a line."""
        return "".join(line_of(one) for one in sorted(set(value or ()))).replace("\n\n", "\n")

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...]:
        """From the database: in the order of their subjects."""
        return tuple(sorted(json.loads(line) for line in (value or "").split("\n") if line))


def line_of(person: str) -> str:
    """How a person stands among `People`."""
    return f"\n{json.dumps(person)}\n"


class Table(DeclarativeBase):
    """The base of all tables of this room."""


class ProjectRow(Table):
    """A project; listed by shop, newest first."""

    __tablename__ = "project"
    __table_args__ = (Index("projects_of_a_shop", "shop", "created", "id"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    shop: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(400))
    owner: Mapped[str] = mapped_column(String(200))
    customer: Mapped[str] = mapped_column(String(400))
    furniture_type: Mapped[str] = mapped_column(String(100))
    units: Mapped[str] = mapped_column(String(10))
    status: Mapped[str] = mapped_column(String(10))
    created: Mapped[datetime] = mapped_column(UtcDateTime)
    deleted: Mapped[datetime | None] = mapped_column(UtcDateTime)
    kept_to: Mapped[tuple[str, ...]] = mapped_column(People, server_default="")


class ScanRow(Table):
    """A scan."""

    __tablename__ = "scan"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"), index=True)
    name: Mapped[str] = mapped_column(String(400))
    created: Mapped[datetime] = mapped_column(UtcDateTime)


class PhotoRow(Table):
    """A photo of a scan, once by name."""

    __tablename__ = "photo"
    __table_args__ = (Index("one_row_a_photo", "scan_id", "name", unique=True),)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    scan_id: Mapped[str] = mapped_column(ForeignKey("scan.id"))
    name: Mapped[str] = mapped_column(String(400))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    bytes: Mapped[int] = mapped_column(BigInteger)
    left_out: Mapped[bool] = mapped_column(server_default=false())


_WAITS = "queued IS NOT NULL AND status IN ('queued', 'running', 'dead')"


class RunRow(Table):
    """A run."""

    __tablename__ = "run"
    # those whose silence is looked for: few, however many runs there were
    __table_args__ = (
        Index(
            "runs_at_work", "scan_id",
            sqlite_where=text("status = 'running'"), postgresql_where=text("status = 'running'"),
        ),
        # what workers ask for, every second or so
        Index(
            "runs_in_the_queue", "queued", sqlite_where=text(_WAITS), postgresql_where=text(_WAITS)
        ),
    )  # fmt: skip
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    scan_id: Mapped[str] = mapped_column(ForeignKey("scan.id"), index=True)
    folder: Mapped[str] = mapped_column(String(4000))
    status: Mapped[str] = mapped_column(String(10))
    error: Mapped[str] = mapped_column(String(4000))
    started: Mapped[datetime] = mapped_column(UtcDateTime)
    finished: Mapped[datetime | None] = mapped_column(UtcDateTime)
    started_by: Mapped[str] = mapped_column(String(200), server_default="")
    host: Mapped[str] = mapped_column(String(200), server_default="")
    heartbeat: Mapped[datetime | None] = mapped_column(UtcDateTime)
    stage: Mapped[str] = mapped_column(String(40), server_default="")
    cell: Mapped[int] = mapped_column(server_default="0")
    cells: Mapped[int] = mapped_column(server_default="0")
    share: Mapped[float] = mapped_column(Double, server_default="0")
    note: Mapped[str] = mapped_column(String(400), server_default="")
    settings: Mapped[dict[str, Any]] = mapped_column(JSON, server_default="{}")
    from_stage: Mapped[str] = mapped_column(String(40), server_default="")
    queued: Mapped[datetime | None] = mapped_column(UtcDateTime)
    worker: Mapped[str] = mapped_column(String(200), server_default="")
    attempts: Mapped[int] = mapped_column(server_default="0")


class StageRow(Table):
    """A stage of a run; each stage of a run is kept once, whoever records it."""

    __tablename__ = "stage_run"
    # an index, not a constraint: a database of an earlier version can be given it
    __table_args__ = (Index("one_row_a_stage", "run_id", "stage", unique=True),)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("run.id"))
    stage: Mapped[str] = mapped_column(String(40))
    status: Mapped[str] = mapped_column(String(10))
    seconds: Mapped[float] = mapped_column(Double)
    inputs_hash: Mapped[str] = mapped_column(String(64))
    figures: Mapped[dict[str, Any]] = mapped_column(JSON)
    notebook: Mapped[str] = mapped_column(String(4000))


class ArtefactRow(Table):
    """A file of a stage, once by its place."""

    __tablename__ = "artefact"
    __table_args__ = (Index("one_row_an_artefact", "run_id", "stage", "where", unique=True),)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("run.id"))
    stage: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(40))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    bytes: Mapped[int] = mapped_column(BigInteger)
    where: Mapped[str] = mapped_column(String(4000))
    bucket: Mapped[str] = mapped_column(String(20), server_default="")


class QuoteRow(Table):
    """A quote."""

    __tablename__ = "quote"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("run.id"), index=True)
    total_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    status: Mapped[str] = mapped_column(String(10))
    document: Mapped[dict[str, Any]] = mapped_column(JSON)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    bytes: Mapped[int] = mapped_column(BigInteger)
    created: Mapped[datetime] = mapped_column(UtcDateTime)
