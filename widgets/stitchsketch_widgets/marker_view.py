"""The marker view: pieces on the roll, moved and pinned by hand, nested again round what stays."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import traitlets

from stitchsketch_kernel.domain.errors import NestError
from stitchsketch_kernel.domain.marker import Marker, MatchLevel, Placement
from stitchsketch_kernel.domain.piece import Pattern
from stitchsketch_kernel.pipeline.offer import NestAgain
from stitchsketch_kernel.upholstery.marker.by_hand import (
    kept_on_pattern,
    moved,
    placement_of,
    turned,
    why_not,
)
from stitchsketch_kernel.upholstery.marker.ends import defects_of
from stitchsketch_kernel.upholstery.marker.nest import NestSettings
from stitchsketch_widgets.bundle import built
from stitchsketch_widgets.marker_state import (
    copies_shown,
    end_shown,
    fabric_shown,
    marker_shown,
    matches_shown,
)
from stitchsketch_widgets.texts import text, texts
from stitchsketch_widgets.working import WorkingScreen

#: Called with every marker that a person has made.
Told = Callable[[Marker], None]
_REMEMBERED = 50


class MarkerView(WorkingScreen):
    """A marker on the screen.

    What a person asks comes as messages, ``{"do": "move", "piece": "SEAT", "copy": 0, ...}``; the
    answer is the traitlets below. What can't lie so stays where it lay and is told in `message`.
    Nesting again works in a process of its own.

    Parameters
    ----------
    pattern : Pattern
        The marker's pieces, and no other.
    marker : Marker, optional
        None: nothing is laid yet.
    nest : NestSettings, optional
        As it was laid, and is laid again.
    told : callable, optional
        Called with every marker that a person has made by hand or by nesting again.
    units : {"mm", "inch"}
    """

    _esm = built("marker_view.js")
    _css = built("marker_view.css")

    fabric = traitlets.Dict(help="the roll").tag(sync=True)
    figures = traitlets.Dict(help="length, density, matching, motifs, defects").tag(sync=True)
    copies: traitlets.List[Any] = traitlets.List(help="cut pieces as they lie").tag(sync=True)
    matches: traitlets.List[Any] = traitlets.List(help="places that are to match").tag(sync=True)
    pinned: traitlets.List[Any] = traitlets.List(help="[piece, copy] that stay").tag(sync=True)
    seconds = traitlets.Int(20, help="how long it is nested").tag(sync=True)
    tried = traitlets.Dict(help="of what is dragged: number, and why it can't lie there").tag(
        sync=True
    )
    can_undo = traitlets.Bool(False).tag(sync=True)

    def __init__(
        self,
        pattern: Pattern,
        marker: Marker | None = None,
        nest: NestSettings | None = None,
        told: Told | None = None,
        units: str = "mm",
        **traits: Any,
    ) -> None:
        self.told = told
        super().__init__(texts=texts("marker"), units=units, **traits)
        self.show_marker(pattern, marker, nest)

    def show_marker(
        self, pattern: Pattern, marker: Marker | None, nest: NestSettings | None = None,
        roll_length_mm: float = math.inf,
    ) -> None:  # fmt: skip
        """Show another marker; what was at work for the last one ends."""
        self.end()
        self._pattern, self.marker = pattern, marker
        self._nest, self._roll_mm = nest or NestSettings(), roll_length_mm
        self._before: list[Marker] = []
        with self.hold_sync():
            self.pinned, self.message, self.tried = [], {}, {}
            self.seconds = self._nest.seconds
            self._show()

    def _do(self, asked: dict[str, Any]) -> None:
        match asked["do"]:
            case "look":
                self._look()
            case "stop":
                self._stop(text("marker.stopped"))
            case "try":
                why = why_not(self._pattern, self._shown(), self._there(asked))
                self.tried = {"number": asked["number"], "why": why}
            case "move":
                there = self._there(asked)
                self._take(moved(self._pattern, self._shown(), there, self._nest.railroad))
            case "turn":
                name, copy = str(asked["piece"]), int(asked["copy"])
                marker = turned(self._pattern, self._shown(), name, copy, self._nest.railroad)
                self._take(marker)
            case "pin":
                self._pin([(str(name), int(copy)) for name, copy in asked["pinned"]])
            case "nest":
                self._again(int(asked["seconds"]))
            case "undo":
                self._undo()
            case other:
                raise ValueError(other)

    def _shown(self) -> Marker:
        if self.marker is None:
            raise NestError(text("marker.none"), "")
        return self.marker

    def _there(self, asked: dict[str, Any]) -> Placement:
        """Where a copy is asked to lie: a shift from where it lies, whole repeats if asked."""
        one = placement_of(self._shown(), str(asked["piece"]), int(asked["copy"]))
        to = np.array([float(asked["x_mm"]), float(asked["y_mm"])])
        if not np.isfinite(to).all():
            raise ValueError("no place")
        at = np.array([one.x_mm, one.y_mm])
        if asked.get("on_pattern"):
            to = at + kept_on_pattern(self._shown().fabric, to - at)
        return replace(one, x_mm=float(to[0]), y_mm=float(to[1]))

    def _take(self, marker: Marker) -> None:
        self._before = [*self._before, self._shown()][-_REMEMBERED:]
        self._set(marker)

    def _set(self, marker: Marker) -> None:
        self.marker = marker
        with self.hold_sync():
            self.message = {}
            self._show()
        if self.told is not None:
            self.told(marker)

    def _undo(self) -> None:
        if self._before:
            self._set(self._before.pop())
            self.can_undo = bool(self._before)

    def _pin(self, keys: list[tuple[str, int]]) -> None:
        for name, copy in keys:
            placement_of(self._shown(), name, copy)
        self.pinned, self.message = [list(key) for key in dict.fromkeys(keys)], {}

    def _again(self, seconds: int) -> None:
        if self._apart is not None:
            return
        shown = self._shown()
        asked = replace(self._nest, seconds=seconds, match=MatchLevel(shown.match).value)
        keys = {(name, copy) for name, copy in self.pinned}
        pinned = tuple(one for one in shown.placements if (one.piece, one.copy) in keys)
        self.seconds = seconds
        zones = defects_of(shown)
        work = NestAgain(self._pattern, shown.fabric, asked, pinned, zones, self._roll_mm)
        self._begin(work)

    def _came(self, result: object) -> None:
        if isinstance(result, Marker):
            self._take(result)
            self.message = {"kind": "good", "text": text("marker.nested")}

    def _show(self) -> None:
        marker = self.marker
        if marker is None:
            self.figures, self.copies, self.matches, self.fabric = {}, [], [], {}
        else:
            self.fabric = fabric_shown(marker.fabric)
            self.figures = {
                **marker_shown(marker), **end_shown(self._pattern, marker, self._roll_mm)
            }  # fmt: skip
            self.copies = copies_shown(self._pattern, marker)
            self.matches = matches_shown(self._pattern, marker)
        self.can_undo = bool(self._before)
