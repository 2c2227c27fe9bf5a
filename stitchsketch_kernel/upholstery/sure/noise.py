"""The scan's noise on a panel, as the panel shows it: how rough, and how far it hangs together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from stitchsketch_kernel.domain.arrays import FloatArray

#: A patch's radius, how many are looked at, and how many points of each.
_RADIUS_MM, _PATCHES, _POINTS = 34.0, 24, 140
_LEAST_POINTS = 20
#: Reaches that are tried, and the distances at which likeness is compared.
_REACHES_MM = (0.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.2, 6.0, 7.0, 8.0, 9.5, 11.0, 13.0, 15.0)
_LAGS_MM = np.array([0.0, 1e-6, 3.0, 5.0, 8.0, 12.0, 17.0, 24.0])
#: Points this many deviations off are crumbs, no noise.
_OUTLYING = 4.0


@dataclass(frozen=True)
class Noise:
    """Of a surface: standard deviation, and reach of the correlation ``exp(-(d / reach)^2 / 2)``.

    `spacing_mm` is the usual distance of a point to the next.
    """

    sigma_mm: float
    reach_mm: float
    spacing_mm: float


def quadric_columns(u: FloatArray, v: FloatArray) -> FloatArray:
    """Columns of ``c0 + c1 u + c2 v + c3 u2 + c4 u v + c5 v2``, shape (n, 6)."""
    return np.column_stack([np.ones_like(u), u, v, u * u, u * v, v * v])


def surface_noise(
    points_mm: FloatArray, rng: np.random.Generator, least: float = 0.0
) -> Noise | None:
    """The noise of a panel's points about quadrics fitted to patches of it.

    A fit follows the noise in part, the more so the further it hangs together: residuals are
    compared with those that noise of each reach would leave (``M C M``, M the residual maker).

    Parameters
    ----------
    points_mm : ndarray, shape (n, 3)
        Away from the seams.
    rng : Generator
    least : float
        Noise is never told to be less than this.

    Returns
    -------
    Noise or None
        None where the panel has too few points.
    """
    if len(points_mm) < _LEAST_POINTS:
        return None
    tree = cKDTree(points_mm)
    spacing = float(np.median(tree.query(points_mm, k=2)[0][:, 1]))
    shown, expected = [], []
    for middle in rng.permutation(len(points_mm))[:_PATCHES]:
        near = np.array(tree.query_ball_point(points_mm[middle], _RADIUS_MM))
        if len(near) < _LEAST_POINTS:
            continue
        patch = points_mm[rng.permutation(near)[:_POINTS]]
        likeness = _likeness(patch)
        if likeness is not None:
            shown.append(likeness[0])
            expected.append(likeness[1])
    if not shown:
        return None
    # a distance that no patch has points at says nothing
    known = np.isfinite(shown).any(axis=0)
    found = np.nanmean(np.array(shown)[:, known], axis=0)
    model = np.nanmean(np.array(expected)[:, :, known], axis=0)
    return _best(found, model, spacing, least)


def _likeness(patch: FloatArray) -> tuple[FloatArray, FloatArray] | None:
    """Covariance of a patch's residuals by distance, and what each reach would give (r, lags)."""
    middle = np.median(patch, axis=0)
    axes = np.linalg.svd(patch - middle, full_matrices=False)[2]
    u, v, w = ((patch - middle) @ axes.T).T
    return None if len(u) < _LEAST_POINTS else _compared(patch, u, v, w)


def _compared(
    patch: FloatArray, u: FloatArray, v: FloatArray, w: FloatArray
) -> tuple[FloatArray, FloatArray] | None:
    columns = quadric_columns(u / _RADIUS_MM, v / _RADIUS_MM)
    for _ in range(2):
        fit = np.linalg.lstsq(columns, w, rcond=None)[0]
        off = w - columns @ fit
        usual = 1.4826 * float(np.median(np.abs(off)))
        kept = np.abs(off) <= _OUTLYING * max(usual, 1e-6)
        if kept.sum() < _LEAST_POINTS:
            return None
        patch, columns, w = patch[kept], columns[kept], w[kept]
    off = w - columns @ np.linalg.lstsq(columns, w, rcond=None)[0]
    apart = cdist(patch, patch)
    bins = np.digitize(apart, _LAGS_MM[1:])
    counts = np.bincount(bins.ravel(), minlength=len(_LAGS_MM))[: len(_LAGS_MM) - 1]

    def by_lag(values: FloatArray) -> FloatArray:
        sums = np.bincount(bins.ravel(), values.ravel(), minlength=len(_LAGS_MM))
        return np.asarray(sums[: len(_LAGS_MM) - 1] / np.where(counts, counts, np.nan))

    basis = np.linalg.qr(columns)[0]
    models = [by_lag(_left_over(basis, np.exp(-0.5 * (apart / r) ** 2))) for r in _REACHES_MM]
    return by_lag(np.outer(off, off)), np.array(models)


def _left_over(basis: FloatArray, covariance: FloatArray) -> FloatArray:
    """``M C M`` with ``M = 1 - Q Q^T``: what a fit of the columns Q leaves of noise like C."""
    once = covariance - basis @ (basis.T @ covariance)
    return np.asarray(once - (once @ basis) @ basis.T)


def _best(found: FloatArray, model: FloatArray, spacing: float, least: float) -> Noise:
    """The reach whose likeness fits best, and the deviation that goes with it."""
    square = (model @ found) / np.maximum((model**2).sum(axis=1), 1e-300)
    misfit = ((found - square[:, None] * model) ** 2).sum(axis=1)
    at = int(np.argmin(misfit))
    sigma = float(np.sqrt(max(square[at], 0.0)))
    return Noise(max(sigma, least), _REACHES_MM[at], spacing)


def pooled(noises: Sequence[Noise]) -> Noise:
    """The usual noise of several panels, for one that doesn't show its own."""
    table = np.array([[one.sigma_mm, one.reach_mm, one.spacing_mm] for one in noises])
    return Noise(*(float(value) for value in np.median(table, axis=0)))
