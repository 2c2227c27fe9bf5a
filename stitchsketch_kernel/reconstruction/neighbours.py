"""Which photos can show the same surface, by where the mats say that they were taken from.

Cloth repeats: the back of a chair looks like its front, and matching both puts photos on the wrong
side of the room. A mat that two photos share tells from which side each was taken, well enough to
compare neighbours only. That also spares most of the pairs.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.board import Board, TagSighting
from stitchsketch_kernel.domain.photo import Photo

#: First guess of the focal length over the longer side, where EXIF is silent (a phone's 26 mm).
USUAL_FOCAL = 0.8
#: Views whose gazes differ by more show nothing alike that can be matched.
_APART_DEG = 62.0
#: A photo is compared with so many, of which so many are those next to it.
_MOST_NEIGHBOURS, _NEXT_NEIGHBOURS = 20, 13
#: A mat seen flatly fits two poses alike; one that isn't this much better than the other is none.
_CLEARER = 1.6
_LEAST_TAGS = 4


@dataclass(frozen=True)
class Pose:
    """``x_camera = rotation @ x_mat + translation`` (mm), and its reprojection error in pixels."""

    rotation: FloatArray
    translation: FloatArray
    error_px: float


def rough_rotations(
    photos: Sequence[Photo], sightings: Sequence[TagSighting], boards: Sequence[Board]
) -> dict[str, FloatArray]:
    """Rotation (3, 3) of each photo that the mats place, all in one world; good to a few degrees.

    Photos that no mat joins to the largest group are left out.
    """
    poses = _mat_poses(photos, sightings, boards)
    links: dict[str, list[str]] = defaultdict(list)
    for photo, mat in poses:
        links[photo].append(mat)
        links[mat].append(photo)
    groups = _groups(links, {mat for _, mat in poses})
    if not groups:
        return {}
    start, order = max(groups, key=lambda group: len(group[1]))
    of_mat: dict[str, FloatArray] = {start: np.eye(3)}
    of_photo: dict[str, FloatArray] = {}
    for photo, mat in order:
        pose = poses[photo, mat]
        if photo not in of_photo:
            of_photo[photo] = pose.rotation @ of_mat[mat]
        elif mat not in of_mat:
            of_mat[mat] = pose.rotation.T @ of_photo[photo]
    return of_photo


def likely_pairs(
    names: Sequence[str], rotations: Mapping[str, FloatArray]
) -> list[tuple[str, str]]:
    """Pairs to compare: gazes not too far apart; photos without a rotation go with all others.

    A photo that has many such neighbours is compared with the nearest ones and some of the rest,
    so that the pairs don't grow with the photos' square.
    """
    known = [name for name in names if name in rotations]
    chosen = {pair for i in range(len(known)) for pair in _nearest(known, i, rotations)}
    return [
        (a, b)
        for i, a in enumerate(names)
        for b in names[i + 1 :]
        if a not in rotations or b not in rotations or (a, b) in chosen or (b, a) in chosen
    ]


def _nearest(
    names: Sequence[str], i: int, rotations: Mapping[str, FloatArray]
) -> list[tuple[str, str]]:
    """The i-th photo with each that it is to be compared with."""
    gazes = np.array([rotations[name][2] for name in names])
    alike = gazes @ gazes[i]
    alike[i] = -np.inf
    near = np.flatnonzero(alike > np.cos(np.deg2rad(_APART_DEG)))
    near = near[np.argsort(-alike[near], kind="stable")]
    if len(near) > _MOST_NEIGHBOURS:
        far = near[_NEXT_NEIGHBOURS:]
        spread = np.linspace(0, len(far) - 1, _MOST_NEIGHBOURS - _NEXT_NEIGHBOURS)
        near = np.concatenate([near[:_NEXT_NEIGHBOURS], far[spread.round().astype(int)]])
    return [(names[i], names[int(k)]) for k in near]


def _mat_poses(
    photos: Sequence[Photo], sightings: Sequence[TagSighting], boards: Sequence[Board]
) -> dict[tuple[str, str], Pose]:
    """Pose of each photo over each mat that it shows clearly, by (photo, mat)."""
    of_tag = {(b.dictionary, tag): (b, i) for b in boards for i, tag in enumerate(b.tag_ids)}
    seen: dict[tuple[str, str], list[tuple[FloatArray, FloatArray]]] = defaultdict(list)
    for sighting in sightings:
        known = of_tag.get((sighting.dictionary, sighting.tag_id))
        if known is not None:
            board, index = known
            centre = np.append(np.asarray(board.centres_mm, dtype=float)[index][:2], 0.0)
            seen[sighting.photo, board.name].append((centre, sighting.centre_px))
    lens = {photo.name: photo for photo in photos}
    poses = {}
    for (name, mat), pairs in seen.items():
        if name in lens and len(pairs) >= _LEAST_TAGS:
            pose = _pose(
                np.array([p for p, _ in pairs]), np.array([q for _, q in pairs]), lens[name]
            )
            if pose is not None:
                poses[name, mat] = pose
    return poses


def _pose(points: FloatArray, pixels: FloatArray, photo: Photo) -> Pose | None:
    """Infinitesimal plane-based pose (Collins and Bartoli 2014); None where two fit alike."""
    focal = photo.focal_px or USUAL_FOCAL * max(photo.width_px, photo.height_px)
    K = np.array([[focal, 0, photo.width_px / 2], [0, focal, photo.height_px / 2], [0, 0, 1.0]])
    if np.linalg.matrix_rank(points - points.mean(axis=0), tol=1.0) < 2:
        return None
    found = cv2.solvePnPGeneric(points, pixels, K, np.zeros(4), flags=cv2.SOLVEPNP_IPPE)
    turns, places = found[1], found[2]
    if not len(turns):
        return None
    errors = np.asarray(found[3], dtype=float).ravel()[: len(turns)]
    best = int(np.argmin(errors))
    if len(errors) > 1 and np.delete(errors, best).min() < _CLEARER * errors[best]:
        return None
    rotation = cv2.Rodrigues(turns[best])[0]
    place = np.asarray(places[best], dtype=float).ravel()
    return Pose(np.asarray(rotation, dtype=float), place, float(errors[best]))


def _groups(
    links: Mapping[str, list[str]], mats: set[str]
) -> list[tuple[str, list[tuple[str, str]]]]:
    """For each group of joined mats: the mat it starts from, and (photo, mat) in walking order."""
    left, groups = sorted(mats), []
    visited: set[str] = set()
    for start in left:
        if start in visited:
            continue
        visited.add(start)
        order: list[tuple[str, str]] = []
        queue = deque([start])
        while queue:
            here = queue.popleft()
            for other in links[here]:
                if other not in visited:
                    visited.add(other)
                    queue.append(other)
                    order.append((other, here) if here in mats else (here, other))
        groups.append((start, order))
    return groups
