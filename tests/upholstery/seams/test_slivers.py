"""A strip too narrow to be a panel belongs to the neighbour whose surface it is."""

from __future__ import annotations

import numpy as np
import pytest

from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.upholstery.seams.features import Features, find_features
from stitchsketch_kernel.upholstery.seams.slivers import without_slivers

STEP = 0.004
FIELD, STRIP, BEYOND = 0, 1, 2


def sheet(fold_deg: float, width_m: float) -> tuple[Mesh, Features, np.ndarray]:
    """A field of 160 mm, beside it a strip folded up by so much, and a wall of 160 mm at right
    angles to the field beyond it: the mesh, its features, and what each face is.
    """
    across = [0.0, 0.16, 0.16 + width_m, 0.32 + width_m]
    turns = np.deg2rad([0.0, fold_deg, 90.0])
    s = np.unique(np.concatenate([np.arange(0, across[-1], STEP), across]).round(6))
    way, corner = np.zeros((len(s), 2)), np.zeros(2)
    for a, b, turn in zip(across, across[1:], turns, strict=False):
        on = (s >= a) & (s <= b)
        ahead = np.array([np.cos(turn), np.sin(turn)])
        way[on] = corner + (s[on] - a)[:, None] * ahead
        corner = corner + (b - a) * ahead
    y = np.arange(0, 0.3, STEP)
    points = np.stack(
        [
            np.broadcast_to(way[:, :1], (len(s), len(y))),
            np.broadcast_to(y, (len(s), len(y))),
            np.broadcast_to(way[:, 1:], (len(s), len(y))),
        ],
        axis=-1,
    ).reshape(-1, 3)
    i, j = np.meshgrid(np.arange(len(s) - 1), np.arange(len(y) - 1), indexing="ij")
    a = (i * len(y) + j).ravel()
    b = a + len(y)
    faces = np.concatenate([np.stack([a, b, b + 1], -1), np.stack([a, b + 1, a + 1], -1)])
    where = np.tile((s[:-1] + STEP / 4)[i].ravel(), 2)
    mesh = Mesh(points, faces.astype(np.int32))
    label = np.searchsorted(np.array(across[1:3]), where).astype(np.int32)
    return mesh, find_features(mesh), label


def test_a_sliver_of_the_fields_surface_is_the_fields():
    mesh, features, label = sheet(0.0, 0.012)
    found = without_slivers(mesh, features, label)
    assert set(found) == {0, 1}  # the wall is the second now
    assert set(found[label == FIELD]) == {0}
    assert set(found[label == BEYOND]) == {1}
    mine = found[label == STRIP]
    assert (mine == 0).mean() > 0.9


@pytest.mark.parametrize("width_m", [0.032, 0.048])
def test_a_real_strip_stays(width_m):
    mesh, features, label = sheet(0.0, width_m)
    assert np.array_equal(without_slivers(mesh, features, label), label)


def test_a_sliver_between_two_folds_is_not_given_away():
    mesh, features, label = sheet(45.0, 0.016)
    assert np.array_equal(without_slivers(mesh, features, label), label)


def test_a_sliver_is_not_given_across_what_is_no_panel():
    mesh, features, label = sheet(0.0, 0.012)
    bare = (label == FIELD) & (features.centres[:, 0] > 0.156)
    label[bare] = -1
    found = without_slivers(mesh, features, label)
    assert (found[label == STRIP] != 0).all()


def test_slivers_alone_stay():
    mesh, features, label = sheet(0.0, 0.012)
    label[label != STRIP], label[label == STRIP] = -1, 0
    assert np.array_equal(without_slivers(mesh, features, label), label)
