"""A mirror is found by the mats in it; what it shows is left out, what stands before it is not."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from stage_alone import context

from stitchsketch_kernel.domain.board import TagSighting
from stitchsketch_kernel.domain.model import Region, SparseModel
from stitchsketch_kernel.pipeline.context import StageContext
from stitchsketch_kernel.pipeline.stages.scale import _mirror
from stitchsketch_kernel.reconstruction.surface import SurfaceSettings, make_mesh
from stitchsketch_kernel.reconstruction.surroundings.mirrors import (
    SAY_IMAGE,
    find_mirror,
    is_image,
    say_mirror,
    without_image,
    without_images,
)

#: The glass, upright, half a metre to the left of the ball, turned by 10 degrees.
NORMAL = np.array([np.cos(np.deg2rad(10)), np.sin(np.deg2rad(10)), 0.0])
POINT = np.array([-0.5, 0.0, 0.0])
TAGS = np.array([[x, y, 0.0] for x in (0.3, 0.36, 0.42) for y in (-0.1, 0.0, 0.1)])


def mirrored(points):
    return points - 2 * ((points - POINT) @ NORMAL)[:, None] * NORMAL


def sightings(views, points, noise=0.0, seed=0):
    rng = np.random.default_rng(seed)
    return [
        TagSighting(view.name, "D", i, np.zeros((4, 2)), at + rng.normal(0, noise, 2))
        for view in views
        for i, at in enumerate(view.pixels_from_world(points))
    ]


@pytest.fixture
def room(ball):
    """Views before and behind the glass, points of the room and their images."""
    views = tuple(ball.look(f"{i:02d}.png", turn) for i, turn in enumerate(range(0, 360, 30)))
    before = np.array([view.centre for view in views]) @ NORMAL > POINT @ NORMAL
    front = np.flatnonzero(before).astype(np.int32)
    back = np.flatnonzero(~before).astype(np.int32)
    rng = np.random.default_rng(2)
    real = rng.uniform([-0.2, -0.2, 0.1], [0.2, 0.2, 0.5], (50, 3))
    beside = mirrored(real) + np.array([0, 0.02, 0])
    points = np.concatenate([real, mirrored(real), beside])
    seen = (front,) * 100 + (back,) * 50
    model = SparseModel(views, points, np.zeros((150, 3), np.uint8), seen)
    return model, tuple(views[i] for i in front)


def test_the_glass_is_where_the_tags_say(room):
    model, front = room
    true, image = sightings(model.views, TAGS, 0.1), sightings(front, mirrored(TAGS), 1.0, 1)
    # one that was read wrongly says something else
    image += sightings(front, np.array([[0.9, 0.9, 0.2]]))
    mirror = find_mirror(model, true, image)
    assert np.rad2deg(np.arccos(mirror.normal @ NORMAL)) < 0.5
    assert abs(mirror.beyond(POINT)) < 0.003
    assert set(mirror.photos) <= {view.name for view in front}
    assert "show the piece or its mats in it" in say_mirror(mirror)


def test_no_mirror_is_looked_for_where_a_person_said_that_there_is_none(room, tmp_path):
    model, front = room
    aligned = context(tmp_path, "align")
    aligned.keep("mirrored", tuple(sightings(front, mirrored(TAGS))))
    stage = context(tmp_path, "scale")
    true = tuple(sightings(model.views, TAGS))

    def found(**asked):
        job = {**stage._job, "settings": {"scale": {}, "room": asked}}
        return _mirror(StageContext(stage.folder, job), model, true, "", _never)

    assert found() is not None
    assert found(mirrors=False) is None


def _never():
    raise AssertionError("the mirror's tags were read: no features are asked for")


def test_tags_that_agree_on_nothing_are_no_mirror(room):
    model, front = room
    wild = np.random.default_rng(4).uniform(-1, 1, (9, 3))
    assert find_mirror(model, sightings(model.views, TAGS), sightings(front, wild)) is None
    assert find_mirror(model, sightings(model.views, TAGS), ()) is None


def test_points_in_the_glass_go_and_real_ones_behind_it_stay(room):
    model, front = room
    mirror = find_mirror(model, sightings(model.views, TAGS), sightings(front, mirrored(TAGS)))
    left = without_images(model, mirror)
    assert np.array_equal(left.points, np.delete(model.points, np.s_[50:100], axis=0))
    assert len(left.colors) == len(left.point_views) == 100


def test_depth_in_the_glass_goes_but_not_of_a_view_from_behind(room, ball):
    model, front = room
    mirror = find_mirror(model, sightings(model.views, TAGS), sightings(front, mirrored(TAGS)))
    whole = [ball.depth(view) for view in model.views]
    # the floor runs on behind the plane of the glass: real for those who stand there
    for depth in whole:
        cut = without_image(depth, mirror)
        is_front = depth.view.name in {view.name for view in front}
        assert (cut.depth_m == depth.depth_m).all() != is_front
        assert not (cut.depth_m > depth.depth_m).any()
        assert not cut.confidence[cut.depth_m == 0].any()
        on_ball = np.linalg.norm(ball.seen(depth.view)[0] - ball.centre, axis=-1) < 0.2501
        assert (cut.depth_m > 0)[on_ball].all()


@pytest.fixture(scope="module")
def chair():
    """A seat with a back and one arm: turned round it is another."""
    rng = np.random.default_rng(3)
    boxes = [
        ([-0.3, -0.3, 0.3], [0.3, 0.3, 0.45]),
        ([-0.3, 0.2, 0.45], [0.3, 0.3, 0.9]),
        ([0.2, -0.3, 0.45], [0.3, 0.2, 0.6]),
    ]
    parts = []
    for low, high in boxes:
        points = rng.uniform(low, high, (4000, 3))
        side, end = rng.integers(0, 3, 4000), rng.random(4000) < 0.5
        rows = np.arange(4000)
        points[rows, side] = np.where(end, np.array(high)[side], np.array(low)[side])
        parts.append(points)
    return np.concatenate(parts)


def seen_in_the_glass(chair):
    """The image of what faces the glass: its far side nobody sees."""
    towards = chair @ NORMAL
    return mirrored(chair[towards < np.percentile(towards, 70)])


def ring(away, least_x=-9.0):
    turns = np.deg2rad(np.arange(0, 360, 15))
    centres = np.column_stack([away * np.cos(turns), away * np.sin(turns), np.full(24, 1.2)])
    return centres[centres @ NORMAL > least_x]


def test_the_image_of_a_piece_is_told_where_no_mat_is_seen_in_the_glass(chair):
    assert is_image(seen_in_the_glass(chair), chair, ring(2.0, -0.4))


def test_a_pair_face_to_face_that_was_photographed_all_round_is_a_pair(chair):
    assert not is_image(mirrored(chair), chair, ring(2.5))


def test_another_chair_of_the_same_make_is_no_image(chair):
    """It is turned, not turned round."""
    turned = chair * [-1, -1, 1] + [-1.2, 0.1, 0]
    assert not is_image(turned, chair, ring(2.0, -0.4))


def test_a_body_that_is_the_image_of_the_piece_is_in_no_mesh_and_that_is_said(ball, tmp_path):
    """The ball and its image, as photos from all round see them: the glass is 1.6 m behind it."""
    behind = replace(ball, centre=(0.0, 3.2, ball.centre[2]))
    views = [ball.look(f"{i:02d}.png", turn) for i, turn in enumerate(range(-180, 180, 20))]
    depths, images = [], {}
    for view in views:
        own, image = ball.depth(view), behind.depth(view).depth_m
        nearer = (own.depth_m == 0) | ((image > 0) & (image < own.depth_m))
        depths.append(replace(own, depth_m=np.where(nearer, image, own.depth_m)))
        images[view.name] = tmp_path / view.name
        cv2.imwrite(str(images[view.name]), np.full((480, 640, 3), 128, np.uint8))
    region = Region(np.array([-0.4, -0.4, -0.02]), np.array([0.4, 3.6, 0.65]))
    settings = SurfaceSettings(voxel_mm=6, cell_mm=8, edge_mm=12, agree_mm=8)
    mesh, doubts = make_mesh(depths, images, views, region, settings)
    assert doubts == (SAY_IMAGE,)
    assert len(mesh.faces) > 500 and mesh.vertices[:, 1].max() < 0.3
