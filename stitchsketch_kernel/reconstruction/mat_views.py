"""Where photos were taken, from the mats in them alone: in a moment, before any alignment.

Good to a few centimetres and degrees, which is enough to say which side wants more photos; never
for measuring. The mats are taken to lie on one floor.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.board import Board, TagSighting
from stitchsketch_kernel.domain.photo import Camera, View

#: A mat with fewer tags in a photo doesn't say where it was taken from: one tag has two answers.
_LEAST_TAGS = 2
#: A photo whose tags lie further (RMS) from where its place puts them, in shares of its longer
#: side, is not placed. Lenses bend by up to a hundredth towards the corners.
_WORST_FIT = 0.012
#: Two mats of one floor that seem to be tilted against each other by more were seen too badly.
_MOST_TILT_COS = float(np.cos(np.deg2rad(25)))
#: Focal lengths that are tried where the photos tell none, in longer sides of the picture.
_GUESSES = np.geomspace(0.6, 1.6, 9)


@dataclass(frozen=True)
class MatViews:
    """Photos placed by the mats in them, metres, z up, the floor at 0.

    Attributes
    ----------
    views : tuple of View
    left_out : tuple of str
        Photos that show too little of a mat, or mats that no other photo ties to the rest.
    mats : dict of str to ndarray, shape (4, 2)
        The corners of each mat's field of tags on the floor.
    """

    views: tuple[View, ...]
    left_out: tuple[str, ...]
    mats: dict[str, FloatArray]


def views_from_mats(
    cameras: Mapping[str, Camera | tuple[int, int]],
    sightings: Sequence[TagSighting],
    boards: Sequence[Board],
) -> MatViews:
    """Place photos by their mats.

    Parameters
    ----------
    cameras : mapping of str to Camera or (width_px, height_px)
        By photo; a size alone where the focal length isn't known: the one is taken with which the
        mats fit best.
    sightings : sequence of TagSighting
    boards : sequence of Board
        Coordinates with z are not used: such a board doesn't lie on the floor.
    """
    flat = {board.name: board for board in boards if board.centres_mm.shape[1] == 2}
    seen = _by_photo(cameras, sightings, flat)
    known = {name: camera for name, camera in cameras.items() if isinstance(camera, Camera)}
    unknown = {name: size for name, size in cameras.items() if not isinstance(size, Camera)}
    if not unknown:
        return _placed(known, seen, flat)[0]
    tries = [
        _placed({**known, **{name: _guessed(*size, guess) for name, size in unknown.items()}},
                seen, flat)
        for guess in _GUESSES
    ]  # fmt: skip
    return min(tries, key=lambda one: (-len(one[0].views), one[1]))[0]


def _guessed(width_px: int, height_px: int, sides: float) -> Camera:
    focal = sides * max(width_px, height_px)
    return Camera(width_px, height_px, focal, focal, width_px / 2, height_px / 2)


#: Of a photo, by mat: corners on the sheet (n, 2) in metres, and in the photo (n, 2).
_Seen = dict[str, tuple[FloatArray, FloatArray]]


def _by_photo(
    names: Mapping[str, object], sightings: Sequence[TagSighting], boards: Mapping[str, Board]
) -> dict[str, _Seen]:
    owner = {
        (board.dictionary, tag): (board, at)
        for board in boards.values()
        for at, tag in enumerate(board.tag_ids)
    }
    corners: dict[str, dict[str, list[tuple[FloatArray, FloatArray]]]] = {}
    for sighting in sightings:
        found = owner.get((sighting.dictionary, sighting.tag_id))
        if found is None or sighting.photo not in names:
            continue
        board, at = found
        half = board.tag_side_mm / 2
        # a tag's own order begins at its upper left corner and goes clockwise; y is up on a sheet
        round_it = np.array([[-half, half], [half, half], [half, -half], [-half, -half]])
        sheet_m = (board.centres_mm[at] + round_it) / 1000
        mine = corners.setdefault(sighting.photo, defaultdict(list))
        mine[board.name].append((sheet_m, sighting.corners_px))
    return {
        photo: {
            mat: (np.vstack([a for a, _ in pairs]), np.vstack([b for _, b in pairs]))
            for mat, pairs in mats.items()
            if len(pairs) >= _LEAST_TAGS
        }
        for photo, mats in corners.items()
    }


def _placed(
    cameras: Mapping[str, Camera], seen: Mapping[str, _Seen], boards: Mapping[str, Board]
) -> tuple[MatViews, float]:
    """The views, and how badly the tags fit them, in shares of the pictures' longer sides."""
    floor = _mats_on_floor(cameras, seen)
    views, faults = [], []
    for photo, mats in seen.items():
        parts = [(_on_floor(floor[mat], a), b) for mat, (a, b) in mats.items() if mat in floor]
        if not parts:
            continue
        points, pixels = np.vstack([a for a, _ in parts]), np.vstack([b for _, b in parts])
        camera = cameras[photo]
        pose, fault = _pose(camera, points, pixels)
        if pose is not None and fault <= _WORST_FIT:
            views.append(View(photo, camera, *pose))
            faults.append(fault)
    placed = {view.name for view in views}
    outlines = {name: _on_floor(at, _outline_m(boards[name])) for name, at in floor.items()}
    left_out = tuple(name for name in cameras if name not in placed)
    fault = float(np.median(faults)) if faults else np.inf
    return MatViews(tuple(views), left_out, outlines), fault


def _pose(
    camera: Camera, floor_m: FloatArray, pixels: FloatArray
) -> tuple[tuple[FloatArray, FloatArray] | None, float]:
    """Rotation and translation from points of the floor, the camera above it; and the misfit."""
    import cv2

    points = np.column_stack([floor_m, np.zeros(len(floor_m))])
    K, bent = camera.matrix_opencv, camera.distortion
    count, turns, places, _ = cv2.solvePnPGeneric(
        points, pixels - 0.5, K, bent, flags=cv2.SOLVEPNP_IPPE
    )
    best: tuple[tuple[FloatArray, FloatArray] | None, float] = (None, np.inf)
    for first_turn, first_place in zip(turns[:count], places[:count], strict=True):
        turn, place = cv2.solvePnPRefineLM(points, pixels - 0.5, K, bent, first_turn, first_place)
        rotation = np.asarray(cv2.Rodrigues(turn)[0], float)
        translation = np.asarray(place, float).ravel()
        if (-rotation.T @ translation)[2] <= 0:  # from below the floor
            continue
        drawn, _ = cv2.projectPoints(points, turn, place, K, bent)
        off = float(np.sqrt(((drawn[:, 0] - (pixels - 0.5)) ** 2).sum(axis=1).mean()))
        fault = off / max(camera.width_px, camera.height_px)
        if fault < best[1]:
            best = ((rotation, translation), fault)
    return best


def _mats_on_floor(
    cameras: Mapping[str, Camera], seen: Mapping[str, _Seen]
) -> dict[str, FloatArray]:
    """Place of each mat on the floor as (3, 3), from the one that most photos show."""
    between: dict[tuple[str, str], list[FloatArray]] = defaultdict(list)
    count: dict[str, int] = defaultdict(int)
    for photo, mats in seen.items():
        poses = {}
        for mat, (sheet_m, pixels) in mats.items():
            pose, fault = _pose(cameras[photo], sheet_m, pixels)
            if pose is not None and fault <= _WORST_FIT:
                poses[mat] = pose
                count[mat] += 1
        for a, b in combinations(sorted(poses), 2):
            step = _step(poses[a], poses[b])
            if step is not None:
                between[a, b].append(step)
                between[b, a].append(np.asarray(np.linalg.inv(step), float))
    if not count:
        return {}
    first = max(sorted(count), key=lambda mat: count[mat])
    floor, ways = {first: np.eye(3)}, dict(between)
    while True:
        # the best known next step first: errors add up along the way
        steps = [
            (len(found), a, b) for (a, b), found in ways.items() if a in floor and b not in floor
        ]
        if not steps:
            return floor
        _, a, b = max(steps)
        floor[b] = floor[a] @ _middle(ways[a, b])


def _step(a: tuple[FloatArray, FloatArray], b: tuple[FloatArray, FloatArray]) -> FloatArray | None:
    """What takes places on mat b to those on mat a, both on one floor; None if they seem not."""
    turn = a[0].T @ b[0]
    if turn[2, 2] < _MOST_TILT_COS:
        return None
    move = a[0].T @ (b[1] - a[1])
    yaw = np.arctan2(turn[1, 0] - turn[0, 1], turn[0, 0] + turn[1, 1])
    c, s = np.cos(yaw), np.sin(yaw)
    return np.array([[c, -s, move[0]], [s, c, move[1]], [0.0, 0.0, 1.0]])


def _middle(steps: Sequence[FloatArray]) -> FloatArray:
    """The median of steps: one photo that was read wrongly moves nothing."""
    all_ = np.stack(steps)
    place = np.median(all_[:, :2, 2], axis=0)
    turn = np.median(all_[:, :2, 0], axis=0)
    c, s = turn / max(float(np.linalg.norm(turn)), 1e-9)
    return np.array([[c, -s, place[0]], [s, c, place[1]], [0.0, 0.0, 1.0]])


def _on_floor(place: FloatArray, sheet_m: FloatArray) -> FloatArray:
    return np.asarray(sheet_m @ place[:2, :2].T + place[:2, 2])


def _outline_m(board: Board) -> FloatArray:
    low = (board.centres_mm.min(axis=0) - board.tag_side_mm) / 1000
    high = (board.centres_mm.max(axis=0) + board.tag_side_mm) / 1000
    return np.array([[low[0], low[1]], [high[0], low[1]], [high[0], high[1]], [low[0], high[1]]])
