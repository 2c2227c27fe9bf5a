"""Two sessions of one piece as one scan, once it is known how the piece was moved between them."""

from __future__ import annotations

import numpy as np

from stitchsketch_kernel.domain.arrays import BoolArray
from stitchsketch_kernel.domain.errors import ScaleError
from stitchsketch_kernel.domain.model import Motion, Scale, SparseModel


def joint_scale(first: Scale, second: Scale) -> Scale:
    """The scale of both: as sure as the less sure one, for a length may lie in either."""
    return Scale(
        first.method,
        first.metres_per_unit,
        float(np.nanmax([first.residual_mm, second.residual_mm])),
        max(first.uncertainty_percent, second.uncertainty_percent),
        first.references + second.references,
        tuple(dict.fromkeys((*first.notes, *second.notes))),
    )


def joint_model(
    first: SparseModel, second: SparseModel, motion: Motion, of_piece: BoolArray
) -> SparseModel:
    """Both models in the first one's world.

    Parameters
    ----------
    first, second : SparseModel
        Each in its own world.
    motion : Motion
    of_piece : ndarray of bool, shape (n,)
        Which points of the second are the piece's: its floor goes through the first one's piece.
    """
    kept = np.flatnonzero(of_piece)
    count = len(first.views)
    weights = np.array([len(first.views), len(second.views)], dtype=float)
    errors = np.array([first.reprojection_px, second.reprojection_px])
    return SparseModel(
        (*first.views, *(motion.similarity.apply_view(view) for view in second.views)),
        np.vstack([first.points, motion.similarity.apply(second.points[kept])]),
        np.vstack([first.colors, second.colors[kept]]),
        (*first.point_views, *(second.point_views[row] + np.int32(count) for row in kept)),
        (*first.left_out, *second.left_out),
        float((weights * errors).sum() / weights.sum()),
    )


def require_sizes(first: Scale, second: Scale) -> None:
    """Refuse sessions of which one has no size.

    Raises
    ------
    ScaleError
    """
    for one, which in ((first, "first"), (second, "turned")):
        if not one.is_metric:
            raise ScaleError(
                f"The {which} session's size is not known, so it can't be joined with the other.",
                "Lay mats round the piece in both sessions.",
            )
