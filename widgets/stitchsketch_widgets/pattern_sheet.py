"""The pattern sheet: all pieces flat, each grain to be turned, each seam with both its sides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import traitlets

from stitchsketch_kernel.pipeline.sheet import PatternSheet
from stitchsketch_widgets.bundle import built
from stitchsketch_widgets.screen import Screen
from stitchsketch_widgets.sheet_state import (
    legend_shown,
    pieces_shown,
    seams_shown,
    strain_shown,
)
from stitchsketch_widgets.texts import texts

#: Keeps how far each piece's grain is turned, and says in words where.
Save = Callable[[dict[str, float]], str]
_MOST_DEG = 180


class PatternSheetView(Screen):
    """A run's pieces on the screen.

    A turned grain is shown at once and changes the pieces in the next run: pieces are laid by it.

    Parameters
    ----------
    sheet : PatternSheet
    save : callable, optional
        Called with the turns in degrees by piece when the person saves; a turn taken back is 0.
    units : {"mm", "inch"}
        Lengths are shown in.
    """

    _esm = built("pattern_sheet.js")
    _css = built("pattern_sheet.css")

    pieces: traitlets.List[Any] = traitlets.List(help="lines in mm, sizes, ±").tag(sync=True)
    seams: traitlets.List[Any] = traitlets.List(help="both sides, and the gate's word").tag(
        sync=True
    )
    strain = traitlets.Dict(help="picture and place by piece").tag(sync=True)
    legend: traitlets.List[Any] = traitlets.List(help="percent and colour").tag(sync=True)
    turned = traitlets.Dict(help="degrees by piece, counter-clockwise").tag(sync=True)
    can_save = traitlets.Bool(False).tag(sync=True)
    changed = traitlets.Bool(False, help="whether there are turns not saved").tag(sync=True)

    def __init__(
        self, sheet: PatternSheet, save: Save | None = None, units: str = "mm", **traits: Any
    ) -> None:
        self._sheet, self._save = sheet, save
        self._saved = dict(sheet.turned_deg)
        super().__init__(
            texts=texts("sheet"),
            units=units,
            pieces=pieces_shown(sheet.pattern),
            seams=seams_shown(sheet.pattern),
            strain=strain_shown(sheet),
            legend=legend_shown(),
            turned=dict(sheet.turned_deg),
            can_save=save is not None,
            **traits,
        )

    def _do(self, asked: dict[str, Any]) -> None:
        match asked["do"]:
            case "turn":
                self._turn(str(asked["piece"]), int(asked["degrees"]))
            case "save":
                self._keep()
            case other:
                raise ValueError(other)

    def _turn(self, piece: str, degrees: int) -> None:
        self._sheet.pattern.piece(piece)
        if abs(degrees) > _MOST_DEG:
            raise ValueError(degrees)
        others = {name: by for name, by in self.turned.items() if name != piece}
        self.turned = {**others, piece: degrees} if degrees else others
        self.changed = self.turned != self._saved
        self.message = {}

    def _keep(self) -> None:
        if self._save is None:
            raise ValueError("nowhere to save")
        # one that was saved and is turned back must be told, too
        asked = {**dict.fromkeys(self._saved, 0.0), **self.turned}
        said = self._save({name: float(by) for name, by in asked.items()})
        self._saved, self.changed = dict(self.turned), False
        self.message = {"kind": "good", "text": said}
