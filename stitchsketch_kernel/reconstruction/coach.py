"""Which sides and heights of a piece want more photos.

Sides are named as one stands before the piece: *left* is on the left hand of whoever faces it, as
the trade says of arms. A photo's height is the angle at which it looks down on the piece, so that
a footstool's rounds are as good as a sofa's.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.model import SparseModel
from stitchsketch_kernel.domain.photo import View
from stitchsketch_kernel.reconstruction.upright import looked_at

#: Counter-clockwise from above, from the front.
SIDES = (
    "front", "front_right", "right", "behind_right", "behind", "behind_left", "left", "front_left",
)  # fmt: skip
Height = Literal["low", "middle", "high"]
HEIGHTS: tuple[Height, ...] = ("low", "middle", "high")
#: Angles above the piece's middle that divide the heights.
LOW_BELOW_DEG, HIGH_ABOVE_DEG = 27.0, 47.0
#: So many photos a side, where there are none; so few are too few.
WANTED, TOO_FEW = 3, 2
#: A surface that faces up more than this is photographed from above.
_FACES_UP = 0.75


@dataclass(frozen=True)
class Standpoint:
    """Where a photo was taken: metres on the floor and above it.

    Attributes
    ----------
    towards : ndarray, shape (3,)
        The direction in which it looks.
    counts : bool
        Not for one that is too bad to be used.
    """

    photo: str
    place_m: FloatArray
    towards: FloatArray
    side: str
    height: Height
    counts: bool = True


@dataclass(frozen=True)
class Wish:
    """Photos that are wanted from a side.

    Attributes
    ----------
    side : str
    have, take : int
        How many there are, and how many more are wanted.
    heights : tuple of {"low", "middle", "high"}
        At which one of them at least should be.
    """

    side: str
    have: int
    take: int
    heights: tuple[Height, ...]


@dataclass(frozen=True)
class Coverage:
    """Where photos were taken and which are wanted.

    Attributes
    ----------
    standpoints : tuple of Standpoint
    middle_m : ndarray, shape (3,)
        What the photos look at.
    front_deg : float
        The direction of the front from the middle, counter-clockwise from x.
    wishes : tuple of Wish
        The emptiest side first.
    """

    standpoints: tuple[Standpoint, ...]
    middle_m: FloatArray
    front_deg: float
    wishes: tuple[Wish, ...]

    def side_of(self, direction: FloatArray) -> str:
        """The side on which a direction (2,) or (3,) from the middle points."""
        degrees = float(np.rad2deg(np.arctan2(direction[1], direction[0])))
        return SIDES[round((degrees - self.front_deg) / 45) % len(SIDES)]


def coverage(
    views: Sequence[View], front: str = "", left_out: Collection[str] = ()
) -> Coverage | None:
    """Which sides and heights want more photos; None for fewer than three photos.

    Parameters
    ----------
    views : sequence of View
        Upright, the floor at 0: of `mat_views.views_from_mats`, or of a scaled model.
    front : str
        The photo that shows the front; the first when empty or not placed.
    left_out : collection of str
        Photos that are too bad to count.
    """
    if len(views) < 3:
        return None
    middle = _middle(views)
    before = next((view for view in views if view.name == front), views[0]).centre - middle
    front_deg = float(np.rad2deg(np.arctan2(before[1], before[0])))
    found = Coverage((), middle, front_deg, ())
    standpoints = tuple(
        Standpoint(
            view.name,
            view.centre,
            np.asarray(view.rotation[2]),
            found.side_of(view.centre - middle),
            height_of(view.centre - middle),
            view.name not in left_out,
        )
        for view in views
    )
    return Coverage(standpoints, middle, front_deg, _wishes(standpoints))


def height_of(from_middle: FloatArray) -> Height:
    """How high a place (3,) is, seen from the piece's middle."""
    across = float(np.hypot(from_middle[0], from_middle[1]))
    degrees = float(np.rad2deg(np.arctan2(from_middle[2], across)))
    if degrees < LOW_BELOW_DEG:
        return "low"
    return "middle" if degrees < HIGH_ABOVE_DEG else "high"


def _middle(views: Sequence[View]) -> FloatArray:
    """What the photos look at; not below the floor, where bad photos may put it."""
    empty = np.zeros((0, 3))
    middle = looked_at(SparseModel(tuple(views), empty, empty.astype(np.uint8), ()))
    middle[2] = max(middle[2], 0.0)
    return middle


def _wishes(standpoints: Sequence[Standpoint]) -> tuple[Wish, ...]:
    wishes = []
    for side in SIDES:
        heights = [one.height for one in standpoints if one.counts and one.side == side]
        lacking: list[Height] = []
        if "low" not in heights:
            lacking.append("low")
        if heights and not {"middle", "high"} & set(heights):
            lacking.append("middle")
        have = len(heights)
        take = WANTED - have if have < TOO_FEW else len(lacking)
        if take:
            wishes.append(Wish(side, have, take, tuple(lacking)))
    return tuple(sorted(wishes, key=lambda wish: wish.have))


def wanted_for(part_m: FloatArray, normal: FloatArray, found: Coverage) -> tuple[str, Height]:
    """From which side and height a part of the surface is seen best; no side: from above.

    Parameters
    ----------
    part_m, normal : ndarray, shape (3,)
        The part's middle, and where it faces.
    found : Coverage
    """
    if normal[2] > _FACES_UP:
        return "", "high"
    # what lies low is seen from low down, though it faces straight ahead
    low = part_m[2] < found.middle_m[2] or normal[2] < 0
    return found.side_of(normal), "low" if low else "middle"
