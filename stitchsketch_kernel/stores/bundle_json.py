"""A project's records as JSON, and back with every value checked: the file comes from elsewhere."""

from __future__ import annotations

import math
import typing
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from datetime import datetime
from enum import StrEnum
from types import UnionType
from typing import Any, TypeVar
from uuid import NAMESPACE_URL, uuid5

from stitchsketch_kernel.domain.errors import ExchangeError
from stitchsketch_kernel.projects.records import (
    Artefact,
    Bundle,
    Photo,
    Project,
    Quote,
    Run,
    Scan,
    StageRun,
    Status,
)

_KINDS: dict[str, type] = {
    "scans": Scan,
    "photos": Photo,
    "runs": Run,
    "stages": StageRun,
    "artefacts": Artefact,
    "quotes": Quote,
}
#: What is kept since the first exports.
_LATER: dict[type, set[str]] = {
    Run: {"settings", "from_stage", "queued", "worker", "attempts"},
    Project: {"kept_to"},
    Photo: {"left_out"},
}
_SPACE = uuid5(NAMESPACE_URL, "https://stitchsketch/import")
T = TypeVar("T")


def to_plain(bundle: Bundle) -> dict[str, Any]:
    """A bundle as JSON knows it."""
    plain = _plain(asdict(bundle))
    assert isinstance(plain, dict)
    return plain


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, datetime) else value


def from_plain(plain: object) -> Bundle:
    """A bundle from JSON.

    Raises
    ------
    ExchangeError
        A record lacks something, has a wrong type, or points outside of the project.
    """
    if not isinstance(plain, dict):
        raise _damaged("it holds no table")
    lists: dict[str, Any] = {}
    for name, kind in _KINDS.items():
        given = plain.get(name)
        if not isinstance(given, list):
            raise _damaged(f"its {name} are missing")
        lists[name] = [_record(kind, one) for one in given]
    bundle = Bundle(_record(Project, plain.get("project")), **lists)
    _check_pointers(bundle)
    return bundle


def for_shop(bundle: Bundle, shop: str) -> Bundle:
    """The bundle as another shop's: with identities that only that shop has, always the same."""

    def new(identity: str) -> str:
        return uuid5(_SPACE, f"{shop}\n{identity}").hex

    project = replace(bundle.project, shop=shop, id=new(bundle.project.id), deleted=None)
    return Bundle(
        project,
        [replace(one, id=new(one.id), project_id=project.id) for one in bundle.scans],
        [replace(one, scan_id=new(one.scan_id)) for one in bundle.photos],
        [_asleep(replace(one, id=new(one.id), scan_id=new(one.scan_id))) for one in bundle.runs],
        [replace(one, run_id=new(one.run_id)) for one in bundle.stages],
        [replace(one, run_id=new(one.run_id)) for one in bundle.artefacts],
        [replace(one, id=new(one.id), run_id=new(one.run_id)) for one in bundle.quotes],
    )


def _asleep(run: Run) -> Run:
    """A run that no worker here takes up: whoever exported it may still be at it."""
    status = Status.CANCELLED if run.status == Status.QUEUED else run.status
    return replace(run, status=status, queued=None, worker="")


def objects_of(bundle: Bundle) -> dict[tuple[str, str], int]:
    """The size of each object that the records name, by bucket and SHA-256.

    Raises
    ------
    ExchangeError
        Two records disagree about the size of one object.
    """
    named = [
        *(("images", one.sha256, one.bytes) for one in bundle.photos),
        *((one.bucket, one.sha256, one.bytes) for one in bundle.artefacts if one.bucket),
        *(("patterns", one.sha256, one.bytes) for one in bundle.quotes if one.sha256),
    ]
    sizes: dict[tuple[str, str], int] = {}
    for bucket, sha256, size in named:
        if sizes.setdefault((bucket, sha256), size) != size:
            raise _damaged(f"two records disagree about the file {sha256[:12]}")
    return sizes


def _check_pointers(bundle: Bundle) -> None:
    scans, runs = {one.id for one in bundle.scans}, {one.id for one in bundle.runs}
    of_scans = [*(one.scan_id for one in bundle.photos), *(one.scan_id for one in bundle.runs)]
    of_runs = [
        *(one.run_id for one in bundle.stages),
        *(one.run_id for one in bundle.artefacts),
        *(one.run_id for one in bundle.quotes),
    ]
    inside = (
        {one.project_id for one in bundle.scans} <= {bundle.project.id}
        and scans.issuperset(of_scans)
        and runs.issuperset(of_runs)
    )
    if not inside:
        raise _damaged("a record points outside of the project")


def _record(kind: type[T], given: object) -> T:
    if not isinstance(given, dict):
        raise _damaged(f"a {kind.__name__.lower()} is no table")
    hints = typing.get_type_hints(kind)
    values = {}
    for one in fields(kind):  # type: ignore[arg-type]
        if one.name not in given and one.name in _LATER.get(kind, ()):
            continue
        if one.name not in given:
            raise _damaged(f"a {kind.__name__.lower()} has no {one.name}")
        try:
            values[one.name] = (_words if one.name == "kept_to" else _value)(
                hints[one.name], given[one.name]
            )
        except (TypeError, ValueError) as error:
            raise _damaged(
                f"the {one.name} of a {kind.__name__.lower()} is {str(given[one.name])[:40]!r}"
            ) from error
    return kind(**values)


def _words(_hint: Any, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise TypeError(value)
    return tuple(value)


def _value(hint: Any, value: Any) -> Any:
    """`value` as `hint` wants it, or TypeError or ValueError."""
    origin = typing.get_origin(hint)
    if origin is typing.Literal:
        if value not in typing.get_args(hint):
            raise ValueError(value)
    elif origin is UnionType:
        kinds = [one for one in typing.get_args(hint) if one is not type(None)]
        return None if value is None else _value(kinds[0], value)
    elif hint is datetime:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError(value)
        return moment
    elif isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint(value)
    elif hint is float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise TypeError(value)
        if not math.isfinite(value):
            raise ValueError(value)
        return float(value)
    else:
        wanted = origin or hint
        if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            raise TypeError(value)
        if wanted is int and not -(2**31) <= value < 2**62:
            raise ValueError(value)
    return value


def _damaged(why: str) -> ExchangeError:
    return ExchangeError(
        f"The exported project can't be used: {why}.", "Export it again from where it came."
    )
