"""Settings as traitlets, made of the dataclasses that the stages read: one list, one default.

For forms and for whoever likes ``settings.max_features = 8192`` to be refused at once.
"""

from __future__ import annotations

import inspect
import re
import typing
from dataclasses import MISSING, fields
from typing import Annotated, Any, Literal

import traitlets

from stitchsketch_kernel.domain.bounds import bounds_of, hints_of
from stitchsketch_kernel.pipeline.settings import fitted, settings_from
from stitchsketch_kernel.pipeline.stage import Stage, load

_ENTRY = re.compile(r"^(?P<names>\w+(?:, \w+)*)(?: : .*)?$")


class Setting(traitlets.TraitType[Any, Any]):
    """A field of a settings dataclass.

    What can't be is refused with a sentence that names the setting and its bounds. The trait's
    metadata are `group`, `hint` (its type), `low` and `high` (None: any).
    """

    def __init__(self, group: str, name: str, hint: Any, default: Any, help: str) -> None:
        super().__init__(default_value=default, help=help)
        bounds = bounds_of(hint)
        self.full_name = f"{group}.{name}"
        self.tag(
            group=group, hint=plain_type(hint), bounds=bounds,
            low=bounds and bounds.low, high=bounds and bounds.high,
        )  # fmt: skip
        self._hint = hint

    def validate(self, obj: Any, value: Any) -> Any:
        """`value` as its field's type.

        Raises
        ------
        SettingsError
        """
        return fitted(self.full_name, self._hint, value)


class StageSettings(traitlets.HasTraits):
    """A group of settings as traits; `values` is the dataclass that stages read."""

    group = ""
    kind: type = object

    @classmethod
    def in_order(cls) -> dict[str, Setting]:
        """The settings by name, as the dataclass lists them: what belongs together stands so."""
        found = {field.name: getattr(cls, field.name) for field in fields(cls.kind)}
        return {name: trait for name, trait in found.items() if isinstance(trait, Setting)}

    def values(self) -> Any:
        """The dataclass with these values.

        Raises
        ------
        SettingsError
            Each may be, but not all together.
        """
        return settings_from(self.kind, self.group, self.trait_values())


def traits_of(kind: type, group: str) -> type[StageSettings]:
    """The traits of a settings dataclass: each with default, help and bounds."""
    told, hints = helps_of(kind), hints_of(kind)
    traits = {
        field.name: Setting(
            group, field.name, hints[field.name],
            None if field.default is MISSING else field.default, told.get(field.name, ""),
        )
        for field in fields(kind)
    }  # fmt: skip
    return type(kind.__name__, (StageSettings,), {**traits, "group": group, "kind": kind})


def stage_traits(stage: Stage) -> dict[str, type[StageSettings]]:
    """The traits of a stage's settings, by group."""
    return {group: traits_of(load(where), group) for group, where in stage.settings.items()}


def plain_type(hint: Any) -> Any:
    """A field's type without its bounds."""
    return typing.get_args(hint)[0] if typing.get_origin(hint) is Annotated else hint


def words_of(hint: Any) -> tuple[str, ...]:
    """The words that a setting may be; empty: it is none of a few."""
    return typing.get_args(hint) if typing.get_origin(hint) is Literal else ()


def helps_of(kind: type) -> dict[str, str]:
    """What the docstring's section *Attributes* says of each field, in one line each.

    Lines of names that follow each other share what stands below the last of them.
    """
    _, _, section = (inspect.getdoc(kind) or "").partition("Attributes\n----------\n")
    told: dict[str, str] = {}
    names: list[str] = []
    said: list[str] = []
    for line in [*section.splitlines(), "end"]:
        if line.startswith(" "):
            said.append(line.strip())
        elif entry := _ENTRY.match(line):
            if said:
                told.update(dict.fromkeys(names, " ".join(said)))
                names, said = [], []
            names += entry["names"].split(", ")
    return told
