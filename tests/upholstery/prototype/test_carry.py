"""Points of other meshes go to the roll by the surface that was laid flat, fewer triangles too."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from stitchsketch_kernel.domain.marker import Fabric
from stitchsketch_kernel.domain.prototype import DressedPanel, Prototype
from stitchsketch_kernel.samples.rolled_panels import Developable, rolled
from stitchsketch_kernel.upholstery.prototype.carry import carried, redressed, thinned
from stitchsketch_kernel.upholstery.prototype.truth import square_sides_mm

CLOTH = Fabric("Check", 1400.0, 1370.0)
SHIFT = np.array([40.0, 25.0])


def dressed(exact: Developable, name: str = "P") -> DressedPanel:
    """The exact panel, its border two seams from corner to corner."""
    half = len(exact.border) // 2
    line = np.append(exact.border, exact.border[:1])
    return DressedPanel(
        name, exact.surface / 1000, exact.faces, exact.flat + SHIFT, exact.border,
        {"S1": line[: half + 1], "S2": line[half:]},
    )  # fmt: skip


def test_a_finer_mesh_gets_the_cloth_of_the_panel_beneath():
    panel = dressed(rolled(4000))
    fine = rolled(30_000)
    roll, away = carried(panel, fine.surface / 1000)
    assert away.max() < 0.1
    assert np.abs(roll - (fine.flat + SHIFT)).max() < 0.1


def test_a_point_beside_a_dart_goes_to_its_own_side():
    # two halves that meet along x = 0 on the furniture, and gape by a dart of 20 mm on the cloth
    points = np.array([[-50.0, 0, 0], [0, 0, 0], [0, 100, 0], [-50, 100, 0],
                       [0, 0, 0], [50, 0, 0], [50, 100, 0]])  # fmt: skip
    roll = np.array([[-50.0, 0], [-10, 0], [0, 100], [-50, 100], [10, 0], [50, 0], [50, 100]])
    faces = np.array([[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 2]], dtype=np.int32)
    order = np.array([0, 1, 2, 4, 5, 6, 3], dtype=np.int32)
    panel = DressedPanel("P", points / 1000, faces, roll, order, {})
    sides = np.array([[-0.5, 1.0, 0.4], [0.5, 1.0, -0.4]]) / 1000
    (left, right), _ = carried(panel, sides)
    assert left[0] < -9 and right[0] > 9


@pytest.fixture(scope="module")
def pair() -> Prototype:
    """Two panels that share a seam, each finely meshed."""
    a = dressed(rolled(20_000), "A")
    return Prototype(CLOTH, (a, replace(a, panel="B", roll_mm=a.roll_mm + 20 * SHIFT)))


def test_fewer_triangles_keep_the_cloth_and_the_seams_closed(pair):
    thin = thinned(pair, 15.0)
    assert sum(len(p.faces) for p in thin.panels) < sum(len(p.faces) for p in pair.panels) / 8
    for panel in thin.panels:
        assert np.abs(square_sides_mm(panel) / 50 - 1).max() < 0.005
        whole = shapely.Polygon(panel.roll_mm[panel.boundary]).area
        a, b, c = (panel.roll_mm[panel.faces[:, i]] for i in range(3))
        ab, ac = b - a, c - a
        assert 0.5 * (ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]).sum() == pytest.approx(whole)
        assert whole == pytest.approx(400 * 300, rel=1e-3)
    for seam in ("S1", "S2"):
        lines = [p.points_m[p.seam_vertices[seam]] for p in thin.panels]
        assert np.array_equal(*lines)


def test_another_marker_dresses_the_very_same_triangles(pair):
    thin = thinned(pair, 15.0)
    shifts = {"A": [120.0, 40.0], "B": [-30.0, 7.0]}
    other = replace(
        pair,
        fabric=replace(CLOTH, name="Other"),
        panels=tuple(replace(p, roll_mm=p.roll_mm + shifts[p.panel]) for p in pair.panels),
    )
    again = redressed(thin, pair, other)
    assert again.fabric.name == "Other"
    for before, after in zip(thin.panels, again.panels, strict=True):
        assert after.points_m is before.points_m and after.faces is before.faces
        assert after.roll_mm - before.roll_mm == pytest.approx(
            np.tile(shifts[before.panel], (len(before.roll_mm), 1))
        )
