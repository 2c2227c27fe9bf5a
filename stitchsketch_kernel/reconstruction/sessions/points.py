"""Points of the piece with what they look like: for finding them again in another session."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pycolmap

from stitchsketch_kernel.domain.arrays import AnyArray, BoolArray, FloatArray, IntArray
from stitchsketch_kernel.domain.model import Region, Similarity

#: What lies lower than this may be the floor, or a mat on it.
FLOOR_M = 0.012
#: A point counts when so many photos see it; of its looks so many are kept.
_LEAST_VIEWS, _LOOKS = 3, 4
#: Of more points those are taken that most photos see: all against all are compared.
_MOST_POINTS = 6000
#: Points of one session that are compared at a time with all of the other's.
_AT_ONCE = 256
#: Points nearer than this are the same spot of the cloth.
_SPOT_M = 0.010


@dataclass(frozen=True)
class PiecePoints:
    """Points of the piece in one session.

    Attributes
    ----------
    points_m : ndarray, shape (n, 3)
        In the session's world: metres, z up, its floor at 0.
    looks : ndarray of float32, shape (m, 128)
        SIFT, of unit length.
    owner : ndarray of int32, shape (m,)
        The point that each look is of, rising.
    """

    points_m: FloatArray
    looks: AnyArray
    owner: IntArray


@dataclass(frozen=True)
class Pairs:
    """Points of two sessions that may be the same spot of the piece.

    Attributes
    ----------
    first, second : ndarray of int32, shape (n,)
        Rows of the sessions' `PiecePoints`.
    clear : ndarray of bool, shape (n,)
        Whether each is by far the likest of the other, both ways.
    """

    first: IntArray
    second: IntArray
    clear: BoolArray


def piece_points(
    sparse: Path, database: Path, to_metres: Similarity, region: Region
) -> PiecePoints:
    """The points that stand above the floor within the region, with their looks.

    Parameters
    ----------
    sparse : Path
        COLMAP's model, in any unit.
    database : Path
        With the features that it was made of.
    to_metres : Similarity
        To the session's world.
    region : Region
        In that world.
    """
    model = pycolmap.Reconstruction(sparse)
    tracks = [point.track.elements for point in model.points3D.values()]
    own = np.array([point.xyz for point in model.points3D.values()]).reshape(-1, 3)
    points = to_metres.apply(own)
    seen = np.array([len({one.image_id for one in track}) for track in tracks], dtype=int)
    rows = np.flatnonzero(of_piece(points, region) & (seen >= _LEAST_VIEWS))
    rows = np.sort(rows[np.argsort(-seen[rows], kind="stable")][:_MOST_POINTS])
    looks: list[AnyArray] = []
    owner: list[int] = []
    with pycolmap.Database.open(database) as db:
        of_image = {number: np.asarray(db.read_descriptors(number).data) for number in model.images}
    for number, row in enumerate(rows):
        for one in tracks[row][:: max(1, len(tracks[row]) // _LOOKS)][:_LOOKS]:
            # a tag's centre is a feature without a look
            if one.point2D_idx < len(of_image[one.image_id]):
                looks.append(of_image[one.image_id][one.point2D_idx])
                owner.append(number)
    found = np.array(looks, dtype=np.float32).reshape(-1, 128)
    found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)
    return PiecePoints(points[rows], found, np.array(owner, dtype=np.int32))


def of_piece(points_m: FloatArray, region: Region) -> BoolArray:
    """Which points (n, 3) of a session stand above its floor, within its region."""
    return np.asarray(region.contains(points_m) & (points_m[:, 2] > FLOOR_M))


def pair_up(first: PiecePoints, second: PiecePoints, ratio: float = 0.8) -> Pairs:
    """The likest points of two sessions, both ways, and for each the next likest elsewhere.

    Parameters
    ----------
    first, second : PiecePoints
    ratio : float
        Of the differences of the likest and of the next likest: below it a pair is clear.
    """
    if not len(first.looks) or not len(second.looks):
        none = np.zeros(0, np.int32)
        return Pairs(none, none, np.zeros(0, bool))
    alike = _alike(first, second)
    best, next_best, clear = _two_likest(alike, second.points_m, ratio)
    back, _, clear_back = _two_likest(np.ascontiguousarray(alike.T), first.points_m, ratio)
    rows = np.arange(len(alike))
    has = np.isfinite(alike[rows, best])
    mutual = has & (back[best] == rows)
    clear &= mutual & clear_back[best]
    # what is not clear may as well be the next likest: both are asked where the piece fits
    vague = np.flatnonzero(mutual & ~clear & (next_best >= 0))
    kept = np.flatnonzero(mutual)
    return Pairs(
        np.concatenate([kept, vague]).astype(np.int32),
        np.concatenate([best[kept], next_best[vague]]).astype(np.int32),
        np.concatenate([clear[kept], np.zeros(len(vague), bool)]),
    )


def _alike(first: PiecePoints, second: PiecePoints) -> AnyArray:
    """Cosine of the likest looks of each two points, float32 (n, m); -inf where one has none."""
    columns, starts = np.unique(second.owner, return_index=True)
    alike = np.full((len(first.points_m), len(second.points_m)), -np.inf, np.float32)
    for at in range(0, len(first.points_m), _AT_ONCE):
        begin, end = np.searchsorted(first.owner, [at, at + _AT_ONCE])
        if begin == end:
            continue
        cosines = first.looks[begin:end] @ second.looks.T
        rows, firsts = np.unique(first.owner[begin:end], return_index=True)
        likest = np.maximum.reduceat(cosines, starts, axis=1)
        alike[np.ix_(rows, columns)] = np.maximum.reduceat(likest, firsts, axis=0)
    return alike


def _two_likest(
    alike: AnyArray, points_m: FloatArray, ratio: float
) -> tuple[IntArray, IntArray, AnyArray]:
    """For each row the likest column, the likest elsewhere (-1: none), and whether it is clear."""
    best = np.argmax(alike, axis=1)
    second = np.full(len(alike), -1)
    clear = np.zeros(len(alike), dtype=bool)
    for row, column in enumerate(best):
        away = np.linalg.norm(points_m - points_m[column], axis=1) > _SPOT_M
        others = np.where(away, alike[row], -np.inf)
        other = int(np.argmax(others))
        if not np.isfinite(alike[row, column]):
            continue
        least = np.sqrt(max(0.0, 2 - 2 * float(alike[row, column])))
        if np.isfinite(others[other]):
            second[row] = other
            clear[row] = least < ratio * np.sqrt(max(0.0, 2 - 2 * float(others[other])))
        else:
            clear[row] = True
    return best, second, clear
