"""Two sessions of one piece: how it was moved is found from spots of it, or refused in words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stitchsketch_kernel.domain.errors import AlignError, ScaleError
from stitchsketch_kernel.domain.model import Scale, Similarity, SparseModel
from stitchsketch_kernel.domain.photo import Camera, View
from stitchsketch_kernel.reconstruction.sessions.joined import joint_model, joint_scale
from stitchsketch_kernel.reconstruction.sessions.motion import Session, find_motion
from stitchsketch_kernel.reconstruction.sessions.points import PiecePoints
from stitchsketch_kernel.reconstruction.triangulate import Triangulated

#: A box of this size on the floor; its four sides are what both sessions show.
SIZE_M = np.array([0.5, 0.4, 0.12])
MAT = Scale("mat", 1.0, 0.1, 0.08, 48)
_TURN = np.deg2rad(25.0)
#: Turned upside down and by 25 degrees, and shifted: from the second world to the first one.
TRUE = Similarity(
    1.0,
    np.array([[np.cos(_TURN), np.sin(_TURN), 0], [np.sin(_TURN), -np.cos(_TURN), 0], [0, 0, -1.0]]),
    np.array([0.03, -0.02, 0.12]),
)


def back(points):
    """From the first world to the second."""
    return (points - TRUE.translation) @ TRUE.rotation


def sides(count, rng):
    """Spots on the four sides of the box, (n, 3)."""
    points = rng.uniform(-0.5, 0.5, (count, 3)) * SIZE_M
    which = rng.integers(0, 4, count)
    axis, sign = which // 2, np.where(which % 2, 0.5, -0.5)
    points[np.arange(count), axis] = sign * SIZE_M[axis]
    points[:, 2] = rng.uniform(0.02, 0.10, count)
    return points


def looks(count, rng):
    found = rng.normal(0, 1, (count, 128)).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def a_little_else(some, rng, by=0.03):
    found = some + rng.normal(0, by, some.shape).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def session(points, of, tags=None, pixels=0.2):
    camera = Camera(640, 480, 550.0, 550.0, 320.0, 240.0)
    views = tuple(
        View(f"{i}.jpg", camera, np.eye(3), np.array([0.1 * i, 0, 1.0])) for i in range(4)
    )
    seen = tuple(np.arange(4, dtype=np.int32) for _ in points)
    model = SparseModel(views, points, np.zeros((len(points), 3), np.uint8), seen, (), pixels)
    piece = PiecePoints(points, of, np.arange(len(of), dtype=np.int32))
    return Session(model, MAT, piece, tags or {})


def two(count=160, others=120, noise_m=0.0004, seed=3, pixels=0.2):
    """Both sessions of the box: `count` spots are in both, `others` in one alone."""
    rng = np.random.default_rng(seed)
    spots, own = sides(count, rng), looks(count, rng)
    first = session(
        np.vstack([spots + rng.normal(0, noise_m, spots.shape), sides(others, rng)]),
        np.vstack([own, looks(others, rng)]),
        pixels=pixels,
    )
    second = session(
        back(np.vstack([spots + rng.normal(0, noise_m, spots.shape), sides(others, rng)])),
        np.vstack([a_little_else(own, rng), looks(others, rng)]),
        pixels=pixels,
    )
    return first, second


def off_mm(motion, points):
    return 1000 * np.linalg.norm(motion.similarity.apply(back(points)) - points, axis=1)


def test_the_motion_is_found_and_its_sigma_holds_what_it_is_off_by():
    pulls = []
    for seed in range(6):
        first, second = two(seed=seed, pixels=0.02)
        motion = find_motion(first, second)
        off = off_mm(motion, first.piece.points_m)
        assert off.max() < 0.5
        assert len(motion.first_m) > 120
        pulls.append(np.sqrt((off**2).mean() / 3) / motion.sigma_mm)
    assert np.sqrt(np.mean(np.square(pulls))) < 1.3
    assert motion.residual_mm == pytest.approx(0.4 * 6**0.5, rel=0.2)


def test_looser_spots_leave_the_motion_less_sure():
    sigmas = [find_motion(*two(noise_m=noise, pixels=0.02)).sigma_mm for noise in (3e-4, 1e-3)]
    assert sigmas[1] > 2 * sigmas[0]


def test_cameras_that_are_placed_a_little_wrong_leave_it_less_sure():
    sigmas = [find_motion(*two(pixels=pixels)).sigma_mm for pixels in (0.1, 0.4)]
    assert sigmas[1] > 2 * sigmas[0]


def test_two_pieces_that_share_nothing_are_not_joined():
    with pytest.raises(AlignError, match="too little of the piece's sides was found") as told:
        find_motion(*two(count=8, others=400))
    assert "mats on the piece" in told.value.todo


def test_a_piece_that_looks_the_same_from_two_sides_is_refused():
    """Its back looks like its front: turned by half it fits as well."""
    rng = np.random.default_rng(4)
    half = np.diag([-1.0, -1.0, 1.0])
    one, own = sides(120, rng), looks(120, rng)
    spots, of = np.vstack([one, one @ half]), np.vstack([own, own])
    first = session(spots, a_little_else(of, rng))
    second = session(back(spots), a_little_else(of, rng))
    with pytest.raises(AlignError, match="fits in two ways"):
        find_motion(first, second)


def test_a_piece_that_mostly_looks_the_same_from_two_sides_is_refused():
    """A few spots tell the sides apart: too few against all that fits both ways."""
    rng = np.random.default_rng(5)
    half = np.diag([-1.0, -1.0, 1.0])
    one, own, few = sides(120, rng), looks(120, rng), sides(30, rng)
    spots = np.vstack([one, one @ half, few])
    of = np.vstack([own, own, looks(30, rng)])
    first = session(spots, a_little_else(of, rng))
    second = session(back(spots), a_little_else(of, rng))
    with pytest.raises(AlignError, match="fits in two ways"):
        find_motion(first, second)


@pytest.mark.parametrize("factor", [0.97, 1.03])
def test_sizes_that_contradict_each_other_are_refused(factor):
    first, second = two()
    piece = replace(second.piece, points_m=factor * second.piece.points_m)
    word = "larger" if factor < 1 else "smaller"
    with pytest.raises(ScaleError, match=f"contradict each other.* (2.9|3.1) % {word}"):
        find_motion(first, replace(second, piece=piece))


def test_sizes_within_their_plus_minus_are_not_refused():
    first, second = two()
    piece = replace(second.piece, points_m=1.0012 * second.piece.points_m)
    find_motion(first, replace(second, piece=piece))


def test_spots_in_one_corner_leave_too_much_play():
    rng = np.random.default_rng(6)
    spots, own = sides(60, rng), looks(60, rng)
    spots = 0.06 * spots + [0.2, 0.2, 0.08]
    rest = 160
    first = session(
        np.vstack([spots + rng.normal(0, 0.0015, spots.shape), sides(rest, rng)]),
        np.vstack([own, looks(rest, rng)]),
    )
    second = session(
        back(np.vstack([spots + rng.normal(0, 0.0015, spots.shape), sides(rest, rng)])),
        np.vstack([a_little_else(own, rng), looks(rest, rng)]),
    )
    with pytest.raises(AlignError, match=r"too close together.* mm of play"):
        find_motion(first, second)


def test_mats_stuck_to_the_piece_do_it_on_plain_cloth_and_those_on_the_floor_have_no_say():
    rng = np.random.default_rng(7)
    stuck, floor = sides(10, rng), np.column_stack([rng.uniform(-1, 1, (20, 2)), np.zeros(20)])

    def tags(points):
        return {
            ("A", number): Triangulated(point, ("0.jpg", "1.jpg", "2.jpg"), 0.2, 1e-6 * np.eye(3))
            for number, point in enumerate(points)
        }

    none = np.zeros((0, 128), np.float32)
    first = session(stuck, none, tags=tags(np.vstack([stuck, floor])))
    second = session(back(stuck), none, tags=tags(np.vstack([back(stuck), floor])))
    motion = find_motion(first, second)
    assert off_mm(motion, stuck).max() < 0.01
    without = session(back(stuck), none, tags=tags(np.vstack([back(stuck)[:2], floor])))
    with pytest.raises(AlignError, match="too little"):
        find_motion(first, without)


def test_a_session_without_a_size_is_refused():
    first, second = two()
    for pair in (
        (replace(first, scale=Scale("none", 1.0, np.nan, np.nan, 0)), second),
        (first, replace(second, scale=Scale("none", 1.0, np.nan, np.nan, 0))),
    ):
        with pytest.raises(ScaleError, match="session's size is not known"):
            find_motion(*pair)


def test_both_models_are_one_in_the_first_ones_world():
    first, second = two()
    motion = find_motion(first, second)
    floor = np.zeros(len(second.model.points), bool)
    floor[:5] = True
    joint = joint_model(first.model, second.model, motion, ~floor)
    assert len(joint.views) == 8
    assert len(joint.points) == len(first.model.points) + len(second.model.points) - 5
    moved = joint.views[5]
    assert np.allclose(moved.centre, TRUE.apply(second.model.views[1].centre[None])[0], atol=0.01)
    point = second.model.points[7:8]
    assert np.allclose(
        moved.pixels_from_world(motion.similarity.apply(point)),
        second.model.views[1].pixels_from_world(point),
        equal_nan=True,
    )
    assert joint.point_views[-1].tolist() == [4, 5, 6, 7]
    surer = joint_scale(replace(MAT, uncertainty_percent=0.05), MAT)
    assert surer.uncertainty_percent == 0.08
    assert surer.is_metric
