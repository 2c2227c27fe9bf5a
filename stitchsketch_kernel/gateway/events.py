"""How a run goes on, as server-sent events made of what is kept of it.

An event's id holds a digest of each stage as it was told so far. Whoever comes back with the last
id gets exactly what has changed since: nothing is kept for listeners, and the gateway may have been
restarted, or another one may answer.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
from anyio import to_thread
from fastapi.sse import format_sse_event

from stitchsketch_kernel.domain.errors import NotKeptError
from stitchsketch_kernel.gateway.guard import Access
from stitchsketch_kernel.projects.records import Run, Status

ENDED = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELLED})
_HEARTBEAT_S = 15.0
_RETRY_MS = 2000
_MOST_RECORD_BYTES = 5_000_000
#: The run itself, among its stages.
_RUN = "*"

State = dict[str, dict[str, Any]]


async def events_of(
    access: Access, run_id: str, last: str | None, gone: Callable[[], Awaitable[bool]]
) -> AsyncIterator[bytes]:
    """What has changed since `last`, then what changes, until the run's end.

    Parameters
    ----------
    access : Access
        When its token ends, the stream does.
    run_id : str
    last : str or None
        The id of the last event that was heard.
    gone : callable
        Whether nobody listens any more.
    """
    settings, told = access.door.settings, _told(last)
    until_s = min(time.time() + settings.stream_s, access.caller.expires_s)
    yield format_sse_event(retry=_RETRY_MS)
    heard_s = time.monotonic()
    while time.time() < until_s and not await gone():
        try:
            state = await to_thread.run_sync(state_of, access, run_id)
        except NotKeptError:  # deleted while somebody listened
            return
        for name, data in state.items():
            digest = _digest(data)
            if told.get(name) != digest:
                told[name], heard_s = digest, time.monotonic()
                yield _event(name, data, told)
        if state[_RUN]["status"] in ENDED:
            return
        if time.monotonic() - heard_s > _HEARTBEAT_S:
            heard_s = time.monotonic()
            yield format_sse_event(comment="still here")
        await anyio.sleep(settings.poll_s)


def has_ended(run: Run, last: str | None) -> bool:
    """Whether the listener heard of the run's end already."""
    return run.status in ENDED and _told(last).get(_RUN) == _digest(_of_run(run))


def state_of(access: Access, run_id: str) -> State:
    """Each stage, and the run under ``*``, as now kept: in the store, or fresher in its folder.

    Raises
    ------
    NotKeptError
        There is no such run.
    """
    projects = access.projects
    run = projects.run(access.shop, run_id)
    stages = {
        stage.stage: {"stage": stage.stage, "status": stage.status, "seconds": stage.seconds}
        for stage in projects.stages(access.shop, run_id)
    }
    if run.status not in ENDED:
        for stage in _written(Path(run.folder), access.door.settings.runs_root):
            stages[stage["stage"]] = stage
    return {**stages, _RUN: _of_run(run)}


def _written(folder: Path, root: Path | None) -> list[dict[str, Any]]:
    """The stages as ``run.json`` tells them; none when it isn't below the root of runs.

    A run's folder is what somebody said it is: it must not lead the gateway anywhere else.
    """
    if root is None:
        return []
    try:
        file = (folder / "run.json").resolve(strict=True)
        if not file.is_relative_to(root.resolve()) or file.stat().st_size > _MOST_RECORD_BYTES:
            return []
        return [
            {
                "stage": str(stage["name"]),
                "status": Status(stage["status"]),
                "seconds": float(stage["seconds"]),
            }
            for stage in json.loads(file.read_text(encoding="utf-8"))["stages"]
        ]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []


def _of_run(run: Run) -> dict[str, Any]:
    finished = run.finished.isoformat() if run.finished else None
    return {"run": run.id, "status": run.status, "error": run.error, "finished": finished}


def _event(name: str, data: dict[str, Any], told: dict[str, str]) -> bytes:
    kind = "stage" if name != _RUN else "end" if data["status"] in ENDED else "run"
    event_id = json.dumps(told, separators=(",", ":"))
    return format_sse_event(data_str=json.dumps(data), event=kind, id=event_id)


def _digest(data: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:8]


def _told(last: str | None) -> dict[str, str]:
    """What a listener has heard; nothing when the id is none of ours: then all is told."""
    try:
        told = json.loads(last or "{}")
    except (ValueError, RecursionError):
        return {}
    return {str(k): str(v) for k, v in told.items()} if isinstance(told, dict) else {}
