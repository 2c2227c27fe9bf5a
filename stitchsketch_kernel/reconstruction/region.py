"""The upright box around the furniture: what lies inside the ring of cameras, above the floor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.bounds import Within, require_allowed
from stitchsketch_kernel.domain.errors import MeshError, SettingsError
from stitchsketch_kernel.domain.model import Region, SparseModel
from stitchsketch_kernel.reconstruction.upright import looked_at

#: Fewer sparse points above the floor than this don't outline a piece (plain cloth has few).
_LEAST_POINTS = 300
#: Cameras closer together than this share of their distance to what they see stand in one place.
_STANDING_STILL = 0.02


@dataclass(frozen=True)
class RegionSettings:
    """How the box is found, or what it is.

    Attributes
    ----------
    box_m : tuple of float
        ``(x0, y0, z0, x1, y1, z1)`` given by hand; empty: found from cameras and points.
    margin : float
        Added on each side, as a share of the cameras' distance.
    """

    box_m: tuple[float, ...] = ()
    margin: Annotated[float, Within(0)] = 0.06

    def __post_init__(self) -> None:
        require_allowed(self)
        box = self.box_m
        if box and (len(box) != 6 or any(a >= b for a, b in zip(box[:3], box[3:], strict=True))):
            raise SettingsError(
                "region.box_m needs six numbers x0, y0, z0, x1, y1, z1, the first three smaller.",
                "Give the box's two corners in metres, or leave box_m empty.",
            )


def find_region(model: SparseModel, settings: RegionSettings | None = None) -> Region:
    """Find the box around what the photographer walked round.

    Parameters
    ----------
    model : SparseModel
        Upright, floor at 0 (metric or not).
    settings : RegionSettings, optional

    Raises
    ------
    MeshError
        The cameras don't surround anything.
    """
    settings = settings or RegionSettings()
    if settings.box_m:
        box = np.array(settings.box_m, dtype=float)
        return Region(box[:3], box[3:])
    centres = np.array([view.centre for view in model.views])
    if not _walked_round(model, centres):
        raise MeshError(
            "The photos were all taken from one place.", "Walk round the piece and take them again."
        )
    middle = looked_at(model)[:2]
    reach = np.linalg.norm(centres[:, :2] - middle, axis=1)
    ring, distance = float(np.percentile(reach, 10)), float(np.median(reach))
    low, high = _outline(model, middle, ring, distance)
    margin = settings.margin * distance
    floor = -0.02 * distance
    return Region(
        np.array([low[0] - margin, low[1] - margin, floor]),
        np.array([high[0] + margin, high[1] + margin, high[2] + margin]),
    )


def _walked_round(model: SparseModel, centres: FloatArray) -> bool:
    """Whether the cameras stand apart, measured by how far off they see things."""
    apart = float(np.linalg.norm(np.ptp(centres, axis=0)))
    points = model.points if len(model.points) else centres
    off = float(np.median(np.linalg.norm(points - centres.mean(axis=0), axis=1)))
    return apart > _STANDING_STILL * off


def _outline(
    model: SparseModel, middle: FloatArray, ring: float, distance: float
) -> tuple[FloatArray, FloatArray]:
    """Low and high corner of the piece's points, or of half the ring where points are few."""
    top = float(np.percentile([view.centre[2] for view in model.views], 90))
    points = model.points
    tracks = np.array([len(seen) for seen in model.point_views], dtype=int)
    inside = np.linalg.norm(points[:, :2] - middle, axis=1) < 0.8 * ring
    above = (points[:, 2] > 0.03 * distance) & (points[:, 2] < 1.2 * top)
    piece = points[inside & above & (tracks >= 3)]
    half = 0.45 * ring
    usual = (
        np.array([*(middle - half), 0.0]),
        np.array([*(middle + half), min(top, 0.9 * distance)]),
    )
    if len(piece) < _LEAST_POINTS:
        return usual
    low, high = np.percentile(piece, 0.5, axis=0), np.percentile(piece, 99.5, axis=0)
    return low, high
