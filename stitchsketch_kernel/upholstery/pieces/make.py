"""Pieces: flat panels get their edges, cut lines, notches, grain; and the pattern joins them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np

from stitchsketch_kernel.domain.bounds import Within, require_allowed
from stitchsketch_kernel.domain.cloth import Cloth
from stitchsketch_kernel.domain.errors import PanelError, ScaleError
from stitchsketch_kernel.domain.model import Scale
from stitchsketch_kernel.domain.panel import EdgeKind, PanelMap, Seam
from stitchsketch_kernel.domain.piece import FlatPanel, Pattern, Piece
from stitchsketch_kernel.domain.sewing import tolerance_mm
from stitchsketch_kernel.domain.sureness import Sureness
from stitchsketch_kernel.upholstery.pieces.allowances import cut_line
from stitchsketch_kernel.upholstery.pieces.mirrored import SeamTies, Twins, find_twins, seam_links
from stitchsketch_kernel.upholstery.pieces.notched import notched
from stitchsketch_kernel.upholstery.pieces.outline import edges_of, grain_line
from stitchsketch_kernel.upholstery.pieces.pairs import on_furniture, seam_pairs
from stitchsketch_kernel.upholstery.pieces.rules import TradeRules


@dataclass(frozen=True)
class PieceSettings:
    """How pieces are made of flat panels.

    Attributes
    ----------
    pair : bool
        Whether a left and a right panel that agree become one piece, cut twice.
    simplify_mm : float
        Points of a sew line that lie this near to straight are dropped.
    check_mm : float
        A piece whose edge or size may be further off than this (95 %) is to be checked before it
        is cut.
    """

    pair: bool = True
    simplify_mm: Annotated[float, Within(0, 1)] = 0.05
    check_mm: Annotated[float, Within(0, 50, above=True)] = 5.0

    def __post_init__(self) -> None:
        require_allowed(self)


def make_pattern(
    name: str,
    panel_map: PanelMap,
    flats: Sequence[FlatPanel],
    rules: TradeRules | None = None,
    *,
    scale: Scale,
    settings: PieceSettings | None = None,
    sure: Sureness | None = None,
    cloth: Cloth | None = None,
) -> Pattern:
    """Make all pieces of a scan, and pair their seams.

    An unscaled model gives a pattern to look at; `require_metric` keeps it from being cut. Where
    a left and a right piece become one template, it has the left panel's name, and `seams` still
    names both panels, with the lengths that the template gives them.

    Parameters
    ----------
    name : str
        The scan's name, printed on every cut file.
    panel_map : PanelMap
    flats : sequence of FlatPanel
        Of its panels, or of some of them.
    rules : TradeRules, optional
        The package's own, when none are given.
    scale : Scale
    settings : PieceSettings, optional
    sure : Sureness, optional
        The ± of seams and pieces; without it none is known.
    cloth : Cloth, optional
        That the panels were laid flat for.

    Raises
    ------
    PanelError
        A piece's seams leave a gap in its outline or its sew line crosses itself; names it.
    """
    rules, settings = rules or TradeRules.default(), settings or PieceSettings()
    sure = sure or Sureness()
    seams = {seam.id: seam for seam in panel_map.seams}
    bare = [_bare_piece(flat, seams, rules, settings, sure) for flat in flats]
    twins, notes = find_twins(bare) if settings.pair else ((), ())
    twins, unsewable = _sewable(bare, twins)
    twins, ties, more_notes = _tied(bare, twins)
    others = {bare[one.right].name for one in twins}
    pieces = _one_of_twins(notched(bare, rules, ties), twins)
    return Pattern(
        name,
        pieces,
        seam_pairs(panel_map.seams, _as_cut(bare, twins), sure, on_furniture(flats, others)),
        scale.method,
        scale.uncertainty_percent,
        (*panel_map.notes, *notes, *unsewable, *more_notes),
        check_mm=settings.check_mm,
        cloth=cloth,
    )


def require_metric(pattern: Pattern) -> None:
    """Refuse to cut, nest or price a pattern whose size is not known.

    Raises
    ------
    ScaleError
        The scan has no scale.
    """
    if pattern.scale_method == "none":
        raise ScaleError(
            f"The size of {pattern.name} is not known, so nothing may be cut from it.",
            "Lay printed mats round the piece and photograph it again, or give a length that you "
            "measured (--length).",
        )


def _bare_piece(
    flat: FlatPanel,
    seams: dict[str, Seam],
    rules: TradeRules,
    settings: PieceSettings,
    sure: Sureness,
) -> Piece:
    """A piece without notches."""
    edges = edges_of(flat, seams, rules, settings.simplify_mm)
    sew = np.concatenate([edge.line_mm[:-1] for edge in edges])
    lines, widths = [edge.line_mm for edge in edges], [edge.allowance_mm for edge in edges]
    try:
        folds = [edge.edge_kind is EdgeKind.FOLD for edge in edges]
        cut = cut_line(lines, widths, rules.mitre_limit, folds)
    except PanelError as error:
        raise PanelError(f"Piece {flat.panel}: {error.what}", error.todo) from error
    piece = Piece(
        flat.panel, sew, cut, edges, (), grain_line(sew), strain_percent=_strain(flat),
        fit=flat.fit,
    )  # fmt: skip
    told = sure.pieces.get(flat.panel)
    if told is None:
        return piece
    return replace(piece, uncertainty_mm=told.outline_mm, size_uncertainty_mm=told.size_mm)


def _strain(flat: FlatPanel) -> tuple[float, float]:
    """Mean and 95 % of the strain, by the faces' flat area."""
    a, b, c = (flat.uv_mm[flat.faces[:, i]] for i in range(3))
    ab, ac = b - a, c - a
    area = 0.5 * np.abs(ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0])
    order = np.argsort(flat.strain_percent)
    share = np.cumsum(area[order]) / area.sum()
    high = flat.strain_percent[order][np.searchsorted(share, 0.95)]
    return float(np.average(flat.strain_percent, weights=area)), float(high)


def _sewable(
    pieces: Sequence[Piece], twins: Sequence[Twins]
) -> tuple[tuple[Twins, ...], tuple[str, ...]]:
    """Twins whose template fits the seams of both sides as well as two pieces would."""
    kept: list[Twins] = list(twins)
    notes: list[str] = []
    measured = _differences(pieces)
    while True:
        cut = _differences(_as_cut(pieces, kept))
        worse = {
            seam
            for seam, (apart, limit) in cut.items()
            if apart > limit and apart > measured[seam][0]
        }
        spoilt = [one for one in kept if worse & {edge.seam for edge in pieces[one.right].edges}]
        if not spoilt:
            return tuple(kept), tuple(notes)
        for one in spoilt:
            kept.remove(one)
            left, right = pieces[one.left].name, pieces[one.right].name
            notes.append(
                f"{left} and {right} are both kept: made alike, one would not be as long as what "
                "it is sewn to."
            )


def _differences(pieces: Sequence[Piece]) -> dict[str, tuple[float, float]]:
    """For each seam with both sides there: how far their lengths differ, and how far they may."""
    lengths: dict[str, list[float]] = defaultdict(list)
    for piece in pieces:
        for edge in piece.edges:
            lengths[edge.seam].append(edge.length_mm)
    return {
        seam: (abs(both[0] - both[1]), tolerance_mm(*both))
        for seam, both in lengths.items()
        if len(both) == 2
    }


def _tied(
    pieces: Sequence[Piece], twins: Sequence[Twins]
) -> tuple[tuple[Twins, ...], SeamTies, tuple[str, ...]]:
    """Tie the seams of twins; those whose notches could not fit both sides stay two pieces."""
    ties, kept, notes = SeamTies(), [], []
    for one in twins:
        if ties.tie(seam_links(one, pieces)):
            kept.append(one)
        else:
            left, right = pieces[one.left].name, pieces[one.right].name
            notes.append(f"{left} and {right} are both kept: one set of notches can't fit both.")
    return tuple(kept), ties, tuple(notes)


def _one_of_twins(pieces: Sequence[Piece], twins: Sequence[Twins]) -> tuple[Piece, ...]:
    """Keep the left of each pair as the template of both."""
    out = list(pieces)
    for one in twins:
        left, right = pieces[one.left], pieces[one.right]
        note = f"For {left.name} and, face down, {right.name}; they differ by "
        out[one.left] = replace(
            left,
            quantity=2,
            mirrored=True,
            # never surer than the less sure of the two
            uncertainty_mm=float(np.max([left.uncertainty_mm, right.uncertainty_mm])),
            size_uncertainty_mm=_less_sure(left, right),
            fit=None if left.fit is None else left.fit.worst(right.fit),
            notes=(*left.notes, f"{note}{one.difference_mm:.1f} mm."),
        )
    gone = {one.right for one in twins}
    return tuple(piece for index, piece in enumerate(out) if index not in gone)


def _less_sure(left: Piece, right: Piece) -> tuple[float, float]:
    width, length = np.max([left.size_uncertainty_mm, right.size_uncertainty_mm], axis=0)
    return float(width), float(length)


def _as_cut(pieces: Sequence[Piece], twins: Sequence[Twins]) -> list[Piece]:
    """All pieces, the right of each pair with the edges' lengths that its template gives it."""
    out = list(pieces)
    for one in twins:
        left, right = pieces[one.left], pieces[one.right]
        template = {b: left.edges[a].line_mm for a, b in one.edges}
        edges = [replace(edge, line_mm=template[i]) for i, edge in enumerate(right.edges)]
        out[one.right] = replace(right, edges=tuple(edges))
    return out
