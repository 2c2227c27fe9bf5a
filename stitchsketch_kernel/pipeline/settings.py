"""Settings by name: ``align.max_features=8192`` to the dataclass of the room that it configures."""

from __future__ import annotations

import difflib
import json
import math
import typing
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal

from stitchsketch_kernel.domain.bounds import Within, hints_of, require_allowed, require_value
from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.domain.marker import Fabric, Zone
from stitchsketch_kernel.pipeline.files import read_table
from stitchsketch_kernel.pipeline.stage import Stage, load

_SELVAGES_MM = 30.0


@dataclass(frozen=True)
class JobSettings:
    """What the piece is called.

    Attributes
    ----------
    name : str
        Of the piece, on the pattern and in the report.
    """

    name: str = "furniture"


@dataclass(frozen=True)
class FabricSettings:
    """The cloth, as `domain.marker.Fabric`.

    Attributes
    ----------
    name : str
        Of the cloth, on the marker and the quote.
    width_mm : float
        Of the roll.
    usable_width_mm : float
        Between the selvages; 0: 30 mm less than the width.
    nap : bool
        Whether all pieces must lie the same way up.
    price_per_metre, currency
        What it costs; a price of 0: there is no quote.
    repeat_vertical_mm, repeat_horizontal_mm : float
        The pattern's repeat along the roll and across; 0: none.
    half_drop : bool
        Whether each column of motifs lies half a repeat lower than the last.
    motif_along_mm, motif_across_mm : float
        Where the first motif's middle lies, from the roll's start and the usable width's edge.
    defects_mm : tuple of (x, y, length, width)
        Places on the roll that no piece lies on, from its start and the usable width's edge.
    roll_length_mm : float
        Left on the roll: no piece lies across its end; 0: cloth is bought by length.
    """

    name: str = "cloth"
    width_mm: Annotated[float, Within(0, above=True)] = 1400.0
    usable_width_mm: Annotated[float, Within(0)] = 0.0
    nap: bool = False
    price_per_metre: Annotated[float, Within(0)] = 0.0
    currency: str = "EUR"
    repeat_vertical_mm: Annotated[float, Within(0)] = 0.0
    repeat_horizontal_mm: Annotated[float, Within(0)] = 0.0
    half_drop: bool = False
    motif_along_mm: float = 0.0
    motif_across_mm: float = 0.0
    defects_mm: tuple[tuple[float, float, float, float], ...] = ()
    roll_length_mm: Annotated[float, Within(0)] = 0.0

    def __post_init__(self) -> None:
        require_allowed(self)
        usable = self.usable_width_mm or self.width_mm - _SELVAGES_MM
        if not 0 < usable <= self.width_mm:
            raise SettingsError(
                f"A fabric {self.width_mm:g} mm wide can't have {usable:g} mm between its "
                "selvages.",
                "Check fabric.width_mm and fabric.usable_width_mm.",
            )
        if any(length <= 0 or width <= 0 for _, _, length, width in self.defects_mm):
            raise SettingsError(
                "A defect on the roll needs a length and a width.",
                "Write fabric.defects_mm=[[x, y, length, width]], in millimetres.",
            )

    def fabric(self) -> Fabric:
        """The domain's value."""
        usable = self.usable_width_mm or self.width_mm - _SELVAGES_MM
        return Fabric(
            self.name, self.width_mm, usable, self.nap, self.price_per_metre, self.currency,
            self.repeat_vertical_mm, self.repeat_horizontal_mm, self.half_drop,
            self.motif_along_mm, self.motif_across_mm,
        )  # fmt: skip

    def zones(self) -> tuple[Zone, ...]:
        """The defects, as the marker knows them."""
        return tuple(Zone(*place) for place in self.defects_mm)


def groups_of(stages: Sequence[Stage]) -> dict[str, str]:
    """For each group of settings, of all stages, where its dataclass is."""
    return {group: where for stage in stages for group, where in stage.settings.items()}


def resolve(stages: Sequence[Stage], given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of all groups, with what a person gave.

    Parameters
    ----------
    stages : sequence of Stage
    given : mapping of str to value
        ``{"align.max_features": 8192}``; a value may be text, as typed on the command line.

    Raises
    ------
    SettingsError
        A name isn't known (the nearest one is told) or a value doesn't fit.
    """
    kinds = {group: load(where) for group, where in groups_of(stages).items()}
    known = [f"{group}.{field.name}" for group, kind in kinds.items() for field in fields(kind)]
    chosen: dict[str, dict[str, Any]] = {group: {} for group in kinds}
    for name, value in given.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            raise SettingsError(
                f"There is no setting {name!r}.",
                f"Did you mean {near[0]}?" if near else f"Groups are {', '.join(kinds)}.",
            )
        group, _, field_name = name.partition(".")
        chosen[group][field_name] = value
    return {group: settings_from(kind, group, chosen[group]) for group, kind in kinds.items()}


def settings_from(kind: type, group: str, values: Mapping[str, Any]) -> Any:
    """An instance of a settings dataclass from plain values, each checked against its type."""
    hints = hints_of(kind)
    kwargs = {name: fitted(f"{group}.{name}", hints[name], value) for name, value in values.items()}
    missing = [
        f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING
    ]
    if lacking := [name for name in missing if name not in kwargs]:
        raise SettingsError(f"The setting {group}.{lacking[0]} has no value.", "Give one.")
    return kind(**kwargs)


def read_settings(path: Path, group: str = "") -> dict[str, Any]:
    """Settings from a JSON or TOML file: ``{"align": {"max_features": 8192}}`` or dotted names.

    With a `group`, the file holds that group's settings alone.
    """
    example = "Write it as JSON or TOML: [align] and max_features = 8192."
    content = read_table(path, example)
    if group:
        content = {group: content}
    flat: dict[str, Any] = {}
    for name, value in content.items():
        if isinstance(value, dict) and "." not in name:
            flat.update({f"{name}.{inner}": item for inner, item in value.items()})
        else:
            flat[name] = value
    return flat


def parse_assignment(text: str) -> tuple[str, str]:
    """``align.max_features=8192`` to its name and value."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise SettingsError(f"{text!r} is not a setting.", "Write --set align.max_features=8192.")
    return name.strip(), value.strip()


def fitted(name: str, hint: Any, value: Any) -> Any:
    """`value` as a field's type, and allowed; text is read as JSON where the type isn't text.

    Raises
    ------
    SettingsError
        It can't be; `name` is told.
    """
    kind = typing.get_args(hint)[0] if typing.get_origin(hint) is Annotated else hint
    found = _as_kind(name, kind, value)
    require_value(name, hint, found)
    return found


def _as_kind(name: str, hint: Any, value: Any) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return value
    if hint is str:
        if isinstance(value, str):
            return value
        raise SettingsError(f"{name} should be text, not {value!r}.")
    if isinstance(value, str):
        value = _parsed(value)
    if type(None) in arguments:
        if value is None:
            return None
        rest = [kind for kind in arguments if kind is not type(None)]
        return fitted(name, rest[0], value)
    if origin is tuple:
        return _fitted_tuple(name, arguments, value)
    return _number(name, hint, value)


def _fitted_tuple(name: str, arguments: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
    if not isinstance(value, (list, tuple)):
        raise SettingsError(f"{name} should be a list, not {value!r}.", f"Write {name}=[1, 2].")
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return tuple(fitted(name, arguments[0], item) for item in value)
    if len(value) != len(arguments):
        raise SettingsError(f"{name} should have {len(arguments)} values, not {len(value)}.")
    return tuple(fitted(name, kind, item) for kind, item in zip(arguments, value, strict=True))


def _number(name: str, hint: Any, value: Any) -> Any:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if hint is bool:
        if isinstance(value, bool):
            return value
        raise SettingsError(f"{name} should be true or false, not {value!r}.")
    if hint is int and is_number and value == int(value):
        return int(value)
    if hint is float and is_number and math.isfinite(value):
        return float(value)
    if hint in {int, float}:
        kind = "a whole number" if hint is int else "a number"
        raise SettingsError(f"{name} should be {kind}, not {value!r}.")
    return value


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
