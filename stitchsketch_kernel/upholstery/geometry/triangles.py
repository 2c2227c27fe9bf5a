"""Triangles within a closed outline, each step of the outline an edge of one of them."""

from __future__ import annotations

import numpy as np
import shapely
from scipy.spatial import Delaunay
from shapely.ops import split

from stitchsketch_kernel.domain.arrays import AnyArray, FloatArray, IntArray

#: A triangle's height is at least this share of its longest edge; flatter ones are no surface.
_FLATTEST = 1e-6


def triangulate(flat: FloatArray, count: int) -> IntArray | None:
    """Constrained Delaunay triangles of points within the outline of the first `count` of them.

    Parameters
    ----------
    flat : ndarray, shape (n, 2)
        The outline, counter-clockwise and simple, then points within it.
    count : int
        Points of the outline.

    Returns
    -------
    ndarray of int32, shape (m, 3), or None
        Counter-clockwise; None where no triangles can fill the outline.
    """
    triangles = np.asarray(Delaunay(flat).simplices, dtype=np.int32)
    for a in _missing(triangles, count):
        recovered = _with_edge(flat, triangles, a, (a + 1) % count)
        if recovered is None:
            return None
        triangles = recovered
    outline = shapely.Polygon(flat[:count])
    shapely.prepare(outline)
    middle = flat[triangles].mean(axis=1)
    triangles = triangles[shapely.contains_xy(outline, middle[:, 0], middle[:, 1])]
    ab, ac = (flat[triangles[:, i]] - flat[triangles[:, 0]] for i in (1, 2))
    twice = ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]
    triangles[twice < 0] = triangles[twice < 0][:, ::-1]
    longest = np.maximum((ab**2).sum(axis=1), (ac**2).sum(axis=1))
    triangles = triangles[np.abs(twice) > _FLATTEST * longest]
    return None if _missing(triangles, count) else triangles


def _missing(triangles: IntArray, count: int) -> list[int]:
    """Steps of the outline that are an edge of no triangle."""
    tail, head = triangles.ravel(), np.roll(triangles, -1, axis=1).ravel()
    low, high = np.minimum(tail, head), np.maximum(tail, head)
    # a step joins neighbours on the outline
    near = (high < count) & ((high - low == 1) | ((low == 0) & (high == count - 1)))
    there = np.zeros(count, dtype=bool)
    there[np.where(high[near] - low[near] == 1, low[near], high[near])] = True
    return np.flatnonzero(~there).tolist()


def _with_edge(flat: FloatArray, triangles: IntArray, a: int, b: int) -> IntArray | None:
    """The triangles that the edge from a to b runs through, made anew on both sides of it."""
    step = shapely.LineString(flat[[a, b]])
    shapes: AnyArray = shapely.polygons(flat[triangles])
    crossed = shapely.relate_pattern(shapes, step, "T********")
    if not crossed.any():
        return triangles  # already there, made by an earlier one
    sides = split(shapely.union_all(shapes[crossed]), step).geoms
    index = {tuple(flat[i]): i for i in np.unique(triangles[crossed])}
    made = []
    for shape in shapely.get_parts(shapely.constrained_delaunay_triangles(list(sides))):
        corners = [index.get(xy, -1) for xy in shape.exterior.coords[:3]]
        if -1 in corners:
            return None
        made.append(corners)
    return np.vstack([triangles[~crossed], np.array(made, dtype=np.int32).reshape(-1, 3)])
