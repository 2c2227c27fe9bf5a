"""What a new scan's run would be started with, in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stitchsketch_kernel.imaging.boards import MOST_MATS, standard_mats
from stitchsketch_kernel.imaging.look import mats_seen
from stitchsketch_widgets.photo_drop import PhotoDrop
from stitchsketch_widgets.scan_values import lengths_of
from stitchsketch_widgets.texts import text

_MATS = standard_mats(MOST_MATS)


def facts_of(values: Mapping[str, Any], drop: PhotoDrop | None, least: int) -> list[str]:
    """How many photos there are, how their size is known, and what is still lacking.

    Parameters
    ----------
    values : mapping
        The answers of the wizard.
    drop : PhotoDrop, optional
    least : int
        Photos that a run needs.
    """
    count = len(drop.kept) if drop else 0
    facts = [text("new.fact.photos", count=count)]
    if drop and count and values["scale_by"] == "mats":
        facts.append(_mats(drop))
    elif lengths_of(values):
        facts.append(text("new.fact.length", length=round(values["length_mm"])))
    if values.get("first_look"):
        facts.append(text("new.fact.first_look"))
    if drop and drop.sending:
        facts.append(text("new.fact.sending", count=drop.sending))
    if count < least:
        facts.append(text("new.fact.few", least=least))
    return facts


def _mats(drop: PhotoDrop) -> str:
    if drop.looks.waiting:
        return text("new.fact.looking", waiting=drop.looks.waiting)
    looks, _ = drop.looks.found()
    seen = [mats_seen(look, _MATS) for look in looks.values()]
    names = [
        board.name.removeprefix("mat ")
        for board in _MATS
        if any(board.name in mats for mats in seen)
    ]
    if not names:
        return text("new.fact.no_mats")
    return text("new.fact.mats", photos=sum(map(bool, seen)), all=len(looks), mats=", ".join(names))
