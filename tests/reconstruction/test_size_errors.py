"""What pixels are off by is carried into the size of the piece as bundle adjustment carries it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stitchsketch_kernel.domain.board import TagSighting
from stitchsketch_kernel.domain.model import SparseModel
from stitchsketch_kernel.domain.photo import Camera, View
from stitchsketch_kernel.imaging.boards import standard_mats
from stitchsketch_kernel.reconstruction.carried import (
    Adjusted,
    Seen,
    Size,
    spread_gradient,
    thinned,
)
from stitchsketch_kernel.reconstruction.scale import find_scale

CAMERA = Camera(640, 480, 540.0, 540.0, 323.0, 237.0, -0.08, 0.02)
LENS = ("f", "cx", "cy", "k1", "k2")


def ring(count: int, arc_deg: float = 360.0) -> tuple[View, ...]:
    views = []
    for i in range(count):
        turn = np.deg2rad(arc_deg * i / count)
        eye = np.array([np.sin(turn), np.cos(turn), 0.6 + 0.3 * (i % 2)])
        forward = -eye / np.linalg.norm(eye)
        right = np.cross(forward, [0, 0, 1.0])
        right /= np.linalg.norm(right)
        rotation = np.array([right, np.cross(forward, right), forward])
        views.append(View(f"{i}.jpg", CAMERA, rotation, -rotation @ eye))
    return tuple(views)


def points(count: int) -> np.ndarray:
    rng = np.random.default_rng(4)
    return rng.uniform([-0.25, -0.25, 0], [0.25, 0.25, 0.2], (count, 3))


def moved(view: View, pose: np.ndarray, lens: np.ndarray) -> View:
    """The view turned and moved a little, through a lens that differs a little."""
    x, y, z = pose[:3]
    rotation = (np.eye(3) + np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])) @ view.rotation
    f, cx, cy, k1, k2 = lens
    c = view.camera
    camera = replace(
        c, fx=c.fx + f, fy=c.fy + f, cx=c.cx + cx, cy=c.cy + cy, k1=c.k1 + k1, k2=c.k2 + k2
    )
    return View(view.name, camera, rotation, view.translation + pose[3:])


def test_errors_are_carried_as_the_dense_equations_carry_them():
    """Every derivative by differences, the covariance written out: an answer without tricks."""
    views, places = ring(5, 200.0), points(24)
    view, point = (one.ravel() for one in np.indices((5, 24)))
    rng = np.random.default_rng(2)
    weight, sigma = rng.choice([1.0, 8.0], 120), rng.choice([0.05, 0.4], 120)

    def pixels(x: np.ndarray) -> np.ndarray:
        poses, lens, offsets = x[:30].reshape(5, 6), x[30:35], x[35:].reshape(24, 3)
        now = [moved(one, pose, lens) for one, pose in zip(views, poses, strict=True)]
        return np.concatenate([one.pixels_from_world(places + offsets) for one in now]).ravel()

    steps = np.diag(np.concatenate([np.full(30, 1e-6), [1e-2] * 3 + [1e-5] * 2, [1e-6] * 72]))
    J = np.column_stack([(pixels(s) - pixels(-s)) / (2 * s.sum()) for s in steps])
    W, S = np.diag(np.repeat(weight, 2)), np.diag(np.repeat(sigma**2, 2))
    unit = 1 / np.sqrt((J**2).sum(axis=0))
    J = J * unit
    inverse = np.linalg.pinv(J.T @ W @ J, rcond=1e-10, hermitian=True)
    # the size of the second half of the points by the first, and the cameras' ring by it
    of_half = np.vstack([-spread_gradient(places[:12]), spread_gradient(places[12:])])
    by_first = of_half * (np.arange(24) < 12)[:, None]
    centres = np.array([one.centre for one in views])
    by_centres = np.zeros(30)
    for i, (one, row) in enumerate(zip(views, spread_gradient(centres), strict=True)):
        for k in range(6):
            step = np.zeros(6)
            step[k] = 1e-6
            there, back = (moved(one, s, np.zeros(5)).centre for s in (step, -step))
            by_centres[6 * i + k] = row @ (there - back) / 2e-6
    expected = []
    for gradient in (
        np.concatenate([np.zeros(35), of_half.ravel()]),
        np.concatenate([by_centres, np.zeros(5), by_first.ravel()]),
    ):
        pull = W @ J @ (inverse @ (unit * gradient))
        expected.append(np.sqrt(pull @ S @ pull))
    model = SparseModel(views, places, np.zeros((24, 3), np.uint8), (np.arange(5),) * 24)
    adjusted = Adjusted(model, Seen(places, point, view, weight, np.ones(120)))
    sizes = Size(of_half, np.zeros((5, 3))), Size(by_first, spread_gradient(centres))
    found = [adjusted.relative_sigma(size, sigma) for size in sizes]
    assert found == pytest.approx(expected, rel=1e-3)
    # and how much the result follows each pixel's error: the hat matrix, written out
    follows = np.diag(J @ inverse @ J.T @ W).reshape(-1, 2).sum(axis=1)
    heavy = weight > 1
    assert adjusted.taken_up(heavy) == pytest.approx(follows[heavy].sum(), rel=1e-3)
    assert adjusted.unknowns == pytest.approx(follows.sum(), rel=1e-3)


def test_many_points_are_thinned_and_counted():
    rows, times = thinned((np.arange(3),) * 20_001, range(20_001))
    assert len(rows) == 6667
    assert len(rows) * times == pytest.approx(20_001)


def scanned(views: tuple[View, ...], noise_px: float = 0.05):
    """Features, and two mats beside the piece."""
    rng = np.random.default_rng(3)
    boards = standard_mats(2)
    sightings = []
    for board, corner in zip(boards, ([0.3, -0.1, 0], [-0.42, -0.1, 0]), strict=True):
        flat = np.column_stack([board.centres_mm[:, :2] / 1000, np.zeros(len(board.tag_ids))])
        for view in views:
            seen = view.pixels_from_world(flat + corner)
            for tag, pixel in zip(board.tag_ids, seen, strict=True):
                centre = pixel + noise_px * rng.standard_normal(2)
                corners = np.tile(centre, (4, 1))
                if (pixel > 0).all() and (pixel < (640, 480)).all():
                    sightings.append(TagSighting(view.name, board.dictionary, tag, corners, centre))
    places = points(300)
    seen = (np.arange(len(views)),) * 300
    model = SparseModel(views, places, np.zeros((300, 3), np.uint8), seen, (), 0.4)
    return model, sightings, boards


def said_percent(count: int, arc_deg: float) -> float:
    return find_scale(*scanned(ring(count, arc_deg)))[0].uncertainty_percent


def test_few_photos_from_one_side_are_less_sure():
    all_round, one_side = said_percent(24, 360.0), said_percent(4, 60.0)
    assert all_round < 0.2
    assert one_side > 5 * all_round
