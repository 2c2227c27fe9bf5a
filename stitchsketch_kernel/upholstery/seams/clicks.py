"""Places that a person clicked, as they are kept."""

from __future__ import annotations

import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray, FloatArray
from stitchsketch_kernel.domain.errors import PanelError

#: Clicks are kept to this many decimals of a metre: what is shown is what the file says.
_DECIMALS = 5


def click(place_m: AnyArray) -> FloatArray:
    """One place, shape (3,), metres; `PanelError` for what is none."""
    place = np.asarray(place_m, dtype=np.float64)
    if place.shape != (3,) or not np.isfinite(place).all():
        raise PanelError(f"{place.tolist()} is no place on a mesh.", "Give x, y and z in metres.")
    return np.round(place, _DECIMALS)


def clicks(points_m: AnyArray) -> FloatArray:
    """The points of a seam, shape (k, 3), metres; `PanelError` for fewer than two."""
    points = np.asarray(points_m, dtype=np.float64)
    if points.ndim != 2 or len(points) < 2:
        raise PanelError("A seam needs two points at least.", "Click along it.")
    return np.array([click(point) for point in points])
