"""Where a seam really lies: where the two panels' surfaces, fitted away from it, meet.

The scan rounds every fold and carries the piping's tube outside of it; the cloth of both panels
is sewn where their surfaces, continued, would meet.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray
from stitchsketch_kernel.upholstery.seams.features import Features
from stitchsketch_kernel.upholstery.seams.remembered import key_of

#: Surfaces are fitted to points between these distances from the border.
_NEAR_M, _FAR_M = 0.0075, 0.034
_LEAST_POINTS = 14
#: Rounds of reweighting, and how many deviations off a point has no say.
_ROUNDS, _OUTLYING = 4, 4.0
#: Piping is looked for so far round the border, and so far along it; the next where the mesh is
#: too coarse.
_PIPING_WINDOWS_M = ((0.009, 0.005), (0.016, 0.008), (0.024, 0.018))
#: The middle of the piping is where it has been looked for so often, at last more narrowly, so
#: that what spills over beside it does not count; of so many faces at least.
_LOOKS, _WIDE_LOOKS, _NARROW, _LEAST_PIPING = 5, 3, 0.7, 4
#: Panels that meet at a flatter angle are told apart by colour alone.
FOLD_DEG = 22.0
#: Points whose normal turns further from the patch's than this (cosine) are none of its surface.
_ALIKE = 0.7
#: A border is never moved further than this.
_MOST_MOVE_M = 0.014


@dataclass(frozen=True)
class Patch:
    """A quadric over a plane: ``z = c0 + c1 x + c2 y + c3 x2 + c4 x y + c5 y2`` (metres).

    `axes` has the rows x, y, z; `noise_m` is the RMS of the points about it.
    """

    origin: FloatArray
    axes: FloatArray
    terms: FloatArray
    noise_m: float

    def tangent(self, point: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Normal and foot of the surface below `point`."""
        x, y, _ = self.axes @ (point - self.origin)
        c = self.terms
        z = c[0] + c[1] * x + c[2] * y + c[3] * x * x + c[4] * x * y + c[5] * y * y
        slope = np.array([-(c[1] + 2 * c[3] * x + c[4] * y), -(c[2] + c[4] * x + 2 * c[5] * y), 1])
        normal = self.axes.T @ (slope / np.linalg.norm(slope))
        return normal, self.origin + self.axes.T @ np.array([x, y, z])


class Surfaces:
    """The panels' points away from all borders, to be asked for a patch near any place.

    Parameters
    ----------
    points, normals : ndarray, shape (n, 3)
    label : ndarray of int32, shape (n,)
    border : ndarray, shape (k, 3)
        All points on borders.
    """

    def __init__(
        self, points: FloatArray, normals: FloatArray, label: IntArray, border: FloatArray
    ) -> None:
        away = cKDTree(border).query(points, workers=-1)[0] > _NEAR_M
        self._points: dict[int, FloatArray] = {}
        self._normals: dict[int, FloatArray] = {}
        self._trees: dict[int, cKDTree] = {}
        self._keys: dict[int, bytes] = {}
        for one in np.unique(label[label >= 0]):
            mine = away & (label == one)
            if mine.sum() >= _LEAST_POINTS:
                self._points[int(one)], self._normals[int(one)] = points[mine], normals[mine]
                self._trees[int(one)] = cKDTree(points[mine])

    def key(self, label: int) -> bytes:
        """Of the panel's points: with the same, any patch is the same."""
        if label not in self._keys:
            known = label in self._points
            self._keys[label] = key_of("points", self._points[label]) if known else b""
        return self._keys[label]

    def patch(self, label: int, place: FloatArray) -> Patch | None:
        """The panel's surface near `place`; None where too little of it is near."""
        if label not in self._trees:
            return None
        for reach in (_FAR_M, 1.6 * _FAR_M):
            near = self._trees[label].query_ball_point(place, reach)
            if len(near) >= _LEAST_POINTS:
                return _fitted(self._points[label][near], self._normals[label][near], place, reach)
        return None


def _fitted(points: FloatArray, normals: FloatArray, place: FloatArray, reach: float) -> Patch:
    # the direction that most of them face: folded crumbs face anywhere
    up = _median(normals)
    up /= max(float(np.linalg.norm(up)), 1e-12)
    alike = normals @ up > _ALIKE
    if alike.sum() >= _LEAST_POINTS:
        points = points[alike]
    towards = points.mean(axis=0) - place
    x = towards - up * (towards @ up)
    x /= max(float(np.linalg.norm(x)), 1e-12)
    axes = np.array([x, np.cross(up, x), up])
    local = (points - place) @ axes.T
    u, v, w = local.T
    columns = np.column_stack([np.ones_like(u), u, v, u * u, u * v, v * v])
    near = np.exp(-((u**2 + v**2) / (0.8 * reach) ** 2))
    scale = np.array([1, reach, reach, reach**2, reach**2, reach**2])
    A, weight = columns / scale, near
    # curvature is asked for only as far as the points insist on it
    ridge = np.diag([0, 0, 0, 1, 1, 1]) * 0.02
    for _ in range(_ROUNDS):
        normal = A.T @ (weight[:, None] * A) + ridge * weight.sum() / len(points)
        terms = np.linalg.solve(normal, A.T @ (weight * w))
        off = w - A @ terms
        # crumbs beside the piping lie far off the surface: they lose their say (Tukey's biweight)
        usual = max(1.4826 * float(_median(np.abs(off))), 1e-4)
        weight = near * np.clip(1 - (off / (_OUTLYING * usual)) ** 2, 0, 1) ** 2
    noise = float(np.sqrt((weight * off**2).sum() / max(float(weight.sum()), 1e-12)))
    return Patch(place, axes, terms / scale, noise)


def _median(values: FloatArray) -> FloatArray:
    """Median over the first axis, in a third of the time of numpy's own."""
    count, ordered = len(values), np.sort(values, axis=0)
    return np.asarray((ordered[(count - 1) // 2] + ordered[count // 2]) / 2)


def meet(
    patches: list[Patch], place: FloatArray, along: FloatArray | None
) -> tuple[FloatArray, bool]:
    """The point near `place` that lies on all patches, and whether they fold there.

    With two patches it stays in the plane across `along`; with three they decide alone.
    """
    point = place.copy()
    for _ in range(6):
        rows, values = [], []
        for patch in patches:
            normal, foot = patch.tangent(point)
            rows.append(normal)
            values.append(normal @ foot)
        if along is not None:
            rows.append(along)
            values.append(along @ place)
        A, b = np.array(rows), np.array(values)
        if not _folds(A[: len(patches)]):
            return place, False
        # stay near where two directions say little: least squares with a light pull to `place`
        pull = 1e-3 * np.eye(3)
        step = np.linalg.solve(A.T @ A + pull, A.T @ (b - A @ point) + pull @ (place - point))
        point = point + step
    moved = float(np.linalg.norm(point - place))
    return (point, True) if moved <= _MOST_MOVE_M else (place, False)


def _folds(normals: FloatArray) -> bool:
    """Whether any two of the normals differ by more than a fold."""
    cosines = normals @ normals.T
    return bool(cosines.min() < np.cos(np.deg2rad(FOLD_DEG)))


def on_surface(patch: Patch, place: FloatArray) -> FloatArray:
    """`place` brought onto the patch along its normal."""
    normal, foot = patch.tangent(place)
    return np.asarray(place - normal * (normal @ (place - foot)))


@dataclass(frozen=True)
class Piping:
    """The faces of piping: their middles, and how much each counts."""

    points_m: FloatArray
    weights: FloatArray
    tree: cKDTree | None

    @classmethod
    def of(cls, features: Features) -> Piping:
        """Those of a mesh; the purer a face's colour, the nearer it is to the cord's middle."""
        used = features.piping
        points = features.centres[used]
        weights = (features.areas * features.contrast)[used]
        return cls(points, weights, cKDTree(points) if len(points) else None)

    def centre(self, place: FloatArray, along: FloatArray, windows: int) -> FloatArray | None:
        """Middle of the piping across the border at `place`; None where there is no piping.

        `windows`: how far to look, 1 (at the border) to 3 (20 mm off).
        """
        for reach, half in _PIPING_WINDOWS_M[:windows]:
            found = place
            # the border may be at the piping's side: look again from where most of it is
            for look in range(_LOOKS if windows > 1 else 1):
                near = self._around(
                    found, along, reach if look < _WIDE_LOOKS else _NARROW * reach, half
                )
                if len(near) < _LEAST_PIPING:
                    break
                weights = self.weights[near]
                middle = weights @ self.points_m[near] / weights.sum()
                found = np.asarray(middle - along * (along @ (middle - place)))
            else:
                return found
        return None

    def _around(self, place: FloatArray, along: FloatArray, reach: float, half: float) -> IntArray:
        found = [] if self.tree is None else self.tree.query_ball_point(place, reach)
        near = np.array(found, dtype=np.int32)
        return near[np.abs((self.points_m[near] - place) @ along) < half]
