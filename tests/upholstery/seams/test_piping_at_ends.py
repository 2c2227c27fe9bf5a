"""Piping along a panel's end stands out of the cloth, though half of all near is what is below."""

from __future__ import annotations

import numpy as np
import pytest

from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.upholstery.seams.features import find_features

CLOTH, CORD, UNDERSIDE = (70, 100, 110), (170, 120, 60), (70, 45, 20)
STEP_M = 0.002


@pytest.fixture(scope="module")
def hanging() -> Mesh:
    """Cloth that hangs down to its piping at height 0; 16 mm of the brown underside below."""
    x, z = np.meshgrid(np.arange(0, 0.2, STEP_M), np.arange(-0.016, 0.08, STEP_M))
    vertices = np.column_stack([x.ravel(), np.zeros(x.size), z.ravel()])
    height = vertices[:, 2]
    colors = np.where(height[:, None] > 0.0029, CLOTH, np.where(height[:, None] > -0.0029, CORD,
                      UNDERSIDE)).astype(np.uint8)  # fmt: skip
    index = np.arange(x.size).reshape(x.shape)
    a, b, c, d = (part.ravel() for part in (index[:-1, :-1], index[:-1, 1:], index[1:, 1:],
                                            index[1:, :-1]))  # fmt: skip
    return Mesh(vertices, np.vstack([np.stack([a, b, c], 1), np.stack([a, c, d], 1)]), colors)


def test_piping_where_the_cloth_ends_is_found(hanging):
    features = find_features(hanging)
    x, _, z = features.centres.T
    inner = (x > 0.04) & (x < 0.16)
    cord = inner & (np.abs(z) < 0.002)
    assert features.piping[cord].mean() > 0.9
    assert not features.piping[inner & (z > 0.012)].any()
