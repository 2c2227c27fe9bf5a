"""Records of JSON, and JSON of records."""

from __future__ import annotations

from dataclasses import asdict, fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar, get_origin, get_type_hints

Record = TypeVar("Record")


def told(record: Any, *without: str) -> dict[str, Any]:
    """What JSON can hold of a record."""
    values = asdict(record)
    return {name: _plain(value) for name, value in values.items() if name not in without}


def record_of(kind: type[Record], told: dict[str, Any]) -> Record:
    """The record that JSON tells; what a newer gateway tells beside it is left out."""
    hints = get_type_hints(kind)
    names = [field.name for field in fields(kind) if field.name in told]  # type: ignore[arg-type]
    return kind(**{name: _value(hints[name], told[name]) for name in names})


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _value(hint: Any, value: Any) -> Any:
    if value is not None and hint in {datetime, datetime | None}:
        return datetime.fromisoformat(value)
    if get_origin(hint) is tuple:
        return tuple(value)
    if isinstance(hint, type) and (issubclass(hint, Enum)):
        return hint(value)
    if is_dataclass(hint) and isinstance(hint, type):
        return record_of(hint, value)
    return value
