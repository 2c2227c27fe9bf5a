"""Junctions as each draw of the scan's errors would have them: they lie on all panels that meet."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.panel import PanelMap, Seam
from stitchsketch_kernel.domain.units import MM_PER_M
from stitchsketch_kernel.upholstery.sure.draws import Draws
from stitchsketch_kernel.upholstery.sure.seams import at_all_points, loose_mm, met, run_mm
from stitchsketch_kernel.upholstery.sure.sides import Side

#: A seam is carried on to its end, as a curve, from points so far away from it.
_FROM_MM, _TO_MM, _LEAST_TOLD = 12.0, 80.0, 6
#: A seam that runs in zigzags can't be carried on: no more than this is told by it.
_MOST_MISSED_MM = 3.0

#: A seam and its end there: 0 or -1.
End = tuple[Seam, int]


def drawn_junctions(
    panel_map: PanelMap,
    sides: dict[str, list[Side]],
    draws: Draws,
    moves: dict[str, FloatArray],
) -> dict[int, FloatArray]:
    """Moves of the vertices where seams end, each (3, draws), millimetres.

    Parameters
    ----------
    panel_map : PanelMap
    sides : dict of str to list of Side
        Of each seam.
    draws : Draws
    moves : dict of str to ndarray
        Of each seam at its stations, as `drawn_seam` gives them.
    """
    meeting: dict[int, list[End]] = defaultdict(list)
    for seam in panel_map.seams:
        if not seam.is_closed:
            meeting[int(seam.vertices[0])].append((seam, 0))
            meeting[int(seam.vertices[-1])].append((seam, -1))
    drawn = {}
    for vertex, ends in meeting.items():
        place = panel_map.mesh.vertices[vertex] * MM_PER_M
        drawn[vertex] = _junction(place, ends, sides, draws)
        # far from where the other fields are asked: errors of their own
        apart = np.vstack([draws.loose(place[None] - 1e3 * (k + 1)) for k in range(3)])
        drawn[vertex] += missed_mm(ends, drawn[vertex], moves) * apart
    return drawn


def _junction(
    place_mm: FloatArray, ends: list[End], sides: dict[str, list[Side]], draws: Draws
) -> FloatArray:
    found = cornered([(side, end) for seam, end in ends for side in sides[seam.id]])
    errors = [side.error(draws, place_mm[None]) for side in found]
    open_ends = [seam for seam, _ in ends if seam.right is None] or [seam for seam, _ in ends]
    loose = float(np.sqrt(np.mean([loose_mm(seam) ** 2 for seam in open_ends])))
    wander = loose * np.vstack([draws.loose(place_mm[None] + 1e3 * k) for k in range(3)])
    return met(found, 0, errors, wander, None)


def cornered(sides: list[tuple[Side, int]]) -> list[Side]:
    """Each panel's side at a junction: what its seams' folds carry it off by adds up there.

    Parameters
    ----------
    sides : list of (Side, int)
        With the index of the junction in it.
    """
    by_panel: dict[str, list[tuple[Side, int]]] = defaultdict(list)
    for side, end in sides:
        by_panel[side.panel].append((side, end))
    return [
        Side(
            panel,
            found[0][0].normals[[found[0][1]]],
            found[0][0].sigma_mm[[found[0][1]]],
            np.array([sum(side.lean_mm[end] for side, end in found)]),
            np.array([np.sqrt(sum(side.unsure_mm[end] ** 2 for side, end in found))]),
        )
        for panel, found in by_panel.items()
    ]


def missed_mm(ends: list[End], junction: FloatArray, moves: dict[str, FloatArray]) -> float:
    """What seams that meet at a junction, carried on, miss it by, beyond what the draws miss it by.

    Parameters
    ----------
    ends : list of (Seam, int)
    junction : ndarray, shape (3, draws)
        Where the draws move it to.
    moves : dict of str to ndarray
        Of each seam at its stations.

    Returns
    -------
    float
        Standard deviation of each coordinate; 0 where no seam is long enough to tell.
    """
    found = [
        told
        for seam, end in ends
        if (told := _missed(seam, end, junction, moves[seam.id])) is not None
    ]
    if not found:
        return 0.0
    missed, drawn = np.mean(found, axis=0)
    return min(float(np.sqrt(max(missed - drawn, 0.0) / 2)), _MOST_MISSED_MM)


def _missed(
    seam: Seam, end: int, junction: FloatArray, moves: FloatArray
) -> tuple[float, float] | None:
    """Mean squares of how far a seam that is carried on misses its end: as found, and as drawn."""
    step = 1 if end == 0 else -1
    line = seam.points_m[::step] * MM_PER_M
    run = run_mm(line)
    told = (run > _FROM_MM) & (run < min(_TO_MM, run[-1] - _FROM_MM))
    if told.sum() < _LEAST_TOLD:
        return None
    solve = np.linalg.pinv(np.vander(run[told], 3))
    curve = solve @ line[told]
    along = curve[1] / max(float(np.linalg.norm(curve[1])), 1e-12)
    off = curve[2] - line[0]
    drawn = np.tensordot(solve[2], at_all_points(seam, moves, {})[::step][told], 1) - junction
    return _across(off, along), float(np.mean([_across(one, along) for one in drawn.T]))


def _across(off: FloatArray, along: FloatArray) -> float:
    return float(off @ off - (off @ along) ** 2)
