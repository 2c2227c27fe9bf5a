"""Both sides of each seam, as long as they are cut and as they are on the furniture."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence, Set
from dataclasses import replace

import numpy as np

from stitchsketch_kernel.domain.panel import Seam
from stitchsketch_kernel.domain.piece import FlatPanel, Piece, SeamPair
from stitchsketch_kernel.domain.sureness import Sureness


def on_furniture(flats: Sequence[FlatPanel], others: Set[str]) -> dict[tuple[str, str], float]:
    """Each panel's seams with their lengths on the furniture, mm.

    Not those of `others`: a right panel that is cut from the left one's template has the left's
    lengths by intention.
    """
    return {
        (flat.panel, key): float(
            np.linalg.norm(np.diff(flat.surface_mm[line], axis=0), axis=1).sum()
        )
        for flat in flats
        if flat.panel not in others
        for key, line in flat.seam_vertices.items()
    }


def seam_pairs(
    seams: Sequence[Seam],
    pieces: Sequence[Piece],
    sure: Sureness,
    true_mm: dict[tuple[str, str], float],
) -> tuple[SeamPair, ...]:
    """Both sides of each seam that a piece has; side a is the seam's left where it is there.

    The flat's own departure from the seam on the furniture adds to the ± of its length. `true_mm`
    is what `on_furniture` found.
    """
    lengths = defaultdict(list)
    for piece in pieces:
        for edge in piece.edges:
            lengths[edge.seam].append((piece.name, edge.length_mm))
    pairs = []
    for seam in seams:
        sides = sorted(lengths[seam.id], key=lambda side: side[0] != seam.left)
        if sides:
            (a, length_a), (b, length_b) = sides[0], sides[1] if len(sides) > 1 else (None, None)
            pair = SeamPair(
                seam.id, seam.edge_kind, a, b, length_a, length_b,
                furniture_mm=true_mm.get((a, seam.id), float("nan")),
            )  # fmt: skip
            if (told := sure.seams.get(seam.id)) is not None:
                off = max(abs(length - seam.length_mm) for _, length in sides)
                within = float(np.hypot(told.length_mm, off))
                pair = replace(
                    pair, length_uncertainty_mm=within, place_uncertainty_mm=told.place_mm
                )
            pairs.append(pair)
    return tuple(pairs)
