"""How far cameras that are placed a little wrong may bend the model as a whole."""

from __future__ import annotations

import numpy as np

from stitchsketch_kernel.domain.model import SparseModel
from stitchsketch_kernel.domain.units import MM_PER_M

#: The mean length of a plane error over its deviation in each direction (Rayleigh).
_MEAN_LENGTH = float(np.sqrt(np.pi / 2))


def bend_mm(model: SparseModel) -> float:
    """Standard deviation of the model's slow bend in each direction, millimetres.

    No view is placed better than its points agree with it: where a point lies, its views are off by
    the reprojection error, which at its distance is ``z / f`` times as long; those that see it
    average: ``sigma z / f / sqrt(views)``, the usual (median) point's.

    Parameters
    ----------
    model : SparseModel
        In metres.

    Returns
    -------
    float
        NaN where the model has no points or its error isn't known.
    """
    if not model.point_views or not model.views:
        return float("nan")
    counts = np.array([len(views) for views in model.point_views])
    point, view = np.repeat(np.arange(len(counts)), counts), np.concatenate(model.point_views)
    rows = np.array([[*one.rotation[2], one.translation[2], one.camera.fx] for one in model.views])
    depth = (model.points[point] * rows[view, :3]).sum(axis=1) + rows[view, 3]
    off = model.reprojection_px / _MEAN_LENGTH * depth / rows[view, 4] / np.sqrt(counts[point])
    return float(MM_PER_M * np.median(off))
