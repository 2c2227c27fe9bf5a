"""Where seams meet: on all panels' surfaces there, and at the end of the piping's lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stitchsketch_kernel.domain.arrays import BoolArray, FloatArray
from stitchsketch_kernel.upholstery.seams.borders import Borders
from stitchsketch_kernel.upholstery.seams.place import FOLD_DEG, Patch, Surfaces

#: A line's end is continued from its points between these distances from the junction.
_FROM_M, _TO_M = 0.008, 0.045
_LEAST_POINTS = 5
#: A junction is never moved further than this at once: first from where the borders met, then from
#: where it was placed, as the lines' ends are told better from there.
_MOST_MOVE_M = 0.020
_PASSES = 3
#: What planes and lines say of a direction (the sum of squared cosines) counts from this on: two
#: planes must turn by 11 degrees, for less is noise. And how lightly a junction is held.
_TELLS, _PULL = 0.02, 1e-3


@dataclass(frozen=True)
class Line:
    """A placed border before its ends are known.

    Attributes
    ----------
    points_m : ndarray, shape (k, 3)
    piped : ndarray of bool, shape (k,)
        Where piping was seen.
    folded : ndarray of bool, shape (k,)
        Where two surfaces meeting gave the place; elsewhere it is the middle of the piping.
    """

    points_m: FloatArray
    piped: BoolArray
    folded: BoolArray


def place_junctions(borders: Borders, lines: list[Line], surfaces: Surfaces) -> FloatArray:
    """Place every junction.

    Returns
    -------
    ndarray, shape (j, 3)
        Least squares of the distances to the tangent planes of the panels that meet there, and to
        the lines that no two panels fix; where these say nothing, where the borders met.
    """
    placed = borders.junctions_m
    for _ in range(_PASSES):
        placed = _placed_once(borders, lines, surfaces, placed)
    return placed


def _placed_once(
    borders: Borders, lines: list[Line], surfaces: Surfaces, places: FloatArray
) -> FloatArray:
    panels: list[set[int]] = [set() for _ in places]
    ends: list[list[tuple[FloatArray, FloatArray]]] = [[] for _ in places]
    for chain, line in zip(borders.chains, lines, strict=True):
        for junction, points in ((chain.start, line.points_m), (chain.end, line.points_m[::-1])):
            if junction < 0:
                continue
            panels[junction] |= {chain.left, chain.right} - {-1}
            if line.folded.mean() < 0.5 and (chain.right >= 0 or line.piped.mean() > 0.3):
                ends[junction] += _end(points, places[junction])
    placed = places.copy()
    for j, place in enumerate(places):
        patches = [surfaces.patch(one, place) for one in sorted(panels[j])]
        placed[j] = _met([p for p in patches if p is not None], ends[j], place)
    return placed


def _end(points: FloatArray, place: FloatArray) -> list[tuple[FloatArray, FloatArray]]:
    """A point and the direction of the line where it comes nearest to `place`; or nothing.

    What lies before that is a tongue of one panel below another, which is cut off with its corner.
    """
    near = points[: len(points) // 2 + 1]
    points = points[int(np.argmin(np.linalg.norm(near - place, axis=1))) :]
    away = np.linalg.norm(points - place, axis=1)
    used = points[(away > _FROM_M) & (away < _TO_M)][:12]
    if len(used) < _LEAST_POINTS:
        return []
    middle = used.mean(axis=0)
    direction = np.linalg.svd(used - middle, full_matrices=False)[2][0]
    return [(middle, direction)]


def _met(
    patches: list[Patch], ends: list[tuple[FloatArray, FloatArray]], place: FloatArray
) -> FloatArray:
    point = place.copy()
    for _ in range(6):
        planes = [patch.tangent(point) for patch in patches]
        rows = [normal for normal, _ in planes]
        values = [float(normal @ (foot - point)) for normal, foot in planes]
        for middle, direction in ends:
            across = np.eye(3) - np.outer(direction, direction)
            rows += list(across)
            values += list(across @ (middle - point))
        if not rows or (not ends and not _folds(np.array(rows))):
            break
        A = np.array(rows)
        told, ways = np.linalg.eigh(A.T @ A)
        ways = ways[:, told > _TELLS]
        wish = A.T @ np.array(values) + _PULL * (place - point)
        point = point + ways @ ((ways.T @ wish) / (told[told > _TELLS] + _PULL))
    if np.linalg.norm(point - place) <= _MOST_MOVE_M and not np.array_equal(point, place):
        return point
    return _on_all(patches, place)


def _folds(normals: FloatArray) -> bool:
    return bool((normals @ normals.T).min() < np.cos(np.deg2rad(FOLD_DEG)))


def _on_all(patches: list[Patch], place: FloatArray) -> FloatArray:
    """Mean of the feet of `place` on the patches; itself where there are none."""
    feet = [place - n * (n @ (place - foot)) for n, foot in (p.tangent(place) for p in patches)]
    return np.asarray(np.mean(feet, axis=0)) if feet else place
