"""What a new scan's wizard asks, step by step, and what becomes of the answers."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

from stitchsketch_kernel.domain.errors import SettingsError, StitchSketchError
from stitchsketch_kernel.domain.known_lengths import LENGTH_MM, SETTING, known_lengths
from stitchsketch_kernel.domain.tape import COLOUR_WORDS, TapeSettings
from stitchsketch_kernel.imaging.mat import check_bar
from stitchsketch_kernel.pipeline.asked import FIRST_LOOK
from stitchsketch_kernel.pipeline.settings import FabricSettings, settings_from
from stitchsketch_kernel.reconstruction.scale_checks import ScaleSettings
from stitchsketch_widgets.texts import text

STEPS = ("piece", "mats", "photos", "size", "start", "run")
#: Of a person's answers, those that a project keeps.
OF_PROJECT = ("name", "customer", "furniture", "units")
MOST_MATS_PRINTED = 8
_LONGEST_TEXT = 200
#: What an answer is called among a run's settings; lengths are in mm.
_SETTINGS = {
    "bar_mm": "scale.bar_measured_mm",
    "cloth": "fabric.name",
    "width_mm": "fabric.width_mm",
    "repeat_up_mm": "fabric.repeat_vertical_mm",
    "repeat_across_mm": "fabric.repeat_horizontal_mm",
    "nap": "fabric.nap",
    "tape_colour": "seams.tape_colour",
    "tape_mm": "seams.tape_width_mm",
}
#: The groups of those settings; all groups of a run would load the libraries of all stages.
_GROUPS = {"scale": ScaleSettings, "fabric": FabricSettings, "seams": TapeSettings}
_NUMBERS = frozenset(
    {"bar_mm", "width_mm", "repeat_up_mm", "repeat_across_mm", "tape_mm", "length_mm"}
)

_TICKED = frozenset({"nap", "first_look"})


def fields() -> dict[str, list[dict[str, Any]]]:
    """The questions of each step: name, kind, choices, and when they are asked."""
    by_mats, by_length = ["scale_by", "mats"], ["scale_by", "length"]
    return {
        "piece": [
            {"name": "name", "kind": "text", "must": True},
            {"name": "customer", "kind": "text"},
            {"name": "furniture", "kind": "text"},
            {"name": "units", "kind": "choice", "choices": _choices("units", ["mm", "inch"])},
        ],
        "mats": [
            {"name": "scale_by", "kind": "radio",
             "choices": _choices("scale_by", ["mats", "length"])},
            {"name": "mats", "kind": "choice", "when": by_mats,
             "choices": [[str(k), str(k)] for k in range(2, MOST_MATS_PRINTED + 1)]},
            {"name": "paper", "kind": "choice", "when": by_mats,
             "choices": _choices("paper", ["A4", "Letter"])},
        ],
        "size": [
            {"name": "bar_mm", "kind": "length", "when": by_mats},
            {"name": "length_mm", "kind": "length", "when": by_length, "must": True},
            {"name": "cloth", "kind": "text"},
            {"name": "width_mm", "kind": "length"},
            {"name": "repeat_up_mm", "kind": "length"},
            {"name": "repeat_across_mm", "kind": "length"},
            {"name": "nap", "kind": "check"},
            {"name": "tape_colour", "kind": "choice",
             "choices": [["", text("new.no_tape")], *([word, word] for word in COLOUR_WORDS)]},
            {"name": "tape_mm", "kind": "length", "when": ["tape_colour", None]},
        ],
        "start": [{"name": "first_look", "kind": "check"}],
    }  # fmt: skip


def _choices(name: str, values: list[str]) -> list[list[str]]:
    return [[value, text(f"new.{name}.{value}")] for value in values]


def beginning(units: str = "mm") -> dict[str, Any]:
    """The answers before anything was typed."""
    return {
        "name": "", "customer": "", "furniture": "", "units": units, "scale_by": "mats",
        "mats": "4", "paper": "Letter" if units == "inch" else "A4", "cloth": "",
        "nap": False, "tape_colour": "", "first_look": False, "marks": {}, "front": "",
    }  # fmt: skip


def sound_values(given: Mapping[str, Any]) -> dict[str, Any]:
    """Answers of a page as they may be believed: known names, plain kinds, short words."""
    known = beginning()
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name in _NUMBERS:
            if isinstance(value, int | float) and not isinstance(value, bool):
                values[name] = float(value)
        elif name in _TICKED:
            values[name] = value is True
        elif name == "marks":
            values[name] = _marks(value)
        elif name in known and isinstance(value, str):
            values[name] = value[:_LONGEST_TEXT]
    return values


def faults(step: str, values: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with a step's answers, by the question's name."""
    wrong: dict[str, str] = {}
    if step == "piece" and not str(values.get("name", "")).strip():
        wrong["name"] = text("new.name_missing")
    if step != "size":
        return wrong
    if values.get("scale_by") == "length":
        if not _is_length(values.get("length_mm"), 50):
            wrong["length_mm"] = text("new.length_missing")
        elif not (lengths := lengths_of(values)):
            wrong["marks"] = text("new.marks_missing")
        elif why := _fault_of(lengths):
            wrong["marks"] = why
    elif values.get("bar_mm"):
        try:
            check_bar(float(values["bar_mm"]))
        except StitchSketchError as error:
            wrong["bar_mm"] = str(error)
    for name in ("width_mm", "repeat_up_mm", "repeat_across_mm", "tape_mm"):
        given = values.get(name)
        if given is not None and not (math.isfinite(given) and 0 <= given <= 100_000):
            wrong[name] = text("new.number_wrong")
    return wrong


def settings_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """A run's settings, checked as the run would check them.

    Raises
    ------
    SettingsError
        The first that is wrong.
    """
    by_mats = values.get("scale_by", "mats") == "mats"
    given = {}
    for name, setting in _SETTINGS.items():
        value = values.get(name)
        if value in (None, "", 0, False) or (name == "bar_mm" and not by_mats):
            continue
        if name == "tape_mm" and not values.get("tape_colour"):
            continue
        given[setting] = value
    for group, kind in _GROUPS.items():
        own = {name.partition(".")[2]: value for name, value in given.items()
               if name.startswith(f"{group}.")}  # fmt: skip
        settings_from(kind, group, own)
    return {**given, **(FIRST_LOOK if values.get("first_look") else {})}


def values_of(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The answers that gave a run's settings."""
    values = {name: settings[key] for name, key in _SETTINGS.items() if key in settings}
    if settings.items() >= FIRST_LOOK.items():
        values["first_look"] = True
    # other programs may have queued it with more lengths than the page has
    rows = settings.get(SETTING)
    if isinstance(rows, list) and rows and not _fault_of(rows):
        first = rows[0]
        marks = {"a": first["a"], "b": first["b"]}
        values |= {"scale_by": "length", "length_mm": first["mm"], "marks": marks}
    return values


def _fault_of(lengths: list[dict[str, Any]]) -> str:
    """Why known lengths can't be; empty: they can."""
    try:
        known_lengths(lengths)
    except SettingsError as error:
        return str(error)
    return ""


def lengths_of(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The known length, once both of its ends are marked in two photos; else none."""
    if values.get("scale_by") != "length" or not _is_length(values.get("length_mm"), 50):
        return []
    marks = values.get("marks", {})
    a, b = marks.get("a", {}), marks.get("b", {})
    if len(a) < 2 or len(b) < 2:
        return []
    return [{"mm": values["length_mm"], "a": a, "b": b}]


def marked_in(values: Mapping[str, Any], photos: Collection[str]) -> dict[str, Any]:
    """The answers without marks in photos that were taken out of the scan since."""
    marks = {
        end: {photo: place for photo, place in places.items() if photo in photos}
        for end, places in values.get("marks", {}).items()
    }
    return {**values, "marks": marks}


def _marks(given: object) -> dict[str, dict[str, list[float]]]:
    """Pixels by photo for the ends ``a`` and ``b``; what is none is left out."""
    marks: dict[str, dict[str, list[float]]] = {"a": {}, "b": {}}
    if not isinstance(given, Mapping):
        return marks
    for end, found in marks.items():
        places = given.get(end)
        for photo, place in places.items() if isinstance(places, Mapping) else ():
            if isinstance(place, list) and len(place) == 2 and all(_is_number(x) for x in place):
                found[str(photo)[:_LONGEST_TEXT]] = [float(x) for x in place]
    return marks


def _is_number(value: object) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(float(value))  # type: ignore[arg-type]


def _is_length(value: object, least_mm: float) -> bool:
    return _is_number(value) and least_mm <= float(value) <= LENGTH_MM.high  # type: ignore[arg-type]


def require_step(step: object) -> str:
    """A step that there is.

    Raises
    ------
    SettingsError
        There is none of that name.
    """
    if step not in STEPS:
        raise SettingsError(text("new.no_step"), text("new.no_step_todo"))
    return str(step)
