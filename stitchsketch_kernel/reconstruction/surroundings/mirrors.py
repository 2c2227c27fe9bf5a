"""A mirror in the room: found by the mats that are seen in it, and what lies behind it left out.

What a mirror shows fits together as well as what stands before it: a second piece behind the glass,
with mats of its own. Its tags are printed the wrong way round. Each of them, and the true one, lie
equally far from the glass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.optimize import minimize
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.board import TagSighting
from stitchsketch_kernel.domain.model import Depth, Mirror, SparseModel
from stitchsketch_kernel.reconstruction.dense.pictures import world_points
from stitchsketch_kernel.reconstruction.mats import triangulate_tags

#: A mirror is told by so many tags, each seen in it in so many photos.
_LEAST_TAGS, _LEAST_VIEWS = 3, 2
#: Tags and their images agree on a glass this well: the angle between what they say, and the
#: difference of how far it is, as a share of the way to it.
_SAME_DEG, _SAME_SHARE = 3.0, 0.03
#: So much before the glass belongs to it still, as a share of the cameras' distance from it.
_FRAME = 0.005
_NAMED = 6
#: A glass is tried turned and moved by so much, with so many points of both; half of those of an
#: image then lie on the piece this well.
_TURNS_DEG, _SHIFTS_M = np.arange(-12, 12.1, 3.0), np.arange(-0.08, 0.081, 0.02)
_PIECE_POINTS, _BODY_POINTS, _LIES_ON_M = 20_000, 400, 0.015
SAY_IMAGE = (
    "What looks like the piece in a mirror was left out: it is the piece turned round, and no "
    "photo was taken from beyond it. If it is a second piece, take photos of it from all sides."
)


def find_mirror(
    model: SparseModel, sightings: Sequence[TagSighting], mirrored: Sequence[TagSighting]
) -> Mirror | None:
    """Where a mirror is, by tags that are seen in it; None where there is none.

    Parameters
    ----------
    model : SparseModel
        In any unit.
    sightings : sequence of TagSighting
        Tags as they are.
    mirrored : sequence of TagSighting
        Tags that were read the wrong way round.
    """
    real = triangulate_tags(model, sightings, 2)
    image = triangulate_tags(model, mirrored, _LEAST_VIEWS)
    both = sorted(real.keys() & image.keys())
    if len(both) < _LEAST_TAGS:
        return None
    before = np.array([real[key].point for key in both])
    behind = np.array([image[key].point for key in both])
    away = np.linalg.norm(before - behind, axis=1)
    normals = (before - behind) / np.maximum(away, 1e-12)[:, None]
    middles = (before + behind) / 2
    same = normals @ normals.T > np.cos(np.deg2rad(_SAME_DEG))
    # how far each middle lies from the glass that each pair says
    off = np.abs(((middles[None] - middles[:, None]) * normals[:, None]).sum(axis=-1))
    same &= off < _SAME_SHARE * np.median(np.linalg.norm(_centres(model) - middles[0], axis=1))
    agree = same[int(np.argmax(same.sum(axis=1)))]
    if agree.sum() < _LEAST_TAGS:
        return None
    normal = (away[agree, None] * normals[agree]).sum(axis=0)
    photos = {photo for key, use in zip(both, agree, strict=True) if use
              for photo in image[key].photos}  # fmt: skip
    return Mirror(
        np.asarray(np.median(middles[agree], axis=0)),
        np.asarray(normal / np.linalg.norm(normal)),
        tuple(sorted(photos)),
    )


def without_images(model: SparseModel, mirror: Mirror) -> SparseModel:
    """The model without the points that lie behind the glass for those that saw them."""
    views_before = mirror.beyond(_centres(model)) < 0
    behind = mirror.beyond(model.points) > -_frame(model, mirror)
    keep = [
        not (there and views_before[seen].mean() > 0.5)
        for there, seen in zip(behind, model.point_views, strict=True)
    ]
    rows = np.flatnonzero(keep)
    return replace(
        model,
        points=model.points[rows],
        colors=model.colors[rows],
        point_views=tuple(model.point_views[i] for i in rows),
    )


def without_image(depth: Depth, mirror: Mirror) -> Depth:
    """The depth map, 0 where it looks into the mirror; a view from behind it is left as it is."""
    distance = -float(mirror.beyond(depth.view.centre))
    if distance <= 0:
        return depth
    there = (depth.depth_m > 0) & (
        mirror.beyond(world_points(depth.depth_m, depth.view)) < -_FRAME * distance
    )
    return replace(
        depth,
        depth_m=np.where(there, depth.depth_m, 0).astype(np.float32),
        confidence=np.where(there, depth.confidence, 0).astype(np.float32),
    )


def is_image(body: FloatArray, piece: FloatArray, centres: FloatArray) -> bool:
    """Whether a body is the image of a piece in an upright mirror, told without any mat.

    Turned round at the plane half way between them it lies on the piece, and nobody took a photo
    from behind that plane: a pair of chairs that stand face to face is photographed all round.

    Parameters
    ----------
    body, piece : ndarray, shape (n, 3)
        Points of both, metres, z up.
    centres : ndarray, shape (n, 3)
        Of the cameras.
    """
    across = (piece.mean(axis=0) - body.mean(axis=0)) * [1.0, 1.0, 0.0]
    length = float(np.linalg.norm(across))
    if not length:
        return False
    half_way = (piece.mean(axis=0) + body.mean(axis=0)) / 2
    tree = cKDTree(piece[:: max(1, len(piece) // _PIECE_POINTS)])
    some = body[:: max(1, len(body) // _BODY_POINTS)]

    def glass(at: FloatArray) -> tuple[FloatArray, FloatArray]:
        c, s = np.cos(at[0]), np.sin(at[0])
        normal = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ across / length
        return half_way + at[1] * normal, normal

    def off(at: FloatArray) -> float:
        point, normal = glass(at)
        turned = some - 2 * ((some - point) @ normal)[:, None] * normal
        return float(np.median(tree.query(turned)[0]))

    # the image is seen from one side alone: its middle is not quite the image of the middle
    tried = [np.array([turn, shift]) for turn in np.deg2rad(_TURNS_DEG) for shift in _SHIFTS_M]
    begin = min(tried, key=off)
    step = begin + np.array([[0, 0], [0.02, 0], [0, 0.01]])
    options = {"initial_simplex": step, "maxfev": 60}
    best = minimize(off, begin, method="Nelder-Mead", options=options).x
    point, normal = glass(best)
    return bool(off(best) < _LIES_ON_M and ((centres - point) @ normal).min() > 0)


def say_mirror(mirror: Mirror) -> str:
    """A sentence for the report."""
    more = len(mirror.photos) - _NAMED
    names = ", ".join(mirror.photos[:_NAMED]) + (f" and {more} more" if more > 0 else "")
    return (
        f"A mirror stands in the room: {names} show the piece or its mats in it. What is seen "
        "in it is left out. If parts of the piece are missing, cover the mirror and take the "
        "photos again; if there is none, run again with --set room.mirrors=false."
    )


def _centres(model: SparseModel) -> FloatArray:
    return np.array([view.centre for view in model.views])


def _frame(model: SparseModel, mirror: Mirror) -> float:
    return _FRAME * float(np.median(np.abs(mirror.beyond(_centres(model)))))
