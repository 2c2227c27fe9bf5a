"""One piece photographed twice, turned over between: how it was moved, or why that isn't sure.

Each session is metric by its own mats, so all that is missing is a rigid motion. It is taken from
spots of the piece that both sessions show; what lies on the floor has no say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stitchsketch_kernel.domain.arrays import BoolArray, FloatArray, IntArray
from stitchsketch_kernel.domain.errors import AlignError, ScaleError
from stitchsketch_kernel.domain.model import Motion, Scale, Similarity, SparseModel
from stitchsketch_kernel.reconstruction.bend import bend_mm, spans_m
from stitchsketch_kernel.reconstruction.mats import TagPoints
from stitchsketch_kernel.reconstruction.sessions.joined import require_sizes
from stitchsketch_kernel.reconstruction.sessions.points import FLOOR_M, PiecePoints, pair_up
from stitchsketch_kernel.reconstruction.upright import umeyama

#: Spots of two sessions are the same when they lie so many pixels apart, and no less than so far:
#: cloth gives a little when a piece is turned over.
_NEAR_PX, _NEAR_M = 2.5, 0.003
#: Fewer pairs agree by chance: the best of `_TRIES` motions of unlike pieces had 9.
_LEAST_PAIRS = 24
#: Of them so many are clear, that is by far the likest of each other.
_LEAST_CLEAR = 12
_TRIES = 6000
#: A motion that as large a share of pairs agrees on somewhere else is not the only one.
_MOST_RIVAL = 0.5
#: Another motion brings the piece's points further away than this many times as far as the same.
_ELSEWHERE = 4.0
#: Where the motion puts the piece must be known as well as this (a standard deviation).
_MOST_UNSURE_MM = 1.5
#: No session's size is further from the other's than this.
_SIZES = (0.8, 1.25)
#: Tags on the piece itself: a pair of the same one is no guess.
_LEAST_TAGS = 4
_TODO = (
    "Stick patterned tape or a few mats on the piece itself where both sessions see them, on more "
    "than one side, and take both again."
)


@dataclass(frozen=True)
class Session:
    """One session, in its own world: metres, z up, its floor at 0.

    Attributes
    ----------
    model : SparseModel
    scale : Scale
    piece : PiecePoints
    tags : TagPoints
        Of mats, wherever they are.
    """

    model: SparseModel
    scale: Scale
    piece: PiecePoints
    tags: TagPoints


@dataclass(frozen=True)
class _Spots:
    """Pairs of places that may be the same spot, (n, 3) each; `clear` where that is no guess."""

    first: FloatArray
    second: FloatArray
    clear: BoolArray


def find_motion(first: Session, second: Session, seed: int = 1) -> Motion:
    """How the piece was moved from the second session to the first.

    Parameters
    ----------
    first, second : Session
    seed : int
        Of what is drawn.

    Raises
    ------
    ScaleError
        A session has no size, or their sizes contradict each other.
    AlignError
        The motion isn't sure: too few spots are seen in both, the piece fits in two ways, or
        what agrees lies too close together.
    """
    require_sizes(first.scale, second.scale)
    spots = _spots(first, second)
    near = _near_m(first.model, second.model)
    rng = np.random.default_rng(seed)
    # wherever sizes contradict, spots agree on a motion only with the size left free
    free, agree = _most_agree(spots, near, rng)
    _refuse_rival(spots, free, agree, near, rng)
    clear = int((agree & spots.clear).sum())
    if agree.sum() < _LEAST_PAIRS or clear < _LEAST_CLEAR:
        raise AlignError(
            "The two sessions could not be joined: too little of the piece's sides was found again "
            f"after it was turned over ({int(agree.sum())} spots, {clear} of them clear, and "
            f"{_LEAST_PAIRS} and {_LEAST_CLEAR} are the least).",
            f"If both folders show the same piece: {_TODO[0].lower()}{_TODO[1:]}",
        )
    _refuse_sizes(first.scale, second.scale, spots, agree)
    motion = rigid(spots.second[agree], spots.first[agree])
    for _ in range(5):
        agree = _off(motion, spots) < near
        motion = rigid(spots.second[agree], spots.first[agree])
    return _sure(motion, spots, agree, first, second)


def rigid(source: FloatArray, target: FloatArray) -> Similarity:
    """The rigid motion that takes `source` (n, 3) to `target` (n, 3) with least squares."""
    turned = umeyama(source, target).rotation
    return Similarity(1.0, turned, target.mean(axis=0) - turned @ source.mean(axis=0))


def spread_mm(points_m: FloatArray, about_m: FloatArray, sigma_mm: float) -> float:
    """Standard deviation of where a fitted motion puts points, in each direction (RMS of them).

    Parameters
    ----------
    points_m : ndarray, shape (n, 3)
    about_m : ndarray, shape (k, 3)
        What the motion was fitted to.
    sigma_mm : float
        Of these, in each direction.
    """
    middle = about_m.mean(axis=0)
    arms = about_m - middle
    turning = (arms**2).sum() * np.eye(3) - arms.T @ arms
    of_turn = np.linalg.pinv(turning)
    out = points_m - middle
    # the mean over directions of what a small turn moves a point by
    moved = (out**2).sum(axis=1) * np.trace(of_turn) - np.einsum("ni,ij,nj->n", out, of_turn, out)
    return float(sigma_mm * np.sqrt(1 / len(about_m) + moved.mean() / 3))


def _near_m(*models: SparseModel) -> float:
    spans = [float(np.median(spans_m(model))) for model in models]
    return max(_NEAR_M, _NEAR_PX * max(spans))


def _spots(first: Session, second: Session) -> _Spots:
    pairs = pair_up(first.piece, second.piece)
    # the same tag above both floors was stuck to the piece
    stuck = [
        key
        for key in sorted(first.tags.keys() & second.tags.keys())
        if min(first.tags[key].point[2], second.tags[key].point[2]) > FLOOR_M
    ]
    stuck = stuck if len(stuck) >= _LEAST_TAGS else []
    times = 8  # a tag's centre is better known than a feature
    tags = [
        np.repeat(np.array([one.tags[key].point for key in stuck]).reshape(-1, 3), times, axis=0)
        for one in (first, second)
    ]
    return _Spots(
        np.vstack([first.piece.points_m[pairs.first], tags[0]]),
        np.vstack([second.piece.points_m[pairs.second], tags[1]]),
        np.concatenate([pairs.clear, np.ones(len(tags[0]), bool)]),
    )


def _off(motion: Similarity, spots: _Spots) -> FloatArray:
    return np.asarray(np.linalg.norm(motion.apply(spots.second) - spots.first, axis=1))


def _most_agree(
    spots: _Spots, near: float, rng: np.random.Generator, among: BoolArray | None = None
) -> tuple[Similarity, BoolArray]:
    """The motion, its size left free, that most pairs agree on, and which these are (RANSAC)."""
    rows = np.arange(len(spots.clear)) if among is None else np.flatnonzero(among)
    best, agree = Similarity(1.0, np.eye(3), np.zeros(3)), np.zeros(len(spots.clear), bool)
    for three in _triples(spots, rows.astype(np.int32), near, rng):
        try:
            found = umeyama(spots.second[three], spots.first[three])
        except ValueError:
            continue
        inside = _off(found, spots)[rows] < near
        if inside.sum() > agree.sum():
            best, agree = found, np.zeros(len(spots.clear), bool)
            agree[rows[inside]] = True
    for _ in range(5):
        if agree.sum() < 3:
            break
        best = umeyama(spots.second[agree], spots.first[agree])
        inside = _off(best, spots)[rows] < near
        agree = np.zeros(len(spots.clear), bool)
        agree[rows[inside]] = True
    return best, agree


def _triples(
    spots: _Spots, rows: IntArray, near: float, rng: np.random.Generator
) -> Sequence[IntArray]:
    """Threes of pairs that a motion of some size could bring together."""
    clear = rows[spots.clear[rows]]
    drawn = [
        rng.choice(some, (_TRIES // 2, 3)) for some in (clear, rows) if len(some) >= 3
    ]  # fmt: skip
    if not drawn:
        return []
    threes = np.concatenate(drawn)
    sides = []
    for places in (spots.first, spots.second):
        corners = places[threes]
        sides.append(np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2))
    share = sides[0].sum(axis=1) / np.maximum(sides[1].sum(axis=1), 1e-9)
    alike = np.abs(sides[0] - share[:, None] * sides[1]).max(axis=1) < 2 * near
    apart = sides[0].min(axis=1) > 5 * near
    sized = (share > _SIZES[0]) & (share < _SIZES[1])
    return list(threes[alike & apart & sized])


def _refuse_rival(
    spots: _Spots, best: Similarity, agree: BoolArray, near: float, rng: np.random.Generator
) -> None:
    """Refuse a piece that fits in another way nearly as well."""
    away = _off(best, spots) > _ELSEWHERE * near
    _, rival = _most_agree(spots, near, rng, away)
    if rival.sum() >= max(_LEAST_PAIRS, _MOST_RIVAL * agree.sum()):
        raise AlignError(
            "The two sessions could not be joined: the piece fits in two ways "
            f"({int(agree.sum())} spots of it agree on one, {int(rival.sum())} on another), as a "
            "piece does that looks the same from two sides.",
            _TODO,
        )


def _refuse_sizes(first: Scale, second: Scale, spots: _Spots, agree: BoolArray) -> None:
    """Refuse sessions whose mats give the piece two sizes."""
    here, there = spots.first[agree], spots.second[agree]
    fit = umeyama(there, here)
    arms = np.sqrt(((here - here.mean(axis=0)) ** 2).sum())
    off_m = here - fit.apply(there)
    of_fit = 1.96 * float(np.sqrt((off_m**2).sum() / (3 * len(here) - 7))) / float(arms)
    off = 100 * (fit.scale - 1)
    allowed = 2 * float(
        np.sqrt(first.uncertainty_percent**2 + second.uncertainty_percent**2 + (100 * of_fit) ** 2)
    )
    if abs(off) > allowed:
        raise ScaleError(
            f"The two sessions contradict each other: the piece is {abs(off):.1f} % "
            f"{'larger' if off > 0 else 'smaller'} by the first session's mats than by the turned "
            f"one's, and {allowed:.1f} % would be the most.",
            "Use the same printed mats for both sessions, or measure the bar of each and print "
            "again those that are off.",
        )


def _sure(
    similarity: Similarity, spots: _Spots, agree: BoolArray, first: Session, second: Session
) -> Motion:
    """The motion with its ±; refused where that is too large."""
    off = _off(similarity, spots)[agree]
    each_mm = 1000 * float(np.sqrt((off**2).sum() / (3 * agree.sum() - 6)))
    piece = np.vstack([first.piece.points_m, similarity.apply(second.piece.points_m)])
    fitted = spread_mm(piece, spots.first[agree], each_mm)
    # cameras that are placed a little wrong bend each session, which all its pairs share
    sigma = float(np.sqrt(fitted**2 + bend_mm(first.model) ** 2 + bend_mm(second.model) ** 2))
    if sigma > _MOST_UNSURE_MM:
        raise AlignError(
            "The two sessions could not be joined surely: what was found again of the piece lies "
            f"too close together, or moved, and leaves the turned session {2 * sigma:.1f} mm of "
            "play.",
            _TODO,
        )
    return Motion(
        similarity,
        spots.first[agree],
        spots.second[agree],
        1000 * float(np.sqrt((off**2).mean())),
        sigma,
        tuple(view.name for view in second.model.views),
    )
