"""Features that match points of the model only when they are turned round, as in a mirror.

A feature's descriptor turned left to right is the same numbers in another order, so no photo is
looked at again: what aligning has kept tells it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pycolmap

from stitchsketch_kernel.domain.arrays import AnyArray, FloatArray, IntArray
from stitchsketch_kernel.domain.model import Similarity

#: So many photos are asked what they show turned round, each of so many what it shows as it is; of
#: the first so many features, of the others so many points: some 30 billion products at most.
_ASKED, _ASKING_EACH, _FEATURES, _POINTS = 10, 13, 2500, 800
#: A match is this much nearer than the next one that lies elsewhere: angles between descriptors,
#: and what is elsewhere, as a share of the points' spread.
_NEARER, _ELSEWHERE = 0.8, 0.03
#: The bins of directions that a turned descriptor takes in their place.
_TURNED_BINS = [0, 7, 6, 5, 4, 3, 2, 1]


@dataclass(frozen=True)
class PhotoFeatures:
    """What aligning found in a photo.

    Attributes
    ----------
    name : str
    pixels : ndarray, shape (n, 2)
    sizes : ndarray, shape (n,)
    descriptors : ndarray of uint8, shape (n, 128)
    point : ndarray of int32, shape (n,)
        The point of the model that a feature shows; -1 where it shows none.
    """

    name: str
    pixels: FloatArray
    sizes: FloatArray
    descriptors: AnyArray
    point: IntArray


@dataclass(frozen=True)
class Features:
    """Of all placed photos, sorted by name, with the model's points (n, 3)."""

    photos: tuple[PhotoFeatures, ...]
    points: FloatArray


@dataclass(frozen=True)
class Turned:
    """Features of photos, each with the point that it shows when it is turned round.

    Attributes
    ----------
    photo : ndarray of int32, shape (n,)
        Index into the photos.
    pixels : ndarray, shape (n, 2)
    points : ndarray, shape (n, 3)
    """

    photo: IntArray
    pixels: FloatArray
    points: FloatArray


def read_features(
    sparse: Path, database: Path, names: Mapping[str, str], similarity: Similarity
) -> Features:
    """What aligning has kept of its features.

    Parameters
    ----------
    sparse, database : Path
        COLMAP's model and features.
    names : mapping of str to str
        The photo's name for each of COLMAP's image names.
    similarity : Similarity
        From COLMAP's world to the one that points are wanted in.
    """
    model = pycolmap.Reconstruction(sparse)
    number = {point: row for row, point in enumerate(model.points3D)}
    places = np.array([point.xyz for point in model.points3D.values()], dtype=float)
    images = sorted(
        (image for image in model.images.values() if image.has_pose),
        key=lambda image: names[image.name],
    )
    photos = []
    with pycolmap.Database.open(database) as db:
        for image in images:
            read = db.read_descriptors(image.image_id)
            descriptors = np.asarray(getattr(read, "data", read))
            # the centres of tags come after the features and have no descriptor
            count = len(descriptors)
            keys = np.asarray(db.read_keypoints(image.image_id), dtype=float)[:count]
            point = np.full(count, -1, dtype=np.int32)
            for row, seen in enumerate(image.points2D[:count]):
                if seen.has_point3D():
                    point[row] = number[seen.point3D_id]
            sizes = np.linalg.norm(keys[:, 2:4], axis=1)
            photos.append(PhotoFeatures(names[image.name], keys[:, :2], sizes, descriptors, point))
    return Features(tuple(photos), similarity.apply(places.reshape(-1, 3)))


def turned(descriptors: AnyArray) -> AnyArray:
    """SIFT descriptors (n, 128) of the same features in the photo turned left to right."""
    rows = descriptors.reshape(-1, 4, 4, 8)[:, ::-1]
    return np.ascontiguousarray(rows[..., _TURNED_BINS].reshape(-1, 128))


def unit(descriptors: AnyArray) -> AnyArray:
    """Descriptors of unit length, float32: their products are cosines of angles."""
    lengths = np.linalg.norm(descriptors.astype(np.float32), axis=1, keepdims=True)
    return np.asarray(descriptors / np.maximum(lengths, 1e-9), dtype=np.float32)


def spread(count: int, most: int) -> list[int]:
    """`most` of so many numbers, evenly; all where there are fewer."""
    return [int(row) for row in np.linspace(0, count - 1, min(count, most)).round()]


def turned_matches(features: Features) -> Turned:
    """What some photos show turned round, as others show it as it is."""
    photos, points = features.photos, features.points
    away = np.linalg.norm(points - np.median(points, axis=0), axis=1) if len(points) else [0.0]
    elsewhere = _ELSEWHERE * float(np.median(away))
    asking = [_largest_points(photos[i]) for i in spread(len(photos), _ASKING_EACH)]
    others = [(points[rows], described) for rows, described in asking if len(rows) > 1]
    found = [(np.empty(0, np.int32), np.empty((0, 2)), np.empty((0, 3)))]
    for i in spread(len(photos), _ASKED):
        # larger and smaller ones alike: what is seen in a mirror is farther away
        some = spread(len(photos[i].pixels), _FEATURES)
        asked = unit(turned(photos[i].descriptors[some]))
        for places, described in others:
            rows, best = _matched(asked, places, described, elsewhere)
            pixels = photos[i].pixels[some][rows]
            found.append((np.full(len(rows), i, np.int32), pixels, places[best]))
    return Turned(*(np.concatenate(part) for part in zip(*found, strict=True)))


def _largest_points(photo: PhotoFeatures) -> tuple[IntArray, AnyArray]:
    """The points that a photo's largest features show, and their descriptors."""
    rows = np.flatnonzero(photo.point >= 0)
    rows = rows[np.argsort(-photo.sizes[rows], kind="stable")[:_POINTS]]
    return photo.point[rows], unit(photo.descriptors[rows])


def _matched(
    asked: AnyArray, places: FloatArray, described: AnyArray, elsewhere: float
) -> tuple[IntArray, IntArray]:
    """Rows of both that match."""
    alike = asked @ described.T
    best = alike.argmax(axis=1)
    first = alike[np.arange(len(best)), best]
    away = np.linalg.norm(places[:, None] - places[None], axis=-1)
    alike[away[best] < elsewhere] = -1
    second = alike.max(axis=1)
    nearer = np.arccos(np.minimum(first, 1)) < _NEARER * np.arccos(np.clip(second, -1, 1))
    rows = np.flatnonzero(nearer)
    return rows.astype(np.int32), best[rows].astype(np.int32)
