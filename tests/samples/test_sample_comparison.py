"""Measures against the truth: zero for the truth itself, and the error that was put in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from stitchsketch_kernel.domain.model import Mesh, Similarity
from stitchsketch_kernel.domain.panel import Panel, PanelMap
from stitchsketch_kernel.domain.photo import View
from stitchsketch_kernel.samples import build_sample, truth
from stitchsketch_kernel.samples.outlines import laid_on_mm


@pytest.fixture(scope="module")
def armchair():
    return build_sample("armchair")


def a_similarity(scale=0.37, seed=3):
    rng = np.random.default_rng(seed)
    return Similarity(scale, Rotation.random(random_state=seed).as_matrix(), rng.normal(size=3))


@given(st.floats(0.01, 50), st.integers(0, 1000))
def test_a_similarity_is_found_again(scale, seed):
    given_one = a_similarity(scale, seed)
    a = np.random.default_rng(seed).normal(size=(12, 3))
    found = truth.align_similarity(a, given_one.apply(a))
    assert found.scale == pytest.approx(scale, rel=1e-9)
    assert np.allclose(found.rotation, given_one.rotation, atol=1e-9)
    assert np.allclose(found.apply(a), given_one.apply(a), atol=1e-9 * scale + 1e-12)


def test_alignment_never_mirrors():
    a = np.random.default_rng(0).normal(size=(20, 3))
    found = truth.align_similarity(a, a * [-1, 1, 1])
    assert np.linalg.det(found.rotation) == pytest.approx(1.0)


def test_points_on_one_line_are_refused():
    line = np.linspace(0, 1, 9)[:, None] * [1.0, 2.0, 3.0]
    with pytest.raises(ValueError, match="one line"):
        truth.align_similarity(line, line)


def test_cameras_in_another_world_have_no_error_but_a_believed_scale_does(armchair):
    world = a_similarity(1.01)
    found = [world.apply_view(view) for view in armchair.views[:20]]
    errors = truth.camera_errors(found, armchair)
    assert errors.centre_mm.max() < 1e-6 and errors.angle_deg.max() < 1e-6
    assert errors.names == tuple(view.name for view in armchair.views[:20])
    assert truth.camera_errors(found, armchair, rigid=True).centre_mm.max() > 5


def test_a_camera_that_is_off_shows_by_how_much(armchair):
    views = list(armchair.views)
    turn = Rotation.from_rotvec([0, np.deg2rad(0.5), 0]).as_matrix()
    centre = views[4].centre + np.array([0, 0, 0.010])
    rotation = turn @ views[4].rotation
    views[4] = View(views[4].name, views[4].camera, rotation, -rotation @ centre)
    errors = truth.camera_errors(views, armchair, rigid=True)
    assert errors.centre_mm[4] == pytest.approx(10, abs=1.2)
    assert errors.angle_deg[4] == pytest.approx(0.5, abs=0.05)
    assert np.delete(errors.centre_mm, 4).max() < 1.2


@pytest.mark.parametrize("panel", ["IA-R", "OB", "AF-L", "TB", "FB"])
@settings(max_examples=3, deadline=None)
@given(turn=st.floats(0, 6.28), x=st.floats(-500, 500))
def test_a_moved_outline_is_the_same_outline(armchair, panel, turn, x):
    outline = armchair.panel(panel).outline_mm
    c, s = np.cos(turn), np.sin(turn)
    moved = outline @ np.array([[c, s], [-s, c]]) + [x, 2 * x]
    assert truth.outline_distance_mm(moved, outline).max() < 0.02


def test_a_piece_that_is_too_large_shows_by_how_much():
    square = np.array([[0, 0], [300, 0], [300, 200], [0, 200.0]])
    larger = np.array([[0, 0], [304, 0], [304, 204], [0, 204.0]]) + 17
    away = truth.outline_distance_mm(larger, square)
    assert np.median(away) == pytest.approx(2.0, abs=0.05)
    assert away.max() == pytest.approx(np.sqrt(8), abs=0.1)


def test_a_mirrored_piece_is_another_piece(armchair):
    outline = armchair.panel("IA-R").outline_mm
    assert truth.outline_distance_mm(outline * [-1, 1], outline).max() > 10


def test_points_off_the_surface_and_off_the_seams_show_it(armchair):
    panel = armchair.panel("OB")
    flat = np.array([[0.0, 300.0], [50.0, 200.0]])
    points = panel.surface.world(flat)
    lifted = points + 0.004 * panel.surface.normals(flat)
    assert truth.surface_distance_mm(lifted, armchair) == pytest.approx([4.0, 4.0], abs=1e-3)
    seam = armchair.seam("IB/TB").points_m[10:20]
    assert truth.seam_distance_mm(seam, armchair).max() < 0.6
    assert truth.seam_distance_mm(seam - [0, 0, 0.02], armchair).min() > 15


def found_map(sample, names, noise=0.0):
    rng = np.random.default_rng(1)
    all_names = [panel.name for panel in sample.panels]
    vertices = sample.mesh.vertices + rng.normal(0, 1, sample.mesh.vertices.shape) * noise
    panels = tuple(
        Panel(
            f"found {name}",
            np.flatnonzero(sample.face_panel == all_names.index(name)).astype(np.int32),
            np.array([0, 0, 1.0]),
        )
        for name in names
    )
    return PanelMap(Mesh(vertices, sample.mesh.faces), panels, ())


def test_found_panels_are_told_by_where_they_lie(armchair):
    names = ["IB", "SEAT", "IA-L", "OA-R"]
    world = a_similarity(2.5)
    found = found_map(armchair, names, noise=0.0005)
    moved = PanelMap(Mesh(world.apply(found.mesh.vertices), found.mesh.faces), found.panels, ())
    back = truth.align_similarity(moved.mesh.vertices[::50], found.mesh.vertices[::50])
    matches = truth.match_panels(moved, armchair, back)
    assert {key: match.truth for key, match in matches.items()} == {f"found {n}": n for n in names}
    assert all(match.share_of_found > 0.97 for match in matches.values())
    assert all(0.9 < match.share_of_truth < 1.15 for match in matches.values())


def test_a_found_panel_that_lies_on_none_is_left_out(armchair):
    found = found_map(armchair, ["IB"])
    lifted = PanelMap(
        Mesh(found.mesh.vertices + np.array([0, 0, 1.0]), found.mesh.faces), found.panels, ()
    )
    assert truth.match_panels(lifted, armchair) == {}


def test_an_outline_that_was_turned_is_laid_back():
    shape = np.array([[0, 0], [300, 0], [300, 120], [180, 120], [180, 200], [0, 200]], dtype=float)
    turn = np.deg2rad(7)
    turned = shape @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) + 40
    assert np.abs(laid_on_mm(turned, shape) - shape).max() < 0.05
