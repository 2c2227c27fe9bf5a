"""Borders that run out and back: needles and slits, too narrow for cloth, are cut off."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray
from stitchsketch_kernel.upholstery.seams.borders import Borders, Chain

#: A border that comes back so near to where it was has been round a spur, if the way there was at
#: least so long, and so many times as long as the spur is wide.
_NARROW_M, _LEAST_M, _TIMES = 0.009, 0.024, 4.0
#: What is longer than this share of a border is no spur of it: of a closed one it is the panel.
_MOST = 0.5


def without_spurs(vertices: FloatArray, borders: Borders) -> Borders:
    """Borders that no longer run out and back.

    Parameters
    ----------
    vertices : ndarray, shape (n, 3)
        Of the mesh, metres.
    borders : Borders

    Returns
    -------
    Borders
        The same chains between the same junctions, each with fewer vertices where it had spurs.
    """
    return replace(borders, chains=tuple(_cut(vertices, one) for one in borders.chains))


def _cut(vertices: FloatArray, chain: Chain) -> Chain:
    points = vertices[chain.vertices]
    if chain.start >= 0:
        return replace(chain, vertices=chain.vertices[led_on(points)])
    # a closed border may begin on a spur: it is walked from half way round, too
    ring = chain.vertices[:-1]
    for _ in range(2):
        ring = np.roll(ring, len(ring) // 2)
        walked = np.append(ring, ring[:1])
        ring = walked[led_on(vertices[walked])][:-1]
    return replace(chain, vertices=np.append(ring, ring[:1]).astype(np.int32))


def led_on(points: FloatArray) -> IntArray:
    """Indices of a line's points without its spurs, ends kept; shape (k, 3) to (j,)."""
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    a, b = np.sort(cKDTree(points).query_pairs(_NARROW_M, output_type="ndarray"), axis=1).T
    way, apart = along[b] - along[a], np.linalg.norm(points[b] - points[a], axis=1)
    spur = (way > np.maximum(_LEAST_M, _TIMES * apart)) & (way < _MOST * along[-1])
    kept = np.ones(len(points), dtype=bool)
    a, b, way, apart = a[spur], b[spur], way[spur], apart[spur]
    # the longest first; of those the one whose foot is narrowest
    for k in np.argsort(apart - way):
        if kept[a[k]] and kept[b[k]]:
            kept[a[k] + 1 : b[k]] = False
    return np.flatnonzero(kept).astype(np.int32)
