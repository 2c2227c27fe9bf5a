"""The direction of the warp on a panel that nobody has turned yet."""

from __future__ import annotations

import numpy as np
import pytest

from stitchsketch_kernel.upholstery.seams.naming import PanelShape, usual_grain

RECTANGLE = np.array([[-0.3, -0.25, 0.4], [0.3, -0.25, 0.4], [0.3, 0.25, 0.4], [-0.3, 0.25, 0.4]])
ROUND = np.array([[np.cos(t), np.sin(t), 0.4] for t in np.linspace(0, 6.2, 40)])


def shape(normal, border):
    normal = np.asarray(normal, dtype=float)
    return PanelShape(border.mean(axis=0), normal, 0.3, border.min(axis=0), border.max(axis=0), 1.0)


def turned(points, degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return points @ np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]).T


@pytest.mark.parametrize("degrees", [-40, -10, 0, 22, 44])
def test_a_flat_panels_warp_runs_along_its_own_side(degrees):
    border = turned(RECTANGLE, degrees)
    front_to_back = turned(np.array([[0.0, 1.0, 0.0]]), degrees)[0]
    assert np.allclose(usual_grain(shape([0, 0, 1], border), border), front_to_back, atol=1e-9)


def test_a_round_seats_warp_runs_from_front_to_back():
    border = turned(ROUND, 17)
    assert np.allclose(usual_grain(shape([0, 0, 1], border), border), [0, 1, 0])


def test_an_upright_panels_warp_runs_up_however_it_leans():
    border = RECTANGLE[:, [0, 2, 1]]
    grain = usual_grain(shape([0.0, -0.95, 0.31], border), border)
    assert grain @ [0.0, -0.95, 0.31] == pytest.approx(0, abs=1e-9)
    assert grain[2] > 0.9
