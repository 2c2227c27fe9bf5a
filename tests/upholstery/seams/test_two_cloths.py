"""Where a panel changes its cloth there is a seam; where it changes its motif or light, none."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.upholstery.seams.features import find_features
from stitchsketch_kernel.upholstery.seams.two_cloths import two_cloths

STEP = 0.0025
X, Y = np.meshgrid(np.arange(0, 0.3, STEP), np.arange(0, 0.2, STEP), indexing="ij")
RED, GREY, NAVY = np.array([150.0, 40, 45]), np.array([120.0, 118, 110]), np.array([30.0, 35, 70])
#: The seam between the cloths.
LINE = 0.12 + 0.02 * np.sin(Y / 0.05)


def sheet(colors: np.ndarray) -> Mesh:
    """A slightly bent panel whose cloth has these colours, shape (nx, ny, 3)."""
    i, j = np.meshgrid(np.arange(X.shape[0] - 1), np.arange(X.shape[1] - 1), indexing="ij")
    a = (i * X.shape[1] + j).ravel()
    b = a + X.shape[1]
    faces = np.concatenate([np.stack([a, b, b + 1], -1), np.stack([a, b + 1, a + 1], -1)])
    slips = np.random.default_rng(1).normal(0, 0.0003, (X.size, 3))
    places = np.stack([X.ravel(), Y.ravel(), 0.02 * np.sin(3 * X.ravel())], -1) + slips
    grain = np.random.default_rng(2).normal(0, 8, (X.size, 3))
    shown = np.clip(colors.reshape(-1, 3) + grain, 0, 255).astype(np.uint8)
    return Mesh(places, faces.astype(np.int32), shown)


def labels(mesh: Mesh, least_area_m2=0.006) -> np.ndarray:
    label = np.zeros(len(mesh.faces), dtype=np.int32)
    return two_cloths(mesh, find_features(mesh), label, least_area_m2)


def either(first, second, where) -> np.ndarray:
    return np.where(where[..., None], first, second)


@pytest.mark.parametrize("pair", [(RED, GREY), (GREY, NAVY), (NAVY, RED)])
def test_two_cloths_are_two_panels_that_meet_at_their_seam(pair):
    mesh = sheet(either(*pair, LINE > X))
    label = labels(mesh)
    assert set(label) == {0, 1}
    middles = mesh.vertices[mesh.faces].mean(axis=1)
    truly = middles[:, 0] < 0.12 + 0.02 * np.sin(middles[:, 1] / 0.05)
    wrong = (label == label[np.argmin(middles[:, 0])]) != truly
    # as a strip along the seam, which is some 0.22 m long
    assert mesh.face_areas()[wrong].sum() / 0.22 < 0.001


def test_one_even_cloth_is_one_panel():
    mesh = sheet(RED + 0 * X[..., None])
    assert set(labels(mesh)) == {0}
    even = np.full((X.size, 3), 90, dtype=np.uint8)
    assert set(labels(Mesh(mesh.vertices, mesh.faces, even))) == {0}


def test_a_shadow_is_no_seam():
    assert set(labels(sheet(either(RED, 0.55 * RED, LINE > X)))) == {0}


def test_light_that_fades_is_no_seam():
    assert set(labels(sheet(RED * (1.4 - 3 * X[..., None])))) == {0}


def test_colour_that_changes_slowly_is_no_seam():
    share = np.clip(X / 0.3, 0, 1)[..., None]
    assert set(labels(sheet(RED * share + NAVY * (1 - share)))) == {0}


def test_cloth_of_another_dye_lot_is_no_seam():
    assert set(labels(sheet(either(RED, RED + np.array([6, 4, 0]), LINE > X)))) == {0}


def test_braid_along_the_edge_is_no_panel():
    assert set(labels(sheet(either(NAVY, GREY, Y < 0.012)), least_area_m2=0.003)) == {0}


def test_piping_round_the_whole_panel_is_no_panel_though_its_corners_are_wide():
    """Its colour on the rim; at the corners, where two rims meet, more of it is off the rest."""
    rim = np.minimum(np.minimum(X, X.max() - X), np.minimum(Y, Y.max() - Y))
    corners = np.hypot(np.minimum(X, X.max() - X), np.minimum(Y, Y.max() - Y)) < 0.026
    assert set(labels(sheet(either(NAVY, GREY, (rim < 0.01) | corners)), 0.001)) == {0}


def test_a_motif_is_no_seam():
    flowers = np.hypot((X % 0.1) - 0.05, (Y % 0.1) - 0.05) < 0.03
    assert set(labels(sheet(either(RED, GREY, flowers)))) == {0}


def test_an_uneven_dye_is_no_seam():
    clouds = gaussian_filter(np.random.default_rng(5).standard_normal(X.shape), 8)
    share = np.clip(0.5 + clouds / clouds.std() / 4, 0, 1)[..., None]
    assert set(labels(sheet(RED * share + GREY * (1 - share)))) == {0}


def test_a_label_is_no_panel():
    patch = (X > 0.1) & (X < 0.14) & (Y > 0.1) & (Y < 0.14)
    assert set(labels(sheet(either(NAVY, GREY, patch)))) == {0}


def test_without_colours_nothing_is_divided():
    mesh = sheet(either(RED, GREY, LINE > X))
    assert set(labels(Mesh(mesh.vertices, mesh.faces))) == {0}
