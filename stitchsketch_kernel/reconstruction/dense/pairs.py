"""Which views are compared: seen from the piece, neither too near to each other nor too far."""

from __future__ import annotations

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.model import Region, SparseModel
from stitchsketch_kernel.reconstruction.dense.interface import DenseSettings


def choose_pairs(
    model: SparseModel, region: Region, settings: DenseSettings
) -> list[tuple[int, int]]:
    """Pairs ``(i, j)``, i < j, so that each view has up to `settings.neighbours` of them."""
    angles = _angles_deg(model, region)
    best = np.log(np.maximum(angles, 1e-6) / settings.best_angle_deg) ** 2
    usable = (angles >= settings.least_angle_deg) & (angles <= settings.most_angle_deg)
    cost = np.where(usable, best, np.inf)
    pairs: set[tuple[int, int]] = set()
    for i, row in enumerate(cost):
        for j in _spread(row, model, region, i, settings.neighbours):
            pairs.add((min(i, j), max(i, j)))
    return sorted(pairs)


def _spread(row: FloatArray, model: SparseModel, region: Region, i: int, count: int) -> list[int]:
    """The best neighbours, not all on one side: each next one prefers a new direction."""
    middle = (region.low_m + region.high_m) / 2
    chosen: list[int] = []
    directions: list[FloatArray] = []
    left = row.copy()
    centre = model.views[i].centre
    distance = float(np.linalg.norm(centre - middle))
    while len(chosen) < count and np.isfinite(left).any():
        j = int(np.argmin(left))
        left[j] = np.inf
        apart = model.views[j].centre - centre
        direction = apart / max(float(np.linalg.norm(apart)), 1e-9 * distance)
        chosen.append(j)
        directions.append(direction)
        for k in np.flatnonzero(np.isfinite(left)):
            other = model.views[k].centre - centre
            other = other / max(float(np.linalg.norm(other)), 1e-9 * distance)
            left[k] += 1.5 * max(0.0, float(other @ direction)) ** 4
    return chosen


def _angles_deg(model: SparseModel, region: Region) -> FloatArray:
    """Angle between each two views, seen from the middle of the region, shape (n, n)."""
    middle = (region.low_m + region.high_m) / 2
    rays = np.array([view.centre - middle for view in model.views])
    rays = rays / np.linalg.norm(rays, axis=1, keepdims=True)
    return np.asarray(np.rad2deg(np.arccos(np.clip(rays @ rays.T, -1, 1))))
