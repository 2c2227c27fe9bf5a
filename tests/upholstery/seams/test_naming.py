"""The direction of the warp on a panel that nobody has turned yet."""

from __future__ import annotations

import numpy as np
import pytest

from stitchsketch_kernel.upholstery.seams.naming import PanelShape, name_panels, usual_grain

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


def boxed(low, high, normal) -> PanelShape:
    low, high = np.array(low, dtype=float), np.array(high, dtype=float)
    area = float(np.prod(np.sort(high - low)[1:]))
    return PanelShape((low + high) / 2, np.array(normal, dtype=float), area, low, high, 1.0)


def chair(*more: PanelShape) -> dict[int, PanelShape]:
    """A chair that faces -y: arms up to 0.6 m, back up to 1.1 m; left of who sits is +x."""
    own = [
        boxed([-0.3, -0.4, 0.45], [0.3, 0.2, 0.46], [0, 0, 1]),
        boxed([-0.3, 0.2, 0.45], [0.3, 0.25, 1.1], [0, -1, 0]),
        boxed([-0.4, 0.4, 0.1], [0.4, 0.41, 1.1], [0, 1, 0]),
    ]
    for x in (-1, 1):
        outside, inside = sorted((x * 0.4, x * 0.41)), sorted((x * 0.3, x * 0.31))
        own.append(boxed([outside[0], -0.4, 0.1], [outside[1], 0.4, 0.6], [x, 0, 0]))
        own.append(boxed([inside[0], -0.4, 0.45], [inside[1], 0.2, 0.6], [-x, 0, 0]))
    return dict(enumerate((*own, *more)))


def test_a_plain_chairs_panels_have_the_trades_names():
    assert name_panels(chair(), 7) == ("SEAT", "IB", "OB", "OA-R", "IA-R", "OA-L", "IA-L")


def test_wings_are_told_from_arms_by_where_they_begin():
    wings = [
        boxed([-0.31, -0.1, 0.62], [-0.3, 0.2, 1.1], [1, 0, 0]),
        boxed([-0.41, -0.1, 0.62], [-0.4, 0.4, 1.1], [-1, 0, 0]),
        boxed([0.3, -0.1, 0.62], [0.31, 0.2, 1.1], [-1, 0, 0]),
        boxed([0.4, -0.1, 0.62], [0.41, 0.4, 1.1], [1, 0, 0]),
    ]
    assert name_panels(chair(*wings), 11)[7:] == ("IW-R", "OW-R", "IW-L", "OW-L")


def test_without_a_wing_inside_it_is_the_side_of_the_back():
    side = boxed([0.4, 0.2, 0.62], [0.41, 0.4, 1.1], [1, 0, 0])
    assert name_panels(chair(side), 8)[7] == "SB-L"
