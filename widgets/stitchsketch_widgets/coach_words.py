"""What the capture coach says, in sentences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from stitchsketch_kernel.domain.photo import PhotoNote
from stitchsketch_kernel.domain.units import MM_PER_INCH
from stitchsketch_kernel.pipeline.coaching import Coached
from stitchsketch_kernel.reconstruction.coach import WANTED, Coverage, Height, Wish, wanted_for
from stitchsketch_kernel.reconstruction.unseen import UnseenPart
from stitchsketch_widgets.texts import text

#: So many names stand in a sentence.
_NAMED = 6
#: So many hidden parts are told, the largest.
_MOST_PARTS = 6


def sentences(
    coached: Coached, notes: Sequence[PhotoNote] = (), units: str = "mm"
) -> list[dict[str, Any]]:
    """Kind (``want``, ``note``, ``good``) and words, the gravest first."""
    found = coached.coverage
    if found is None:
        return [_said("note", text("coach.too_few"))]
    said = [_said("want", words) for words in _of_wishes(found.wishes)]
    said += [_said("want", words) for words in _of_parts(coached.unseen, found, units)]
    said += [_said("want", words) for words in _of_blurred(notes, found)]
    if not said:
        said.append(_said("good", text("coach.all")))
    if coached.placed is not None and (left := coached.placed.left_out):
        said.append(_said("note", text("coach.unplaced", count=len(left), names=_named(left))))
    return said


def _said(kind: str, words: str) -> dict[str, str]:
    return {"kind": kind, "text": words}


def _of_wishes(wishes: Sequence[Wish]) -> list[str]:
    words, lacking = [], defaultdict(list)
    for wish in wishes:
        side = text(f"coach.side.{wish.side}")
        one = text("coach.one_at", height=_height(wish.heights[0])) if wish.heights else ""
        if wish.have == 0:
            words.append(text("coach.none", side=side, take=wish.take, one=one))
        elif wish.take > len(wish.heights):
            words.append(text("coach.few", side=side, have=wish.have, take=wish.take, one=one))
        else:
            for height in wish.heights:
                lacking[height].append(side)
    for height, sides in lacking.items():
        words.append(text("coach.lacks", height=_height(height), sides=_listed(sides)))
    return words


def _of_parts(parts: Sequence[UnseenPart], found: Coverage, units: str) -> list[str]:
    words = []
    for part in parts[:_MOST_PARTS]:
        side, height = wanted_for(part.middle_m, part.normal, found)
        size = _size(part.area_m2**0.5, units)
        if not side:
            words.append(text("coach.unseen_top", size=size, take=WANTED))
            continue
        words.append(
            text(
                "coach.unseen",
                size=size,
                side=text(f"coach.side.{side}"),
                take=WANTED,
                height=_height(height),
            )
        )
    return words


def _of_blurred(notes: Sequence[PhotoNote], found: Coverage) -> list[str]:
    side_of = {one.photo: text(f"coach.side.{one.side}") for one in found.standpoints}
    return [
        text("coach.blurred", name=note.photo, side=side_of[note.photo])
        for note in notes
        if note.kind == "blur" and note.photo in side_of
    ]


def _height(height: Height) -> str:
    return text(f"coach.at.{height}")


def _size(length_m: float, units: str) -> str:
    if units == "inch":
        return f"{max(1, round(1000 * length_m / MM_PER_INCH))} in"
    return f"{max(1, round(100 * length_m))} cm"


def _listed(words: Sequence[str]) -> str:
    if len(words) == 1:
        return words[0]
    return text("coach.and", words=", ".join(words[:-1]), last=words[-1])


def _named(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    named = ", ".join(names[:_NAMED])
    return text("coach.more", names=named, count=more) if more > 0 else named
