"""Notches: the same stations on both sides of a seam, and a double one that tells its direction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import shapely

from stitchsketch_kernel.domain.arrays import BoolArray, FloatArray
from stitchsketch_kernel.domain.piece import Notch, Piece, PieceEdge
from stitchsketch_kernel.upholstery.pieces.allowances import CORNER_DEG, normals, turns_deg
from stitchsketch_kernel.upholstery.pieces.rules import TradeRules

#: Turned round, a seam's notches must miss each other by this much, or nobody sees the mistake.
TELLING_MM = 5.0
#: A notch's place on the cut line may be off its allowance by this much; else it is not cut.
_REACH_MM = 0.5


@dataclass(frozen=True)
class SeamSide:
    """One piece's side of a seam: its edge, and the piece's cut line (n, 2)."""

    edge: PieceEdge
    cut_line_mm: FloatArray

    @property
    def line_mm(self) -> FloatArray:
        """The sew line in the seam's own direction."""
        line = self.edge.line_mm
        return line if self.edge.forward else line[::-1]

    def turned(self, around: bool) -> SeamSide:
        """The same side, its seam taken the other way when `around`."""
        if not around:
            return self
        return replace(self, edge=replace(self.edge, forward=not self.edge.forward))

    def feet(self, stations: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Where stations stand on the sew line, and the way out of the piece there; (n, 2)."""
        line = self.line_mm
        along = _arc(line)
        at = stations * along[-1]
        segment = np.clip(np.searchsorted(along, at, side="right") - 1, 0, len(line) - 2)
        step = np.diff(line, axis=0)[segment]
        length = np.linalg.norm(step, axis=1, keepdims=True)
        point = line[segment] + step / length * (at - along[segment])[:, None]
        # the piece lies to the left of its edge's own direction
        way_out = 1.0 if self.edge.forward else -1.0
        return point, way_out * np.column_stack([step[:, 1], -step[:, 0]]) / length

    def usable(self, stations: FloatArray, rules: TradeRules) -> BoolArray:
        """Which stations are far enough from corners and reach the cut line, shape (n,)."""
        along = _arc(self.line_mm)
        sharp = np.abs(turns_deg(self.line_mm)) >= CORNER_DEG
        corners = np.concatenate([along[:1], along[1:-1][sharp], along[-1:]])
        gap = np.abs(stations[:, None] * along[-1] - corners).min(axis=1)
        reach = self._reach(*self.feet(stations))
        cuttable = np.abs(reach - self.edge.allowance_mm) <= _REACH_MM
        return np.asarray((gap >= rules.notch_corner_mm) & cuttable)

    def _reach(self, feet: FloatArray, outward: FloatArray) -> FloatArray:
        """How far the cut line is from the sew line, straight out; infinite where it is hidden."""
        width = self.edge.allowance_mm
        if width == 0:
            return np.zeros(len(feet))
        # begin a little outside: another edge's cut line may touch the sew line
        ends = np.stack([feet + 0.01 * outward, feet + (width + 1.0) * outward], axis=1)
        hits = shapely.intersection(shapely.linestrings(ends), shapely.LinearRing(self.cut_line_mm))
        apart = shapely.distance(shapely.points(feet), hits)
        return np.asarray(np.where(np.isnan(apart), np.inf, apart))


def notch_stations(sides: Sequence[SeamSide], rules: TradeRules) -> tuple[float, ...]:
    """Stations of a seam's notches: shares of its length from its own start, the same on all sides.

    About every `notch_spacing_mm`, none near a corner of either side, and one more beside the
    first so that they don't fit when the seam is turned round. Seams too short for that get none.
    """
    length = float(np.mean([side.edge.length_mm for side in sides]))
    fine = np.linspace(0, 1, 2 * max(20, int(length / 5)) + 1)[1:-1]
    fine = fine[_usable(fine, sides, rules)]
    if not len(fine):
        return ()
    count = max(2, round(length / rules.notch_spacing_mm))
    even = np.arange(1, count) / count
    chosen = even[_usable(even, sides, rules)].tolist()
    if not chosen:
        chosen = [float(fine[np.argmin(np.abs(fine - 0.5))])]
    return _with_double(chosen, fine, length, sides, rules)


def edge_notches(side: SeamSide, stations: Sequence[float], rules: TradeRules) -> tuple[Notch, ...]:
    """The notches of one side of a seam."""
    if not stations:
        return ()
    feet, outward = side.feet(np.array(stations))
    tips = feet + side.edge.allowance_mm * outward
    depth = rules.notch_depth(side.edge.edge_kind)
    return tuple(
        Notch(side.edge.seam, float(station), foot, tip, depth)
        for station, foot, tip in zip(stations, feet, tips, strict=True)
    )


def dart_of(piece: Piece, seam: str) -> int | None:
    """Where among a piece's edges a dart's first leg is: its second one comes next, at its point.

    None for every other seam.
    """
    count = len(piece.edges)
    for at, edge in enumerate(piece.edges):
        following = piece.edges[(at + 1) % count]
        if count > 1 and edge.seam == following.seam == seam and edge.forward:
            return at
    return None


def dart_notches(piece: Piece, first_leg: int, rules: TradeRules) -> tuple[Notch, ...]:
    """A notch where each leg of a dart begins, cut into the edge that the dart opens into.

    None where the cut line doesn't run along that edge there.
    """
    count = len(piece.edges)
    before, after = piece.edges[first_leg - 1], piece.edges[(first_leg + 2) % count]
    found = []
    for rim, end in ((before, -1), (after, 0)):
        foot, outward = rim.line_mm[end][None], normals(rim.line_mm)[end][None]
        reach = float(SeamSide(rim, piece.cut_line_mm)._reach(foot, outward)[0])
        if abs(reach - rim.allowance_mm) <= _REACH_MM:
            tip = foot[0] + rim.allowance_mm * outward[0]
            depth = rules.notch_depth(rim.edge_kind)
            found.append(Notch(piece.edges[first_leg].seam, 0.0, foot[0], tip, depth))
    return tuple(found) if len(found) == 2 else ()


def mouth_notch(
    piece: Piece, seam: str, rims: frozenset[str], rules: TradeRules, straight: bool = False
) -> Notch | None:
    """The notch in a neighbour's edge where a dart of the piece sewn to it is closed.

    Likewise where the seam of two pieces ends that are both sewn to it.

    Parameters
    ----------
    piece : Piece
        The neighbour.
    seam : str
        The dart's seam, or that of the two pieces.
    rims : frozenset of str
        The two seams beside it, which meet at its mouth or end.
    rules : TradeRules
    straight : bool
        Whether none is wanted where the neighbour has a corner: that tells the place by itself.

    Returns
    -------
    Notch or None
        None where the two don't meet on this piece, or its cut line turns away there.
    """
    for edge, following in pairwise([*piece.edges, *piece.edges[:1]]):
        if {edge.seam, following.seam} == rims:
            if straight and _turn_deg(edge, following) >= CORNER_DEG:
                return None
            foot, outward = edge.line_mm[-1][None], normals(edge.line_mm)[-1][None]
            reach = float(SeamSide(edge, piece.cut_line_mm)._reach(foot, outward)[0])
            if abs(reach - edge.allowance_mm) <= _REACH_MM:
                tip = foot[0] + edge.allowance_mm * outward[0]
                return Notch(seam, 0.0, foot[0], tip, rules.notch_depth(edge.edge_kind))
    return None


def _turn_deg(edge: PieceEdge, following: PieceEdge) -> float:
    """How far a piece's outline turns from one edge to the next."""
    (ax, ay), (bx, by) = (
        np.diff(line, axis=0)[end] for line, end in ((edge.line_mm, -1), (following.line_mm, 0))
    )
    return float(np.degrees(np.abs(np.arctan2(ax * by - ay * bx, ax * bx + ay * by))))


def tells_direction(stations: Sequence[float], length_mm: float) -> bool:
    """Whether the notches of a seam miss each other when it is turned round."""
    at = np.array(stations)
    if not len(at):
        return False
    apart = np.abs((1 - at)[:, None] - at).min(axis=1) * length_mm
    return bool(apart.max() >= TELLING_MM)


def _with_double(
    chosen: list[float],
    fine: FloatArray,
    length: float,
    sides: Sequence[SeamSide],
    rules: TradeRules,
) -> tuple[float, ...]:
    """Add the notch that tells the direction; where none fits, keep one notch off the middle."""
    pair = rules.notch_pair_mm / length
    beside = np.array([place + way * pair for place in chosen for way in (1, -1)])
    beside = beside[(beside > 0) & (beside < 1)]
    beside = beside[_usable(beside, sides, rules)] if len(beside) else beside
    for extra in [*beside, *fine]:
        both = sorted([*chosen, float(extra)])
        apart = float(np.diff(both).min()) * length
        if apart >= rules.notch_pair_mm - 1e-6 and tells_direction(both, length):
            return tuple(both)
    lone = float(fine[np.argmax(np.abs(fine - 0.5))])
    return (lone,) if tells_direction([lone], length) else ()


def _usable(stations: FloatArray, sides: Sequence[SeamSide], rules: TradeRules) -> BoolArray:
    return np.asarray(np.all([side.usable(stations, rules) for side in sides], axis=0))


def _arc(line: FloatArray) -> FloatArray:
    steps = np.linalg.norm(np.diff(line, axis=0), axis=1)
    return np.asarray(np.concatenate([[0.0], np.cumsum(steps)]))
