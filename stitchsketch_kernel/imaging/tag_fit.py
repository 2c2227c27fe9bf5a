"""Places of a tag's corners to a few hundredths of a pixel, by fitting its whole pattern.

A corner is one point; the pattern has a hundred edges. The photo is sampled through a homography
and the homography is moved (Gauss-Newton) until the samples follow the known pattern best, with
brightness, contrast and a slope of light across the tag left free [1]_. Blur widens dark and light
alike, so that it moves neither centre nor corners.

References
----------
.. [1] S. Baker and I. Matthews, "Lucas-Kanade 20 Years On", IJCV 56 (2004), forward additive.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray, FloatArray, ImageArray

_STEPS = 12
_DONE_PX = 0.003
#: White round the tag that takes part in the fit, in modules: the frame's outer edge is the best
#: edge there is, and every printed tag has this much.
_WHITE_MODULES = 0.75
_CORNERS = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])


@dataclass(frozen=True)
class TagFit:
    """Corners (4, 2) in OpenCV's convention, and how well the pattern is met (1 = perfectly)."""

    corners_px: FloatArray
    correlation: float


def fit_tag(grey: ImageArray, modules: ImageArray, corners_px: FloatArray) -> TagFit:
    """Move a tag's corners to where its whole pattern fits the photo best.

    Parameters
    ----------
    grey : ndarray of uint8, shape (h, w)
    modules : ndarray of uint8, shape (n, n)
        `imaging.drawing.tag_modules`: the pattern with its black frame.
    corners_px : ndarray, shape (4, 2)
        Where the corners about are (to half a module), OpenCV's convention, the tag's order.

    Returns
    -------
    TagFit
        Correlation 0 when the fit left the photo or ran away.
    """
    import cv2

    low = np.floor(corners_px.min(axis=0)).astype(int)
    reach = int(np.ceil(np.ptp(corners_px, axis=0).max() * 0.25)) + 4
    x0, y0 = np.maximum(low - reach, 0)
    x1, y1 = np.ceil(corners_px.max(axis=0)).astype(int) + reach
    window = grey[y0:y1, x0:x1].astype(np.float32)
    if min(window.shape) < 8:
        return TagFit(corners_px, 0.0)
    slopes = (cv2.Scharr(window, cv2.CV_32F, dx, 1 - dx) / 32 for dx in (1, 0))
    layers = tuple(np.asarray(layer) for layer in (window, *slopes))
    plane, pattern = _samples(modules, corners_px)
    start = (corners_px - (x0, y0)).astype(np.float32)
    rough = np.asarray(cv2.getPerspectiveTransform(_CORNERS.astype(np.float32), start), float)
    homography, correlation = _descend(layers, plane, pattern, rough)
    corners = _project(homography, _CORNERS) + np.array([x0, y0])
    return TagFit(corners, correlation if np.isfinite(corners).all() else 0.0)


def diagonals_cross(corners_px: FloatArray) -> FloatArray:
    """Where the diagonals of a quadrilateral (4, 2) cross: the image of the square's centre."""
    a, b, c, d = corners_px
    along = np.linalg.solve(np.column_stack([c - a, b - d]), b - a)
    return np.asarray(a + along[0] * (c - a))


def _samples(modules: ImageArray, corners_px: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Points of the tag's plane (k, 2), the tag being [-1, 1]², and the pattern there (k,)."""
    n = len(modules)
    side_px = np.linalg.norm(corners_px - np.roll(corners_px, 1, axis=0), axis=1).max()
    per_module = int(np.clip(np.ceil(side_px / n), 2, 8))
    # in modules; samples lie evenly to both sides of every edge, else the edge is off
    reach = n * per_module / 2 + round(_WHITE_MODULES * per_module)
    at = (np.arange(-reach, reach) + 0.5) / per_module
    padded = np.pad(modules.astype(np.float64) / 255, 1, constant_values=1.0)
    cell = np.floor(at + n / 2).astype(int) + 1
    pattern = padded[np.ix_(cell, cell)].ravel()
    u, v = np.meshgrid(at / (n / 2), at / (n / 2))
    return np.column_stack([u.ravel(), v.ravel()]), pattern


def _descend(
    layers: tuple[AnyArray, ...], plane: FloatArray, pattern: FloatArray, homography: FloatArray
) -> tuple[FloatArray, float]:
    """The homography from the tag's plane to the window that fits best, and its correlation."""
    # what may change freely: brightness, and a slope of it; the contrast is the pattern's own row
    nuisance = np.column_stack([np.ones(len(plane)), plane])
    basis, _ = np.linalg.qr(np.column_stack([nuisance, pattern]))
    free, _ = np.linalg.qr(nuisance)
    for _ in range(_STEPS):
        values, jacobian = _linearised(layers, plane, homography)
        if values is None:
            return homography, 0.0
        residual = values - basis @ (basis.T @ values)
        jacobian -= basis @ (basis.T @ jacobian)
        step = _least_squares(jacobian, -residual)
        moved = homography + np.append(step, 0.0).reshape(3, 3)
        move_px = np.abs(_project(moved, _CORNERS) - _project(homography, _CORNERS)).max()
        homography = moved
        if move_px < _DONE_PX:
            break
    values, _ = _linearised(layers, plane, homography)
    if values is None:
        return homography, 0.0
    values = values - free @ (free.T @ values)
    wanted = pattern - free @ (free.T @ pattern)
    return homography, float(wanted @ values / np.linalg.norm(wanted) / np.linalg.norm(values))


def _least_squares(A: FloatArray, b: FloatArray) -> FloatArray:
    """What `numpy.linalg.lstsq` gives of a tall matrix (k, 8), by its normal equations.

    On a busy machine the threads of LAPACK wait for each other: most of a photo's time went there.
    """
    length = np.maximum(np.linalg.norm(A, axis=0), 1e-12)
    A = A / length
    square, right = np.einsum("ki,kj->ij", A, A), np.einsum("ki,k->i", A, b)
    return np.asarray(np.linalg.lstsq(square, right, rcond=1e-12)[0] / length)


def _linearised(
    layers: tuple[AnyArray, ...], plane: FloatArray, homography: FloatArray
) -> tuple[FloatArray | None, FloatArray]:
    """Photo values (k,) at the projected points and their derivatives (k, 8) by the homography.

    None when a point lies outside the window: what is not seen must not be guessed.
    """
    import cv2

    u, v = plane.T
    w = homography[2, 0] * u + homography[2, 1] * v + homography[2, 2]
    points = _project(homography, plane)
    height, width = layers[0].shape
    inside = (points >= 0).all() and (points <= (width - 1, height - 1)).all() and (w > 0).all()
    if not inside:
        return None, np.empty((0, 8))
    x, y = points.astype(np.float32).T
    value, gx, gy = (
        cv2.remap(layer, x, y, cv2.INTER_LINEAR).ravel().astype(np.float64) for layer in layers
    )
    pull = -(gx * points[:, 0] + gy * points[:, 1]) / w
    gx, gy = gx / w, gy / w
    return value, np.column_stack([gx * u, gx * v, gx, gy * u, gy * v, gy, pull * u, pull * v])


def _project(homography: FloatArray, points: FloatArray) -> FloatArray:
    """Points (n, 2) through a homography."""
    moved = np.column_stack([points, np.ones(len(points))]) @ homography.T
    return np.asarray(moved[:, :2] / moved[:, 2:])
