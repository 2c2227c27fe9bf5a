"""Strips that no panel shows: the welt's bias strips and those that hold a zip, from the seams."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.cloth import Fit
from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.domain.panel import EdgeKind
from stitchsketch_kernel.domain.piece import Pattern, Piece, SeamPair
from stitchsketch_kernel.upholstery.pieces.junctions import junction_ends
from stitchsketch_kernel.upholstery.pieces.rules import TradeRules

_DIAGONAL = math.sqrt(2.0)


@dataclass(frozen=True)
class StripSettings:
    """What becomes of strips.

    Attributes
    ----------
    cut : bool
        Whether the strips of welts and zips are laid and cut with the pieces.
    """

    cut: bool = False


@dataclass(frozen=True)
class WeltPlan:
    """Bias strips, cut at 45 degrees to the grain, that cover the cord of all welts.

    Attributes
    ----------
    welt_mm : float
        Length of all welt seams.
    loops : int
        Welts that run back to their beginning, and overlap there.
    needed_mm : float
        Of joined strip: the seams and the overlaps.
    strips, joins : int
        How many strips, and joins between them, make one long strip.
    strip_length_mm : float
        Of each strip along its slanting edge.
    strip_width_mm, cord_mm : float
    cloth_mm : float
        Length of roll that they take by themselves, side by side.
    """

    welt_mm: float
    loops: int
    needed_mm: float
    strips: int
    joins: int
    strip_length_mm: float
    strip_width_mm: float
    cord_mm: float
    cloth_mm: float


def welt_plan(pattern: Pattern, rules: TradeRules, usable_width_mm: float) -> WeltPlan | None:
    """The bias strips for a pattern's welts, from the shortest piece of roll; None without welts.

    Raises
    ------
    SettingsError
        The cloth is too narrow for a strip.
    """
    welts = [pair for pair in pattern.seams if pair.edge_kind is EdgeKind.WELT]
    if not welts:
        return None
    length = sum(max(pair.length_a_mm, pair.length_b_mm or 0.0) for pair in welts)
    loops = _loops(pattern, welts)
    needed = length + loops * rules.welt_overlap_mm
    strips, each = bias_strips(needed, rules, usable_width_mm)
    return WeltPlan(
        length, loops, needed, strips, strips - 1, each, rules.welt_strip_mm, rules.welt_cord_mm,
        _cloth_mm(strips, each, rules),
    )  # fmt: skip


def bias_strips(needed_mm: float, rules: TradeRules, usable_width_mm: float) -> tuple[int, float]:
    """How many bias strips, and how long each, so that together they are long enough.

    Of all numbers of strips that the cloth's width and the shortest strip allow, the one that
    takes the least roll.

    Raises
    ------
    SettingsError
        Strips as long as this cloth is wide would be nothing but joins.
    """
    longest = usable_width_mm * _DIAGONAL
    join = rules.strip_join_mm
    if not longest > 2 * join:
        raise SettingsError(
            f"A cloth {usable_width_mm:g} mm wide is too narrow for strips.", "Take a wider one."
        )
    fewest = max(1, math.ceil((needed_mm - join) / (longest - join)))
    shortest = min(rules.welt_shortest_mm, longest)
    most = max(fewest, math.floor((needed_mm - join) / max(shortest - join, 1.0)))

    def each(count: int) -> float:
        return (needed_mm + (count - 1) * join) / count

    best = min(range(fewest, most + 1), key=lambda n: (_cloth_mm(n, each(n), rules), n))
    return best, each(best)


def boxing_mm(thickness_mm: float, rules: TradeRules) -> float:
    """How wide a boxing band is cut for a cushion of this thickness."""
    return thickness_mm + rules.boxing_add_mm


def zip_strip_mm(thickness_mm: float, rules: TradeRules) -> float:
    """How wide each of the two strips that hold a zip is cut."""
    return boxing_mm(thickness_mm, rules) / 2 + rules.zip_strip_add_mm


def welt_piece(plan: WeltPlan, name: str = "WELT-1") -> Piece:
    """A bias strip as a piece: a parallelogram at 45 degrees whose ends lie along the grain."""
    run, rise = plan.strip_length_mm / _DIAGONAL, plan.strip_width_mm * _DIAGONAL
    outline = np.array([[0.0, 0.0], [run, run], [run, run + rise], [0.0, rise]])
    note = (
        f"Bias strip {plan.strip_width_mm:.0f} mm wide for a {plan.cord_mm:g} mm cord; "
        f"{plan.joins} joins make {plan.needed_mm / 1000:.2f} m."
    )
    return _strip(name, outline, plan.strips, note)


def zip_pieces(pattern: Pattern, rules: TradeRules) -> tuple[Piece, ...]:
    """Two straight strips for each zip seam, ZIP-1 and so on, their length along the grain."""
    made: list[Piece] = []
    names = {piece.name for piece in pattern.pieces}
    for pair in pattern.seams:
        if pair.edge_kind is not EdgeKind.ZIP:
            continue
        length = max(pair.length_a_mm, pair.length_b_mm or 0.0)
        thick = _thickness_mm(pattern, pair, length)
        if thick is None:
            continue
        long, wide = length + 2 * rules.allowance(EdgeKind.SEWN), zip_strip_mm(thick, rules)
        outline = np.array([[0.0, 0.0], [wide, 0.0], [wide, long], [0.0, long]])
        name = _free("ZIP", names)
        names.add(name)
        made.append(_strip(name, outline, 2, f"Holds the zip of seam {pair.seam}, one each side."))
    return tuple(made)


def with_strips(pattern: Pattern, rules: TradeRules, usable_width_mm: float) -> Pattern:
    """The pattern with the strips of its welts and zips, to be laid with the other pieces."""
    plan = welt_plan(pattern, rules, usable_width_mm)
    strips = zip_pieces(pattern, rules)
    if plan is not None:
        name = _free("WELT", {piece.name for piece in pattern.pieces})
        strips = (welt_piece(plan, name), *strips)
    return replace(pattern, pieces=(*pattern.pieces, *strips))


def _strip(name: str, outline: FloatArray, quantity: int, note: str) -> Piece:
    """A piece without seams of its own: cut and sew line are one."""
    middle, half = outline.mean(axis=0), 0.3 * shapely.Polygon(outline).area
    half = min(50.0, half / max(float(np.ptp(outline[:, 0])), 1.0))
    grain = middle + np.array([[0.0, -half], [0.0, half]])
    return Piece(
        name, outline, outline, (), (), grain, quantity,
        uncertainty_mm=0.0, size_uncertainty_mm=(0.0, 0.0), strain_percent=(0.0, 0.0),
        fit=Fit(0.0, 0.0, 0.0),
        notes=(note,),
    )  # fmt: skip


def _free(stem: str, names: set[str]) -> str:
    return next(name for n in range(1, len(names) + 2) if (name := f"{stem}-{n}") not in names)


def _cloth_mm(strips: int, each_mm: float, rules: TradeRules) -> float:
    """Strips side by side at 45 degrees: a triangle at one end, and each strip's slanting width."""
    return each_mm / _DIAGONAL + strips * rules.welt_strip_mm * _DIAGONAL


def _loops(pattern: Pattern, welts: Sequence[SeamPair]) -> int:
    """How many welts run back to their beginning: the rings of the graph of welt seams."""
    at = junction_ends(pattern)
    alone = [pair for pair in welts if (pair.seam, 0) not in at or (pair.seam, 1) not in at]
    ends = [(at[pair.seam, 0], at[pair.seam, 1]) for pair in welts if pair not in alone]
    root = {node: node for pair in ends for node in pair}

    def top(node: int) -> int:
        while root[node] != node:
            node = root[node]
        return node

    rings = 0
    for a, b in ends:
        if top(a) == top(b):
            rings += 1
        root[top(a)] = top(b)
    # of a right panel cut from its left one's template it isn't known where its seams meet: an
    # overlap each is enough cloth
    return rings + len(alone)


def _thickness_mm(pattern: Pattern, pair: SeamPair, length_mm: float) -> float | None:
    """How high the narrower of the seam's pieces is: the band that the zip lies in."""
    there = [piece for piece in pattern.pieces if piece.name in {pair.piece_a, pair.piece_b}]
    areas = [float(shapely.Polygon(piece.sew_line_mm).area) for piece in there]
    return min(areas) / length_mm if areas else None
