"""How far a run is, for whoever looks: its stages, its share, the time that is left."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from stitchsketch_kernel.pipeline.stage import Stage, standard_stages
from stitchsketch_kernel.pipeline.weights import WEIGHTS
from stitchsketch_kernel.projects.interface import ProjectStore
from stitchsketch_kernel.projects.records import Run, StageRun, Status

#: Stages that need no more work.
_DONE = frozenset({Status.COMPLETED, Status.REUSED})
#: Before this share of the run's work was done, no time is told.
_LEAST_KNOWN = 0.03


@dataclass(frozen=True)
class StageSeen:
    """A stage of a run: `share` of it is done; `figures` once it is finished."""

    name: str
    status: Status
    share: float = 0.0
    seconds: float = 0.0
    figures: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class RunSeen:
    """A run as it stands.

    Attributes
    ----------
    run : Run
    stages : tuple of StageSeen
        All of them, also those that the run hasn't come to.
    share : float
        Of the work, 0 to 1.
    left_s : float or None
        Seconds that are left, by what was done so far; None where that can't be told.
    """

    run: Run
    stages: tuple[StageSeen, ...]
    share: float
    left_s: float | None


def latest_run(projects: ProjectStore, shop: str, run_id: str) -> Run:
    """The newest run in that run's folder: a run that goes on is another one in the store."""
    asked = projects.run(shop, run_id)
    same = [
        run
        for run in projects.runs(shop, asked.scan_id)
        if (run.folder, run.host) == (asked.folder, asked.host)
    ]
    return max(same, key=lambda run: run.started, default=asked)


def watched(projects: ProjectStore, shop: str, run: Run, now: datetime | None = None) -> RunSeen:
    """How far a run is.

    Parameters
    ----------
    projects : ProjectStore
    shop : str
    run : Run
        As the store tells it.
    now : datetime, optional
        For how long it has been at work.
    """
    kept = {one.stage: one for one in projects.stages(shop, run.id)}
    stages = standard_stages()
    weights = _weights(stages, kept)
    seen = tuple(_seen(name, kept.get(name), run, weights) for name in weights)
    done = sum(weights[one.name] * one.share for one in seen)
    share = 1.0 if run.status == Status.COMPLETED else done / sum(weights.values())
    return RunSeen(run, seen, share, _left_s(run, seen, weights, now or datetime.now(UTC)))


def _weights(stages: tuple[Stage, ...], kept: dict[str, StageRun]) -> dict[str, float]:
    """Of the stages in their order; a run of other stages has only those it was heard of."""
    told = kept["ingest"].figures.get(WEIGHTS, {}) if "ingest" in kept else {}
    standard = {stage.name: float(told.get(stage.name, stage.weight)) for stage in stages}
    if kept.keys() <= standard.keys():
        return standard
    return {name: standard.get(name, 1.0) for name in kept}


def _seen(name: str, kept: StageRun | None, run: Run, weights: dict[str, float]) -> StageSeen:
    if kept is None:
        return StageSeen(name, Status.PENDING)
    if kept.status in _DONE:
        return StageSeen(name, kept.status, 1.0, kept.seconds, kept.figures)
    if kept.status != Status.RUNNING:
        return StageSeen(name, kept.status, 0.0, kept.seconds, kept.figures)
    if run.status != Status.RUNNING:  # it ended without a word
        return StageSeen(name, run.status)
    return StageSeen(name, Status.RUNNING, _share_of_stage(name, run, weights))


def _share_of_stage(name: str, run: Run, weights: dict[str, float]) -> float:
    """The run tells its share of the whole: what of that is this stage's."""
    before = 0.0
    for other, weight in weights.items():
        if other == name:
            share = (run.share * sum(weights.values()) - before) / weight
            return min(0.99, max(0.0, share)) if run.stage == name else 0.0
        before += weight
    return 0.0


def _left_s(
    run: Run, seen: tuple[StageSeen, ...], weights: dict[str, float], now: datetime
) -> float | None:
    """By the pace of what this run has computed itself."""
    if run.status != Status.RUNNING:
        return None
    own = sum(weights[one.name] * one.share for one in seen if one.status != Status.REUSED)
    rest = sum(weights[one.name] * (1 - one.share) for one in seen)
    if own < _LEAST_KNOWN * (own + rest):
        return None
    return float((now - run.started).total_seconds()) * rest / own
