"""Which views are compared: seen from the piece, neither too near to each other nor too far."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.errors import MeshError
from stitchsketch_kernel.domain.model import Region, SparseModel
from stitchsketch_kernel.reconstruction.dense.interface import DenseSettings

#: With more of the photos alone than this share, what comes out is no piece of furniture.
_MOST_ALONE = 1 / 3
#: Photos this far from each other are compared with ease.
_STEP_DEG = 20.0
_NAMED = 8


@dataclass(frozen=True)
class Gap:
    """A photo that stands too far from all others to be compared with one.

    Attributes
    ----------
    photo : str
    beside : tuple of (str, float)
        The nearest photos to its left and right, and the angle to each, seen from the piece.
    """

    photo: str
    beside: tuple[tuple[str, float], ...]


def find_gaps(model: SparseModel, region: Region, settings: DenseSettings) -> tuple[Gap, ...]:
    """The photos that have no neighbour to find depth with."""
    with_one = {index for pair in choose_pairs(model, region, settings) for index in pair}
    alone = [i for i in range(len(model.views)) if i not in with_one]
    angles = angles_deg(model, region)
    np.fill_diagonal(angles, np.inf)
    names = [view.name for view in model.views]
    round_it = np.array([view.centre - (region.low_m + region.high_m) / 2 for view in model.views])
    turns = np.arctan2(round_it[:, 1], round_it[:, 0])
    gaps = []
    for i in alone:
        left = np.sin(turns - turns[i]) > 0
        sides = (np.where(side, angles[i], np.inf) for side in (left, ~left))
        near = [(int(row.argmin()), float(row.min())) for row in sides]
        gaps.append(Gap(names[i], tuple((names[j], deg) for j, deg in near if np.isfinite(deg))))
    return tuple(gaps)


def say_gaps(gaps: tuple[Gap, ...], count: int) -> str:
    """What is to be said of `gaps` among `count` photos; empty when there are none.

    Raises
    ------
    MeshError
        They are too many for any mesh.
    """
    if not gaps:
        return ""
    between = {tuple(sorted((gap.photo, name))): deg for gap in gaps for name, deg in gap.beside}
    places = [
        f"{max(1, int(np.ceil(deg / _STEP_DEG)) - 1)} between {one} and {other} "
        f"({deg:.0f} degrees apart)"
        for (one, other), deg in sorted(between.items())
    ]
    more = len(places) - _NAMED
    and_more = f", and so at {more} more places" if more > 0 else ""
    what = (
        f"{len(gaps)} of {count} photos stand too far from the next to tell how far away "
        "anything is."
    )
    todo = f"Add photos: {', '.join(places[:_NAMED])}{and_more}."
    if len(gaps) > _MOST_ALONE * count:
        raise MeshError(what, todo)
    return f"{what} {todo}"


def choose_pairs(
    model: SparseModel, region: Region, settings: DenseSettings
) -> list[tuple[int, int]]:
    """Pairs ``(i, j)``, i < j, so that each view has up to `settings.neighbours` of them."""
    angles = angles_deg(model, region)
    best = np.log(np.maximum(angles, 1e-6) / settings.best_angle_deg) ** 2
    usable = (angles >= settings.least_angle_deg) & (angles <= settings.most_angle_deg)
    cost = np.where(usable, best, np.inf)
    pairs: set[tuple[int, int]] = set()
    for i, row in enumerate(cost):
        for j in _spread(row, model, region, i, settings.neighbours):
            pairs.add((min(i, j), max(i, j)))
    return sorted(pairs)


def swept(model: SparseModel, region: Region) -> list[int]:
    """The views, from one side of the piece round both ways to the other.

    Each view's neighbours then come soon before or after it.
    """
    middle = (region.low_m + region.high_m) / 2
    away = np.array([view.centre - middle for view in model.views])
    return [int(i) for i in np.argsort(np.abs(np.arctan2(away[:, 1], away[:, 0])), kind="stable")]


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


def angles_deg(model: SparseModel, region: Region) -> FloatArray:
    """Angle between each two views, seen from the middle of the region, shape (n, n)."""
    middle = (region.low_m + region.high_m) / 2
    rays = np.array([view.centre - middle for view in model.views])
    rays = rays / np.linalg.norm(rays, axis=1, keepdims=True)
    return np.asarray(np.rad2deg(np.arccos(np.clip(rays @ rays.T, -1, 1))))
