"""May this be cut? In words, with every reason; never better than what is known."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

from stitchsketch_kernel.domain.cloth import Cloth
from stitchsketch_kernel.domain.model import Scale
from stitchsketch_kernel.domain.piece import Pattern, Piece, SeamPair
from stitchsketch_kernel.domain.sewing import sews
from stitchsketch_kernel.visualization.report_data import ReportData

#: A scale less sure than this is no scale: 10 mm on a metre.
_SCALE_NO_PERCENT = 1.0
#: Above this a shop checks one length by tape before cutting: 3 mm on a metre.
_SCALE_CHECK_PERCENT = 0.3


class Level(StrEnum):
    """How far a person may go."""

    READY = "ready"
    CHECK = "check"
    STOP = "stop"


@dataclass(frozen=True)
class Verdict:
    """What stands at the top of the report."""

    level: Level
    words: str
    reasons: tuple[str, ...]


def judge(data: ReportData) -> Verdict:
    """The verdict: stop if anything forbids cutting, else check if anything is doubtful."""
    stops = _stops(data)
    if stops:
        return Verdict(
            Level.STOP, f"Not for cutting: {stops[0][0]}", tuple(text for _, text in stops)
        )
    checks = _checks(data)
    if checks:
        return Verdict(Level.CHECK, "Check before cutting", tuple(checks))
    return Verdict(Level.READY, "Cut-ready", ())


def seam_is_off(seam: SeamPair) -> bool:
    """Whether its two sides differ by more than the gate lets pass (`domain.sewing`)."""
    return seam.length_b_mm is not None and not sews(seam.length_a_mm, seam.length_b_mm)


def strain_is_high(piece: Piece, cloth: Cloth | None) -> bool:
    """Whether this cloth must give more in it than its own limits, or how much is not known."""
    return cloth is None or piece.fit is None or not cloth.excess(piece.fit) <= 1


def _stops(data: ReportData) -> list[tuple[str, str]]:
    # (in three words, as a sentence)
    found = []
    if reason := _no_scale(data.scale):
        found.append(reason)
    if data.pattern is not None and not data.pattern.override:
        found += [("the pieces don't sew together", words) for words in _unsewable(data)]
    found += [("the run has a problem", problem) for problem in data.problems]
    if data.pattern is None or not data.pattern.pieces:
        found.append(("no pieces", "The run made no flat pieces."))
    elif not data.files:
        found.append(("no cut files", "No cut file was written."))
    return found


def _no_scale(scale: Scale | None) -> tuple[str, str] | None:
    if scale is None or not scale.is_metric:
        todo = "Lay a printed mat beside the piece, or give a length that you measured."
        return "no scale", f"Nothing in the photos tells how big the piece is. {todo}"
    if not scale.uncertainty_percent <= _SCALE_NO_PERCENT:
        how = (
            f"± {scale.uncertainty_percent:.1f} %"
            if isfinite(scale.uncertainty_percent)
            else "not known"
        )
        return "the scale is not sure", f"The scale's uncertainty is {how}; 1 % is the most."
    return None


def _checks(data: ReportData) -> list[str]:
    found = []
    if data.scale is not None and data.scale.uncertainty_percent > _SCALE_CHECK_PERCENT:
        off = data.scale.uncertainty_percent * 10
        found.append(f"A metre may be {off:.0f} mm off: measure one long edge by tape and compare.")
    found += data.doubts
    if data.pattern is not None:
        if data.pattern.override:
            found.append(f"It was cut past the gate, because: {data.pattern.override}")
            found += _unsewable(data)
        found += _pattern_checks(data.pattern)
    if data.marker is not None:
        apart = sorted({m.seam or m.piece_a for m in data.marker.matches if not m.matched})
        if apart:
            words = f"The cloth's pattern does not match at {_listed('seam', apart)}"
            found.append(f"{words}: see whether they show.")
    return found


def _unsewable(data: ReportData) -> list[str]:
    """What the gate said, and seams that are off by what this page itself shows of them."""
    said = [fault.words for fault in data.sew_faults]
    told = {seam for fault in data.sew_faults for seam in fault.seams}
    seams = () if data.pattern is None else data.pattern.seams
    off = [seam.seam for seam in seams if seam_is_off(seam) and seam.seam not in told]
    return [*said, f"The two sides differ too much at {_listed('seam', off)}."] if off else said


def _pattern_checks(pattern: Pattern) -> list[str]:
    found = []
    for piece in pattern.pieces:
        if pattern.cloth is not None and piece.fit is not None:
            found += [words] if (words := pattern.cloth.beyond(piece.name, piece.fit)) else []
    if untold := [one.name for one in pattern.pieces if pattern.cloth is None or one.fit is None]:
        found.append(f"How much the cloth must give on {_listed('piece', untold)} is not known.")
    if unsure := pattern.to_check():
        told = [f"{piece.name} (± {piece.within_mm:.1f} mm)" for piece in unsure]
        found.append(
            f"Check before cutting: {_listed('piece', told)} may be off by more than the "
            f"{pattern.check_mm:g} mm that you allow. Measure there, or cut from muslin first."
        )
    if vague := [piece.name for piece in pattern.pieces if not isfinite(piece.within_mm)]:
        found.append(f"How exact {_listed('piece', vague)} is, is not known.")
    return found


def _listed(noun: str, names: list[str]) -> str:
    return f"{noun}{'s' if len(names) > 1 else ''} {', '.join(names)}"
