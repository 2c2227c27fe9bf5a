"""Left and right pieces that are each other's mirror image become one template, cut twice.

The measured left and right differ by what the scan is unsure of; a shop wants one template. Its
notches must then fit the seams of both sides, so seams that share a template share their stations
(`SeamTies`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.piece import Piece, PieceEdge

#: Left and right may always differ by this much; by twice their uncertainty where that is more.
AGREE_MM = 3.0
#: Mirrored, their grain may differ by this much.
_GRAIN_DEG = 5.0
_STEP_MM = 6.0
#: Rounds end when they move the outline by less than this.
_STILL_MM = 1e-4
_ROUNDS = 60
_SIDE = re.compile(r"-L(?=-|$)")


@dataclass(frozen=True)
class Twins:
    """A left and a right piece, by index, that one template serves.

    Attributes
    ----------
    left, right : int
    edges : tuple of (int, int)
        Each edge of the left with the edge of the right that mirrors it.
    difference_mm : float
        Largest distance between the outlines, one mirrored and fitted to the other.
    """

    left: int
    right: int
    edges: tuple[tuple[int, int], ...]
    difference_mm: float


def right_of(name: str) -> str:
    """The right panel's name for a left one's; a name without a side stays as it is."""
    return _SIDE.sub("-R", name)


def find_twins(pieces: Sequence[Piece]) -> tuple[tuple[Twins, ...], tuple[str, ...]]:
    """Pairs named X-L and X-R that agree, and a sentence for each that does not."""
    index = {piece.name: i for i, piece in enumerate(pieces)}
    twins, notes = [], []
    for left, piece in enumerate(pieces):
        right = index.get(right_of(piece.name))
        if right is not None and right != left:
            found = _compared(pieces, left, right)
            if isinstance(found, Twins):
                twins.append(found)
            else:
                notes.append(found)
    return tuple(twins), tuple(notes)


class SeamTies:
    """Seams that must have the same stations, some of them running the other way.

    A disjoint-set forest whose links carry whether the direction turns round.
    """

    def __init__(self) -> None:
        self._parent: dict[str, tuple[str, bool]] = {}

    def root(self, seam: str) -> tuple[str, bool]:
        """The seam that stands for the group, and whether `seam` runs against it."""
        turned = False
        while seam in self._parent:
            seam, step = self._parent[seam]
            turned ^= step
        return seam, turned

    def tie(self, links: Sequence[tuple[str, str, bool]]) -> bool:
        """Tie all of these seams or, where one would have to fit itself turned round, none."""
        before = dict(self._parent)
        for a, b, turned in links:
            (root_a, turned_a), (root_b, turned_b) = self.root(a), self.root(b)
            if root_a != root_b:
                self._parent[root_b] = (root_a, turned ^ turned_a ^ turned_b)
            elif turned_a ^ turned_b ^ turned:
                self._parent = before
                return False
        return True


def seam_links(twins: Twins, pieces: Sequence[Piece]) -> list[tuple[str, str, bool]]:
    """Which seams of left and right share stations; True: they run opposite ways.

    Mirroring turns counter-clockwise round, so edges that both run with their seams (or both
    against) have stations s and 1 - s.
    """
    left, right = pieces[twins.left].edges, pieces[twins.right].edges
    return [
        (left[a].seam, right[b].seam, left[a].forward == right[b].forward) for a, b in twins.edges
    ]


def fit_mirrored(left: FloatArray, right: FloatArray) -> tuple[FloatArray, float, float]:
    """Mirror ring `left` and bring it nearest to ring `right` by a turn and a shift.

    Iterative closest points (Besl and McKay 1992) with feet taken both ways, from the grain's
    direction.

    Returns
    -------
    matrix : ndarray, shape (3, 3)
        From left's coordinates to right's, mirroring included.
    difference_mm : float
        Largest distance of the fitted outlines, either way.
    turn_deg : float
    """
    mirror = np.diag([-1.0, 1.0, 1.0])
    a, b = _dense(left) * [-1.0, 1.0], _dense(right)
    target = shapely.LinearRing(right)
    shift = np.array(shapely.Polygon(right).centroid.coords[0]) - np.array(
        shapely.Polygon(left * [-1.0, 1.0]).centroid.coords[0]
    )
    move = np.eye(3)
    move[:2, 2] = shift
    for _ in range(_ROUNDS):
        moved = _moved(move, a)
        source = shapely.LinearRing(moved)
        froms = np.vstack([moved, _feet(source, b)])
        tos = np.vstack([_feet(target, moved), b])
        step = _rigid(froms, tos)
        move = step @ move
        if np.abs(step - np.eye(3)).max() < _STILL_MM:
            break
    moved = _moved(move, a)
    apart = max(
        float(shapely.distance(target, shapely.points(moved)).max()),
        float(shapely.distance(shapely.LinearRing(moved), shapely.points(b)).max()),
    )
    turn = float(np.degrees(np.arctan2(move[1, 0], move[0, 0])))
    return move @ mirror, apart, turn


def _compared(pieces: Sequence[Piece], left: int, right: int) -> Twins | str:
    """Twins, or the sentence that says why not."""
    a, b = pieces[left], pieces[right]
    move, apart, turn = fit_mirrored(a.sew_line_mm, b.sew_line_mm)
    known = [2 * one for one in (a.uncertainty_mm, b.uncertainty_mm) if np.isfinite(one)]
    limit = max(AGREE_MM, *known, 0.0)
    kept = f"{a.name} and {b.name} are both kept: mirrored, "
    if apart > limit:
        return f"{kept}they differ by {apart:.1f} mm, more than {limit:.1f} mm."
    if abs(turn) > _GRAIN_DEG:
        return f"{kept}their grain differs by {abs(turn):.0f} degrees."
    edges = _matched_edges(a.edges, b.edges, move, 2 * limit)
    if edges is None:
        return f"{kept}their seams end elsewhere or are of other kinds."
    return Twins(left, right, edges, apart)


def _matched_edges(
    left: Sequence[PieceEdge], right: Sequence[PieceEdge], move: FloatArray, near_mm: float
) -> tuple[tuple[int, int], ...] | None:
    """Each left edge's mirror image among the right edges: the other way round, of one kind."""
    pairs = []
    for index, edge in enumerate(left):
        line = _moved(move, edge.line_mm)
        apart = [
            max(
                float(np.linalg.norm(line[0] - other.line_mm[-1])),
                float(np.linalg.norm(line[-1] - other.line_mm[0])),
                abs(edge.length_mm - other.length_mm) / 2,
            )
            for other in right
        ]
        best = int(np.argmin(apart))
        if apart[best] > near_mm or right[best].edge_kind != edge.edge_kind:
            return None
        pairs.append((index, best))
    whole = len(left) == len(right) and len({b for _, b in pairs}) == len(right)
    return tuple(pairs) if whole else None


def _dense(ring: FloatArray) -> FloatArray:
    line = shapely.segmentize(shapely.LinearRing(ring), _STEP_MM)
    return np.asarray(shapely.get_coordinates(line)[:-1])


def _feet(ring: shapely.LinearRing, points: FloatArray) -> FloatArray:
    along = shapely.line_locate_point(ring, shapely.points(points))
    return np.asarray(shapely.get_coordinates(shapely.line_interpolate_point(ring, along)))


def _moved(matrix: FloatArray, points: FloatArray) -> FloatArray:
    return np.asarray(points @ matrix[:2, :2].T + matrix[:2, 2])


def _rigid(froms: FloatArray, tos: FloatArray) -> FloatArray:
    """The turn and shift that bring points nearest to others (least squares, in closed form)."""
    middle_a, middle_b = froms.mean(axis=0), tos.mean(axis=0)
    a, b = froms - middle_a, tos - middle_b
    angle = np.arctan2((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum(), (a * b).sum())
    c, s = np.cos(angle), np.sin(angle)
    matrix = np.eye(3)
    matrix[:2, :2] = [[c, -s], [s, c]]
    matrix[:2, 2] = middle_b - matrix[:2, :2] @ middle_a
    return matrix
