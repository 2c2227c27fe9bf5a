"""The capture coach: where photos were taken, and which are missing, drawn and said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import anywidget
import numpy as np
import traitlets

from stitchsketch_kernel.domain.photo import PhotoNote
from stitchsketch_kernel.imaging.boards import MOST_MATS, standard_mats
from stitchsketch_kernel.imaging.look import PhotoLook
from stitchsketch_kernel.pipeline.coaching import Coached, coach_by_mats
from stitchsketch_kernel.reconstruction.coach import SIDES
from stitchsketch_widgets.bundle import built
from stitchsketch_widgets.coach_words import sentences
from stitchsketch_widgets.texts import text, texts

_DECIMALS_M = 3


class CaptureCoach(anywidget.AnyWidget):
    """Photos round the piece from above and from the side, and in words which ones are missing.

    Which photo shows the front a person says (`front`); else it is the first.
    """

    _esm = built("capture_coach.js")
    _css = built("capture_coach.css")

    texts = traitlets.Dict(help="the words").tag(sync=True)
    units = traitlets.Enum(("mm", "inch"), "mm", help="lengths are told in").tag(sync=True)
    spots: traitlets.List[Any] = traitlets.List(help="photos: place, look, side, state").tag(
        sync=True
    )
    mats: traitlets.List[Any] = traitlets.List(help="outlines on the floor, metres").tag(sync=True)
    middle: traitlets.List[Any] = traitlets.List(help="of the piece, metres").tag(sync=True)
    front_deg = traitlets.Float(-90.0, help="direction of the front").tag(sync=True)
    sides: traitlets.List[Any] = traitlets.List(help="side, photos, whether more are wanted").tag(
        sync=True
    )
    said: traitlets.List[Any] = traitlets.List(help="kind and sentence, the gravest first").tag(
        sync=True
    )
    names: traitlets.List[Any] = traitlets.List(help="photos that may show the front").tag(
        sync=True
    )
    front = traitlets.Unicode("", help="the photo that shows the front").tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        self._looks: Sequence[PhotoLook] = ()
        self._notes: Sequence[PhotoNote] = ()
        self._boards = standard_mats(MOST_MATS)
        self._coached = Coached(None)
        super().__init__(texts=texts("coach"), **traits)
        self.observe(lambda _: self._again(), ["front", "units"])
        self._show()

    def see(self, looks: Sequence[PhotoLook], notes: Sequence[PhotoNote] = ()) -> None:
        """Coach by first looks at photos and what was said of them."""
        self._looks, self._notes = tuple(looks), tuple(notes)
        self._again()

    def see_run(self, coached: Coached) -> None:
        """Coach by what a run has found."""
        self._looks, self._notes, self._coached = (), (), coached
        self._show()

    def _again(self) -> None:
        if self._looks:
            bad = [note.photo for note in self._notes if note.severity == "refuse"]
            self._coached = coach_by_mats(self._looks, self._boards, self.front, bad)
        self._show()

    def _show(self) -> None:
        found, placed = self._coached.coverage, self._coached.placed
        wanted = {wish.side for wish in found.wishes} if found else set()
        spots = found.standpoints if found else ()
        blurred = {note.photo for note in self._notes if note.kind == "blur"}
        with self.hold_sync():
            self.names = [one.photo for one in spots]
            self.spots = [
                {
                    "photo": one.photo,
                    "place": np.round(one.place_m, _DECIMALS_M).tolist(),
                    "towards": np.round(one.towards, _DECIMALS_M).tolist(),
                    "bad": not one.counts or one.photo in blurred,
                }
                for one in spots
            ]
            self.mats = [np.round(one, _DECIMALS_M).tolist() for one in placed.mats.values()] \
                if placed else []  # fmt: skip
            self.middle = np.round(found.middle_m, _DECIMALS_M).tolist() if found else []
            self.front_deg = found.front_deg if found else -90.0
            self.sides = [
                {
                    "side": side,
                    "name": text(f"coach.label.{side}"),
                    "count": sum(one.counts and one.side == side for one in spots),
                    "wanted": side in wanted,
                }
                for side in SIDES
            ]
            self.said = sentences(self._coached, self._notes, self.units)
