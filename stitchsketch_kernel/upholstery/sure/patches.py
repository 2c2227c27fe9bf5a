"""How well a panel's surface, carried on to a place on its seam, is known there.

The seam lies where the surfaces of both panels meet, each fitted to points away from the fold. The
fit is linear in the points' heights, so their noise goes into it by known weights; how far a fit to
points further away disagrees tells what the surface does beside the fold that no fit follows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from stitchsketch_kernel.domain.arrays import BoolArray, FloatArray, IntArray
from stitchsketch_kernel.upholstery.sure.noise import Noise, quadric_columns

#: Points are taken to this distance from the place, further where too few are so near.
_REACHES_MM = (34.0, 54.0)
_LEAST_POINTS, _MOST_POINTS = 14, 160
#: As in placing: weights fall with the distance, and curvature is asked for only with a reason.
_FALL, _RIDGE = 0.8, 0.02
#: The second opinion leaves out points nearer to the seam than this.
_FAR_MM, _FAR_REACH_MM = 15.0, 48.0


@dataclass(frozen=True)
class Footing:
    """A panel's surface at a place on its seam.

    Attributes
    ----------
    normal : ndarray, shape (3,)
        Outwards.
    sigma_mm : float
        Standard deviation of its height there, from the points' noise.
    apart_mm : float
        How far the second opinion is off along the normal; NaN where there is none.
    apart_sigma_mm : float
        What of that the points' noise makes (standard deviation).
    seen : float
        Share of the points that photos saw.
    """

    normal: FloatArray
    sigma_mm: float
    apart_mm: float
    apart_sigma_mm: float
    seen: float


class PanelSurface:
    """A panel's points away from its seams, to be asked at places on them.

    Parameters
    ----------
    points_mm, normals : ndarray, shape (n, 3)
        Normals outwards, of any length.
    seen : ndarray of bool, shape (n,)
    border_mm : ndarray, shape (k, 3)
        All seams' points.
    noise : Noise
    """

    def __init__(
        self,
        points_mm: FloatArray,
        normals: FloatArray,
        seen: BoolArray,
        border_mm: FloatArray,
        noise: Noise,
    ) -> None:
        self._points, self._normals, self._seen, self._noise = points_mm, normals, seen, noise
        self._away = cKDTree(border_mm).query(points_mm)[0]
        self._tree = cKDTree(points_mm)

    def footing(self, place_mm: FloatArray) -> Footing | None:
        """What is known of the surface at `place_mm`; None where too little of it is near."""
        for reach in _REACHES_MM:
            near = np.array(self._tree.query_ball_point(place_mm, reach), dtype=int)
            if len(near) >= _LEAST_POINTS:
                return self._asked(near, place_mm, reach)
        return None

    def _asked(self, near: IntArray, place: FloatArray, reach: float) -> Footing:
        share = max(1.0, len(near) / _MOST_POINTS)
        used = near[np.unique((np.arange(0, len(near), share)).astype(int))]
        points = self._points[used]
        axes = _axes(points, self._normals[used].sum(axis=0), place)
        row = _row(points, place, axes, reach)
        sigma = float(np.sqrt(row @ self._covariance(points, share) @ row))
        second, noise = self._second(place, axes)
        apart = second - float(row @ ((points - place) @ axes[2]))
        # the two fits share points: their errors are alike, so that this is rather too much
        seen = float(self._seen[near].mean())
        return Footing(axes[2], sigma, apart, float(np.sqrt(sigma**2 + noise**2)), seen)

    def _covariance(self, points: FloatArray, share: float) -> FloatArray:
        """Of the points' heights; each of them stands for `share` points round it."""
        near = np.exp(-0.5 * (cdist(points, points) / self._noise.reach_mm) ** 2)
        beside = float(np.exp(-0.5 * (self._noise.spacing_mm / self._noise.reach_mm) ** 2))
        np.fill_diagonal(near, (1 + (share - 1) * beside) / share)
        return np.asarray(self._noise.sigma_mm**2 * near)

    def _second(self, place: FloatArray, axes: FloatArray) -> tuple[float, float]:
        near = np.array(self._tree.query_ball_point(place, _FAR_REACH_MM), dtype=int)
        near = near[self._away[near] > _FAR_MM]
        if len(near) < 2 * _LEAST_POINTS:
            return float("nan"), float("nan")
        share = max(1, len(near) // _MOST_POINTS)
        points = self._points[near[::share]]
        row = _row(points, place, axes, _FAR_REACH_MM)
        sigma = np.sqrt(row @ self._covariance(points, share) @ row)
        return float(row @ ((points - place) @ axes[2])), float(sigma)


def _axes(points: FloatArray, outwards: FloatArray, place: FloatArray) -> FloatArray:
    """Rows x (into the panel), y, z (the surface's normal, outwards), as these points tell."""
    middle = points.mean(axis=0)
    up = np.linalg.svd(points - middle, full_matrices=False)[2][2]
    up = up if up @ outwards >= 0 else -up
    towards = middle - place
    x = towards - up * (towards @ up)
    x /= max(float(np.linalg.norm(x)), 1e-12)
    return np.array([x, np.cross(up, x), up])


def _row(points: FloatArray, place: FloatArray, axes: FloatArray, reach: float) -> FloatArray:
    """Weights of the points' heights in the height at `place`."""
    u, v = ((points - place) @ axes[:2].T).T
    columns = quadric_columns(u / reach, v / reach)
    weight = np.exp(-((u**2 + v**2) / (_FALL * reach) ** 2))
    ridge = _RIDGE * np.diag([0.0, 0, 0, 1, 1, 1]) * float(weight.mean())
    normal = columns.T @ (weight[:, None] * columns) + ridge
    return np.asarray(np.linalg.solve(normal, columns.T * weight)[0])
