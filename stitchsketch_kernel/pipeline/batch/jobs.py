"""What a row of a batch asks, what became of it, and who does the work: values that travel."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stitchsketch_kernel.pipeline.asked import RunSettings
from stitchsketch_kernel.projects.records import Status


@dataclass(frozen=True)
class Job:
    """One scan to be run.

    Attributes
    ----------
    row : int
        Its line in the file, as a spreadsheet counts; of a list, its place from 1.
    photos, out : Path
        As `pipeline.run` takes them; whole paths that every worker can reach.
    settings : RunSettings
    needs_gpu : bool
        Whether only a worker that offers a GPU may do it.
    """

    row: int
    photos: Path
    out: Path
    settings: RunSettings = field(default_factory=RunSettings)
    needs_gpu: bool = False

    @property
    def name(self) -> str:
        """Of the piece."""
        return self.settings.name or self.photos.name


@dataclass(frozen=True)
class Outcome:
    """What became of a row.

    Attributes
    ----------
    status : Status
        ``completed``, ``reused`` (it was finished before, and nothing has changed), ``failed``,
        ``cancelled``, or ``pending`` while it waits.
    error : str
        The sentence of a row that failed.
    seconds : float
        That its last try took.
    tries : int
        How often it was begun. A row whose worker was lost is begun again by Dask itself, which
        doesn't count.
    worker : str
        Who did it.
    figures : dict
        The few that a summary shows.
    may_help : bool
        Whether another try might end otherwise.
    """

    status: Status = Status.PENDING
    error: str = ""
    seconds: float = 0.0
    tries: int = 0
    worker: str = ""
    figures: dict[str, Any] = field(default_factory=dict)
    may_help: bool = False

    @property
    def is_done(self) -> bool:
        """Whether its cut files are there."""
        return self.status in {Status.COMPLETED, Status.REUSED}


@dataclass(frozen=True)
class Workers:
    """Who does the work.

    Attributes
    ----------
    scheduler : str
        The address of a Dask scheduler; empty: processes of this machine.
    count : int
        Processes without a GPU; 0: one for every four processors.
    gpus : int
        Processes with a GPU each.
    memory_bytes : int
        That a stage may hold; 0: this machine's, shared out evenly (no limit elsewhere).
    """

    scheduler: str = ""
    count: int = 0
    gpus: int = 0
    memory_bytes: int = 0
