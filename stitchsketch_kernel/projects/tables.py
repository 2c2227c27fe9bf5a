"""The tables of the project store, for any database that SQLAlchemy knows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    String,
    TypeDecorator,
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


class Table(DeclarativeBase):
    """The base of all tables of this room."""


class ProjectRow(Table):
    """A project."""

    __tablename__ = "project"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    shop: Mapped[str] = mapped_column(String(200), index=True)
    name: Mapped[str] = mapped_column(String(400))
    owner: Mapped[str] = mapped_column(String(200))
    customer: Mapped[str] = mapped_column(String(400))
    furniture_type: Mapped[str] = mapped_column(String(100))
    units: Mapped[str] = mapped_column(String(10))
    status: Mapped[str] = mapped_column(String(10))
    created: Mapped[datetime] = mapped_column(UtcDateTime)


class ScanRow(Table):
    """A scan."""

    __tablename__ = "scan"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"), index=True)
    name: Mapped[str] = mapped_column(String(400))
    created: Mapped[datetime] = mapped_column(UtcDateTime)


class RunRow(Table):
    """A run."""

    __tablename__ = "run"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    scan_id: Mapped[str] = mapped_column(ForeignKey("scan.id"), index=True)
    folder: Mapped[str] = mapped_column(String(4000))
    status: Mapped[str] = mapped_column(String(10))
    error: Mapped[str] = mapped_column(String(4000))
    started: Mapped[datetime] = mapped_column(UtcDateTime)
    finished: Mapped[datetime | None] = mapped_column(UtcDateTime)


class StageRow(Table):
    """A stage of a run; each stage of a run is kept once, whoever records it."""

    __tablename__ = "stage_run"
    # an index, not a constraint: a database of an earlier version can be given it
    __table_args__ = (Index("one_row_a_stage", "run_id", "stage", unique=True),)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("run.id"), index=True)
    stage: Mapped[str] = mapped_column(String(40))
    status: Mapped[str] = mapped_column(String(10))
    seconds: Mapped[float]
    inputs_hash: Mapped[str] = mapped_column(String(64))
    figures: Mapped[dict[str, Any]] = mapped_column(JSON)
    notebook: Mapped[str] = mapped_column(String(4000))


class ArtefactRow(Table):
    """A file of a stage."""

    __tablename__ = "artefact"
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("run.id"), index=True)
    stage: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(40))
    sha256: Mapped[str] = mapped_column(String(64))
    bytes: Mapped[int] = mapped_column(BigInteger)
    where: Mapped[str] = mapped_column(String(4000))
