"""A mirror without a readable mat is found by features turned round; alike halves are none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pycolmap
import pytest
from PIL import Image

from stitchsketch_kernel.domain.model import SparseModel
from stitchsketch_kernel.reconstruction.surroundings.glass import find_glass
from stitchsketch_kernel.reconstruction.surroundings.turned import (
    Features,
    PhotoFeatures,
    turned,
    unit,
)

#: The glass stands 0.6 m from the ball's middle, turned by 20 degrees and leaning by 3.
TURN, LEAN = np.deg2rad(20.0), np.deg2rad(3.0)
NORMAL = np.array([np.cos(LEAN) * np.cos(TURN), np.cos(LEAN) * np.sin(TURN), np.sin(LEAN)])
OFFSET = -0.6
POINTS = 700


def image_of(points, normal=NORMAL, offset=OFFSET):
    return points - 2 * (points @ normal - offset)[:, None] * normal


def descriptors(rng, count):
    """Like SIFT's: few large numbers; those of two features are far from alike."""
    return np.clip(rng.gamma(0.35, 40, (count, 128)), 0, 255).astype(np.uint8)


def noisy(rng, described):
    return np.clip(described + rng.normal(0, 4, described.shape), 0, 255).astype(np.uint8)


@pytest.fixture
def room(ball):
    """Photos of a ball before a wall of speckles, and what else they show of it, as asked."""

    def make(others=(), away=1.3, noise_px=0.4):
        """`others`: points (n, 3) with a direction from which alone each lot is seen, or None."""
        rng = np.random.default_rng(8)
        views = tuple(ball.look(f"{i:02d}.png", 30 * i, away=away) for i in range(12))
        points = rng.uniform([-0.3, -0.3, 0.0], [0.3, 0.3, 0.4], (POINTS, 3))
        own = descriptors(rng, POINTS)
        lots = [(points, own, np.arange(POINTS), None)]
        for places, alike, shown, front in others:
            lots.append((places(points), turned(own) if alike else own, shown, front))
        photos = []
        for view in views:
            pixels, described, rows = [], [], []
            for places, of, shown, front in lots:
                if front is not None and view.centre @ front[:3] < front[3]:
                    continue
                some = rng.random(len(places)) < 0.6
                at = view.pixels_from_world(places[some])
                inside = ((at > 0) & (at < [640, 480])).all(axis=1)
                pixels.append(at[inside] + rng.normal(0, noise_px, (inside.sum(), 2)))
                described.append(noisy(rng, of[some][inside]))
                rows.append(shown[some][inside])
            stray = 300
            pixels.append(rng.uniform(0, [640, 480], (stray, 2)))
            described.append(descriptors(rng, stray))
            rows.append(np.full(stray, -1))
            pixels, rows = np.concatenate(pixels), np.concatenate(rows).astype(np.int32)
            sizes = rng.uniform(1, 8, len(pixels))
            photos.append(PhotoFeatures(view.name, pixels, sizes, np.concatenate(described), rows))
        model = SparseModel(views, points, np.zeros((POINTS, 3), np.uint8), ())
        return model, Features(tuple(photos), points)

    return make


def in_the_glass(points):
    return image_of(points)


NOT_PLACED = np.full(POINTS, -1)


def test_the_glass_is_found_where_it_stands_and_leans(room):
    front = np.array([*NORMAL, OFFSET])
    model, features = room([(in_the_glass, True, NOT_PLACED, front)])
    mirror = find_glass(model, features)
    assert np.rad2deg(np.arccos(min(1.0, mirror.normal @ NORMAL))) < 0.3
    assert abs(mirror.point_m @ NORMAL - OFFSET) < 0.003
    before = {view.name for view in model.views if view.centre @ NORMAL > OFFSET}
    assert len(before) < len(model.views)
    assert len(mirror.photos) >= 4 and set(mirror.photos) <= before


def test_without_a_mirror_there_is_none(room):
    assert find_glass(*room()) is None


def test_what_is_seen_once_more_but_not_turned_round_is_no_mirror(room):
    """Another piece of the same cloth stands there."""
    front = np.array([*NORMAL, OFFSET])
    assert find_glass(*room([(in_the_glass, False, NOT_PLACED, front)])) is None


def test_a_piece_whose_halves_are_alike_is_no_mirror(room):
    def other_half(points):
        return points * [-1, 1, 1]

    assert find_glass(*room([(other_half, True, NOT_PLACED, None)])) is None


def test_a_pair_that_is_alike_turned_round_is_no_mirror_where_both_sides_were_photographed(room):
    """Two chairs, the left one and the right one, walked round: seen from beyond as well."""
    assert find_glass(*room([(in_the_glass, True, NOT_PLACED, None)], away=2.6)) is None


def test_matches_that_agree_by_chance_are_not_enough(room):
    """A dozen images at their places, and no more."""
    front = np.array([*NORMAL, OFFSET])
    model, features = room([(in_the_glass, True, NOT_PLACED, front)])
    few = []
    for i, photo in enumerate(features.photos):
        shows = photo.point == -1
        keep = ~shows | (np.cumsum(shows) > shows.sum() - 300) | (np.cumsum(shows) <= 3 * (i < 9))
        few.append(replace(photo, **{name: getattr(photo, name)[keep] for name in
                                     ("pixels", "sizes", "descriptors", "point")}))  # fmt: skip
    assert find_glass(model, replace(features, photos=tuple(few))) is None


def test_turned_descriptors_are_those_of_the_turned_photo(ball, tmp_path):
    """By COLMAP's own SIFT: otherwise another order of its numbers would go unseen."""
    picture = ball.picture(replace(ball.look("a", 0.0)))[120:420, 140:500]
    Image.fromarray(picture).save(tmp_path / "0.png")
    Image.fromarray(np.ascontiguousarray(picture[:, ::-1])).save(tmp_path / "1.png")
    options = pycolmap.FeatureExtractionOptions()
    options.use_gpu = False
    pycolmap.extract_features(
        tmp_path / "x.db", tmp_path, ["0.png", "1.png"], extraction_options=options,
        device=pycolmap.Device.cpu,
    )  # fmt: skip
    with pycolmap.Database.open(tmp_path / "x.db") as db:
        ids = {image.name: image.image_id for image in db.read_all_images()}
        keys, described = (
            [np.asarray(getattr(one, "data", one)) for one in map(read, sorted(ids.values()))]
            for read in (db.read_keypoints, db.read_descriptors)
        )
    place = np.array([picture.shape[1], 0]) + keys[0][:, :2] * [-1, 1]
    near = np.linalg.norm(place[:, None] - keys[1][None, :, :2], axis=-1) < 0.5
    alike = unit(turned(described[0])) @ unit(described[1]).T
    best = np.where(near, alike, -1).max(axis=1)[near.any(axis=1)]
    assert len(best) > 200 and np.median(best) > 0.99
