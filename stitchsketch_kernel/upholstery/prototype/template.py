"""A flat panel's points in the coordinates of the piece that is cut for it.

A piece made of its own panel has the panel's coordinates. A right panel whose piece is the left
one's template, face down, is sewn on edge by edge: its outline comes to lie on the template's
(station by station along each seam), and its inside follows, as evenly as can be (harmonic). What
the two sides' outlines differ by within a hand's breadth is the scan's own unrest, which no cloth
follows: it is held as if by springs there.
"""

from __future__ import annotations

import igl
import numpy as np
from scipy import sparse
from scipy.sparse.linalg import spsolve

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.errors import NestError
from stitchsketch_kernel.domain.panel import EdgeKind
from stitchsketch_kernel.domain.piece import FlatPanel, Pattern, Piece, PieceEdge
from stitchsketch_kernel.upholstery.pieces.mirrored import Twins, find_twins, fit_mirrored

#: A piece's outline that lies this near to its panel's is the panel's own.
_SAME_MM = 0.2
#: On a template unrest of an outline that is shorter than this is evened out.
_REACH_MM = 40.0


def on_piece(flat: FlatPanel, piece: Piece, pattern: Pattern) -> FloatArray:
    """The panel's vertices (n, 2) on the piece, mm.

    Raises
    ------
    NestError
        The piece's edges aren't the panel's: it was made of another scan, or changed.
    """
    if piece.name == flat.panel:
        return _followed(flat, flat.uv_mm, _own_targets(flat, piece))
    right = _right_piece(flat, piece, pattern)
    twins = find_twins((piece, right))[0]
    if not twins:
        raise _unlike(flat, piece)
    move = fit_mirrored(piece.sew_line_mm, right.sew_line_mm)[0]
    back = np.linalg.inv(move)
    start = flat.uv_mm @ back[:2, :2].T + back[:2, 2]
    return _sprung(flat, start, _template_targets(flat, piece, right, twins[0]))


def _own_targets(flat: FlatPanel, piece: Piece) -> dict[int, FloatArray]:
    edges: dict[str, list[PieceEdge]] = {}
    for edge in piece.edges:
        edges.setdefault(edge.seam, []).append(edge)
    targets: dict[int, FloatArray] = {}
    for key, vertices in flat.seam_vertices.items():
        same = edges.get(key.rstrip("*"), [])
        if not same:
            raise _unlike(flat, piece)
        line = flat.uv_mm[vertices]
        # a dart, or a sleeve, has two edges of one seam: the one that this side lies on
        edge = min(same, key=lambda one: _ends_apart(one, line))
        way = edge.line_mm if edge.forward else edge.line_mm[::-1]
        targets.update(zip(vertices.tolist(), _at(way, _stations(line)), strict=True))
    return targets


def _ends_apart(edge: PieceEdge, line: FloatArray) -> float:
    way = edge.line_mm if edge.forward else edge.line_mm[::-1]
    return float(np.hypot(*(way[0] - line[0])) + np.hypot(*(way[-1] - line[-1])))


def _template_targets(
    flat: FlatPanel, left: Piece, right: Piece, twins: Twins
) -> dict[int, FloatArray]:
    targets: dict[int, FloatArray] = {}
    keys = list(flat.seam_vertices)
    for a, b in twins.edges:
        vertices = flat.seam_vertices[keys[b]]
        line = flat.uv_mm[vertices]
        # mirrored, a ring is walked the other way round
        way = left.edges[a].line_mm[::-1]
        at = _stations(line)
        if not right.edges[b].forward:
            at = 1 - at
        targets.update(zip(vertices.tolist(), _at(way, at), strict=True))
    return targets


def _right_piece(flat: FlatPanel, left: Piece, pattern: Pattern) -> Piece:
    """The right panel as a bare piece: its edges in the order of its seams."""
    kinds = {pair.seam: pair.edge_kind for pair in pattern.seams}
    place = {int(vertex): at for at, vertex in enumerate(flat.boundary)}
    edges = []
    for key, vertices in flat.seam_vertices.items():
        ahead = (place[int(vertices[1])] - place[int(vertices[0])]) % len(flat.boundary) == 1
        line = flat.uv_mm[vertices if ahead else vertices[::-1]]
        seam = key.rstrip("*")
        edges.append(PieceEdge(seam, kinds.get(seam, EdgeKind.SEWN), line, bool(ahead), 0.0))
    sew = flat.uv_mm[flat.boundary]
    return Piece(
        flat.panel, sew, sew, tuple(edges), (), np.zeros((2, 2)),
        uncertainty_mm=left.uncertainty_mm,
    )  # fmt: skip


def _followed(flat: FlatPanel, start: FloatArray, targets: dict[int, FloatArray]) -> FloatArray:
    """`start` with the outline moved to its targets, the inside following harmonically."""
    held = np.array(sorted(targets), dtype=np.int64)
    wanted = np.array([targets[int(vertex)] for vertex in held])
    moved = wanted - start[held]
    if float(np.abs(moved).max()) <= _SAME_MM:
        return start
    laid = np.column_stack([flat.uv_mm, np.zeros(len(start))])
    faces = np.ascontiguousarray(flat.faces, dtype=np.int64)
    shift = igl.harmonic(np.ascontiguousarray(laid), faces, held, np.ascontiguousarray(moved), 1)
    return np.asarray(start + shift)


def _sprung(flat: FlatPanel, start: FloatArray, targets: dict[int, FloatArray]) -> FloatArray:
    """As `_followed`, with the outline held by springs.

    The shift d makes |grad d|^2 inside with |d - wanted|^2 / `_REACH_MM` along the outline least
    (a Robin condition).
    """
    held = np.array(sorted(targets), dtype=np.int64)
    goal = np.array([targets[int(vertex)] for vertex in held])
    # a side that is larger as a whole is stretched evenly first: springs have no say in that
    known = np.column_stack([start[held], np.ones(len(held))])
    start = np.column_stack([start, np.ones(len(start))]) @ np.linalg.lstsq(known, goal)[0]
    wanted = np.zeros_like(start)
    wanted[held] = goal - start[held]
    ring = flat.boundary
    half = np.linalg.norm(flat.uv_mm[ring] - flat.uv_mm[np.roll(ring, -1)], axis=1) / 2
    spring = np.zeros(len(start))
    np.add.at(spring, ring, half)
    np.add.at(spring, np.roll(ring, -1), half)
    spring[~np.isin(np.arange(len(start)), held)] = 0.0
    laid = np.column_stack([flat.uv_mm, np.zeros(len(start))])
    stiff = igl.cotmatrix(np.ascontiguousarray(laid), np.ascontiguousarray(flat.faces, np.int64))
    hold = sparse.diags(spring / _REACH_MM)
    return np.asarray(start + spsolve((hold - stiff).tocsc(), hold @ wanted))


def _stations(line: FloatArray) -> FloatArray:
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    return np.asarray(along / along[-1])


def _at(line: FloatArray, stations: FloatArray) -> FloatArray:
    own = _stations(line)
    return np.column_stack([np.interp(stations, own, line[:, axis]) for axis in (0, 1)])


def _unlike(flat: FlatPanel, piece: Piece) -> NestError:
    return NestError(
        f"Piece {piece.name} and panel {flat.panel} don't have the same edges.",
        "Run it again from the panels: the pattern is of another scan.",
    )
