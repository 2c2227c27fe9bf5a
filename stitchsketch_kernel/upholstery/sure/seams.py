"""Seams as each draw of the scan's errors would have them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.ndimage import gaussian_filter1d

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray
from stitchsketch_kernel.domain.panel import Seam
from stitchsketch_kernel.domain.units import MM_PER_M
from stitchsketch_kernel.upholstery.seams.place import FOLD_DEG
from stitchsketch_kernel.upholstery.sure.draws import DRAWS, WITHIN, Draws
from stitchsketch_kernel.upholstery.sure.sides import Side

#: Surfaces are asked at each so many points of a seam (12 mm).
_EVERY = 3
#: Placing smooths along the seam by about this.
_SMOOTH_MM = 5.5
#: A loose seam's points scatter about it; what smoothing hides of that is as large again.
_LOOSE = 2.2
#: Surfaces that say less than this about a direction (eigenvalue) leave it loose.
_WEAK = 1 - np.cos(np.deg2rad(FOLD_DEG))


def loose_mm(seam: Seam) -> float:
    """Standard deviation across a seam that no two surfaces fix, from its points' scatter."""
    return _LOOSE * seam.uncertainty_mm / WITHIN


def stations(count: int) -> IntArray:
    """Indices of a seam's points where surfaces are asked: first and last among them."""
    return np.unique(np.append(np.arange(0, count, _EVERY), count - 1)).astype(np.int32)


def met(
    sides: list[Side],
    at: int,
    errors: list[FloatArray],
    loose: FloatArray,
    along: FloatArray | None,
) -> FloatArray:
    """Where draws put the point that lies on all surfaces, shape (3, draws).

    Directions that the surfaces don't fix get the loose error: `loose` is (3, draws). The point
    stays where it is along the seam, if `along` is given.
    """
    normals = np.array([side.normals[at] for side in sides]).reshape(-1, 3)
    values = np.array([error[at] for error in errors]).reshape(-1, DRAWS)
    if along is not None:
        normals = normals - (normals @ along)[:, None] * along
    square, turn = np.linalg.eigh(normals.T @ normals)
    told = square >= _WEAK
    move = np.zeros((3, DRAWS))
    for k in range(3):
        axis = turn[:, k]
        if told[k]:
            move += np.outer(axis, (normals @ axis) @ values / square[k])
        elif along is None or abs(axis @ along) < 0.5:
            flat = (normals @ axis) @ values / max(float(square[k]), 1.0)
            move += np.outer(axis, flat + axis @ loose)
    return move


def drawn_seam(seam: Seam, sides: list[Side], draws: Draws) -> FloatArray:
    """Moves of a seam by its surfaces' errors at its `stations`, shape (stations, 3, draws).

    Millimetres; its ends are moved as if no junction held them.

    Parameters
    ----------
    seam : Seam
    sides : list of Side
        At the seam's `stations`.
    draws : Draws
    """
    points = seam.points_m * MM_PER_M
    asked = stations(len(points))
    places = points[asked]
    along = tangents(points)[asked]
    errors = [side.error(draws, places) for side in sides]
    loose = loose_mm(seam) * draws.loose(places)
    moves = np.stack(
        [
            met(sides, i, errors, np.broadcast_to(loose[i], (3, DRAWS)), along[i])
            for i in range(len(asked))
        ]
    )
    step = float(run_mm(points)[-1]) / max(1, len(asked) - 1)
    mode = "wrap" if seam.is_closed else "nearest"
    return np.asarray(gaussian_filter1d(moves, _SMOOTH_MM / max(step, 1e-9), axis=0, mode=mode))


def at_all_points(seam: Seam, moves: FloatArray, ends: Mapping[int, FloatArray]) -> FloatArray:
    """Moves at the stations brought to all the seam's points, shape (k, 3, draws).

    Parameters
    ----------
    seam : Seam
    moves : ndarray, shape (stations, 3, draws)
    ends : mapping of int to ndarray
        For a vertex that is a junction its move, shape (3, draws).
    """
    run = run_mm(seam.points_m * MM_PER_M)
    moves = moves.copy()
    for end in (0, -1):
        junction = ends.get(int(seam.vertices[end]))
        if junction is not None and not seam.is_closed:
            moves[end] = junction
    return _between(moves, run[stations(len(run))], run)


def run_mm(points_mm: FloatArray) -> FloatArray:
    """How far along a line each of its points lies."""
    return np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points_mm, axis=0), axis=1))])


def _between(values: FloatArray, known: FloatArray, run: FloatArray) -> FloatArray:
    """Linear between the stations."""
    upper = np.clip(np.searchsorted(known, run), 1, len(known) - 1)
    share = (run - known[upper - 1]) / np.maximum(known[upper] - known[upper - 1], 1e-9)
    share = np.clip(share, 0, 1)[:, None, None]
    return np.asarray((1 - share) * values[upper - 1] + share * values[upper])


def tangents(points: FloatArray) -> FloatArray:
    """Unit directions along a line, shape (k, 3)."""
    ahead = np.gradient(points, axis=0)
    return np.asarray(ahead / np.maximum(np.linalg.norm(ahead, axis=1, keepdims=True), 1e-12))
