"""Which places of which pieces meet when sewn, and how well the cloth's pattern goes on there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import shapely

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.marker import Fabric, MatchLevel, PhaseMatch, Placement
from stitchsketch_kernel.domain.piece import Pattern, Piece, PieceEdge, SeamPair
from stitchsketch_kernel.upholstery.marker.repeats import (
    has_motif,
    importance,
    is_hidden,
    off_lattice,
    trade_data,
)

#: A seam whose pattern jumps by no more than this is matched.
MATCHED_MM = 2.0
#: A seam that matches at its middle alone counts this much beside one that does all along.
_POINT = 0.25
#: Places along a seam that are compared; odd, so that the middle is one of them.
STATIONS = 41
#: Edge lengths of one template that differ by less are the same edge.
_SAME_LENGTH_MM = 0.01
_RIGHT = re.compile(r"-R(?=-|$)")


@dataclass(frozen=True)
class Side:
    """One side of a seam on one cut piece: `line_mm` (STATIONS, 2), at even stations."""

    piece: str
    copy: int
    flipped: bool
    line_mm: FloatArray

    @property
    def key(self) -> tuple[str, int]:
        """The copy that it is on."""
        return self.piece, self.copy


@dataclass(frozen=True)
class Link:
    """Two sides that are sewn together, station by station; the heavier links are kept first.

    `b` is None where a piece's middle (`a`, one point) belongs on a motif.
    """

    seam: str
    a: Side
    b: Side | None
    weight: float


def links_of(pattern: Pattern, level: MatchLevel) -> list[Link]:
    """What a level asks to be matched, the most important first: by pieces, length and shape.

    A right piece that is cut from the left one's template is found by its seam's length, which
    `make_pattern` takes from the template, and lies face down.
    """
    if level is MatchLevel.NONE:
        return []
    if level is MatchLevel.MOTIFS:
        return [link for piece in pattern.pieces if has_motif(piece.name) for link in _motif(piece)]
    links = [
        link
        for pair in pattern.seams
        if pair.piece_b is not None and (level is MatchLevel.ALL or _is_seen(pair))
        for link in _seam_links(pattern, pair)
    ]
    return sorted(links, key=lambda link: -link.weight * (_POINT + share_along(link)))


def share_along(link: Link) -> float:
    """Share of a seam's places that match, without repeats, at their best; 1 for a motif.

    It is what the shapes allow: a straight seam that runs the same way on both pieces has all.
    """
    if link.b is None:
        return 1.0
    mirror = [np.array([-1.0 if side.flipped else 1.0, 1.0]) for side in (link.a, link.b)]
    apart = link.b.line_mm * mirror[1] - link.a.line_mm * mirror[0]
    return float(np.mean(np.hypot(*(apart - best_shift(apart)).T) <= MATCHED_MM))


def best_shift(apart_mm: FloatArray) -> FloatArray:
    """What one side of a seam must be moved by to match the other.

    Where the whole seam can be within `MATCHED_MM`, the middle of the smallest circle round all
    its places' differences, which leaves the least jump; else the difference at the seam's middle:
    no shift holds all of it, and the middle is where a jump is seen.

    Parameters
    ----------
    apart_mm : ndarray, shape (n, 2)
        One side's places less the other's, station by station; n odd.
    """
    middle = apart_mm[len(apart_mm) // 2]
    about = (apart_mm - middle).astype(np.float32)  # small numbers: float32 is exact enough
    centre, radius = cv2.minEnclosingCircle(about[:, None])
    return np.asarray(middle + centre if radius <= MATCHED_MM else middle)


def matches_of(
    pattern: Pattern, fabric: Fabric, placements: Sequence[Placement], level: MatchLevel
) -> tuple[PhaseMatch, ...]:
    """Measure on the placements how well the pattern matches at everything a level asks for.

    Of two pieces that lie opposite ways the second's cloth is taken as turned about a motif's
    middle, which a cloth without nap looks the same by.
    """
    placed = {(one.piece, one.copy): one for one in placements}
    found = []
    for link in links_of(pattern, level) if fabric.has_repeat else ():
        if link.a.key in placed and (link.b is None or link.b.key in placed):
            jump = off_lattice(_shift(link, placed, fabric), fabric)
            jumps = np.hypot(*jump.T)
            at = float(jumps[len(jumps) // 2])
            other, copy = (None, 0) if link.b is None else link.b.key
            found.append(
                PhaseMatch(
                    link.seam, *link.a.key, other, copy, at, float(jumps.max()), at <= MATCHED_MM
                )
            )
    return tuple(found)


def _shift(link: Link, placed: Mapping[tuple[str, int], Placement], fabric: Fabric) -> FloatArray:
    """Cloth at side b less cloth at side a, (n, 2)."""
    motif = np.array([fabric.motif_along_mm, fabric.motif_across_mm])
    a = placed[link.a.key]
    here = a.apply(link.a.line_mm)
    if link.b is None:
        return motif - here
    b = placed[link.b.key]
    there = b.apply(link.b.line_mm)
    opposite = round((b.rotation_deg - a.rotation_deg) / 180) % 2 == 1
    return (2 * motif - there if opposite else there) - here


def _is_seen(pair: SeamPair) -> bool:
    names = (pair.piece_a, str(pair.piece_b))
    return pair.edge_kind in trade_data()["visible_edges"] and not any(map(is_hidden, names))


def _motif(piece: Piece) -> list[Link]:
    middle = shapely.Polygon(piece.sew_line_mm).centroid
    line = np.array([[middle.x, middle.y]])
    weight = importance(piece.name)
    return [
        Link("", Side(piece.name, copy, piece.mirrored and copy % 2 == 1, line), None, weight)
        for copy in range(piece.quantity)
    ]


def _seam_links(pattern: Pattern, pair: SeamPair) -> list[Link]:
    """The seam's two sides on every copy that has them."""
    edges = _edges(pattern, pair)
    if len(edges) != 2:
        return []
    (a, edge_a, mirrored_a), (b, edge_b, mirrored_b) = edges
    line_a, line_b = _stations(edge_a.line_mm), _stations(edge_b.line_mm)
    # lines run counter-clockwise round their pieces, and a face-down one the other way round
    same_way = mirrored_a != mirrored_b
    if not (mirrored_a or mirrored_b):
        same_way = edge_a.forward == edge_b.forward
    line_b = line_b if same_way else line_b[::-1]
    weight = importance(pair.piece_a) * importance(str(pair.piece_b)) * edge_a.length_mm
    copies_a, copies_b = _copies(a, mirrored_a), _copies(b, mirrored_b)
    count = max(len(copies_a), len(copies_b))
    return [
        Link(
            pair.seam,
            Side(a.name, copies_a[i % len(copies_a)], mirrored_a, line_a),
            Side(b.name, copies_b[i % len(copies_b)], mirrored_b, line_b),
            weight,
        )
        for i in range(count)
    ]


def _edges(pattern: Pattern, pair: SeamPair) -> list[tuple[Piece, PieceEdge, bool]]:
    """The piece and edge of each side, and whether it is the face-down twin of that piece."""
    pieces = {piece.name: piece for piece in pattern.pieces}
    own = [
        (piece, edge, False)
        for name in dict.fromkeys((pair.piece_a, pair.piece_b))
        if (piece := pieces.get(str(name)))
        for edge in piece.edges
        if edge.seam == pair.seam
    ]
    twins = []
    for name, length in ((pair.piece_a, pair.length_a_mm), (pair.piece_b, pair.length_b_mm)):
        template = pieces.get(_RIGHT.sub("-L", str(name)))
        if name not in pieces and template is not None and template.mirrored and length:
            other = pair.piece_b if name == pair.piece_a else pair.piece_a
            edge = _twin_edge(pattern, template, pair, length, str(other))
            twins += [] if edge is None else [(template, edge, True)]
    return own + twins


def _twin_edge(
    pattern: Pattern, template: Piece, pair: SeamPair, length_mm: float, other: str
) -> PieceEdge | None:
    """The template's edge that the right piece's side of a seam is cut from."""
    partners = {one.seam: {one.piece_a, one.piece_b} - {template.name} for one in pattern.seams}
    likely = {other, _RIGHT.sub("-L", other)}
    fitting = [
        edge
        for edge in template.edges
        if abs(edge.length_mm - length_mm) < _SAME_LENGTH_MM and edge.edge_kind == pair.edge_kind
    ]
    fitting.sort(key=lambda edge: not (partners.get(edge.seam, set()) & likely))
    return fitting[0] if fitting else None


def _copies(piece: Piece, face_down: bool) -> list[int]:
    """Copies that are this side of the furniture."""
    if not piece.mirrored:
        return list(range(piece.quantity))
    return list(range(1 if face_down else 0, piece.quantity, 2))


def _stations(line_mm: FloatArray) -> FloatArray:
    """Points at even shares of a line's length, (STATIONS, 2)."""
    steps = np.hypot(*np.diff(line_mm, axis=0).T)
    at = np.concatenate([[0.0], np.cumsum(steps)])
    wanted = np.linspace(0.0, at[-1], STATIONS)
    return np.column_stack([np.interp(wanted, at, line_mm[:, axis]) for axis in (0, 1)])
