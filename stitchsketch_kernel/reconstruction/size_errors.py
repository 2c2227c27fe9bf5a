"""How far the size of a scaled model may be off by what the photos' pixels are off by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray
from stitchsketch_kernel.domain.model import SparseModel
from stitchsketch_kernel.reconstruction.carried import (
    Seen,
    Size,
    relative_sigmas,
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
    middle = looked_at(model)
    away = np.median([np.linalg.norm(view.centre - middle) for view in model.views])
    points = seen.points[: len(features)]
    near = np.linalg.norm(points - middle, axis=1) < _NEAR * away
    near = near if near.sum() >= 20 else np.ones(len(points), dtype=bool)
    gradient = np.zeros_like(seen.points)
    gradient[: len(features)][near] = spread_gradient(points[near])
    for row, key in enumerate(keys, start=len(features)):
        gradient[row] = pulls.get(key, 0.0)
    still = np.zeros((len(model.views), 3))
    return float(relative_sigmas(model, seen, [Size(gradient, still)])[0])


def _seen(model: SparseModel, tags: TagPoints, features: Sequence[int], times: float) -> Seen:
    """Features, then tags, each with the errors that its kind has."""
    number = {view.name: i for i, view in enumerate(model.views)}
    views = [np.asarray(model.point_views[i]) for i in features]
    theirs = [np.array([number[photo] for photo in tag.photos]) for tag in tags.values()]
    counts = np.array([len(one) for one in (*views, *theirs)])
    is_tag = np.repeat(np.arange(len(counts)) >= len(features), counts)
    tag_px, feature_px = _errors_px(model, tags, views, times)
    places = [tag.point for tag in tags.values()]
    return Seen(
        np.vstack([model.points[list(features)], places]),
        np.repeat(np.arange(len(counts)), counts),
        np.concatenate([*views, *theirs]).astype(int),
        np.where(is_tag, float(COUNTS_AS), 1.0),
        np.where(is_tag, tag_px, feature_px),
        np.where(is_tag, 1.0, times),
    )


def _errors_px(
    model: SparseModel, tags: TagPoints, views: Sequence[IntArray], times: float
) -> tuple[float, float]:
    """Standard deviation in each direction of a tag's centre and of a feature.

    Residuals are smaller than errors: each point was put where they are least. The model's mean
    error counts each tag's centre as often as bundle adjustment did.
    """
    seen = np.array([len(tag.photos) for tag in tags.values()])
    rms = np.array([tag.rms_px for tag in tags.values()])
    free = np.maximum(2 * seen - 3, 1).sum()
    tag_px = max(_LEAST_TAG_PX, float(np.sqrt((seen * rms**2).sum() / free)))
    if not np.isfinite(model.reprojection_px):
        return tag_px, _USUAL_FEATURE_PX
    count = times * sum(len(one) for one in views)
    of_tags = COUNTS_AS * float(seen.sum())
    tag_mean = float((seen * rms).sum() / seen.sum()) * _MEAN_LENGTH / np.sqrt(2)
    mean = (model.reprojection_px * (count + of_tags) - of_tags * tag_mean) / count
    mean = max(mean, 0.5 * model.reprojection_px)
    left = max(2 * count - 3 * times * len(views), 0.1 * count)
    return tag_px, mean / _MEAN_LENGTH * float(np.sqrt(2 * count / left))
