"""What a setting may be, said once, where the setting is: in the type of its dataclass's field.

``seconds: Annotated[int, Within(1, 86_400)] = 20``
"""

from __future__ import annotations

import math
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from stitchsketch_kernel.domain.errors import SettingsError

_HINTS: dict[type, Mapping[str, Any]] = {}


@dataclass(frozen=True)
class Within:
    """A number from `low` to `high`, both allowed; with `above`, `low` itself isn't."""

    low: float
    high: float = math.inf
    above: bool = False

    def holds(self, value: float) -> bool:
        """Whether `value` is allowed."""
        least = self.low < value if self.above else self.low <= value
        return least and value <= self.high and math.isfinite(value)

    @property
    def words(self) -> str:
        """``"256 or more"``, ``"1 to 12"``, ``"above 0 and up to 50"``."""
        least = f"above {self.low:g}" if self.above else f"{self.low:g}"
        if self.high == math.inf:
            return least if self.above else f"{least} or more"
        return f"{least} and up to {self.high:g}" if self.above else f"{least} to {self.high:g}"


def hints_of(kind: type) -> Mapping[str, Any]:
    """The types of a dataclass's fields, with what they may be."""
    if kind not in _HINTS:
        _HINTS[kind] = typing.get_type_hints(kind, include_extras=True)
    return _HINTS[kind]


def bounds_of(hint: Any) -> Within | None:
    """What a field's number may be; None when any does."""
    marks = getattr(hint, "__metadata__", ())
    return next((mark for mark in marks if isinstance(mark, Within)), None)


def require_allowed(settings: Any, group: str = "") -> None:
    """Check all fields of a settings dataclass; its ``__post_init__`` does.

    Raises
    ------
    SettingsError
        A number is out of its bounds, or a word is none of those that are known.
    """
    for name, hint in hints_of(type(settings)).items():
        require_value(f"{group}.{name}" if group else name, hint, getattr(settings, name))


def require_value(name: str, hint: Any, value: Any) -> None:
    """Check one value; raises as `require_allowed`."""
    bounds, words = bounds_of(hint), typing.get_args(hint)
    if bounds is not None and not bounds.holds(value):
        raise SettingsError(f"{name} can't be {value:g}.", f"Use {bounds.words}.")
    if typing.get_origin(hint) is Literal and value not in words:
        raise SettingsError(f"{name} can't be {value!r}.", f"Use {either(words)}.")


def either(values: typing.Sequence[Any]) -> str:
    """``"auto, exhaustive or sequential"``."""
    words = [str(value) for value in values]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
