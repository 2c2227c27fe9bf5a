"""What is kept of a job, as values. Every project belongs to one shop."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal
from uuid import uuid4


class Status(StrEnum):
    """How far a run, or a stage of it, has come."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    REUSED = "reused"
    FAILED = "failed"
    CANCELLED = "cancelled"


def new_id() -> str:
    """An identity that no other machine gives: 32 hexadecimal digits."""
    return uuid4().hex


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Project:
    """One job for one customer."""

    shop: str
    name: str
    owner: str = ""
    customer: str = ""
    furniture_type: str = ""
    units: Literal["mm", "inch"] = "mm"
    status: Literal["open", "done", "deleted"] = "open"
    id: str = field(default_factory=new_id)
    created: datetime = field(default_factory=now)


@dataclass(frozen=True)
class Scan:
    """One capture of one piece of furniture."""

    project_id: str
    name: str
    id: str = field(default_factory=new_id)
    created: datetime = field(default_factory=now)


@dataclass(frozen=True)
class Run:
    """One execution of the notebooks. `folder` is where its files are on this machine."""

    scan_id: str
    folder: str
    status: Status = Status.RUNNING
    error: str = ""
    id: str = field(default_factory=new_id)
    started: datetime = field(default_factory=now)
    finished: datetime | None = None


@dataclass(frozen=True)
class StageRun:
    """One notebook of a run; `figures` is the stage's small JSON."""

    run_id: str
    stage: str
    status: Status
    seconds: float = 0.0
    inputs_hash: str = ""
    figures: dict[str, Any] = field(default_factory=dict)
    notebook: str = ""


@dataclass(frozen=True)
class Artefact:
    """A file of a stage, named by its content."""

    run_id: str
    stage: str
    kind: str
    sha256: str
    bytes: int
    where: str
