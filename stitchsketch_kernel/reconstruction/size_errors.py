"""How far the size of a scaled model may be off by what the photos' pixels are off by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.model import SparseModel
from stitchsketch_kernel.reconstruction.carried import (
    Adjusted,
    Seen,
    Size,
    spread_gradient,
    thinned,
)
from stitchsketch_kernel.reconstruction.mats import BoardFit, TagPoints
from stitchsketch_kernel.reconstruction.tag_tracks import COUNTS_AS
from stitchsketch_kernel.reconstruction.upright import looked_at

#: For each tag the gradient (3,) of the logarithm of metres a unit by its place.
Pulls: TypeAlias = Mapping[tuple[str, int], FloatArray]

#: What is nearer to what was looked at than this share of the cameras' distance is the piece, and
#: the floor beside it.
_NEAR = 0.5
#: A tag's centre is known no better than this, and a feature's where no error is told.
_LEAST_TAG_PX, _USUAL_FEATURE_PX = 0.03, 0.4
#: The mean length of a plane error over its deviation in each direction (Rayleigh).
_MEAN_LENGTH = float(np.sqrt(np.pi / 2))
_SAME_PLACE_M = 1e-3
#: A tag or a feature is off alike in photos beside each other, so that more photos help less than
#: independent errors would: rendered captures were off twice as far.
_ALIKE = 2.0
#: Fewer points near the middle don't tell its size; all do.
_LEAST_NEAR = 20
#: Of an observation's two directions: less than this, residuals say nothing of errors.
_LEAST_LEFT = 0.1


def board_pulls(fits: Sequence[BoardFit], weights: FloatArray, tags: TagPoints) -> Pulls:
    """How each tag's place moves the weighted mean of the mats' scales."""
    pulls: dict[tuple[str, int], FloatArray] = {}
    for fit, weight in zip(fits, weights / weights.sum(), strict=True):
        keys = [(fit.board.dictionary, tag) for tag in fit.tag_ids]
        gradient = spread_gradient(np.array([tags[key].point for key in keys]))
        pulls |= {key: -weight * row for key, row in zip(keys, gradient, strict=True)}
    return pulls


def distance_pulls(
    ends: Sequence[tuple[tuple[str, int], tuple[str, int]]], weights: FloatArray, tags: TagPoints
) -> Pulls:
    """How each tag's place moves the weighted mean of the scales by known distances of tags."""
    pulls: dict[tuple[str, int], FloatArray] = {}
    for (a, b), weight in zip(ends, weights / weights.sum(), strict=True):
        apart = tags[a].point - tags[b].point
        row = weight * apart / float(apart @ apart)
        pulls[a], pulls[b] = pulls.get(a, 0.0) - row, pulls.get(b, 0.0) + row
    return pulls


def carried_sigma(
    model: SparseModel, tags: TagPoints, pulls: Pulls, metres_per_unit: float
) -> float:
    """Standard deviation of the piece's size over itself, by the errors of features and tags.

    Not by mats that aren't what they claim to be.

    Parameters
    ----------
    model : SparseModel
        In its own units, as bundle adjustment left it.
    tags : TagPoints
    pulls : Pulls
        Of the tags that gave the scale.
    metres_per_unit : float

    Returns
    -------
    float
        NaN where it can't be told: a model without points.
    """
    keys = list(tags)
    places = np.array([tags[key].point for key in keys]).reshape(-1, 3)
    apart = cKDTree(places).query(model.points)[0] if keys and len(model.points) else None
    if apart is None:
        return float("nan")
    others = [i for i, off in enumerate(apart) if off * metres_per_unit > _SAME_PLACE_M]
    features, times = thinned(model.point_views, others)
    if not len(features):
        return float("nan")
    seen = _seen(model, tags, features, times)
    try:
        adjusted = Adjusted(model, seen)
    except np.linalg.LinAlgError:
        return float("nan")
    sigma_px = _errors_px(model, tags, seen, adjusted)
    return _ALIKE * adjusted.relative_sigma(_piece(model, seen, keys, pulls), sigma_px)


def _piece(model: SparseModel, seen: Seen, keys: Sequence[tuple[str, int]], pulls: Pulls) -> Size:
    """The size of what was looked at, in metres: its spread in units, by the metres of a unit."""
    middle = looked_at(model)
    away = np.median([np.linalg.norm(view.centre - middle) for view in model.views])
    features = len(seen.points) - len(keys)
    points = seen.points[:features]
    near = np.linalg.norm(points - middle, axis=1) < _NEAR * away
    near = near if near.sum() >= _LEAST_NEAR else np.ones(features, dtype=bool)
    gradient = np.zeros_like(seen.points)
    gradient[:features][near] = spread_gradient(points[near])
    for row, key in enumerate(keys, start=features):
        gradient[row] = pulls.get(key, 0.0)
    return Size(gradient, np.zeros((len(model.views), 3)))


def _seen(model: SparseModel, tags: TagPoints, features: Sequence[int], times: float) -> Seen:
    """Features, then tags."""
    number = {view.name: i for i, view in enumerate(model.views)}
    views = [np.asarray(model.point_views[i]) for i in features]
    views += [np.array([number[photo] for photo in tag.photos]) for tag in tags.values()]
    counts = np.array([len(one) for one in views])
    is_tag = np.repeat(np.arange(len(counts)) >= len(features), counts)
    return Seen(
        np.vstack([model.points[list(features)], [tag.point for tag in tags.values()]]),
        np.repeat(np.arange(len(counts)), counts),
        np.concatenate(views).astype(int),
        np.where(is_tag, float(COUNTS_AS), 1.0),
        np.where(is_tag, 1.0, times),
    )


def _errors_px(model: SparseModel, tags: TagPoints, seen: Seen, adjusted: Adjusted) -> FloatArray:
    """Standard deviation of each observation's error in each direction: a feature's or a tag's.

    Residuals are smaller than errors, for bundle adjustment follows them: of the few photos that
    show a mat, each is turned to where its tags fit. The model's mean error counts each tag's
    centre as often as bundle adjustment did.
    """
    is_tag = seen.point >= len(seen.points) - len(tags)
    counts = np.array([len(tag.photos) for tag in tags.values()])
    rms = np.array([tag.rms_px for tag in tags.values()])
    followed = adjusted.taken_up(is_tag)
    left = max(2 * counts.sum() - followed, _LEAST_LEFT * counts.sum())
    tag_px = max(_LEAST_TAG_PX, float(np.sqrt((counts * rms**2).sum() / left)))
    feature_px = _USUAL_FEATURE_PX
    if np.isfinite(model.reprojection_px):
        count = float(seen.times[~is_tag].sum())
        of_tags = COUNTS_AS * float(counts.sum())
        tag_mean = float((counts * rms).sum() / counts.sum()) * _MEAN_LENGTH / np.sqrt(2)
        mean = (model.reprojection_px * (count + of_tags) - of_tags * tag_mean) / count
        mean = max(mean, 0.5 * model.reprojection_px)
        left = max(2 * count - (adjusted.unknowns - followed), _LEAST_LEFT * count)
        feature_px = mean / _MEAN_LENGTH * float(np.sqrt(2 * count / left))
    return np.where(is_tag, tag_px, feature_px)
