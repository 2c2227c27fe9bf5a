"""Which found seam is which true one: for comparing lengths and places."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from stitchsketch_kernel.domain.panel import Seam
from stitchsketch_kernel.samples.furniture import TruthSeam

#: The panels on a seam's sides; None where it ends a panel.
Sides = frozenset[str | None]


def paired_seams(
    found: Iterable[Seam], names: Mapping[str, str], true: Iterable[TruthSeam]
) -> list[tuple[Seam, TruthSeam]]:
    """Found seams with the true ones that lie between the same panels.

    Only what is one and the same line is paired: one found and one true seam between two panels,
    each of them one found panel. A panel's end goes with the true one only where all its sewn sides
    were found: where the scan has cut it off from a neighbour, its end runs along there too.

    Parameters
    ----------
    found : iterable of Seam
    names : mapping of str to str
        The true panel of each found one that lies on one (`truth.match_panels`).
    true : iterable of TruthSeam
    """
    often = Counter(names.values())
    whole = {name: other for name, other in names.items() if often[other] == 1}
    by_sides: dict[Sides, list[Seam]] = defaultdict(list)
    for seam in found:
        known = [None if side is None else whole.get(side, "?") for side in (seam.left, seam.right)]
        by_sides[frozenset(known)].append(seam)
    true_by_sides: dict[Sides, list[TruthSeam]] = defaultdict(list)
    for line in true:
        true_by_sides[frozenset({line.left, line.right})].append(line)
    pairs = []
    for sides, lines in true_by_sides.items():
        if len(lines) != 1 or len(by_sides[sides]) != 1:
            continue
        mine = [other for other in true_by_sides if None not in other and sides - {None} <= other]
        if None not in sides or all(by_sides[other] for other in mine):
            pairs.append((by_sides[sides][0], lines[0]))
    return pairs
