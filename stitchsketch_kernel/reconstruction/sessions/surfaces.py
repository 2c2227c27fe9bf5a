"""The surfaces of two sessions laid on each other, and their depth maps made ready to be fused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import overload

import numpy as np
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray
from stitchsketch_kernel.domain.errors import MeshError
from stitchsketch_kernel.domain.model import Depth, Motion, Region, Similarity, SparseModel
from stitchsketch_kernel.reconstruction.dense.pictures import inside
from stitchsketch_kernel.reconstruction.fusion import Cloud

#: Surfaces are compared in patches of this size: within one, depth errs alike.
_PATCH_M = 0.02
#: Surfaces so near to each other that face alike are the same one; at the end, and to begin with.
_NEAR_M, _BEGIN_M, _FACING = 0.004, 0.010, 0.9
#: Fewer patches than this show nothing.
_LEAST_PATCHES = 40
#: A surface is not known better than this, whatever the patches say.
_LEAST_MM = 0.1
#: Surfaces that lie further apart than this on a side of so many patches are not of one shape;
#: those that want the piece moved by more than this many times its ± contradict the spots.
_MOST_APART_MM, _A_SIDE, _MOST_MOVED = 1.5, 15, 3.0
_ROUNDS = 20


@dataclass(frozen=True)
class Laid:
    """Where the second session's surface lies best on the first one's.

    Attributes
    ----------
    motion : Motion
        As it was, a little corrected.
    patches : int
        Of the surface that both show; 0: too few to say anything.
    apart_mm : float
        How far they lie apart on the side where that is most (the median of its patches, along
        the surface's normal).
    moved_mm : float
        How far the correction moves the piece (RMS).
    """

    motion: Motion
    patches: int
    apart_mm: float
    moved_mm: float


class SessionDepths(Sequence[Depth]):
    """Depth maps of one session without its floor, in its own world or moved to another.

    Parameters
    ----------
    depths : sequence of Depth
        Each is read when it is asked for.
    region : Region
        Of the piece, in the session's own world.
    floor_m : float
        What lies lower there is floor.
    motion : Similarity, optional
        To the world that the views are told in.
    """

    def __init__(
        self,
        depths: Sequence[Depth],
        region: Region,
        floor_m: float,
        motion: Similarity | None = None,
    ) -> None:
        low = np.array([*region.low_m[:2], max(floor_m, region.low_m[2])])
        self._depths, self._region, self._floor_m = depths, region, floor_m
        self._above, self._motion = Region(low, region.high_m), motion

    def __len__(self) -> int:
        return len(self._depths)

    @overload
    def __getitem__(self, which: int) -> Depth: ...
    @overload
    def __getitem__(self, which: slice) -> SessionDepths: ...
    def __getitem__(self, which: int | slice) -> Depth | SessionDepths:
        """A map, or fewer of them."""
        if isinstance(which, slice):
            return SessionDepths(self._depths[which], self._region, self._floor_m, self._motion)
        depth = self._depths[which]
        above = inside(depth.depth_m, depth.view, self._above)
        view = depth.view if self._motion is None else self._motion.apply_view(depth.view)
        return replace(depth, view=view, depth_m=above)


class _OneByOne(Sequence[Depth]):
    """Several sequences of depth maps as one."""

    def __init__(self, parts: Sequence[Sequence[Depth]]) -> None:
        self._at = [(part, i) for part in parts for i in range(len(part))]

    def __len__(self) -> int:
        return len(self._at)

    @overload
    def __getitem__(self, which: int) -> Depth: ...
    @overload
    def __getitem__(self, which: slice) -> Sequence[Depth]: ...
    def __getitem__(self, which: int | slice) -> Depth | Sequence[Depth]:
        """A map, or a list of them."""
        if isinstance(which, slice):
            return [part[i] for part, i in self._at[which]]
        part, i = self._at[which]
        return part[i]


def of_sessions(parts: Sequence[Sequence[Depth]]) -> Sequence[Depth]:
    """The depth maps of several sessions as one sequence, each still read when asked for."""
    return _OneByOne(parts)


def region_of_both(first: Region, second: Region, motion: Motion) -> Region:
    """The box in the first world round the first region and the second one, moved."""
    corners = np.array(list(product(*zip(second.low_m, second.high_m, strict=True))))
    corners[:, 2] = np.maximum(corners[:, 2], 0.0)
    moved = motion.similarity.apply(corners)
    return Region(
        np.minimum(first.low_m, moved.min(axis=0)), np.maximum(first.high_m, moved.max(axis=0))
    )


def corrected(model: SparseModel, laid: Laid, before: Motion) -> SparseModel:
    """The joint model with the second session's views where the surfaces want them."""
    step = _after(laid.motion.similarity, _inverse(before.similarity))
    mine = set(before.photos)
    views = tuple(step.apply_view(one) if one.name in mine else one for one in model.views)
    return replace(model, views=views)


def lay(first: Cloud, second: Cloud, motion: Motion) -> Laid:
    """Correct a motion by the surfaces that both sessions show.

    Point to plane (Y. Chen and G. Medioni, Object modelling by registration of multiple range
    images, 1992), held by the spots that the motion was found from: they keep a flat or round
    surface from sliding.

    Parameters
    ----------
    first, second : Cloud
        Each in its own world, without its floor.
    motion : Motion

    Raises
    ------
    MeshError
        The surfaces lie apart, or contradict the spots: the piece has changed its shape.
    """
    patches = _patches(second)
    tree, now = cKDTree(first.points), motion.similarity
    middle = motion.first_m.mean(axis=0)
    count = 0
    spot = max(_LEAST_MM, motion.residual_mm / 3**0.5) / 1000
    for number in range(_ROUNDS):
        reach = max(_NEAR_M, _BEGIN_M * 0.7**number)
        points, along, off = _met(first, tree, patches, now, reach)
        count = len(points)
        if count < _LEAST_PATCHES:
            break
        spread = max(_LEAST_MM / 1000, 1.4826 * float(np.median(np.abs(off))))
        kept = np.abs(off) < 3 * spread
        rows = np.hstack([np.cross(points - middle, along), along])[kept] / spread
        here = now.apply(motion.second_m)
        spots = np.concatenate([_turning(here - middle), np.tile(np.eye(3), (len(here), 1, 1))], 2)
        A = np.vstack([rows, spots.reshape(-1, 6) / spot])
        b = np.concatenate([off[kept] / spread, (motion.first_m - here).ravel() / spot])
        step = np.linalg.lstsq(A, b, rcond=None)[0]
        now = _after(_small(step, middle), now)
        if reach == _NEAR_M and np.linalg.norm(step) < 1e-7:
            break
    apart_mm = _apart_mm(first, tree, patches, now)
    if np.isnan(apart_mm):
        return Laid(motion, 0, apart_mm, 0.0)
    moved = now.apply(patches.points) - motion.similarity.apply(patches.points)
    moved_mm = 1000 * float(np.sqrt((moved**2).sum(axis=1).mean()))
    laid = Laid(replace(motion, similarity=now), count, apart_mm, moved_mm)
    _refuse_unlike(laid, motion)
    return laid


def _met(
    first: Cloud, tree: cKDTree, patches: Cloud, motion: Similarity, reach: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The second session's patches that the first shows, too: places, normals there, how far off.

    That is along the first one's normals, so that a surface which ends earlier is not far off.
    """
    points, normals = motion.apply(patches.points), patches.normals @ motion.rotation.T
    away, nearest = tree.query(points, distance_upper_bound=reach)
    met = np.flatnonzero(np.isfinite(away))
    met = met[(normals[met] * first.normals[nearest[met]]).sum(axis=1) > _FACING]
    along = first.normals[nearest[met]]
    return points[met], along, ((first.points[nearest[met]] - points[met]) * along).sum(axis=1)


def _apart_mm(first: Cloud, tree: cKDTree, patches: Cloud, motion: Similarity) -> float:
    """How far the surfaces lie apart, on the worst of the sides that both show; NaN for none.

    Without it a side that is off as a whole would count as strays of the others.
    """
    _, along, off = _met(first, tree, patches, motion, _BEGIN_M)
    side = _sides(along)
    worst = [
        float(np.median(np.abs(off[side == one])))
        for one in np.unique(side)
        if (side == one).sum() >= _A_SIDE
    ]
    return 1000 * max(worst, default=float("nan"))


def _refuse_unlike(laid: Laid, motion: Motion) -> None:
    allowed = _MOST_MOVED * 3**0.5 * motion.sigma_mm
    if laid.apart_mm > _MOST_APART_MM or laid.moved_mm > max(allowed, 1.0):
        raise MeshError(
            "The surfaces of the two sessions don't lie on each other: they are "
            f"{laid.apart_mm:.1f} mm apart where both show the same side, and would have to be "
            f"moved by {laid.moved_mm:.1f} mm.",
            "If the piece is soft and lay otherwise after it was turned over, support it so that "
            "it keeps its shape. Else stick patterned tape or a few mats on the piece where both "
            "sessions see them, and take both again.",
        )


def _patches(cloud: Cloud) -> Cloud:
    """One point a patch and side: the one next to the mean."""
    cells = np.column_stack([np.floor(cloud.points / _PATCH_M).astype(int), _sides(cloud.normals)])
    _, of = np.unique(cells, axis=0, return_inverse=True)
    of = of.ravel()
    count = np.bincount(of)
    means = np.column_stack([np.bincount(of, column) for column in cloud.points.T])
    off = np.linalg.norm(cloud.points - (means / count[:, None])[of], axis=1)
    order = np.lexsort([off, of])
    rows = order[np.searchsorted(of[order], np.arange(len(count)))]
    return Cloud(cloud.points[rows], cloud.normals[rows], cloud.weights[rows])


def _sides(normals: FloatArray) -> IntArray:
    """The axis that each normal goes along, and which way: 0 to 5."""
    side = np.argmax(np.abs(normals), axis=1) * 2
    side += np.take_along_axis(normals, (side // 2)[:, None], axis=1)[:, 0] > 0
    return np.asarray(side)


def _turning(points: FloatArray) -> FloatArray:
    """What a small turn moves each point by, over the turn: (n, 3, 3)."""
    x, y, z = points.T
    zero = np.zeros_like(x)
    rows = [[zero, z, -y], [-z, zero, x], [y, -x, zero]]
    return np.asarray(np.moveaxis(np.array(rows), 2, 0))


def _small(step: FloatArray, middle: FloatArray) -> Similarity:
    """The motion by a turn vector about a point, then a shift: (6,)."""
    angle = float(np.linalg.norm(step[:3]))
    axis = step[:3] / max(angle, 1e-15)
    cross = np.cross(axis, np.eye(3)).T
    turn = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    return Similarity(1.0, turn, middle + step[3:] - turn @ middle)


def _after(second: Similarity, first: Similarity) -> Similarity:
    """`first`, then `second`: both rigid."""
    return Similarity(
        1.0,
        second.rotation @ first.rotation,
        second.rotation @ first.translation + second.translation,
    )


def _inverse(motion: Similarity) -> Similarity:
    return Similarity(1.0, motion.rotation.T, -motion.rotation.T @ motion.translation)
