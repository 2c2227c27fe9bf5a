from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stitchsketch_kernel.domain.errors import MeshError
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.visualization.eyes import ParallelEye, ViewEye
from stitchsketch_kernel.visualization.palette import CLOTH, PAPER
from stitchsketch_kernel.visualization.panels import front_of, panel_colors, region_labels
from stitchsketch_kernel.visualization.render import Line, Scene

SIZE = (200, 160)
DOWN, BACKWARDS = np.array([0.0, 0.0, -1.0]), np.array([0.0, 1.0, 0.0])


@pytest.fixture(scope="module")
def scene(panel_map) -> Scene:
    return Scene(panel_map.mesh)


def box_of(mask: np.ndarray) -> np.ndarray:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])


def test_one_scale_holds_all_over_a_parallel_picture(scene):
    eye = ParallelEye.looking(scene.mesh, DOWN, SIZE, 0.005)
    left, top, right, bottom = box_of(scene.render(eye).face >= 0)
    # 500 x 450 mm at 5 mm a pixel, in the middle
    assert (right - left, bottom - top) == pytest.approx((100, 90), abs=1)
    assert ((left + right) / 2, (top + bottom) / 2) == pytest.approx((100, 80), abs=1)


@pytest.mark.parametrize("k1", [0.0, -0.12])
def test_a_view_sees_the_mesh_where_its_camera_projects_it(scene, view, k1):
    view = replace(view, camera=replace(view.camera, k1=k1))
    pixels = view.pixels_from_world(scene.mesh.vertices.copy())
    expected = np.concatenate([pixels.min(axis=0), pixels.max(axis=0)])
    assert box_of(scene.render(ViewEye(view)).face >= 0) == pytest.approx(expected, abs=1.0)


@pytest.mark.parametrize("direction", [DOWN, BACKWARDS, np.array([1.0, 0.4, -0.6])])
def test_a_point_is_drawn_where_the_eye_sees_it(scene, direction):
    eye = ParallelEye.looking(scene.mesh, direction, SIZE, None)
    rendering = scene.render(eye)
    y, x = np.argwhere(rendering.face >= 0)[500]
    centre = scene.mesh.vertices[scene.mesh.faces[rendering.face[y, x]]].mean(axis=0)
    column, row = eye.pixels(centre[None])[0]
    assert scene.visible(eye, centre[None], sink=1e-4).all()
    assert rendering.face[int(row), int(column)] == rendering.face[y, x]


def test_colours_of_faces_and_of_vertices(scene, panel_map):
    eye = ParallelEye.looking(scene.mesh, DOWN, SIZE, None)
    by_face = np.zeros((len(scene.mesh.faces), 3), np.uint8)
    by_face[panel_map.panel("CUSH").faces] = (200, 20, 20)
    middle = scene.render(eye, by_face).image[80, 100]
    assert middle[0] > 120
    assert middle[1] < 40
    by_vertex = np.full((len(scene.mesh.vertices), 3), (20, 200, 20), np.uint8)
    assert scene.render(eye, by_vertex).image[80, 100].argmax() == 1
    assert tuple(scene.render(eye, by_face).image[0, 0]) == PAPER
    plain = scene.render(eye).image[80, 100] / np.array(CLOTH)
    assert np.ptp(plain) < 0.02, "no colours: cloth, shaded"
    with pytest.raises(ValueError, match="7 colours"):
        scene.render(eye, np.zeros((7, 3), np.uint8))


def test_surfaces_that_turn_away_are_darker(scene):
    eye = ParallelEye.looking(scene.mesh, DOWN, SIZE, None)
    flat = scene.render(eye).image[80, 100].mean()
    steep = ParallelEye.looking(scene.mesh, np.array([0.0, 0.97, -0.25]), SIZE, None)
    top = np.isin(scene.render(steep).face, np.arange(72))
    assert scene.render(steep).image[top].mean() < 0.8 * flat


@pytest.mark.parametrize(("z", "drawn"), [(0.1, True), (0.0, False)])
def test_lines_are_drawn_where_the_surface_does_not_hide_them(scene, z, drawn):
    eye = ParallelEye.looking(scene.mesh, DOWN, SIZE, None)
    across = np.array([[0.05, 0.225, z], [0.45, 0.225, z]])
    image = scene.render(eye, lines=[Line(across, (0, 0, 255), 3)]).image.astype(int)
    assert ((image[..., 2] - image[..., 0]) > 60).any() == drawn


def test_a_seam_under_piping_is_still_seen(scene):
    eye = ParallelEye.looking(scene.mesh, DOWN, SIZE, None)
    sunk = np.array([[0.2, 0.2, 0.1 - 0.5 * 0.008 * scene.diagonal]])
    deep = np.array([[0.2, 0.2, 0.1 - 2.0 * 0.008 * scene.diagonal]])
    assert scene.visible(eye, sunk).all()
    assert not scene.visible(eye, deep).any()


def test_nothing_behind_the_camera_is_visible(scene, view):
    behind = view.centre - 0.5 * view.rotation[2]
    assert not scene.visible(ViewEye(view), behind[None]).any()


def test_a_mesh_without_faces_is_refused():
    with pytest.raises(MeshError, match="no faces"):
        Scene(Mesh(np.zeros((3, 3)), np.zeros((0, 3), np.int32)))


def test_names_stand_in_their_regions_and_only_where_seen(scene, panel_map):
    owner, names = panel_map.face_panel(), [panel.name for panel in panel_map.panels]
    eye = ParallelEye.looking(scene.mesh, np.array([0.3, 1.0, -0.8]), (400, 300), None)
    face = scene.render(eye).face
    labels = region_labels(face, owner, names)
    assert {name for _, name in labels} == {"CUSH", "BOX-F", "BOX-L"}
    for (x, y), name in labels:
        assert names[owner[face[int(y), int(x)]]] == name


def test_front_is_where_the_front_panels_face(panel_map):
    assert front_of(panel_map) is None, "a loose cushion has no front"
    panels = [replace(p, name={"BOX-R": "IB"}.get(p.name, p.name)) for p in panel_map.panels]
    assert front_of(replace(panel_map, panels=tuple(panels))) == pytest.approx([1, 0, 0])
    level = [replace(p, name={"CUSH": "IB"}.get(p.name, p.name)) for p in panel_map.panels]
    assert front_of(replace(panel_map, panels=tuple(level))) is None, "it faces the ceiling"


def test_each_panel_has_its_own_colour(panel_map):
    colors = panel_colors(panel_map)
    found = {tuple(colors[panel.faces[0]]) for panel in panel_map.panels}
    assert len(found) == len(panel_map.panels)
