"""A shop's rules: allowances by edge kind, notches. Data (`rules.json`), which a shop overrides."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.domain.panel import EdgeKind

SCHEMA = "stitchsketch-rules/1"

#: What a rule may be, least and most: beyond it somebody typed inches or metres.
_LIMITS = {
    "allowance_mm": (0.0, 300.0),
    "notch_spacing_mm": (40.0, 2000.0),
    "notch_depth_mm": (1.0, 12.0),
    "notch_corner_mm": (5.0, 200.0),
    "notch_pair_mm": (8.0, 30.0),
    "mitre_limit": (1.0, 10.0),
    "welt_strip_mm": (15.0, 150.0),
    "welt_cord_mm": (1.0, 30.0),
    "welt_overlap_mm": (0.0, 300.0),
    "welt_shortest_mm": (100.0, 10_000.0),
    "strip_join_mm": (0.0, 100.0),
    "boxing_add_mm": (0.0, 100.0),
    "zip_strip_add_mm": (5.0, 100.0),
}


@dataclass(frozen=True)
class TradeRules:
    """How a shop makes its pieces.

    Attributes
    ----------
    allowance_mm : dict of EdgeKind to float
        How far the cut line lies outside the sew line, for every edge kind.
    notch_spacing_mm : float
        Notches along a seam are about this far apart.
    notch_depth_mm : float
        How deep a notch is cut; never deeper than half the allowance (`notch_depth`).
    notch_corner_mm : float
        No notch is nearer to a corner than this.
    notch_pair_mm : float
        Gap of the double notch that tells a seam's direction.
    mitre_limit : float
        A corner of the cut line is no further from the sew line's corner than this many times
        the wider allowance; beyond it is bevelled.
    welt_strip_mm, welt_cord_mm : float
        Width of the bias strip that covers a welt's cord, and how thick that is.
    welt_overlap_mm : float
        What a welt that runs back to its beginning overlaps itself.
    welt_shortest_mm : float
        Strips are no shorter than this (or than all the welt there is): joins show.
    strip_join_mm : float
        What joining two strips takes off their length.
    boxing_add_mm : float
        A boxing band is cut as wide as the cushion is thick and this.
    zip_strip_add_mm : float
        Each of the two strips that hold a zip is half the boxing and this wide.
    """

    allowance_mm: Mapping[EdgeKind, float]
    notch_spacing_mm: float
    notch_depth_mm: float
    notch_corner_mm: float
    notch_pair_mm: float
    mitre_limit: float
    welt_strip_mm: float
    welt_cord_mm: float
    welt_overlap_mm: float
    welt_shortest_mm: float
    strip_join_mm: float
    boxing_add_mm: float
    zip_strip_add_mm: float

    def __post_init__(self) -> None:
        for kind in EdgeKind:
            if kind not in self.allowance_mm:
                raise SettingsError(
                    f"The rules don't say how wide the allowance of edge kind {kind} is.",
                    f'Give "{kind}" under "allowance_mm".',
                )
            _check(f"allowance_mm of {kind}", self.allowance_mm[kind], _LIMITS["allowance_mm"])
        for field in fields(self):
            if field.name != "allowance_mm":
                _check(field.name, getattr(self, field.name), _LIMITS[field.name])
        if self.welt_strip_mm <= math.pi * self.welt_cord_mm:
            raise SettingsError(
                f"A strip of {self.welt_strip_mm:g} mm does not go round a cord of "
                f"{self.welt_cord_mm:g} mm and leave an allowance.",
                "Make welt_strip_mm wider.",
            )

    @staticmethod
    def default() -> TradeRules:
        """The rules of the package's own table."""
        return _default()

    def allowance(self, kind: EdgeKind) -> float:
        """Allowance of an edge kind, mm."""
        return float(self.allowance_mm[kind])

    def notch_depth(self, kind: EdgeKind) -> float:
        """How deep a notch is cut into an edge of this kind: half its allowance at most, mm."""
        return min(self.notch_depth_mm, self.allowance(kind) / 2)


def read_rules(path: Path) -> TradeRules:
    """A shop's own rules: a JSON file that names only what differs from the package's table.

    Raises
    ------
    SettingsError
        The file can't be read, is no JSON, has an unknown name or a value out of bounds.
    """
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise SettingsError(
            f"The rules in {path.name} can't be read: {error}.", "Give a JSON file."
        ) from error
    try:
        return _merged(_default_data(), given)
    except SettingsError as error:
        raise SettingsError(f"{path.name}: {error.what}", error.todo) from error


@cache
def _default() -> TradeRules:
    return _rules(_default_data())


def _default_data() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("rules.json").read_text(encoding="utf-8")
    data: dict[str, Any] = json.loads(text)
    return data


def _merged(data: dict[str, Any], given: object) -> TradeRules:
    if not isinstance(given, dict):
        raise SettingsError("The rules must be one JSON object.", "Begin the file with {.")
    if given.get("schema", SCHEMA) != SCHEMA:
        raise SettingsError(
            f"The rules are of kind {given['schema']!r}.", f"This version reads {SCHEMA!r}."
        )
    allowances = given.get("allowance_mm", {})
    if not isinstance(allowances, dict):
        raise SettingsError(
            "allowance_mm must name edge kinds.", 'Write {"allowance_mm": {"sewn": 12.7}}.'
        )
    _known(given, data)
    _known(allowances, data["allowance_mm"])
    merged = {**data["allowance_mm"], **allowances}
    return _rules({**data, **given, "allowance_mm": merged})


def _known(given: dict[str, Any], known: dict[str, Any]) -> None:
    for name in given:
        if name not in known:
            raise SettingsError(
                f"There is no rule called {name!r}.", f"Rules are: {', '.join(known)}."
            )


def _rules(data: dict[str, Any]) -> TradeRules:
    values = {name: value for name, value in data.items() if name != "schema"}
    kinds = {EdgeKind(name): value for name, value in values.pop("allowance_mm").items()}
    return TradeRules(kinds, **values)


def _check(name: str, value: object, limits: tuple[float, float]) -> None:
    low, high = limits
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(float(str(value))) or not low <= float(str(value)) <= high:
        raise SettingsError(
            f"{name} is {value!r}.", f"It must be a number from {low:g} to {high:g}."
        )
