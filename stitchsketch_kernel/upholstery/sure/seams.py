"""Seams as each draw of the scan's errors would have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray
from stitchsketch_kernel.domain.panel import Seam
from stitchsketch_kernel.domain.units import MM_PER_M
from stitchsketch_kernel.upholstery.seams.place import FOLD_DEG
from stitchsketch_kernel.upholstery.sure.draws import DRAWS, FIT_REACH_MM, WITHIN, Draws
from stitchsketch_kernel.upholstery.sure.patches import Footing, PanelSurface

#: Surfaces are asked at each so many points of a seam (12 mm).
_EVERY = 3
#: Placing smooths along the seam by about this, and a second opinion counts for this far.
_SMOOTH_MM, _OPINION_MM = 5.5, 50.0
#: Opinions surer than this all count alike.
_OPINION_LEAST_MM = 0.1
#: What nobody saw may be off by this (standard deviation).
_GUESS_MM = 2.0
#: A loose seam's points scatter about it; what smoothing hides of that is as large again.
_LOOSE = 2.2
#: A seam is carried on to its end, as a curve, from points so far away from it.
_FROM_MM, _TO_MM, _LEAST_TOLD = 12.0, 80.0, 6
#: What all seams that meet share of their panels' errors, and so don't show, is as large again.
_SHARED = float(np.sqrt(2))
#: Rough seams can't be carried on so far: no more than this is told by them.
_MOST_MISSED_MM = 1.5
#: Surfaces that say less than this about a direction (eigenvalue) leave it loose.
_WEAK = 1 - np.cos(np.deg2rad(FOLD_DEG))


@dataclass(frozen=True)
class Side:
    """One panel's surface at the places along a seam: arrays of the same length."""

    panel: str
    normals: FloatArray
    sigma_mm: FloatArray
    lean_mm: FloatArray

    def error(self, draws: Draws, places_mm: FloatArray) -> FloatArray:
        """The surface's error along its normal, shape (n, draws)."""
        noise = self.sigma_mm[:, None] * draws.noise(self.panel, places_mm)
        return np.asarray(noise + self.lean_mm[:, None] * draws.lean + draws.skin_mm)


def loose_mm(seam: Seam) -> float:
    """Standard deviation across a seam that no two surfaces fix, from its points' scatter."""
    return _LOOSE * seam.uncertainty_mm / WITHIN


def missed_mm(lines_mm: list[FloatArray], place_mm: FloatArray) -> float:
    """How sure a junction is, by how far seams that meet there, carried on, miss it.

    What their own roughness makes of that is taken off: a rough seam carried on misses anyway, and
    its roughness is in the draws of its surfaces.

    Parameters
    ----------
    lines_mm : list of ndarray, shape (n, 3)
        Each seam's points, from the junction on.
    place_mm : ndarray, shape (3,)

    Returns
    -------
    float
        Standard deviation of each of its coordinates; 0 where no seam is long enough to tell.
    """
    found = [told for line in lines_mm if (told := _missed(line, place_mm)) is not None]
    if not found:
        return 0.0
    missed, noise = np.mean(np.square(found), axis=0)
    more = max(float(missed - noise), 0.0)
    return min(_SHARED * float(np.sqrt(more / 2)), _MOST_MISSED_MM)


def _missed(line: FloatArray, place: FloatArray) -> tuple[float, float] | None:
    """How far a seam that is carried on misses, and how far it would by its roughness alone."""
    run = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    told = (run > _FROM_MM) & (run < _TO_MM)
    if told.sum() < _LEAST_TOLD or run[-1] < 2 * _TO_MM:
        return None
    powers = np.vander(run[told], 3)
    solve = np.linalg.pinv(powers)
    curve = solve @ line[told]
    off, along = curve[2] - place, curve[1] / max(float(np.linalg.norm(curve[1])), 1e-12)
    rest = line[told] - powers @ curve
    rest -= np.outer(rest @ along, along)
    # placing has smoothed along the seam: its roughness hangs together by that
    reach = np.sqrt(2) * _SMOOTH_MM
    alike = np.exp(-0.5 * ((run[told][:, None] - run[told]) / reach) ** 2)
    smoothed = np.trace((np.eye(len(rest)) - powers @ solve) @ alike)
    rough = (rest**2).sum() / max(float(smoothed), 1e-9)
    noise = float(np.sqrt(rough * (solve[2] @ alike @ solve[2])))
    return float(np.linalg.norm(off - (off @ along) * along)), noise


def stations(count: int) -> IntArray:
    """Indices of a seam's points where surfaces are asked: first and last among them."""
    return np.unique(np.append(np.arange(0, count, _EVERY), count - 1)).astype(np.int32)


def side_of(panel: str, surface: PanelSurface, places_mm: FloatArray) -> Side | None:
    """A panel's side at places along a seam; None where nothing is known of it."""
    asked = [surface.footing(place) for place in places_mm]
    known = [i for i, one in enumerate(asked) if one is not None]
    found = [one for one in asked if one is not None]
    if not found:
        return None
    nearest = np.abs(np.arange(len(asked))[:, None] - np.array(known)).argmin(axis=1)
    normals = np.array([found[i].normal for i in nearest])
    sigma = np.array([_with_guess(found[i]) for i in nearest])
    run = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(places_mm, axis=0), axis=1))])
    apart = np.array([[found[i].apart_mm, found[i].apart_sigma_mm] for i in nearest])
    return Side(panel, normals, sigma, _lean(apart[:, 0], apart[:, 1], run))


def _with_guess(one: Footing) -> float:
    return float(np.hypot(one.sigma_mm, (1 - one.seen) * _GUESS_MM))


def _lean(apart: FloatArray, sigma: FloatArray, run: FloatArray) -> FloatArray:
    """What two opinions differ by along the seam beyond their noise; 0 where nothing is known."""
    distance = run[:, None] - run
    known = np.isfinite(apart)
    # near corners the second fit is carried far and says little
    say = np.where(known, 1 / (np.nan_to_num(sigma) ** 2 + _OPINION_LEAST_MM**2), 0.0)
    weight = np.exp(-0.5 * (distance / _OPINION_MM) ** 2) * say
    weight /= np.maximum(weight.sum(axis=1, keepdims=True), 1e-12)
    mean = weight @ np.nan_to_num(apart)
    noisy = weight * np.nan_to_num(sigma)
    noise = ((noisy @ np.exp(-0.5 * (distance / FIT_REACH_MM) ** 2)) * noisy).sum(axis=1)
    return np.asarray(np.sign(mean) * np.sqrt(np.maximum(mean**2 - noise, 0.0)))


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


def drawn_seam(
    seam: Seam,
    sides: list[Side],
    draws: Draws,
    ends: Mapping[int, FloatArray],
) -> FloatArray:
    """Moves of a seam's points by its surfaces' errors, shape (k, 3, draws), millimetres.

    Parameters
    ----------
    seam : Seam
    sides : list of Side
        At the seam's `stations`.
    draws : Draws
    ends : mapping of int to ndarray
        For a vertex that is a junction its move, shape (3, draws).
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
    run = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    step = float(run[-1]) / max(1, len(asked) - 1)
    mode = "wrap" if seam.is_closed else "nearest"
    moves = gaussian_filter1d(moves, _SMOOTH_MM / max(step, 1e-9), axis=0, mode=mode)
    for end, at in ((0, 0), (-1, len(asked) - 1)):
        junction = ends.get(int(seam.vertices[end]))
        if junction is not None and not seam.is_closed:
            moves[at] = junction
    return _between(moves, run[asked], run)


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
