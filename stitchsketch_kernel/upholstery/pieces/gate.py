"""The gate: may these pieces be sewn together? What doesn't pass is not cut.

For each seam: both sides' lengths, notches at the same places, sides that run opposite ways round
their pieces; where a panel ends, its length on the furniture. For each junction: the ends of its
seams meet in order, at corners that cloth has. All within `domain.sewing`'s tolerance. A pattern
passes or a person says why it is cut all the same (`Pattern.override`), which is then printed on
every cut file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.errors import SewError
from stitchsketch_kernel.domain.panel import PLEATED
from stitchsketch_kernel.domain.piece import Pattern, Piece, PieceEdge, SeamPair
from stitchsketch_kernel.domain.sewing import FaultKind, SewFault, sews, tolerance_mm
from stitchsketch_kernel.upholstery.pieces.junctions import junction_faults
from stitchsketch_kernel.upholstery.pieces.mirrored import right_of

#: A template's edge and the seam of its twin that it serves are of one length to this.
_SAME_MM = 1e-6
#: So many faults are told in an error's sentence; the report has them all.
_TOLD = 3


@dataclass(frozen=True)
class SeamCheck:
    """What the gate found at one seam.

    Attributes
    ----------
    seam, piece_a : str
    piece_b : str or None
        None where a panel ends.
    length_a_mm : float
        Sewn length of side a, along its own sew line.
    length_b_mm : float or None
    ease_mm : float
        How much longer side a is than side b; where a panel ends, than it is on the furniture, or
        0 where it is pleated or that is not known.
    notches_apart_mm : float
        Largest distance between a notch and its twin, along the seam; NaN where their numbers
        differ, 0 where there is none.
    """

    seam: str
    piece_a: str
    piece_b: str | None
    length_a_mm: float
    length_b_mm: float | None
    ease_mm: float
    notches_apart_mm: float


@dataclass(frozen=True)
class Sewing:
    """All that the gate found: each seam, and why the pattern may not be cut."""

    seams: tuple[SeamCheck, ...]
    faults: tuple[SewFault, ...]


@dataclass(frozen=True)
class _Side:
    """A seam's side as it is cut: the piece's edge, and whether the piece lies face down."""

    piece: Piece
    edge: PieceEdge
    turned: bool

    def along(self) -> FloatArray:
        """Distances of its notches along the edge, counter-clockwise round the piece as cut."""
        lines = [one.line_mm for one in self.piece.edges if one.seam == self.edge.seam]
        mine = next(i for i, line in enumerate(lines) if line is self.edge.line_mm)
        points = [one.sew_mm for one in self.piece.notches if one.seam == self.edge.seam]
        if not points:
            return np.zeros(0)
        # a sleeve's piece has both sides of the seam: a notch is of the nearer one
        apart = np.array([shapely.distance(shapely.linestrings(line), shapely.points(points))
                          for line in lines])  # fmt: skip
        own = np.array(points)[np.argmin(apart, axis=0) == mine]
        return np.asarray(
            np.sort(shapely.line_locate_point(shapely.linestrings(self.edge.line_mm),
                                              shapely.points(own)))
        )  # fmt: skip


def check_sewing(pattern: Pattern) -> Sewing:
    """Hold each seam's two sides and each junction against the tolerance.

    Seams of a right panel that is cut from its left one's template are held against the
    template's edge of the same length, face down.
    """
    checks, faults = [], []
    for pair in pattern.seams:
        sides = _sides(pattern, pair)
        check, found = _checked(pair, sides)
        checks.append(check)
        faults.extend(found)
    faults.extend(_strange_notches(pattern))
    faults.extend(junction_faults(pattern))
    return Sewing(tuple(checks), tuple(faults))


def edges_on(pattern: Pattern, pair: SeamPair) -> tuple[tuple[str, int, bool], ...]:
    """Where a seam's sides are: piece, number of its edge, and whether it is cut face down there.

    Side a first. A right panel's side is found on the left one's template, as `check_sewing` does.
    """
    found = [*_sides(pattern, pair)[0][:1], *_sides(pattern, pair)[1][:1]]
    return tuple(
        (side.piece.name, at, side.turned)
        for side in found
        for at, edge in enumerate(side.piece.edges)
        if edge is side.edge
    )


def require_sewable(pattern: Pattern) -> None:
    """Refuse a pattern whose pieces can't be sewn together, unless a person said why it is cut.

    Raises
    ------
    SewError
        Names the seams and what to do.
    """
    if pattern.override:
        return
    faults = check_sewing(pattern).faults
    if not faults:
        return
    told = " ".join(fault.words for fault in faults[:_TOLD])
    more = f" And {len(faults) - _TOLD} more." if len(faults) > _TOLD else ""
    raise SewError(
        f"{pattern.name} can't be sewn together as it is. {told}{more}",
        "Move these seams in the file of panels (--edits) and run again; or, where it is meant, "
        'say why: --set nest.override_gate="gathered by hand". That is printed on every cut file.',
    )


def _sides(pattern: Pattern, pair: SeamPair) -> tuple[list[_Side], list[_Side]]:
    """What may be each side of a seam: one edge, or those of a template that are as long."""
    a = _candidates(pattern, pair.seam, pair.piece_a, pair.length_a_mm)
    if pair.piece_b is None:
        return a, []
    if pair.piece_b == pair.piece_a and a and a[0].turned:
        return a[:1], _candidates(pattern, pair.seam, pair.piece_a, pair.length_b_mm or 0.0)[-1:]
    if pair.piece_b == pair.piece_a:
        return a[:1], a[1:]
    return a, _candidates(pattern, pair.seam, pair.piece_b, pair.length_b_mm or 0.0)


def _candidates(pattern: Pattern, seam: str, panel: str, length_mm: float) -> list[_Side]:
    for piece in pattern.pieces:
        if piece.name == panel:
            return [_Side(piece, edge, False) for edge in piece.edges if edge.seam == seam]
    for piece in pattern.pieces:
        if piece.mirrored and right_of(piece.name) == panel:
            return [
                _Side(piece, edge, True)
                for edge in piece.edges
                if abs(edge.length_mm - length_mm) <= _SAME_MM
            ]
    return []


def _checked(
    pair: SeamPair, sides: tuple[list[_Side], list[_Side]]
) -> tuple[SeamCheck, list[SewFault]]:
    length_a = sides[0][0].edge.length_mm if sides[0] else pair.length_a_mm
    if pair.piece_b is None:
        return _one_sided(pair, sides, length_a)
    length_b = sides[1][0].edge.length_mm if sides[1] else float(pair.length_b_mm or 0.0)
    apart = _notches_apart(sides)
    check = SeamCheck(
        pair.seam, pair.piece_a, pair.piece_b, length_a, length_b, length_a - length_b, apart
    )
    faults = list(_missing(pair, sides))
    said = f"Seam {pair.seam} ({pair.piece_a} to {pair.piece_b})"
    allowed = tolerance_mm(length_a, length_b)
    if not sews(length_a, length_b):
        words = f"{said}: its sides are {length_a:.1f} and {length_b:.1f} mm long"
        faults.append(_fault(pair, "length", f"{words} and may differ by {allowed:.1f} mm."))
    if _same_way(sides):
        faults.append(_fault(pair, "direction", f"{said}: both sides run the same way round."))
    if not apart <= allowed:
        off = f"are {apart:.1f} mm apart" if np.isfinite(apart) else "are not as many on both sides"
        faults.append(_fault(pair, "notches", f"{said}: its notches {off}."))
    return check, faults


def _one_sided(
    pair: SeamPair, sides: tuple[list[_Side], list[_Side]], length_mm: float
) -> tuple[SeamCheck, list[SewFault]]:
    """An edge where a panel ends: as long as on the furniture, but for what is pleated there."""
    faults = list(_missing(pair, sides))
    held = pair.edge_kind not in PLEATED and np.isfinite(pair.furniture_mm)
    ease = length_mm - pair.furniture_mm if held else 0.0
    if held and not sews(length_mm, pair.furniture_mm):
        words = (
            f"Seam {pair.seam} of {pair.piece_a}: it is {length_mm:.1f} mm long in the flat and "
            f"{pair.furniture_mm:.1f} mm on the furniture, and may differ by "
            f"{tolerance_mm(length_mm, pair.furniture_mm):.1f} mm."
        )
        faults.append(_fault(pair, "length", words))
    return SeamCheck(pair.seam, pair.piece_a, None, length_mm, None, ease, 0.0), faults


def _missing(pair: SeamPair, sides: tuple[list[_Side], list[_Side]]) -> Iterator[SewFault]:
    """Sides that no piece has, or that one piece has too often."""
    names = (pair.piece_a, pair.piece_b)
    for name, found in zip(names, sides, strict=True):
        own = [one for one in found if not one.turned]
        if name is not None and not found:
            yield _fault(pair, "sides", f"Seam {pair.seam}: no piece has {name}'s side of it.")
        elif len(own) > 1:
            yield _fault(pair, "sides", f"Seam {pair.seam}: {name} has more than one side of it.")


def _same_way(sides: tuple[list[_Side], list[_Side]]) -> bool:
    """Whether two pieces that lie face up both run with the seam, or both against it."""
    if not sides[0] or not sides[1] or sides[0][0].turned or sides[1][0].turned:
        return False
    return sides[0][0].edge.forward == sides[1][0].edge.forward


def _notches_apart(sides: tuple[list[_Side], list[_Side]]) -> float:
    """How far notches are from their twins; the best of what may be the sides."""
    each = [_apart(a, b) for a in sides[0] for b in sides[1]]
    known = [one for one in each if np.isfinite(one)]
    return min(known) if known else (float("nan") if each else 0.0)


def _apart(a: _Side, b: _Side) -> float:
    on_a, on_b = a.along(), b.along()
    if a.turned == b.turned:
        # both seen from their faces, the sides run opposite ways
        on_b = np.sort(b.edge.length_mm - on_b)
    if len(on_a) != len(on_b):
        return float("nan")
    return float(np.abs(on_a - on_b).max(initial=0.0))


def _strange_notches(pattern: Pattern) -> Iterator[SewFault]:
    """Notches that don't stand on their seam's sew line.

    Where a dart of the piece sewn to it is closed, or the seam of two such pieces ends, a piece has
    a notch of that seam, between its edges to them.
    """
    seams = {pair.seam: pair for pair in pattern.seams}
    for piece in pattern.pieces:
        for seam in sorted(seams.keys() & {one.seam for one in piece.notches}):
            lines = [edge.line_mm for edge in piece.edges if edge.seam == seam]
            if not lines:
                lines = _meeting(piece, seams[seam], seams)
            points = [one.sew_mm for one in piece.notches if one.seam == seam]
            if not lines or _off(lines, points) > tolerance_mm(0.0):
                yield SewFault(
                    (seam,), "notches", f"Seam {seam}: a notch of {piece.name} is not on it."
                )


def _meeting(piece: Piece, seam: SeamPair, seams: dict[str, SeamPair]) -> list[FloatArray]:
    """Corners of a piece, as lines without length, between its edges to a seam's two pieces."""
    sewn_to = [_across(piece, seams.get(edge.seam)) for edge in piece.edges]
    return [
        edge.line_mm[[0, 0]]
        for edge, to, before in zip(piece.edges, sewn_to, [*sewn_to[-1:], *sewn_to], strict=False)
        if {to, before} == {seam.piece_a, seam.piece_b}
    ]


def _across(piece: Piece, pair: SeamPair | None) -> str | None:
    """What a piece is sewn to along a seam of its own."""
    if pair is None:
        return None
    return pair.piece_b if pair.piece_a == piece.name else pair.piece_a


def _off(lines: Sequence[FloatArray], points: Sequence[FloatArray]) -> float:
    whole = shapely.multilinestrings([shapely.linestrings(line) for line in lines])
    return float(shapely.distance(whole, shapely.points(points)).max())


def _fault(pair: SeamPair, kind: FaultKind, words: str) -> SewFault:
    return SewFault((pair.seam,), kind, words)
