"""Bands that go all round: a boxing closes on itself, but what is cut is a strip with two ends.

The trade joins a boxing on both sides, some way before its back corners, so that the join (and the
zip behind it) is out of sight. A scan doesn't say which side is the back: it is taken to lie
towards +y, as grain is, and a person's own two seams across the band come first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from stitchsketch_kernel.domain.arrays import BoolArray, IntArray
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.upholstery.seams.features import Features

#: A panel whose mean normal is shorter goes round something; a flat one's is nearly 1.
_TURNS_ROUND = 0.35
#: A border that is shorter is that of a hole.
_LEAST_BORDER_M = 0.25
#: How far before the back the band is joined, and where else when that doesn't do.
_BEFORE_BACK_M = (0.075, 0.15)


@dataclass(frozen=True)
class DividedBands:
    """The label of each face, shape (m,), and of each new label the one that it was a part of."""

    label: IntArray
    parent: tuple[int, ...]


def divided_bands(mesh: Mesh, features: Features, label: IntArray) -> DividedBands:
    """Divide in two every panel that goes all round and has two long borders.

    Parameters
    ----------
    mesh : Mesh
    features : Features
        Of the mesh.
    label : ndarray of int32, shape (m,)
        Panel of each face, from 0; -1 for none.

    Returns
    -------
    DividedBands
        The part before the back keeps the band's label; the back parts have labels of their own,
        from the first that is free.
    """
    out = label
    parent: list[int] = []
    count = int(label.max(initial=-1)) + 1
    for one in _going_round(features, label, count):
        mine = np.flatnonzero(label == one).astype(np.int32)
        if _long_borders(mesh, mine) < 2:
            continue
        back = _back(mesh, features, mine)
        if back is None:
            continue
        out = out.copy() if out is label else out
        out[mine[back]] = count + len(parent)
        parent.append(int(one))
    return DividedBands(out, tuple(parent))


def _going_round(features: Features, label: IntArray, count: int) -> IntArray:
    """Labels of the panels that face all ways."""
    there = label >= 0
    of, areas = label[there], features.areas[there]
    whole = np.bincount(of, areas, minlength=count)
    normals = features.normals[there] * areas[:, None]
    sums = np.stack([np.bincount(of, normals[:, k], minlength=count) for k in range(3)])
    facing = np.linalg.norm(sums, axis=0)
    return np.flatnonzero(facing < _TURNS_ROUND * np.maximum(whole, 1e-12)).astype(np.int32)


def _back(mesh: Mesh, features: Features, mine: IntArray) -> BoolArray | None:
    """Which of a band's faces are its back part; None where no plane parts it into two strips."""
    centres = features.centres[mine]
    low, high = centres.min(axis=0), centres.max(axis=0)
    middle = (low + high) / 2
    planes = [(1, float(high[1]) - before) for before in _BEFORE_BACK_M]
    for axis, at in [*planes, (1, float(middle[1])), (0, float(middle[0]))]:
        if not low[axis] < at < high[axis]:
            continue
        back = _whole_sides(features, mine, centres[:, axis] > at)
        if all(_long_borders(mesh, mine[side]) == 1 for side in (back, ~back)):
            return back
    return None


def _whole_sides(features: Features, mine: IntArray, back: BoolArray) -> BoolArray:
    """The sides of a plane, each in one piece: crumbs beyond it go to the side round them."""
    inside = np.full(len(features.areas), -1)
    inside[mine] = np.arange(len(mine))
    ends = inside[features.dual.faces]
    own = (ends >= 0).all(axis=1)
    ends = ends[own]
    same = back[ends[:, 0]] == back[ends[:, 1]]
    graph = coo_array((np.ones(int(same.sum())), tuple(ends[same].T)), shape=(len(mine), len(mine)))
    part = connected_components(graph, directed=False)[1]
    area = np.bincount(part, features.areas[mine])
    side = np.zeros(len(area), dtype=bool)
    side[part] = back
    main = np.zeros(len(area), dtype=bool)
    for which in (False, True):
        main[np.argmax(np.where(side == which, area, -1.0))] = True
    return np.asarray(np.where(main[part], back, ~back))


def _long_borders(mesh: Mesh, faces: IntArray) -> int:
    """How many long closed borders some faces have."""
    corners = mesh.faces[faces]
    edges = np.sort(
        np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]]), axis=1
    )
    edges, times = np.unique(edges, axis=0, return_counts=True)
    edges = edges[times == 1]
    if not len(edges):
        return 0
    used, compact = np.unique(edges, return_inverse=True)
    pairs = compact.reshape(-1, 2)
    graph = coo_array((np.ones(len(pairs)), tuple(pairs.T)), shape=(len(used), len(used)))
    loop = connected_components(graph, directed=False)[1][pairs[:, 0]]
    steps = mesh.vertices[edges[:, 0]] - mesh.vertices[edges[:, 1]]
    return int((np.bincount(loop, np.linalg.norm(steps, axis=1)) >= _LEAST_BORDER_M).sum())
