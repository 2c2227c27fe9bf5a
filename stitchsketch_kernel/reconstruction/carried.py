"""How errors in the photos' pixels are carried through bundle adjustment into the model's size.

Bundle adjustment makes ``H dx = J^T W e`` of errors ``e`` in the pixels. A size ``q`` that depends
on the result by its gradient ``g`` is then off by ``(W J H^-1 g) . e``: one solution of the normal
equations tells what each pixel does to it, with all that cameras, lens and points share. Few
photos, photos from one side, a focal length that hardly shows: each is in it without being named.
(Triggs et al., Bundle adjustment - a modern synthesis, 2000, sections 6 and 9.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import block_diag, csr_array, diags_array

from stitchsketch_kernel.domain.arrays import BoolArray, FloatArray, IntArray
from stitchsketch_kernel.domain.model import SparseModel
from stitchsketch_kernel.domain.photo import Camera

#: More points than this are thinned, each then counting for several: seconds, not minutes.
MOST_POINTS = 8000
_POSE, _LENS = 6, 5


@dataclass(frozen=True)
class Seen:
    """Points and which views saw them, one observation a row.

    Attributes
    ----------
    points : ndarray, shape (n, 3)
    point, view : ndarray of int, shape (m,)
        Of each observation.
    weight : ndarray, shape (m,)
        What bundle adjustment gave it.
    times : ndarray, shape (m,)
        How many such observations it stands for.
    """

    points: FloatArray
    point: IntArray
    view: IntArray
    weight: FloatArray
    times: FloatArray


@dataclass(frozen=True)
class Size:
    """The gradient of a size's logarithm, which no motion and no change of unit may alter.

    Attributes
    ----------
    points : ndarray, shape (n, 3)
        By the points of `Seen`.
    centres : ndarray, shape (views, 3)
        By the cameras' centres.
    """

    points: FloatArray
    centres: FloatArray


class Adjusted:
    """The normal equations of bundle adjustment, solved.

    Parameters
    ----------
    model : SparseModel
        The views; those with equal lenses share one, which was adjusted with them.
    seen : Seen

    Raises
    ------
    numpy.linalg.LinAlgError
        The photos leave a point without a place.
    """

    def __init__(self, model: SparseModel, seen: Seen) -> None:
        self._model, self._seen = model, seen
        by_camera, self._by_point = _derivatives(model, seen)
        weight = np.repeat(seen.weight * seen.times, 2)
        self._unit = 1 / np.sqrt(np.maximum(by_camera.power(2).T @ weight, 1e-300))
        self._by_camera = csr_array(by_camera @ diags_array(self._unit))
        weighed = diags_array(weight)
        self._cross = csr_array(self._by_camera.T @ weighed @ self._by_point)
        blocks = _point_blocks(self._by_point, weight, len(seen.points))
        self._inverse = block_diag(list(np.linalg.inv(blocks)), format="csr")
        whole = self._by_camera.T @ weighed @ self._by_camera
        reduced = (whole - self._cross @ self._inverse @ self._cross.T).toarray()
        # what is left undetermined is the frame and the unit alone: no size depends on them
        self._back = np.linalg.pinv((reduced + reduced.T) / 2, rcond=1e-11, hermitian=True)

    @property
    def unknowns(self) -> float:
        """How many numbers the photos determine: points, poses and lenses less frame and unit."""
        seen = self._seen
        counts = np.zeros(len(seen.points))
        counts[seen.point] = seen.times
        return float(3 * counts.sum() + len(self._back) - 7)

    def taken_up(self, rows: BoolArray) -> float:
        """How much of the errors of observations `rows` the result follows: of ``2 * rows.sum()``.

        The rest is what their residuals show.
        """
        both = np.repeat(rows, 2)
        own = self._by_point[both]
        led = self._by_camera[both].toarray() - (own @ self._inverse @ self._cross.T).toarray()
        share = np.einsum("ij,jk,ik->i", led, self._back, led)
        share += (own @ self._inverse).multiply(own).sum(axis=1)
        return float((share * np.repeat(self._seen.weight[rows], 2)).sum())

    def relative_sigma(self, size: Size, sigma_px: FloatArray) -> float:
        """Standard deviation of a size over itself.

        Parameters
        ----------
        size : Size
        sigma_px : ndarray, shape (m,)
            Standard deviation of each observation's error in each direction.
        """
        g_camera = self._unit * _by_pose(self._model, size.centres, len(self._back))
        g_point = size.points.ravel()
        x_camera = self._back @ (g_camera - self._cross @ (self._inverse @ g_point))
        x_point = self._inverse @ (g_point - self._cross.T @ x_camera)
        moved = self._by_camera @ x_camera + self._by_point @ x_point
        pull = np.repeat(self._seen.weight, 2) * moved
        variance = np.repeat(self._seen.times * sigma_px**2, 2)
        return float(np.sqrt((variance * pull**2).sum()))


def spread_gradient(points: FloatArray) -> FloatArray:
    """Gradient (n, 3) of the logarithm of the points' spread about their mean."""
    off = points - points.mean(axis=0)
    return np.asarray(off / max(float((off**2).sum()), 1e-300))


def thinned(point_views: Sequence[IntArray], rows: Sequence[int]) -> tuple[list[int], float]:
    """`rows` of points, at most `MOST_POINTS` evenly chosen, and how many each stands for."""
    many = [i for i in rows if len(point_views[i]) >= 2]
    step = max(1, -(-len(many) // MOST_POINTS))
    return many[::step], len(many) / max(1, len(many[::step]))


def _point_blocks(by_point: csr_array, weight: FloatArray, count: int) -> FloatArray:
    """The normal equations' block (3, 3) of each point."""
    rows = by_point.data.reshape(-1, 2, 3)
    at = by_point.indices.reshape(-1, 2, 3)[:, 0, 0] // 3
    own = np.einsum("mri,mrj->mij", rows * weight.reshape(-1, 2, 1), rows)
    blocks = np.zeros((count, 3, 3))
    np.add.at(blocks, at, own)
    return blocks


def _derivatives(model: SparseModel, seen: Seen) -> tuple[csr_array, csr_array]:
    """Of the pixels by poses and lenses (2m, 6 views + 5 lenses), and by points (2m, 3n)."""
    rotations = np.array([view.rotation for view in model.views])
    translations = np.array([view.translation for view in model.views])
    lenses: Mapping[Camera, int] = {
        camera: i for i, camera in enumerate(dict.fromkeys(view.camera for view in model.views))
    }
    lens_of = np.array([lenses[view.camera] for view in model.views])
    params = np.array([(c.fx, c.fy, c.k1, c.k2) for c in lenses])[lens_of[seen.view]]
    turned = np.einsum("mij,mj->mi", rotations[seen.view], seen.points[seen.point])
    by_space, by_lens = _projection(turned + translations[seen.view], params)
    cross = np.zeros((len(turned), 3, 3))
    x, y, z = turned.T
    cross[:, 0, 1], cross[:, 0, 2], cross[:, 1, 2] = z, -y, x
    cross[:, 1, 0], cross[:, 2, 0], cross[:, 2, 1] = -z, y, -x
    camera_block = np.concatenate([by_space @ cross, by_space, by_lens], axis=2)
    pose_at = _POSE * seen.view[:, None] + np.arange(_POSE)
    lens_at = _POSE * len(model.views) + _LENS * lens_of[seen.view][:, None] + np.arange(_LENS)
    point_at = 3 * seen.point[:, None] + np.arange(3)
    width = _POSE * len(model.views) + _LENS * len(lenses)
    return (
        _rows(camera_block, np.hstack([pose_at, lens_at]), width),
        _rows(by_space @ rotations[seen.view], point_at, 3 * len(seen.points)),
    )


def _projection(space: FloatArray, params: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Derivatives of pixels by places before the camera (m, 2, 3), and by f, cx, cy, k1, k2."""
    fx, fy, k1, k2 = params.T
    z = np.where(np.abs(space[:, 2]) > 1e-12, space[:, 2], 1e-12)
    x, y = space[:, 0] / z, space[:, 1] / z
    r2 = x * x + y * y
    radial, slope = 1 + k1 * r2 + k2 * r2**2, 2 * k1 + 4 * k2 * r2
    ux, uy = fx * (radial + slope * x * x), fx * slope * x * y
    vx, vy = fy * slope * x * y, fy * (radial + slope * y * y)
    by_space = np.empty((len(z), 2, 3))
    by_space[:, 0] = np.column_stack([ux, uy, -(ux * x + uy * y)]) / z[:, None]
    by_space[:, 1] = np.column_stack([vx, vy, -(vx * x + vy * y)]) / z[:, None]
    by_lens = np.zeros((len(z), 2, _LENS))
    by_lens[:, 0, 0], by_lens[:, 1, 0] = x * radial, y * radial
    by_lens[:, 0, 1] = by_lens[:, 1, 2] = 1
    by_lens[:, 0, 3], by_lens[:, 1, 3] = fx * x * r2, fy * y * r2
    by_lens[:, 0, 4], by_lens[:, 1, 4] = fx * x * r2**2, fy * y * r2**2
    return by_space, by_lens


def _rows(blocks: FloatArray, columns: IntArray, width: int) -> csr_array:
    """Blocks (m, 2, k) as a sparse matrix (2m, width), block i in columns ``columns[i]``."""
    count, k = len(blocks), blocks.shape[2]
    indices = np.repeat(columns, 2, axis=0).ravel()
    starts = np.arange(0, 2 * count * k + 1, k)
    return csr_array((blocks.ravel(), indices, starts), shape=(2 * count, width))


def _by_pose(model: SparseModel, centres: FloatArray, width: int) -> FloatArray:
    """The gradient by the cameras' centres as one by their poses.

    A camera turned by ``w`` about its own axes (``exp(w) R``) and moved by ``d`` has its centre at
    ``-R^T exp(-w) (t + d)``.
    """
    gradient = np.zeros(width)
    for i, (view, by_centre) in enumerate(zip(model.views, centres, strict=True)):
        turned = view.rotation @ by_centre
        # d centre = R^T (w x t - d)
        gradient[_POSE * i : _POSE * i + 3] = np.cross(view.translation, turned)
        gradient[_POSE * i + 3 : _POSE * (i + 1)] = -turned
    return gradient
