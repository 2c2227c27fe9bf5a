"""The coach: where the sample's photos were taken, and the side that was left out, by its name."""

from __future__ import annotations

import numpy as np
import pytest

from stitchsketch_kernel.domain.board import TagSighting
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.domain.photo import Camera, View
from stitchsketch_kernel.reconstruction.coach import SIDES, coverage, wanted_for
from stitchsketch_kernel.reconstruction.mat_views import views_from_mats
from stitchsketch_kernel.reconstruction.unseen import unseen_parts
from stitchsketch_kernel.samples import build_sample

_ROUND = np.array([[-1, 1], [1, 1], [1, -1], [-1, -1]])


@pytest.fixture(scope="module")
def sample():
    return build_sample("demo")


@pytest.fixture(scope="module")
def sightings(sample):
    """What a glimpse finds: to half a pixel, of tags that face the camera and nothing hides."""
    rng = np.random.default_rng(3)
    found = []
    for view in sample.views:
        for mat in sample.mats:
            turn = np.deg2rad(mat.yaw_deg)
            R = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
            for tag, centre in zip(mat.board.tag_ids, mat.centres_m(), strict=True):
                square = _ROUND * mat.board.tag_side_mm / 2000 @ R.T
                corners = np.column_stack([centre[:2] + square, np.zeros(4)])
                pixels = view.pixels_from_world(corners)
                if hidden(view, centre, pixels):
                    continue
                pixels = pixels + rng.normal(0, 0.5, (4, 2))
                where = mat.board.dictionary, tag, pixels, pixels.mean(axis=0)
                found.append(TagSighting(view.name, *where))
    return found


def hidden(view, centre, pixels):
    """Outside of the picture, too slanted to be read, or behind the chair's middle."""
    size = view.camera.width_px, view.camera.height_px
    inside = np.isfinite(pixels).all() and (pixels > 0).all() and (pixels < size).all()
    towards = view.centre - centre
    slanted = towards[2] / np.linalg.norm(towards) < 0.25
    behind = (view.centre[:2] @ centre[:2]) < 0 and view.centre[2] < 1.8
    return not inside or slanted or behind


def cameras(sample, views, exact=True):
    """As EXIF tells them: a focal length 4 % off; or sizes alone."""
    camera = sample.views[0].camera
    w, h, f = camera.width_px, camera.height_px, 1.04 * camera.fx
    one = Camera(w, h, f, f, w / 2, h / 2) if exact else (w, h)
    return {view.name: one for view in views}


def by_mats(sample, sightings, views, exact=True):
    known = cameras(sample, views, exact)
    return views_from_mats(known, sightings, sample.boards)


@pytest.mark.parametrize("exact", [True, False])
def test_photos_are_placed_by_their_mats(sample, sightings, exact):
    placed = by_mats(sample, sightings, sample.views, exact)
    truth = {view.name: view for view in sample.views}
    a = coverage([truth[view.name] for view in placed.views], "demo-01.jpg")
    b = coverage(placed.views, "demo-01.jpg")
    assert len(placed.views) > 35
    # heights and the angles round the piece are what the coach goes by
    high = [abs(view.centre[2] - truth[view.name].centre[2]) for view in placed.views]
    turn = [
        angle(one, b) - angle(two, a) for one, two in zip(b.standpoints, a.standpoints, strict=True)
    ]
    assert np.median(high) < 0.12
    assert np.rad2deg(np.abs(np.angle(np.exp(1j * np.array(turn))))).max() < 12


def angle(standpoint, found):
    x, y = (standpoint.place_m - found.middle_m)[:2]
    return np.arctan2(y, x) - np.deg2rad(found.front_deg)


def test_nothing_is_wanted_of_a_whole_round(sample, sightings):
    placed = by_mats(sample, sightings, sample.views)
    assert coverage(placed.views, "demo-01.jpg").wishes == ()


@pytest.mark.parametrize("side", SIDES[1:])
def test_the_side_that_was_left_out_is_named(sample, sightings, side):
    found = coverage(sample.views, "demo-01.jpg")
    kept = {one.photo for one in found.standpoints if one.side != side}
    views = [view for view in sample.views if view.name in kept]
    placed = by_mats(sample, sightings, views)
    worst, *others = coverage(placed.views, "demo-01.jpg").wishes
    # a photo from the very edge of a side may be taken for one from it
    assert (worst.side, worst.have + worst.take) == (side, 3)
    assert worst.have < 2
    assert "low" in worst.heights
    assert not [wish for wish in others if wish.have < 2]


def test_the_front_is_where_a_person_says(sample):
    kept = [view for view in sample.views if view.centre[0] < 0.9]
    right = {wish.side for wish in coverage(kept, "demo-09.jpg").wishes if not wish.have}
    left = {wish.side for wish in coverage(kept, "demo-01.jpg").wishes if not wish.have}
    assert ("right" in right, "left" in left) == (True, True)


def test_a_round_from_high_up_alone_wants_photos_at_knee_height(sample):
    high = [view for view in sample.views if view.centre[2] > 1.3]
    wishes = coverage(high, "demo-16.jpg").wishes
    assert {wish.side for wish in wishes} == set(SIDES)
    assert {wish.heights for wish in wishes} == {("low",)}


def test_photos_that_are_left_out_do_not_count(sample):
    found = coverage(sample.views, "demo-01.jpg")
    behind = [one.photo for one in found.standpoints if one.side == "behind"]
    wishes = coverage(sample.views, "demo-01.jpg", left_out=behind).wishes
    assert [(wish.side, wish.have) for wish in wishes] == [("behind", 0)]


def test_too_few_photos_say_nothing(sample):
    assert coverage(sample.views[:2]) is None
    assert views_from_mats({"a": (1280, 960)}, [], sample.boards).left_out == ("a",)


def test_what_no_two_photos_saw_is_found_with_the_side_to_take_it_from(sample):
    found = coverage(sample.views, "demo-01.jpg")
    front = {one.photo for one in found.standpoints if "behind" not in one.side}
    views = [view for view in sample.views if view.name in front]
    # the chair's inside is no photo's business: what all photos miss is left out
    always = sum(part.area_m2 for part in unseen_parts(sample.mesh, sample.views))
    parts = unseen_parts(sample.mesh, views)
    largest = max(parts, key=lambda part: part.area_m2 if abs(part.normal[2]) < 0.5 else 0)
    assert sum(part.area_m2 for part in parts) > always + 0.2
    assert wanted_for(largest.middle_m, largest.normal, found)[0].startswith("behind")


def test_what_stands_behind_something_else_was_not_seen():
    """Two boards, one a metre behind the other, and three photos from before both."""
    x, z = np.meshgrid(np.linspace(-0.2, 0.2, 41), np.linspace(0.2, 0.6, 41))
    board = np.column_stack([x.ravel(), np.zeros(x.size), z.ravel()])
    at = np.arange(x.size).reshape(x.shape)
    a, b, c, d = (part.ravel() for part in (at[:-1, :-1], at[:-1, 1:], at[1:, 1:], at[1:, :-1]))
    faces = np.vstack([np.column_stack([a, b, c]), np.column_stack([a, c, d])])
    both = np.vstack([board, board + np.array([0, 1.0, 0])])
    mesh = Mesh(both, np.vstack([faces, faces + len(board)]).astype(np.int32))
    looks = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    eyes = [np.array([x, -1.0, 0.4]) for x in (-0.02, 0.0, 0.02)]
    camera = Camera(800, 800, 500.0, 500.0, 400.0, 400.0)
    views = [View(f"{k}.jpg", camera, looks, -looks @ eye) for k, eye in enumerate(eyes)]
    (part,) = unseen_parts(mesh, views)
    assert part.middle_m[1] == pytest.approx(1.0)
    assert part.normal == pytest.approx([0, -1, 0])
    assert part.area_m2 == pytest.approx(0.16, rel=0.05)
