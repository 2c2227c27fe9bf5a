"""Where two pipings meet one fades before it reaches the other: the panels are two all the same."""

from __future__ import annotations

import numpy as np
import pytest

from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.upholstery.seams.features import find_features
from stitchsketch_kernel.upholstery.seams.segment import SegmentSettings, segment

STEP = 0.002
X, Y = np.meshgrid(np.arange(0, 0.3, STEP), np.arange(0, 0.16, STEP), indexing="ij")
CLOTH, CORD = np.array([120.0, 118, 110]), np.array([190.0, 40, 45])


def labels(cord: np.ndarray) -> np.ndarray:
    """By face, of the panels proposed on a flat cloth with piping where `cord` says."""
    i, j = np.meshgrid(np.arange(X.shape[0] - 1), np.arange(X.shape[1] - 1), indexing="ij")
    a = (i * X.shape[1] + j).ravel()
    b = a + X.shape[1]
    faces = np.concatenate([np.stack([a, b, b + 1], -1), np.stack([a, b + 1, a + 1], -1)])
    places = np.stack([X.ravel(), Y.ravel(), np.zeros(X.size)], -1)
    colors = np.where(cord[..., None], CORD, CLOTH).reshape(-1, 3).astype(np.uint8)
    mesh = Mesh(places, faces.astype(np.int32), colors)
    label, _ = segment(mesh, find_features(mesh), SegmentSettings())
    return label


def seam_that_fades(gap_m: float) -> np.ndarray:
    """Piping along the lower end, and a seam that ends so far above it."""
    along_end = (Y > 0.009) & (Y < 0.015)
    return along_end | ((np.abs(X - 0.15) < 0.003) & (0.015 + gap_m < Y))


@pytest.mark.parametrize("gap_m", [0.0, 0.012, 0.020])
def test_a_seam_that_fades_before_the_next_divides_the_panel(gap_m):
    assert labels(seam_that_fades(gap_m)).max() == 1


def test_a_seam_that_ends_within_a_panel_divides_nothing():
    assert labels(seam_that_fades(0.06)).max() == 0


def test_a_pocket_behind_a_bottleneck_is_no_panel():
    """A motif with an opening: what it holds, 4 cm on a side, is the panel's."""
    off = np.maximum(np.abs(X - 0.15), np.abs(Y - 0.08))
    ring = (off > 0.027) & (off < 0.032) & ~((np.abs(X - 0.15) < 0.011) & (Y > 0.08))
    assert (labels(ring) == 0).all()
