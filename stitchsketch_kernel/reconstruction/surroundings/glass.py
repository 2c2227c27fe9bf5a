"""A mirror that shows no readable mat: where features that match turned round agree on a glass.

A point, its image and the way from the camera to the image fix an upright glass; most matches that
agree on one say where it may be. Then each point is looked for where that glass would show it, and
beside there: chance finds as many beside.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import least_squares
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.arrays import AnyArray, BoolArray, FloatArray, IntArray
from stitchsketch_kernel.domain.model import Mirror, SparseModel
from stitchsketch_kernel.domain.photo import View
from stitchsketch_kernel.reconstruction.surroundings.turned import (
    Features,
    PhotoFeatures,
    Turned,
    turned,
    turned_matches,
    unit,
)
from stitchsketch_kernel.reconstruction.upright import looked_at

#: A glass is tried where it leans by so much, degrees; the last steps find how much exactly.
_LEANS_DEG = (-8.0, -6.0, -4.0, -2.0, 0.0, 2.0, 4.0, 6.0, 8.0)
#: A point's image is seen where the glass says within this share of a photo's longer side. Of each
#: lean so many glasses are tried, those that most matches lie near to: within this angle, and this
#: share of the cameras' distance.
_WITHIN, _TRIED, _NEAR = 2 / 640, 40, 0.03
#: What a glass shows lies so far before it at least, and at most, as shares of that distance.
_LEAST_BEFORE, _MOST_BEFORE = 0.05, 3.0
#: So many points and features must agree for a glass to be looked at closer. Chance gave up to 11
#: on photos without a mirror.
_LEAST_VOTES = 8
#: Looked at closer, so many points are seen in it, and so many times what chance shows beside:
#: 15 times and more in a mirror, 1.2 and 1.8 times without one (`benchmarks/README.md`).
_LEAST_SEEN, _TIMES_CHANCE = 20, 4.0
#: Descriptors are alike from this cosine on; beside is so far off, as shares of the longer side;
#: a point is known by so many of its descriptors.
_ALIKE, _BESIDE, _KNOWN_BY = 0.9, 9 / 640, 4
#: Photos that show so many points in it are named.
_LEAST_EACH = 4
#: A piece whose halves are alike is no mirror: there the same is seen from the other side, or the
#: plane goes through what is looked at.
_MOST_BACK, _LEAST_OFF = 0.25, 0.1
#: Photos from behind the glass show less than this share of what others do: a pair of pieces, the
#: one the other turned round, is seen from there as well.
_MOST_FROM_BEHIND = 0.5


class _Rays:
    """The matches as rays from the cameras, and the points that they show turned round."""

    def __init__(self, views: tuple[View, ...], middle: FloatArray, seen: Turned) -> None:
        self.photo, self.points = seen.photo, seen.points
        self.pixels = seen.pixels
        self.eyes, self.ways = np.empty_like(seen.points), np.empty_like(seen.points)
        self.within = np.empty(len(seen.points))
        for i in np.unique(seen.photo):
            rows, view = seen.photo == i, views[i]
            rays = view.camera.rays_from_pixels(seen.pixels[rows]) @ view.rotation
            self.eyes[rows] = view.centre
            self.ways[rows] = rays / np.linalg.norm(rays, axis=1, keepdims=True)
            longest = max(view.camera.width_px, view.camera.height_px)
            self.within[rows] = _WITHIN * longest / view.camera.fx
        centres = np.array([view.centre for view in views])
        away = np.linalg.norm((centres - middle)[:, :2], axis=1)
        self.distance = float(np.median(away))

    def off(self, glass: FloatArray, rows: IntArray | slice = slice(None)) -> FloatArray:
        """Between where each image is seen and where a glass (normal, offset) puts it (n, 3)."""
        points = self.points[rows]
        image = points - 2 * (points @ glass[:3] - glass[3])[:, None] * glass[:3]
        to_it = image - self.eyes[rows]
        to_it /= np.maximum(np.linalg.norm(to_it, axis=1, keepdims=True), 1e-12)
        return np.asarray(to_it - self.ways[rows])

    def agreeing(self, glass: FloatArray) -> IntArray:
        """The matches that a glass explains: the camera and the point stand before it."""
        before = self.points @ glass[:3] - glass[3] > _LEAST_BEFORE * self.distance
        there: BoolArray = before & (self.eyes @ glass[:3] > glass[3])
        there &= np.linalg.norm(self.off(glass), axis=1) < self.within
        return np.flatnonzero(there).astype(np.int32)

    def votes(self, rows: IntArray) -> int:
        """Features or points, whichever are fewer; what is seen in many photos counts once."""
        features = np.column_stack([self.photo[rows], self.pixels[rows]])
        return min(len(np.unique(features, axis=0)), len(np.unique(self.points[rows], axis=0)))


def find_glass(model: SparseModel, features: Features) -> Mirror | None:
    """Where a mirror is, by what photos show turned round; None where there is none.

    Parameters
    ----------
    model : SparseModel
        Upright.
    features : Features
        Of the model's photos, points in its world.
    """
    by_name = {view.name: view for view in model.views}
    views = tuple(by_name[photo.name] for photo in features.photos)
    middle, seen = looked_at(model), turned_matches(features)
    if len(seen.points) < _LEAST_VOTES:
        return None
    rays = _Rays(views, middle, seen)
    glass = _best(rays)
    if glass is None:
        return None
    for _ in range(3):
        glass = _fitted(rays, glass)
    rows = rays.agreeing(glass)
    votes, back = rays.votes(rows), rays.votes(rays.agreeing(-glass))
    through = abs(middle @ glass[:3] - glass[3]) < _LEAST_OFF * rays.distance
    if votes < _LEAST_VOTES or back > _MOST_BACK * votes or through:
        return None
    counts = _seen_in(glass, views, features, rays.distance)
    front = np.array([view.centre for view in views]) @ glass[:3] > glass[3]
    in_it, by_chance = counts[front].sum(axis=0)
    if in_it < max(_LEAST_SEEN, _TIMES_CHANCE * by_chance):
        return None
    each = counts[:, 0] - counts[:, 1]
    if not front.all() and each[~front].mean() > _MOST_FROM_BEHIND * each[front].mean():
        return None
    shown = front & (counts[:, 0] >= _LEAST_EACH) & (counts[:, 0] > 2 * counts[:, 1])
    at = np.median(rays.points[rows], axis=0)
    names = tuple(view.name for view, shows in zip(views, shown, strict=True) if shows)
    return Mirror(at - (at @ glass[:3] - glass[3]) * glass[:3], glass[:3], names)


def _seen_in(
    glass: FloatArray, views: tuple[View, ...], features: Features, distance: float
) -> FloatArray:
    """How many features of each photo show a point where the glass does, and by chance (n, 2)."""
    before = features.points @ glass[:3] - glass[3] > _LEAST_BEFORE * distance
    known, described = _known_by(features)
    points = np.flatnonzero(before & (known[:, 0] >= 0))
    off = features.points[points] @ glass[:3] - glass[3]
    images = features.points[points] - 2 * off[:, None] * glass[:3]
    counts = np.zeros((len(views), 2))
    for i, (view, photo) in enumerate(zip(views, features.photos, strict=True)):
        if len(photo.pixels):
            alike = _alike_at(images, view, photo, known[points], described)
            counts[i] = alike[0], np.mean(alike[1:])
    return counts


def _known_by(features: Features) -> tuple[IntArray, AnyArray]:
    """Rows of some descriptors of each point (n, 4), -1 where it has none; and all descriptors."""
    point = np.concatenate([photo.point for photo in features.photos])
    described = np.concatenate([photo.descriptors for photo in features.photos])
    rows = np.flatnonzero(point >= 0)
    rows = rows[np.argsort(point[rows], kind="stable")]
    start = np.searchsorted(point[rows], np.arange(len(features.points) + 1))
    count = np.diff(start)
    known = np.full((len(features.points), _KNOWN_BY), -1, dtype=np.int32)
    some = np.flatnonzero(count)
    for k in range(_KNOWN_BY):
        known[some, k] = rows[start[some] + count[some] * k // _KNOWN_BY]
    return known, described


def _alike_at(
    images: FloatArray, view: View, photo: PhotoFeatures, known: IntArray, described: AnyArray
) -> list[int]:
    """Features that look like the points whose images lie there, and like those from beside."""
    ahead = np.flatnonzero((images - view.centre) @ view.rotation[2] > 0)
    pixels = view.pixels_from_world(images[ahead])
    size = [view.camera.width_px, view.camera.height_px]
    inside = ((pixels > 0) & (pixels < size)).all(axis=1)
    pixels, known = pixels[inside], known[ahead[inside]]
    own, tree = unit(turned(photo.descriptors)), cKDTree(photo.pixels)
    found = []
    for beside in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)):
        at = pixels + np.array(beside) * _BESIDE * max(size)
        near = tree.query_ball_point(at, _WITHIN * max(size))
        image = np.repeat(np.arange(len(near)), [len(one) for one in near])
        feature = np.array([row for one in near for row in one], dtype=int)
        alike: BoolArray = np.zeros(len(feature), dtype=bool)
        for column in known[image].T:
            alike |= (own[feature] * unit(described[column])).sum(axis=1) > _ALIKE
        found.append(len(np.unique(feature[alike])))
    return found


def _best(rays: _Rays) -> FloatArray | None:
    """The glass that most matches agree on, among those that single matches say."""
    best, most = None, 0
    for lean in np.deg2rad(_LEANS_DEG):
        glasses = _said(rays, float(lean))
        if not len(glasses):
            continue
        tree = cKDTree(glasses / [_NEAR, _NEAR, _NEAR, _NEAR * rays.distance])
        near = tree.query_ball_point(tree.data, 1.0, return_length=True)
        for row in np.argsort(-near, kind="stable")[:_TRIED]:
            if (votes := rays.votes(rays.agreeing(glasses[row]))) > most:
                best, most = glasses[row], votes
    return best


def _said(rays: _Rays, lean: float) -> FloatArray:
    """The glass of each match, were it to lean by that angle: normals and offsets (n, 4).

    The image lies on its way from the camera where its line to the point has that slope.
    """
    slope, (x, y, z), way = np.tan(lean) ** 2, (rays.eyes - rays.points).T, rays.ways.T
    a = way[2] ** 2 - slope * (way[0] ** 2 + way[1] ** 2)
    b = z * way[2] - slope * (x * way[0] + y * way[1])
    c = z**2 - slope * (x**2 + y**2)
    found = []
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.sqrt(np.maximum(b**2 - a * c, 0))
        for sign in (-1, 1) if lean else (1,):
            along = (-b + sign * root) / a
            image = rays.eyes + along[:, None] * rays.ways
            across = rays.points - image
            length = np.linalg.norm(across, axis=1)
            normal = across / length[:, None]
            offset = (normal * (rays.points + image) / 2).sum(axis=1)
            good = (along > 0) & (b**2 >= a * c) & (np.abs(normal[:, 2] - np.sin(lean)) < 1e-3)
            good &= (length > 2 * _LEAST_BEFORE * rays.distance) & (
                length < 2 * _MOST_BEFORE * rays.distance
            )
            good &= (rays.eyes * normal).sum(axis=1) > offset
            found.append(np.column_stack([normal, offset])[good])
    return np.concatenate(found)


def _fitted(rays: _Rays, glass: FloatArray) -> FloatArray:
    """The glass by all that agree with it."""
    rows = rays.agreeing(glass)

    def off(at: FloatArray) -> FloatArray:
        return np.asarray((rays.off(_glass(at), rows) / rays.within[rows, None]).ravel())

    begin = np.array([np.arctan2(glass[1], glass[0]), np.arcsin(glass[2]), glass[3]])
    if not len(rows):
        return glass
    return _glass(least_squares(off, begin, loss="soft_l1", f_scale=0.3).x)


def _glass(at: FloatArray) -> FloatArray:
    turn, lean, offset = at
    flat = np.cos(lean)
    return np.array([flat * np.cos(turn), flat * np.sin(turn), np.sin(lean), offset])
