"""A panel that lies flat by itself, laid by the sheet that its points are: no unrolling, no noise.

Seams that are placed stay where they are in space, and keep their lengths. A border that still has
the scan's noise on it is evened out in the flat, where it is straighter than in space, if the panel
ends there; where another panel goes on, both take the line that is evened out in space.
"""

from __future__ import annotations

from collections.abc import Mapping, Set

import numpy as np

from stitchsketch_kernel.domain.arrays import BoolArray, FloatArray, IntArray
from stitchsketch_kernel.upholstery.flat.developed import developed
from stitchsketch_kernel.upholstery.flat.equal import followed
from stitchsketch_kernel.upholstery.flat.even_border import even_border, even_outline, is_rough

#: A border moved by less than this, mm, takes nothing along.
_ALONE = 0.02


def as_a_sheet(
    points_mm: FloatArray,
    faces: IntArray,
    border: IntArray,
    lines: Mapping[str, IntArray],
    ends: Set[str],
    reach_mm: float,
    border_reach_mm: float,
) -> tuple[FloatArray, FloatArray, bool] | None:
    """The panel's flat, its surface without noise, and whether any of its border is held.

    Parameters
    ----------
    points_mm : ndarray, shape (n, 3)
    faces : ndarray of int32, shape (m, 3)
    border : ndarray of int32
        Closed, the first not repeated.
    lines : mapping of str to ndarray of int32
        Vertices along each seam.
    ends : set of str
        The seams where no other panel goes on.
    reach_mm, border_reach_mm : float
        Bumps of the surface, and waves of the border in space, much shorter than this are noise.

    Returns
    -------
    (ndarray of shape (n, 2), ndarray of shape (n, 3), bool) or None
        None where the panel is no plane sheet.
    """
    found = developed(points_mm, faces, reach_mm)
    if found is None:
        return None
    sheet, uv = found
    loose = {key for key in lines.keys() & ends if is_rough(points_mm[lines[key]])}
    shared = [line for key, line in lines.items() if key not in loose]
    even = even_border(points_mm, shared, border_reach_mm)
    held = _held(len(points_mm), shared, border)
    ring = even_outline(sheet.foot(even[border], uv[border]), ~held[border])
    move = ring - uv[border]
    if np.abs(move).max() > _ALONE:
        uv = followed(uv, points_mm, faces, border, move)
    else:
        uv[border] = ring
    surface = sheet.at(uv)
    surface[held] = even[held]
    return uv, surface, bool(held.any())


def _held(count: int, shared: list[IntArray], border: IntArray) -> BoolArray:
    """Which points' places are for more than this panel to say."""
    held = np.zeros(count, dtype=bool)
    for line in shared:
        held[line] = True
    inside = np.ones(count, dtype=bool)
    inside[border] = False
    return held & ~inside
