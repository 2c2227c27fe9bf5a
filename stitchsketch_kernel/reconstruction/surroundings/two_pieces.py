"""Two pieces that stood on the same mats one after the other, told by what their photos share.

The mats join all photos into one model, so nothing else says that half of them show another piece.
But photos taken side by side share points of one piece; those of two pieces only share the floor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from stitchsketch_kernel.domain.arrays import BoolArray, IntArray
from stitchsketch_kernel.domain.errors import AlignError
from stitchsketch_kernel.domain.model import Region, SparseModel
from stitchsketch_kernel.reconstruction.dense.pairs import angles_deg

#: Points lower than this share of the cameras' distance may be the floor's.
_FLOOR = 0.015
#: Photos with fewer points of the piece say nothing.
_LEAST_POINTS = 30
#: Photos this near to each other, seen from the piece, share points of it ...
_NEAR_DEG = 35.0
#: ... when they share so many, and such a share of what the poorer of them has.
_LEAST_SHARED, _LEAST_SHARE = 8, 0.06
#: A group of photos is a piece with so many photos, in number and of all.
_LEAST_PHOTOS, _LEAST_OF_ALL = 3, 0.15
#: Two groups are two pieces where so many photos stand beside one of the other group and share
#: nothing with it, while within each group such neighbours do share.
_LEAST_BESIDE, _LEAST_JOINED = 0.5, 0.6
_NAMED = 8


@dataclass(frozen=True)
class TwoPieces:
    """The photos of each piece, by name, the larger group first; and those that can't be told."""

    one: tuple[str, ...]
    other: tuple[str, ...]
    unclear: tuple[str, ...] = ()


def find_two_pieces(model: SparseModel, region: Region) -> TwoPieces | None:
    """Whether the photos show two pieces at one place.

    Parameters
    ----------
    model : SparseModel
        Upright, floor at 0.
    region : Region

    Returns
    -------
    TwoPieces or None
        None where they show one, or where cloth gives too few points to tell.
    """
    shared = _shared(model, region)
    own = np.diag(shared)
    near = angles_deg(model, region) < _NEAR_DEG
    np.fill_diagonal(near, False)
    knows = own >= _LEAST_POINTS
    near &= knows[:, None] & knows[None]
    poorer = np.minimum(own[:, None], own[None])
    joined = near & (shared >= _LEAST_SHARED) & (shared >= _LEAST_SHARE * poorer)
    _, label = connected_components(csr_array(joined), directed=False)
    least = max(_LEAST_PHOTOS, _LEAST_OF_ALL * len(model.views))
    groups = [
        np.flatnonzero(knows & (label == k)).astype(np.int32) for k in np.unique(label[knows])
    ]
    groups = sorted((one for one in groups if len(one) >= least), key=len, reverse=True)
    for i, one in enumerate(groups):
        for other in groups[i + 1 :]:
            if _stand_side_by_side(one, other, near, joined):
                return _named(model, shared, one, other)
    return None


def refuse_two_pieces(model: SparseModel, region: Region) -> None:
    """Refuse photos of two pieces.

    Raises
    ------
    AlignError
        They show two, and which photo shows which is said.
    """
    found = find_two_pieces(model, region)
    if found is not None:
        unclear = f" Of {_listed(found.unclear)} it can't be told." if found.unclear else ""
        raise AlignError(
            "The photos show two different pieces on the same mats: "
            f"{_listed(found.one)} show one, and {_listed(found.other)} another.{unclear}",
            "Put the photos of each piece into a folder of its own. If it is one piece that was "
            "turned over between the photos, put those from after it into a folder 'turned' beside "
            "those from before; if it was only moved, leave out those from before or from after.",
        )


def _named(model: SparseModel, shared: IntArray, one: IntArray, other: IntArray) -> TwoPieces:
    """The two groups, with the photos that share points with one of them alone."""
    with_one, with_other = shared[:, one].sum(axis=1), shared[:, other].sum(axis=1)
    of_one = (with_one >= _LEAST_SHARED) & (with_other == 0)
    of_other = (with_other >= _LEAST_SHARED) & (with_one == 0)
    of_one[one], of_one[other] = True, False
    of_other[other], of_other[one] = True, False
    names = np.array([view.name for view in model.views])
    groups = (of_one, of_other, ~(of_one | of_other))
    return TwoPieces(*(tuple(names[group].tolist()) for group in groups))


def _shared(model: SparseModel, region: Region) -> IntArray:
    """How many points of the piece each two photos share, shape (n, n)."""
    middle = (region.low_m + region.high_m) / 2
    centres = np.array([view.centre for view in model.views])
    distance = float(np.median(np.linalg.norm(centres - middle, axis=1)))
    piece = region.contains(model.points) & (model.points[:, 2] > _FLOOR * distance)
    rows = np.flatnonzero(piece)
    seen = [np.unique(model.point_views[row]) for row in rows]
    lengths = [len(one) for one in seen]
    at = (np.repeat(np.arange(len(rows)), lengths), np.concatenate([*seen, np.empty(0, int)]))
    sees = csr_array((np.ones(len(at[0]), int), at), shape=(len(rows), len(centres)))
    return np.asarray((sees.T @ sees).toarray())


def _stand_side_by_side(one: IntArray, other: IntArray, near: BoolArray, joined: BoolArray) -> bool:
    """Whether nearness would have joined two groups, were they of one piece."""
    beside = near[np.ix_(one, other)]
    within = [joined[np.ix_(group, group)].sum() / max(1, near[np.ix_(group, group)].sum())
              for group in (one, other)]  # fmt: skip
    return bool(beside.any(axis=0).mean() >= _LEAST_BESIDE and min(within) >= _LEAST_JOINED)


def _listed(names: Sequence[str]) -> str:
    more = f" ... ({len(names)} photos)" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
