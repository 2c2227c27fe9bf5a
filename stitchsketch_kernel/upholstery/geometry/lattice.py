"""Points laid out evenly within an outline, to mesh it by."""

from __future__ import annotations

import numpy as np
import shapely
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.arrays import FloatArray

#: Points keep this share of a step away from the outline: nearer ones make thin triangles.
_CLEAR = 0.6


def lattice_within(outline: FloatArray, step: float) -> FloatArray:
    """Points of a triangular lattice within an outline, none near it.

    Parameters
    ----------
    outline : ndarray, shape (n, 2)
        Closed, the first point not repeated; its points no further apart than `step`.
    step : float
        Between neighbours, in the outline's unit.

    Returns
    -------
    ndarray, shape (k, 2)
    """
    low, high = outline.min(axis=0), outline.max(axis=0)
    x = np.arange(low[0], high[0] + step, step)
    y = np.arange(low[1], high[1] + step, step * np.sqrt(3) / 2)
    across, along = np.meshgrid(x, y)
    across[1::2] += step / 2
    points = np.column_stack([across.ravel(), along.ravel()])
    points = points[shapely.contains_xy(shapely.Polygon(outline), points[:, 0], points[:, 1])]
    return np.asarray(points[cKDTree(outline).query(points)[0] > _CLEAR * step])
