"""Points seen in several views, triangulated to a fraction of a pixel, outliers left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.photo import View

#: A sighting this far off the triangulated point is a false find, not noise.
_OUTLIER_PX = 3.0


@dataclass(frozen=True)
class Triangulated:
    """A point, and how well its views agree on it.

    Attributes
    ----------
    point : ndarray, shape (3,)
    photos : tuple of str
        The views that agree.
    rms_px : float
        Of their reprojection errors.
    covariance : ndarray, shape (3, 3)
        For a pixel noise of 1 px.
    """

    point: FloatArray
    photos: tuple[str, ...]
    rms_px: float
    covariance: FloatArray


def triangulate(
    views: Mapping[str, View],
    pixels: Mapping[str, Sequence[float] | FloatArray],
    least_views: int = 2,
) -> Triangulated | None:
    """The point that most of the sightings agree on.

    Parameters
    ----------
    views : mapping of str to View
        By photo name.
    pixels : mapping of str to pair of float
        Where the point was seen (COLMAP's pixels); photos without a view are passed over.
    least_views : int

    Returns
    -------
    Triangulated or None
        None when fewer than `least_views` agree, or when all look from one direction.
    """
    names = [name for name in pixels if name in views]
    while len(names) >= max(2, least_views):
        seen = np.array([pixels[name] for name in names], dtype=float)
        chosen = [views[name] for name in names]
        point = _refined(chosen, seen, _linear(chosen, seen))
        errors = np.linalg.norm(_residuals(point, _stacked(chosen), seen).reshape(-1, 2), axis=1)
        worst = int(np.nanargmax(errors)) if np.isfinite(errors).any() else 0
        if errors[worst] <= _OUTLIER_PX:
            return _finished(point, chosen, names, errors)
        if len(names) > max(2, least_views):
            worst = _worst_by_leaving_out(chosen, seen)
        del names[worst]
    return None


def _worst_by_leaving_out(views: list[View], seen: FloatArray) -> int:
    """The sighting without which the others agree best (a large outlier drags the point)."""
    costs = []
    for i in range(len(views)):
        rest = [view for j, view in enumerate(views) if j != i]
        pixels = np.delete(seen, i, axis=0)
        residuals = _residuals(_linear(rest, pixels), _stacked(rest), pixels)
        costs.append(np.nanmedian(np.abs(residuals)) + 1e-3 * np.nanmean(np.abs(residuals)))
    return int(np.argmin(costs))


def _linear(views: list[View], seen: FloatArray) -> FloatArray:
    """The point nearest to all rays: sum of (I - d d^T) (x - c) = 0."""
    A, b = np.zeros((3, 3)), np.zeros(3)
    for view, pixel in zip(views, seen, strict=True):
        ray = view.rotation.T @ view.camera.rays_from_pixels(pixel[None])[0]
        ray /= np.linalg.norm(ray)
        across = np.eye(3) - np.outer(ray, ray)
        A += across
        b += across @ view.centre
    return np.asarray(np.linalg.lstsq(A, b, rcond=None)[0])


@dataclass(frozen=True)
class _Stack:
    """All views as arrays: rotations (k, 3, 3), translations (k, 3), lens (k, 8)."""

    rotations: FloatArray
    translations: FloatArray
    lens: FloatArray


def _stacked(views: list[View]) -> _Stack:
    lens = [(c.fx, c.fy, c.cx, c.cy, c.k1, c.k2, c.p1, c.p2) for c in (v.camera for v in views)]
    return _Stack(
        np.array([view.rotation for view in views]),
        np.array([view.translation for view in views]),
        np.array(lens),
    )


def _residuals(point: FloatArray, views: _Stack, seen: FloatArray) -> FloatArray:
    """Reprojection errors, shape (2 * views,); behind a camera counts as far off."""
    x, y, z = (views.rotations @ point + views.translations).T
    fx, fy, cx, cy, k1, k2, p1, p2 = views.lens.T
    ahead = np.where(z > 0, z, 1.0)
    x, y = x / ahead, y / ahead
    r2 = x * x + y * y
    radial = 1 + k1 * r2 + k2 * r2 * r2
    u = fx * (x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x)) + cx
    v = fy * (y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y) + cy
    off = np.where((z > 0)[:, None], np.column_stack([u, v]) - seen, 1e4)
    return np.asarray(off.ravel())


def _refined(views: list[View], seen: FloatArray, start: FloatArray) -> FloatArray:
    size = float(np.linalg.norm(start - views[0].centre)) or 1.0
    stack = _stacked(views)
    result = least_squares(
        lambda x: _residuals(x * size, stack, seen), start / size, loss="soft_l1", f_scale=1.0
    )
    return np.asarray(result.x * size)


def _finished(
    point: FloatArray, views: list[View], names: list[str], errors: FloatArray
) -> Triangulated | None:
    jacobian = np.concatenate([_jacobian(view, point) for view in views])
    information = jacobian.T @ jacobian
    if np.linalg.cond(information) > 1e8:
        return None
    covariance = np.linalg.inv(information)
    return Triangulated(point, tuple(names), float(np.sqrt((errors**2).mean())), covariance)


def _jacobian(view: View, point: FloatArray) -> FloatArray:
    """Derivative of the pixel by the point, shape (2, 3), by central differences."""
    step = 1e-5 * float(np.linalg.norm(point - view.centre))
    moved = np.concatenate([point + step * np.eye(3), point - step * np.eye(3)])
    pixels = view.pixels_from_world(moved)
    return np.asarray((pixels[:3] - pixels[3:]).T / (2 * step))
