"""What else is in a room: a mirror that shows it turned round, a window, people who pass."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stitchsketch_kernel.domain.photo import Camera
from stitchsketch_kernel.imaging.tags import find_mirrored_tags, find_tags
from stitchsketch_kernel.samples import build_sample
from stitchsketch_kernel.samples.render import render_view
from stitchsketch_kernel.samples.sample import looking_at
from stitchsketch_kernel.samples.surroundings import Pane, Passer, Surroundings

LONG = Camera(800, 600, 1250.0, 1250.0, 403.0, 297.0, k1=-0.08, k2=0.02)
GLASS_X = -0.62
MIRROR = Pane((GLASS_X, 0.0, 0.02), 0.0, 0.9, 0.9)
WINDOW = Pane((-2.2, 0.0, 1.0), 0.0, 0.6, 0.6)


@pytest.fixture(scope="module")
def cushion():
    around = Surroundings((Passer("with.jpg", (-0.1, 0.0)),), (MIRROR,), (WINDOW,))
    return replace(build_sample("cushion"), around=around)


@pytest.fixture(scope="module")
def at_the_mirror(cushion):
    eye, target = np.array([0.75, 0.35, 0.95]), np.array([GLASS_X, 0.0, 0.1])
    view = looking_at("mirror.jpg", LONG, eye, target)
    return view, render_view(cushion, view)


def centres(cushion, view, in_mirror):
    """Where each tag's centre lies in the photo, itself or its image in the glass."""
    found = {}
    for mat in cushion.mats:
        points = mat.centres_m()
        if in_mirror:
            points = np.column_stack([2 * GLASS_X - points[:, 0], points[:, 1:]])
        found |= dict(zip(mat.board.tag_ids, view.pixels_from_world(points), strict=True))
    return found


def test_tags_in_a_mirror_are_read_where_they_are_seen_in_it(cushion, at_the_mirror):
    view, photo = at_the_mirror
    own = find_tags(view.name, photo)
    mirrored = find_mirrored_tags(view.name, photo, own)
    true = centres(cushion, view, in_mirror=True)
    assert len(mirrored) >= 6
    assert max(np.linalg.norm(one.centre_px - true[one.tag_id]) for one in mirrored) < 1.5


def test_no_tag_in_a_mirror_is_taken_for_a_real_one(cushion, at_the_mirror):
    view, photo = at_the_mirror
    true = centres(cushion, view, in_mirror=False)
    own = find_tags(view.name, photo)
    assert len(own) >= 4
    assert max(np.linalg.norm(one.centre_px - true[one.tag_id]) for one in own) < 0.3


def test_a_tag_that_is_no_mirrored_one_is_not_told_as_one(cushion, at_the_mirror):
    """The photo turned round: all its tags are mirrored ones, and those in the glass are own."""
    view, photo = at_the_mirror
    turned = np.ascontiguousarray(photo[:, ::-1])
    real = find_mirrored_tags("turned.jpg", turned, ())
    true = centres(cushion, view, in_mirror=False)
    assert len(real) >= 4
    for one in real:
        back = np.array([LONG.width_px - one.centre_px[0], one.centre_px[1]])
        assert np.linalg.norm(back - true[one.tag_id]) < 1.5
    assert find_mirrored_tags("turned.jpg", turned, real) == []


def test_a_person_stands_in_one_photo_alone_and_a_window_is_white(cushion):
    small = replace(LONG, width_px=200, height_px=150, fx=160.0, fy=160.0, cx=100.0, cy=75.0)
    eye, target = np.array([1.6, 0.0, 1.2]), np.array([-0.3, 0.0, 1.0])
    with_her, without = (
        render_view(cushion, looking_at(name, small, eye, target)).astype(int)
        for name in ("with.jpg", "without.jpg")
    )
    middle = with_her[40:110, 92:108]
    assert np.abs(middle - without[40:110, 92:108]).mean() > 40
    assert np.abs(with_her[:, :20] - without[:, :20]).mean() < 12
    assert (without.min(axis=2) >= 250).sum() > 50
