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
    #: Of a run: it waits for a worker.
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    REUSED = "reused"
    FAILED = "failed"
    CANCELLED = "cancelled"
    #: Its process has not been heard of for `DEAD_AFTER_S`; one that is heard again is running.
    DEAD = "dead"


#: A run at work tells so every `BEAT_EVERY_S`, and is taken for dead after this.
BEAT_EVERY_S = 5.0
DEAD_AFTER_S = 45.0
#: A queued run whose program stops this often without a word is not tried again.
MOST_ATTEMPTS = 3
STOPPED_OFTEN = (
    f"The program that worked on this run stopped {MOST_ATTEMPTS} times without a word, the last "
    "time where the stages show. Its machine may lack memory: try fewer or smaller photos, or ask "
    "whoever keeps the machine to look into its log."
)
SILENT = (
    "Nothing was heard of this run for a while: its program or machine stopped. The same command "
    "goes on from its last finished stage."
)


#: How much of an error and of a beat's note is kept.
ERROR_CHARS, NOTE_CHARS = 4000, 400


def shortened(text: str, most: int) -> str:
    """Words of the program as they are kept: cut, and without what no database takes."""
    return text.replace("\0", " ")[:most]


def new_id() -> str:
    """An identity that no other machine gives: 32 hexadecimal digits."""
    return uuid4().hex


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Project:
    """One job for one customer.

    Attributes
    ----------
    owner : str
        The person who has it in hand, by subject.
    kept_to : tuple of str
        Who of the shop sees it beside its owner, by subject; empty: the whole shop does.
    """

    shop: str
    name: str
    owner: str = ""
    customer: str = ""
    furniture_type: str = ""
    units: Literal["mm", "inch"] = "mm"
    status: Literal["open", "done", "deleted"] = "open"
    id: str = field(default_factory=new_id)
    created: datetime = field(default_factory=now)
    deleted: datetime | None = None
    kept_to: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scan:
    """One capture of one piece of furniture."""

    project_id: str
    name: str
    id: str = field(default_factory=new_id)
    created: datetime = field(default_factory=now)


@dataclass(frozen=True)
class Photo:
    """A photo of a scan; its content is the object `sha256` of the bucket ``images``.

    One that is `left_out` was taken out of the scan: runs don't see it, its content stays.
    """

    scan_id: str
    name: str
    sha256: str
    bytes: int
    left_out: bool = False


@dataclass(frozen=True)
class Run:
    """One execution of the notebooks.

    Attributes
    ----------
    folder, host : str
        Where its files are, and on which machine.
    started_by : str
        The person, by subject or by the machine's account.
    heartbeat : datetime, optional
        When it was last heard of, by the store's clock.
    stage, cell, cells, share, note
        How far it was then: see `Beat`.
    settings : dict
        What a person has set, by name (``{"fabric.width_mm": 1400}``).
    from_stage : str
        The stage that is computed anew, with all that follow from it; empty: what has changed.
    queued : datetime, optional
        Since when it was to be run by a worker; None: whoever keeps it runs it.
    worker : str
        Of a queued run: which worker has it, in words that no other and no later try has.
    attempts : int
        How often a worker has taken it.
    """

    scan_id: str
    folder: str
    status: Status = Status.RUNNING
    error: str = ""
    id: str = field(default_factory=new_id)
    started: datetime = field(default_factory=now)
    finished: datetime | None = None
    started_by: str = ""
    host: str = ""
    heartbeat: datetime | None = None
    stage: str = ""
    cell: int = 0
    cells: int = 0
    share: float = 0.0
    note: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    from_stage: str = ""
    queued: datetime | None = None
    worker: str = ""
    attempts: int = 0


@dataclass(frozen=True)
class Taken:
    """A run that a worker has taken out of the queue, with whose it is."""

    shop: str
    project: Project
    run: Run


@dataclass(frozen=True)
class Beat:
    """A sign of life of a run: the stage at work, its cell of how many, the share of the whole.

    `worker` is who gives it, of a run that was queued: one that it was taken from is told so.
    """

    stage: str = ""
    cell: int = 0
    cells: int = 0
    share: float = 0.0
    note: str = ""
    worker: str = ""


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


#: The bucket of artefacts that are looked at: a cover's page and films, splats.
RENDERS = "renders"
#: What makes them, in the place of a stage: no run has stages of these names.
RENDERED = ("cover", "splat")


@dataclass(frozen=True)
class Artefact:
    """A file of a stage, named by its content.

    Attributes
    ----------
    where : str
        Its place in the run's folder.
    bucket : str
        Where the object store has it; empty: only the run's folder does.
    """

    run_id: str
    stage: str
    kind: str
    sha256: str
    bytes: int
    where: str
    bucket: str = ""


@dataclass(frozen=True)
class Quote:
    """What a customer was offered.

    Attributes
    ----------
    total_minor : int
        The price in the currency's smallest unit (cents).
    document : dict
        Pieces, yardage, labour: the quote's lines.
    sha256, bytes
        The signed or printed file in the bucket ``patterns``; empty when there is none.
    """

    run_id: str
    total_minor: int
    currency: str = "EUR"
    status: Literal["draft", "sent", "accepted", "declined"] = "draft"
    document: dict[str, Any] = field(default_factory=dict)
    sha256: str = ""
    bytes: int = 0
    id: str = field(default_factory=new_id)
    created: datetime = field(default_factory=now)


@dataclass(frozen=True)
class Reference:
    """An object that a record says is kept: its bucket, name and size, and whose it is."""

    bucket: str
    sha256: str
    bytes: int
    of: str


@dataclass(frozen=True)
class Page:
    """Some projects of a list, and where the next ones begin; None: these were the last."""

    projects: list[Project]
    after: str | None


@dataclass(frozen=True)
class Bundle:
    """All records of one project."""

    project: Project
    scans: list[Scan]
    photos: list[Photo]
    runs: list[Run]
    stages: list[StageRun]
    artefacts: list[Artefact]
    quotes: list[Quote]
