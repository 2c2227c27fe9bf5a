"""Panels of the job's other cloths wear these, at their true size, among what has own colours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stitchsketch_kernel.domain.marker import Fabric
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.domain.prototype import ClothTile, DressedPanel, Prototype
from stitchsketch_kernel.upholstery.prototype.contrast import beside, with_others

FACE, OTHER = Fabric("Face", 1400.0, 1370.0), Fabric("Other", 1400.0, 1370.0)
RED, BLUE = (200, 20, 20), (20, 20, 200)


def sheet(name: str, left_m: float, count: int = 41) -> DressedPanel:
    """An upright square of 0.4 m, whose cloth is cut from the roll's own square."""
    x, z = (one.ravel() for one in np.meshgrid(*2 * [np.linspace(0, 0.4, count)]))
    at = np.arange(count * count).reshape(count, count)
    a, b, c, d = (one.ravel() for one in (at[:-1, :-1], at[:-1, 1:], at[1:, 1:], at[1:, :-1]))
    faces = np.vstack([np.column_stack([a, b, c]), np.column_stack([a, c, d])]).astype(np.int32)
    sides = [at[0], at[:, -1], at[-1, ::-1], at[::-1, 0]]
    seams = {f"S{k}": side.astype(np.int32) for k, side in enumerate(sides)}
    border = np.concatenate([side[:-1] for side in sides]).astype(np.int32)
    points = np.column_stack([left_m + x, np.zeros(len(x)), z])
    return DressedPanel(
        name, points, faces, np.column_stack([1000 * z, 400 - 1000 * x]), border, seams
    )


def striped(across_mm=100.0) -> ClothTile:
    """Red to the left of the motif's middle, blue to its right."""
    color = np.zeros((200, 200, 3), dtype=np.uint8)
    color[:, :100], color[:, 100:] = RED, BLUE
    return ClothTile(color, np.full_like(color, 128), across_mm, 100.0)


def scan_of(*panels: DressedPanel) -> Mesh:
    leg = np.array([[2.0, 2, 0], [2.2, 2, 0], [2.0, 2.2, 0]])
    vertices = np.vstack([*(panel.points_m for panel in panels), leg])
    count = len(panels[0].points_m)
    faces = [panel.faces + count * k for k, panel in enumerate(panels)]
    last = count * len(panels) + np.arange(3, dtype=np.int32)[None]
    return Mesh(vertices, np.vstack([*faces, last]).astype(np.int32))


@pytest.fixture
def face() -> Prototype:
    return Prototype(FACE, (sheet("A", 0.0),), None, ("B", "C"))


def test_a_panel_of_another_cloth_wears_it_where_it_is_cut(face):
    other = Prototype(OTHER, (sheet("B", 0.5), sheet("A", 0.0)))
    both = with_others(face, [(other, striped())])
    assert both.undressed == ("C",) and [one.panel for one in both.panels] == ["A"]
    points, colors = both.bare.vertices, both.bare.colors
    assert points[:, 0].min() == pytest.approx(0.5)  # A stays in the face cloth
    across = 1000 * (points[:, 0] - 0.5)  # to the right, as the roll's -y
    wanted = np.mod(across - 400 + 50, 100) < 50
    clear = np.abs(np.mod(across - 400, 50) - 25) < 20  # not on a stripe's edge
    assert clear.sum() > 1000
    assert (colors[clear & wanted] == RED).all() and (colors[clear & ~wanted] == BLUE).all()


def test_of_the_old_cover_nothing_shows_under_it(face):
    a, b = sheet("A", 0.0), sheet("B", 0.5)
    other = Prototype(OTHER, (b,))
    bare = with_others(face, [(other, striped())], scan_of(a, b)).bare
    grey = (bare.colors == 170).all(axis=1)
    assert grey.sum() == 3 and bare.vertices[grey][:, 0].min() == 2.0


def test_the_first_cloth_that_has_a_panel_takes_it(face):
    plain = replace(striped(), color=np.full((200, 200, 3), 90, np.uint8))
    other = Prototype(OTHER, (sheet("B", 0.5),))
    both = with_others(face, [(other, plain), (other, striped())])
    assert (both.bare.colors == 90).all()
    assert with_others(face, []) is face


def test_what_has_no_colours_is_grey():
    one = Mesh(np.zeros((3, 3)), np.array([[0, 1, 2]], np.int32))
    two = replace(one, colors=np.full((3, 3), 7, np.uint8))
    both = beside(one, [two])
    assert both.faces.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert both.colors[:, 0].tolist() == [170, 170, 170, 7, 7, 7]
