"""All pieces with their notches: along seams, at darts, and where others' seams end on them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from stitchsketch_kernel.domain.piece import Notch, Piece
from stitchsketch_kernel.upholstery.pieces.mirrored import SeamTies
from stitchsketch_kernel.upholstery.pieces.notches import (
    SeamSide,
    dart_notches,
    dart_of,
    edge_notches,
    mouth_notch,
    notch_stations,
)
from stitchsketch_kernel.upholstery.pieces.rules import TradeRules


def notched(pieces: Sequence[Piece], rules: TradeRules, ties: SeamTies) -> list[Piece]:
    """The pieces with notches wherever two sides of a seam are there."""
    sides: dict[str, list[tuple[int, SeamSide]]] = defaultdict(list)
    for index, piece in enumerate(pieces):
        for edge in piece.edges:
            sides[edge.seam].append((index, SeamSide(edge, piece.cut_line_mm)))
    groups = defaultdict(list)
    notches: dict[int, list[Notch]] = defaultdict(list)
    for seam, both in sides.items():
        index = both[0][0]
        leg = dart_of(pieces[index], seam)
        if leg is not None:
            notches[index].extend(dart_notches(pieces[index], leg, rules))
            edges = pieces[index].edges
            rims = frozenset({edges[leg - 1].seam, edges[(leg + 2) % len(edges)].seam})
            for at, piece in enumerate(pieces):
                mouth = mouth_notch(piece, seam, rims, rules) if at != index else None
                notches[at].extend([] if mouth is None else [mouth])
        elif len(both) == 2:
            groups[ties.root(seam)[0]].append(seam)
            for rims in _beside(seam, pieces[index], pieces[both[1][0]]):
                for at, piece in enumerate(pieces):
                    end = mouth_notch(piece, seam, rims, rules, straight=True)
                    notches[at].extend([] if end is None else [end])
    for members in groups.values():
        turned = {seam: ties.root(seam)[1] for seam in members}
        together = [side.turned(turned[seam]) for seam in members for _, side in sides[seam]]
        stations = notch_stations(together, rules)
        for seam in members:
            own = sorted(1 - s if turned[seam] else s for s in stations)
            for index, side in sides[seam]:
                notches[index].extend(edge_notches(side, own, rules))
    return [replace(piece, notches=tuple(notches[i])) for i, piece in enumerate(pieces)]


def _beside(seam: str, a: Piece, b: Piece) -> Iterator[frozenset[str]]:
    """At each end of a seam of two pieces the next seam of either, where those are two."""
    for end in (0, 1):
        rims = frozenset(_next(piece, seam, end) for piece in (a, b))
        if len(rims) == 2 and a is not b:
            yield rims


def _next(piece: Piece, seam: str, end: int) -> str:
    """The seam that goes on round a piece from an end of one (0 its start, 1 its end)."""
    at = next(i for i, edge in enumerate(piece.edges) if edge.seam == seam)
    ahead = piece.edges[at].forward == (end == 1)
    return piece.edges[(at + (1 if ahead else -1)) % len(piece.edges)].seam
