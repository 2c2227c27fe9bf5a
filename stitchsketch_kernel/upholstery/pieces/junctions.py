"""Junctions in the flat: where seams end, pieces' corners must meet in order and make sense.

Each corner of a piece joins the end of one of its seams to the end of the next. Round a junction
the corners therefore form a ring, or a chain that begins and ends where panels end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.piece import Pattern, Piece, PieceEdge
from stitchsketch_kernel.domain.sewing import SEAM_MM, SewFault

#: A corner's angle is taken between points this far along its sides.
_LEVER_MM = 10.0
#: No cutter cuts a corner sharper than this, nor one that is as far from a full turn.
_SHARPEST_DEG = 5.0
#: Corners that meet all round a point make a cone (less than 360) or a saddle (more) of it. Two
#: junctions of a box that were mixed up into one add up to 540.
LEAST_ROUND_DEG, MOST_ROUND_DEG = 90.0, 530.0


@dataclass(frozen=True)
class Corner:
    """A corner of a piece: which seams' ends meet there, and how.

    Attributes
    ----------
    piece : str
    ends : tuple of (str, int)
        Seam and which end of it (0 its start, 1 its end), of the side before and after.
    gap_mm : float
        Between the two sides' end points.
    angle_deg : float
        Inside the piece, 0 to 360.
    """

    piece: str
    ends: tuple[tuple[str, int], tuple[str, int]]
    gap_mm: float
    angle_deg: float


def corners_of(piece: Piece) -> list[Corner]:
    """The corners between a piece's edges, in order."""
    found = []
    for before, after in zip(piece.edges, [*piece.edges[1:], *piece.edges[:1]], strict=True):
        ends = (
            (before.seam, 1 if before.forward else 0),
            (after.seam, 0 if after.forward else 1),
        )
        gap = float(np.linalg.norm(before.line_mm[-1] - after.line_mm[0]))
        found.append(Corner(piece.name, ends, gap, _angle_deg(before, after)))
    return found


def junction_ends(pattern: Pattern) -> dict[tuple[str, int], int]:
    """For each end of a seam (0 its start, 1 its end) that a piece's corner has, its junction."""
    corners = [corner for piece in pattern.pieces for corner in corners_of(piece)]
    at: dict[tuple[str, int], list[int]] = defaultdict(list)
    for index, corner in enumerate(corners):
        for end in corner.ends:
            at[end].append(index)
    found: dict[tuple[str, int], int] = {}
    left = set(range(len(corners)))
    while left:
        first = left.pop()
        group, ends = _joined(first, corners, at)
        left -= group
        found.update(dict.fromkeys(ends, first))
    return found


def junction_faults(pattern: Pattern) -> Iterator[SewFault]:
    """Why the pieces don't close round their junctions."""
    corners = [corner for piece in pattern.pieces for corner in corners_of(piece)]
    yield from _unsound(pattern, corners)
    at: dict[tuple[str, int], list[int]] = defaultdict(list)
    for index, corner in enumerate(corners):
        for end in corner.ends:
            at[end].append(index)
    expected = _expected(pattern)
    for end, wanted in expected.items():
        if len(at[end]) != wanted:
            where = "end" if end[1] else "start"
            names = _listed(corners[index].piece for index in at[end])
            yield SewFault(
                (end[0],), "junction",
                f"At the {where} of seam {end[0]} the pieces don't meet in order"
                f"{f' ({names})' if names else ''}.",
            )  # fmt: skip
    yield from _round(corners, at, expected)


def _expected(pattern: Pattern) -> dict[tuple[str, int], int]:
    """How many corners each end of a seam has: one for each side that a piece of its own has."""
    names = {piece.name for piece in pattern.pieces}
    return {
        (pair.seam, end): sum(name in names for name in (pair.piece_a, pair.piece_b))
        for pair in pattern.seams
        for end in (0, 1)
    }


def _unsound(pattern: Pattern, corners: list[Corner]) -> Iterator[SewFault]:
    seams = {pair.seam for pair in pattern.seams}
    for corner in corners:
        between = tuple(end[0] for end in corner.ends)
        if not seams.issuperset(between):
            continue
        said = f"{corner.piece}: at its corner of seams {between[0]} and {between[1]}"
        if not corner.gap_mm <= SEAM_MM:
            yield SewFault(
                between, "junction", f"{said} the sew lines end {corner.gap_mm:.1f} mm apart."
            )
        # a dart's point: both its legs end there, and what lies between them is no cloth
        point = corner.ends[0] == corner.ends[1] and corner.angle_deg > 180
        if not (_SHARPEST_DEG <= corner.angle_deg <= 360 - _SHARPEST_DEG or point):
            yield SewFault(
                between, "junction", f"{said} the angle is {corner.angle_deg:.0f} degrees."
            )


def _round(
    corners: list[Corner],
    at: dict[tuple[str, int], list[int]],
    expected: dict[tuple[str, int], int],
) -> Iterator[SewFault]:
    """Corners that meet all round a point must add up to what cloth can be."""
    left = set(range(len(corners)))
    while left:
        group, ends = _joined(left.pop(), corners, at)
        left -= group
        # closed: two corners at every end; templates of two panels hide some of them
        if any(len(at[end]) != 2 or expected.get(end) != 2 for end in ends):
            continue
        total = sum(corners[index].angle_deg for index in group)
        if not LEAST_ROUND_DEG <= total <= MOST_ROUND_DEG:
            names = _listed(corners[index].piece for index in sorted(group))
            yield SewFault(
                tuple(sorted({end[0] for end in ends})), "junction",
                f"Where {names} meet, their corners add up to {total:.0f} degrees, and cloth "
                "can't be laid so.",
            )  # fmt: skip


def _joined(
    first: int, corners: list[Corner], at: dict[tuple[str, int], list[int]]
) -> tuple[set[int], set[tuple[str, int]]]:
    """All corners that hang together with one, and the seams' ends between them."""
    group, ends, todo = {first}, set(), [first]
    while todo:
        for end in corners[todo.pop()].ends:
            ends.add(end)
            new = set(at[end]) - group
            group |= new
            todo.extend(new)
    return group, ends


def _angle_deg(before: PieceEdge, after: PieceEdge) -> float:
    back = _point_along(before.line_mm[::-1]) - before.line_mm[-1]
    ahead = _point_along(after.line_mm) - after.line_mm[0]
    cross = ahead[0] * back[1] - ahead[1] * back[0]
    return float(np.degrees(np.arctan2(cross, float(ahead @ back))) % 360)


def _point_along(line: FloatArray) -> FloatArray:
    """The point a lever's length along a line; its middle where it is shorter than two levers."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    at = min(_LEVER_MM, along[-1] / 2)
    return np.array([np.interp(at, along, line[:, axis]) for axis in (0, 1)])


def _listed(names: Iterator[str]) -> str:
    return ", ".join(dict.fromkeys(names))
