"""How far cameras that are placed a little wrong may bend the model as a whole."""

from __future__ import annotations

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.model import SparseModel
from stitchsketch_kernel.domain.units import MM_PER_M

#: Of a pixel: from the sample cushion, photographed and measured.
SKIN_PX = 0.25
#: The mean length of a plane error over its deviation in each direction (Rayleigh).
_MEAN_LENGTH = float(np.sqrt(np.pi / 2))


def skin_mm(model: SparseModel) -> float:
    """Standard deviation of how far the whole skin of a scan may lie off the cloth, millimetres.

    Stereo matches what stands out, and meshing rounds: by a share of what a pixel spans on the
    piece (the usual point's ``z / f``).

    Parameters
    ----------
    model : SparseModel
        In metres.

    Returns
    -------
    float
        NaN where the model has no points.
    """
    spans = spans_m(model)
    return float(MM_PER_M * SKIN_PX * np.median(spans)) if len(spans) else float("nan")


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
    spans = spans_m(model)
    if not len(spans):
        return float("nan")
    counts = np.array([len(views) for views in model.point_views])
    off = model.reprojection_px / _MEAN_LENGTH * spans / np.sqrt(np.repeat(counts, counts))
    return float(MM_PER_M * np.median(off))


def spans_m(model: SparseModel) -> FloatArray:
    """What a pixel of each view spans at each point that it sees, in the model's unit (metres)."""
    if not model.point_views or not model.views:
        return np.zeros(0)
    counts = np.array([len(views) for views in model.point_views])
    point, view = np.repeat(np.arange(len(counts)), counts), np.concatenate(model.point_views)
    rows = np.array([[*one.rotation[2], one.translation[2], one.camera.fx] for one in model.views])
    depth = (model.points[point] * rows[view, :3]).sum(axis=1) + rows[view, 3]
    return np.asarray(depth / rows[view, 4])
