"""A panel that lies flat by itself, without the scan's noise: a plane sheet bent to its points.

Noise makes a surface larger; a sheet that only bends can't follow it. Whether a panel is such a
sheet its points tell: what is left over between them and the sheet must not hang together.
"""

from __future__ import annotations

from dataclasses import dataclass

import fast_simplification
import numpy as np
from scipy.linalg import solveh_banded
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray
from stitchsketch_kernel.domain.errors import FlattenError
from stitchsketch_kernel.upholstery.flat.bent import (
    feet,
    sheet_at,
    slopes_of_points,
    slopes_of_shape,
)
from stitchsketch_kernel.upholstery.flat.denoise import denoise
from stitchsketch_kernel.upholstery.flat.reference import lifted
from stitchsketch_kernel.upholstery.geometry.border import border_loop
from stitchsketch_kernel.upholstery.geometry.strain import strain_percent
from stitchsketch_kernel.upholstery.geometry.unroll import unroll

#: Cells of the sheet: their size, and how many a large panel has at most.
_CELL_MM, _MOST_CELLS = 14.0, 1200
#: As many points as this are enough; of more, near ones are taken together.
_ENOUGH = 5000
#: What stretch costs beside distance, mm, step by step.
_STRAIN_MM = (30.0, 30.0, 300.0, 300.0, 1000.0, 1000.0, 1000.0)
#: Steps end when none of its points moves by more than this.
_STILL_MM = 0.01
#: Across its normal a point holds the sheet by so much: it must not slide away.
_LOOSE = 1e-3
#: Curvature that changes this many times as much as it does mostly (median) costs half: folds.
_FOLD = 3.0
#: The first flat is that of a mesh of so many faces, unrolled in so many rounds.
_FIRST_FACES, _FIRST_ROUNDS = 2000, 20
#: What is left over within these distances is taken together, on small panels within these shares
#: of their size: noise is gone over the first, bumps over the second.
_NEAR_MM, _FAR_MM, _NEAR, _FAR = 25.0, 50.0, 1 / 8, 1 / 4
#: More than this left over near by: the scan has bumps, and the sheet is bent over a longer reach.
_BUMPY_MM, _LONGER = 0.15, 2.0
#: More than this left over: the panel is round, and no plane sheet.
_ROUND_NEAR_MM, _ROUND_FAR_MM = 0.6, 0.3
#: Half of the first flat strained by more than this: round, before a sheet is tried. Bumps of 1 mm
#: strain it by 0.25, a dome of 60 degrees by 1.5.
_ROUND_PERCENT = 0.7


@dataclass(frozen=True)
class BentSheet:
    """A sheet bent without stretch.

    Attributes
    ----------
    control : ndarray, shape (nu + 3, nv + 3, 3)
    size_mm : float
        Of a cell.
    low_mm : ndarray, shape (2,)
        Where the first cell begins.
    """

    control: FloatArray
    size_mm: float
    low_mm: FloatArray

    def at(self, uv_mm: FloatArray) -> FloatArray:
        """Its points in space, shape (n, 3)."""
        return np.asarray(sheet_at(self.control, uv_mm, self.size_mm, self.low_mm)[:, 0])

    def foot(self, points_mm: FloatArray, uv_mm: FloatArray, rounds: int = 3) -> FloatArray:
        """Where points stand on it, from a guess, shape (n, 2)."""
        return np.asarray(feet(self.control, uv_mm, points_mm, self.size_mm, self.low_mm, rounds))

    def height(self, points_mm: FloatArray, uv_mm: FloatArray) -> FloatArray:
        """How far points lie above it where they stand, shape (n,)."""
        at = sheet_at(self.control, uv_mm, self.size_mm, self.low_mm)
        normal = np.cross(at[:, 1], at[:, 2])
        normal /= np.linalg.norm(normal, axis=1)[:, None]
        return np.asarray(((points_mm - at[:, 0]) * normal).sum(axis=1))


def developed(
    points_mm: FloatArray, faces: IntArray, reach_mm: float
) -> tuple[BentSheet, FloatArray] | None:
    """The sheet that a panel is within the noise of its scan, and where its points lie on it.

    Parameters
    ----------
    points_mm : ndarray, shape (n, 3)
    faces : ndarray of int32, shape (m, 3)
    reach_mm : float
        Bumps much shorter than this are noise.

    Returns
    -------
    (BentSheet, ndarray of shape (n, 2)) or None
        None where the panel is round, or could not be laid out to begin with.
    """
    begin = _first_flat(points_mm, faces, reach_mm)
    if begin is None:
        return None
    sheet = bent_to(points_mm, begin, reach_mm)
    uv = sheet.foot(points_mm, begin)
    bumpy = _left_over(sheet, points_mm, uv)[0]
    if bumpy > _ROUND_NEAR_MM:
        return None  # bent over a longer reach it would follow the points even less
    if bumpy > _BUMPY_MM:
        sheet = bent_to(points_mm, uv, _LONGER * reach_mm)
        uv = sheet.foot(points_mm, uv)
    near, far = _left_over(sheet, points_mm, uv)
    return (sheet, uv) if near <= _ROUND_NEAR_MM and far <= _ROUND_FAR_MM else None


def _first_flat(points: FloatArray, faces: IntArray, reach: float) -> FloatArray | None:
    """A rough flat: that of a coarse mesh, evened out; None where it is clearly round."""
    coarse, triangles = points, faces
    if len(faces) > 2 * _FIRST_FACES:
        coarse, triangles = fast_simplification.simplify(
            points.astype(np.float32), faces, target_count=_FIRST_FACES
        )
        used, compact = np.unique(triangles, return_inverse=True)
        coarse = np.asarray(coarse[used], dtype=np.float64)
        triangles = compact.reshape(-1, 3).astype(np.int32)
    border = border_loop(triangles)
    if border is None:
        return None
    coarse = denoise(coarse, triangles, border, reach, rounds=1)
    try:
        flat = unroll(coarse, triangles, _FIRST_ROUNDS)
    except FlattenError:
        return None
    if np.median(strain_percent(coarse, flat, triangles)) > _ROUND_PERCENT:
        return None
    return lifted(coarse, triangles, flat, points)


def _left_over(sheet: BentSheet, points: FloatArray, uv: FloatArray) -> tuple[float, float]:
    """What of the points' heights hangs together near by and far, mm: standard deviations."""
    points, uv, _ = _thinned(points, uv)
    height, tree = sheet.height(points, uv), cKDTree(uv)
    some = uv[:: max(1, len(uv) // 300)]
    size = float(np.sqrt(np.prod(np.ptp(uv, axis=0))))
    near, far = (
        np.std([height[at].mean() for at in tree.query_ball_point(some, reach)])
        for reach in (min(_NEAR_MM, _NEAR * size), min(_FAR_MM, _FAR * size))
    )
    return float(near), float(far)


def bent_to(points_mm: FloatArray, uv_mm: FloatArray, reach_mm: float) -> BentSheet:
    """Bend a sheet to points.

    Parameters
    ----------
    points_mm : ndarray, shape (n, 3)
    uv_mm : ndarray, shape (n, 2)
        Where they lie in the flat, roughly.
    reach_mm : float
        Changes of curvature over much less than this are noise.
    """
    points, uv, weights = _thinned(points_mm, uv_mm)
    size = max(_CELL_MM, float(np.sqrt(np.prod(np.ptp(uv, axis=0)) / _MOST_CELLS)))
    low = uv.min(axis=0) - size / 10
    count = np.ceil((uv.max(axis=0) - low) / size + 0.1).astype(int)
    cell = np.floor((uv - low) / size).astype(int)
    covered = np.zeros(tuple(count))
    covered[tuple(cell.T)] = 1.0
    weights *= covered.sum() * size**2 / weights.sum()
    fit = _Fitting(points, weights, covered, size, low, reach_mm**6)
    control = fit.plane(uv)
    control = fit.step(control, uv, 0.0, loose=1.0)
    for strain in _STRAIN_MM:
        uv = feet(control, uv, points, size, low, 1)
        before, control = control, fit.step(control, uv, strain**2)
        if strain == _STRAIN_MM[-1] and np.abs(control - before).max() < _STILL_MM:
            break
    return BentSheet(control, size, low)


class _Fitting:
    def __init__(
        self,
        points: FloatArray,
        weights: FloatArray,
        covered: FloatArray,
        size: float,
        low: FloatArray,
        bend: float,
    ) -> None:
        self.points, self.weights, self.covered = points, weights, covered
        self.size, self.low, self.bend = size, low, bend
        self.ease = np.ones_like(covered)

    def plane(self, uv: FloatArray) -> FloatArray:
        """Control points of the plane through the points."""
        columns = np.column_stack([np.ones(len(uv)), uv])
        flat = np.linalg.lstsq(columns, self.points, rcond=None)[0]
        at = [self.low[k] + self.size * (np.arange(self.covered.shape[k] + 3) - 1) for k in (0, 1)]
        u, v = np.meshgrid(*at, indexing="ij")
        return np.ascontiguousarray(flat[0] + u[..., None] * flat[1] + v[..., None] * flat[2])

    def step(
        self, control: FloatArray, uv: FloatArray, strain: float, loose: float = _LOOSE
    ) -> FloatArray:
        wide = control.shape[1]
        banded, first = np.zeros((3 * (3 * wide + 4), control.size)), np.zeros(control.size)
        slopes_of_points(
            control, uv, self.points, self.weights, loose, self.size, self.low, banded, first
        )
        energy = slopes_of_shape(
            control, self.covered, self.ease, strain, self.bend, self.size, banded, first
        )
        if strain:
            usual = float(np.median(energy[self.covered > 0]))
            self.ease = 1 / (1 + energy / (_FOLD * usual + 1e-18))
        banded[0] += 1e-9 * banded[0].max()
        move = solveh_banded(banded, -first, lower=True, check_finite=False, overwrite_ab=True)
        return np.asarray(control + move.reshape(control.shape))


def _thinned(points: FloatArray, uv: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Points, their places in the flat, and how many each stands for: means of near ones."""
    if len(points) <= 2 * _ENOUGH:
        return points, uv.copy(), np.ones(len(points))
    step = float(np.sqrt(np.prod(np.ptp(uv, axis=0)) / _ENOUGH))
    cell = np.floor((uv - uv.min(axis=0)) / step).astype(np.int64)
    group, many = np.unique(
        cell[:, 0] * (cell[:, 1].max() + 1) + cell[:, 1], return_inverse=True, return_counts=True
    )[1:]
    mean = [np.bincount(group, one) / many for one in (*points.T, *uv.T)]
    return np.column_stack(mean[:3]), np.column_stack(mean[3:]), many.astype(np.float64)
