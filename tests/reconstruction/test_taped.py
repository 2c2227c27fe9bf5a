"""What photos show of tape, brought onto a mesh, is held to the tape's width."""

from __future__ import annotations

import numpy as np
import pytest

from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.domain.photo import Camera, View
from stitchsketch_kernel.domain.tape import PhotoTape
from stitchsketch_kernel.reconstruction.taped import on_mesh
from stitchsketch_kernel.samples.sample import looking_at

CAMERA = Camera(1000, 800, 1000.0, 1000.0, 500.0, 400.0)
SIDE = np.linspace(-0.3, 0.3, 31)
GRID = np.array([(x, y, 0.0) for x in SIDE for y in SIDE])
CELL = np.array(
    [(31 * i + j, 31 * i + j + 31, 31 * i + j + 32) for i in range(30) for j in range(30)]
)
FACES = np.vstack([CELL, CELL[:, [0, 2]].repeat(1, 0)[:, [0, 1, 0]] + [0, 0, 1]]).astype(np.int32)
FLOOR = Mesh(GRID, FACES)


def photographed(width_m: float, eye: tuple[float, float, float]) -> tuple[View, PhotoTape]:
    """A tape along x, as a photo from `eye` shows it."""
    view = looking_at("a.jpg", CAMERA, np.array(eye), np.zeros(3))
    x = np.linspace(-0.1, 0.1, 50)
    middle, low, high = (
        view.pixels_from_world(np.column_stack([x, np.full(50, y), np.zeros(50)]))
        for y in (0.0, -width_m / 2, width_m / 2)
    )
    along = np.gradient(middle, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    return view, PhotoTape("a.jpg", middle, np.stack([low, high], axis=1), along)


@pytest.mark.parametrize(("width_mm", "kept"), [(2.0, 0), (6.0, 50), (8.0, 50), (25.0, 0)])
def test_only_what_is_as_wide_as_the_tape_is_kept(width_mm, kept):
    view, tape = photographed(width_mm / 1000, (0.1, -0.5, 0.9))
    seen = on_mesh(FLOOR, [view], [tape], 6.0)
    assert len(seen.points_m) == kept
    if kept:
        assert np.abs(1000 * seen.points_m[:, 1:]).max() < 0.1
        assert np.abs(seen.along[:, 0]).min() > 0.999
        assert np.abs((seen.plane * (seen.points_m - view.centre)).sum(axis=1)).max() < 1e-5
        assert (seen.seeing == 1).all()


def test_what_is_seen_at_a_grazing_angle_says_nothing():
    view, tape = photographed(0.006, (0.0, -1.0, 0.09))
    assert not len(on_mesh(FLOOR, [view], [tape], 6.0).points_m)


def test_photos_that_a_cushion_hides_a_place_from_do_not_count_as_seeing_it():
    view, tape = photographed(0.006, (0.1, -0.5, 0.9))
    other = looking_at("b.jpg", CAMERA, np.array([0.0, 0.9, 0.6]), np.zeros(3))
    wall = np.array([[-1, 0.1, 0], [1, 0.1, 0], [1, 0.1, 0.5], [-1, 0.1, 0.5]]) * 1.0
    faces = np.array([[0, 1, 2], [0, 2, 3]]) + len(GRID)
    walled = Mesh(np.vstack([GRID, wall]), np.vstack([FACES, faces]).astype(np.int32))
    for mesh, count in ((FLOOR, 2), (walled, 1)):
        two = PhotoTape("b.jpg", tape.middle_px[:0], tape.edges_px[:0], tape.along_px[:0])
        seen = on_mesh(mesh, [view, other], [tape, two], 6.0)
        assert np.median(seen.seeing) == count
