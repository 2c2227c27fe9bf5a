"""Tufting draws cloth down to its buttons and leaves the rest of the chair where it was."""

from __future__ import annotations

import numpy as np
import pytest

from stitchsketch_kernel.samples import build_sample
from stitchsketch_kernel.samples.rays import distances, ray_scene
from stitchsketch_kernel.samples.tufting import (
    ACROSS_MM,
    BUTTON_MM,
    DOWN_MM,
    PLEAT_MM,
    sunk_mm,
)


@pytest.fixture(scope="module")
def plain():
    return build_sample("armchair")


@pytest.fixture(scope="module")
def tufted(plain):
    return plain.covered_with("tufted")


def test_cloth_lies_deepest_at_buttons_less_along_pleats_and_not_at_all_between():
    button, pleat, middle = (
        sunk_mm(np.array([at]), np.zeros(2))[0]
        for at in ([0.0, 0.0], [ACROSS_MM / 4, DOWN_MM / 4], [ACROSS_MM / 2, 0.0])
    )
    assert button == pytest.approx(PLEAT_MM + BUTTON_MM)
    assert pleat == pytest.approx(PLEAT_MM, abs=1.0)
    assert middle < 0.2


def test_only_the_inside_back_is_changed_and_its_seams_stay(plain, tufted):
    before, after = (
        {patch.panel: patch for patch in sample.furniture[0].patches if patch.panel}
        for sample in (plain, tufted)
    )
    for name, patch in before.items():
        if name != "IB":
            assert np.array_equal(after[name].vertices, patch.vertices)
    edge = plain.panel("IB").outline_mm
    of_edge = plain.panel("IB").surface.world(edge)
    mesh = after["IB"]
    assert np.abs(distances(ray_scene(mesh.vertices, mesh.faces), of_edge)).max() < 2e-4


def test_the_tufted_truth_is_the_displaced_surface(plain, tufted):
    ib = next(patch for patch in tufted.furniture[0].patches if patch.panel == "IB")
    flat = plain.panel("IB").surface
    deep = 1000 * ((flat.world(ib.texture_mm) - ib.vertices) * flat.normals(ib.texture_mm)).sum(1)
    assert deep.max() == pytest.approx(PLEAT_MM + BUTTON_MM, abs=1.5)
    assert deep.min() > -0.1
    mesh = tufted.mesh
    assert len(tufted.face_panel) == len(mesh.faces)
    assert not tufted.panel("IB").developable and tufted.panel("OB").developable
    # the panel has no cracks inside: every side but the outline's belongs to two triangles
    sides = np.sort(ib.faces[:, [[0, 1], [1, 2], [2, 0]]], axis=-1).reshape(-1, 2)
    _, count = np.unique(sides, axis=0, return_counts=True)
    assert count.max() == 2
    outside = np.einsum("ij,ij->i", ib.normals, flat.normals(ib.texture_mm))
    assert outside.min() > 0.3


def test_buttons_sit_in_the_dimples(plain, tufted):
    buttons = tufted.furniture[0].patches[-1]
    flat = plain.panel("IB").surface
    deep = 1000 * (
        (flat.world(flat.flat(buttons.vertices)) - buttons.vertices)
        * flat.normals(flat.flat(buttons.vertices))
    ).sum(axis=1)
    assert buttons.material == "welt armchair"
    assert 15 < deep.min() < deep.max() < 35
