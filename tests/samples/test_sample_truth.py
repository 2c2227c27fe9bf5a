"""The truth agrees with itself: sewn sides are equally long, flat pieces keep their area."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import shapely

from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.domain.panel import EdgeKind
from stitchsketch_kernel.samples import build_sample


@functools.cache
def sample_of(name):
    return build_sample(name)


PANELS = [
    ("armchair", name)
    for name in ("IB", "OB", "TB", "SEAT", "FB", "IA-R", "OA-R", "AF-R", "SB-R", "IA-L", "SB-L")
] + [("cushion", name) for name in ("CUSH", "BOX-F", "BOX-R", "ZIP", "BOX-L")]
DEVELOPABLE = [(sample, panel) for sample, panel in PANELS if panel != "SEAT"]


def length(line):
    return np.linalg.norm(np.diff(line, axis=0), axis=1).sum()


@pytest.mark.parametrize("name", ["armchair", "cushion"])
def test_both_sides_of_every_seam_are_as_long_as_the_seam(name):
    sample = sample_of(name)
    for panel in sample.panels:
        for side in panel.sides:
            if panel.developable:
                assert length(side.line_mm) == pytest.approx(
                    sample.seam(side.seam).length_mm, abs=1e-3
                ), (panel.name, side.seam)


@pytest.mark.parametrize(("name", "panel"), DEVELOPABLE)
def test_the_flat_map_keeps_every_length_and_angle(name, panel):
    truth = sample_of(name).panel(panel)
    points = np.asarray(shapely.Polygon(truth.outline_mm).representative_point().coords)
    rng = np.random.default_rng(5)
    flat = points + rng.uniform(-20, 20, (200, 2))
    step = 1e-3
    u, v = (
        (truth.surface.world(flat + way) - truth.surface.world(flat - way)) / step * 500
        for way in np.eye(2) * step
    )
    assert np.allclose((u * u).sum(1), 1, atol=1e-5)
    assert np.allclose((v * v).sum(1), 1, atol=1e-5)
    assert np.allclose((u * v).sum(1), 0, atol=1e-5)
    assert np.allclose(np.cross(u, v), truth.surface.normals(flat), atol=1e-5)


@pytest.mark.parametrize(("name", "panel"), PANELS)
def test_a_point_goes_to_the_world_and_back(name, panel):
    truth = sample_of(name).panel(panel)
    inside = truth.outline_mm * 0.97 + 0.03 * truth.outline_mm.mean(axis=0)
    assert np.allclose(truth.surface.flat(truth.surface.world(inside)), inside, atol=1e-6)


@pytest.mark.parametrize(("name", "panel"), DEVELOPABLE)
def test_the_flat_piece_has_the_area_of_the_surface(name, panel):
    # facets are chords of the true surface: a few parts in ten thousand on the arms' roll
    sample = sample_of(name)
    index = [truth.name for truth in sample.panels].index(panel)
    area = sample.mesh.face_areas()[sample.face_panel == index].sum() * 1e6
    assert area == pytest.approx(sample.panel(panel).area_mm2, rel=4e-4)


@pytest.mark.parametrize("name", ["armchair", "cushion"])
def test_outlines_are_simple_and_counter_clockwise(name):
    for panel in sample_of(name).panels:
        ring = shapely.LinearRing(panel.outline_mm)
        assert ring.is_simple and ring.is_ccw, panel.name


@pytest.mark.parametrize("name", ["armchair", "cushion"])
def test_faces_look_outwards(name):
    sample = sample_of(name)
    normals = sample.mesh.face_normals()
    centroids = sample.mesh.vertices[sample.mesh.faces].mean(axis=1)
    for index, panel in enumerate(sample.panels):
        mine = sample.face_panel == index
        flat = panel.surface.flat(centroids[mine])
        assert ((normals[mine] * panel.surface.normals(flat)).sum(1) > 0.98).all(), panel.name


@pytest.mark.parametrize("name", ["armchair", "cushion"])
def test_panels_share_their_seams_vertices_bit_for_bit(name):
    sample = sample_of(name)
    for seam in sample.seams:
        line = {tuple(point) for point in seam.mesh_points_m}
        for panel in filter(None, (seam.left, seam.right)):
            index = [truth.name for truth in sample.panels].index(panel)
            mine = np.unique(sample.mesh.faces[sample.face_panel == index])
            assert line <= {tuple(point) for point in sample.mesh.vertices[mine]}, seam.id


def test_left_is_left_seen_from_outside():
    sample = sample_of("armchair")
    for seam in sample.seams:
        panel = sample.panel(seam.left)
        k = len(seam.points_m) // 2
        here, ahead = seam.points_m[k - 1], seam.points_m[k]
        flat = panel.surface.flat(np.stack([here, ahead]))
        inwards = np.cross(panel.surface.normals(flat)[0], ahead - here)
        inwards *= 0.002 / np.linalg.norm(inwards)
        probe = panel.surface.flat((here + ahead)[None] / 2 + inwards)[0]
        assert shapely.Polygon(panel.outline_mm).contains(shapely.Point(probe)), seam.id


@pytest.mark.parametrize("panel", ["IA", "OA", "AF", "SB"])
def test_left_and_right_pieces_mirror_each_other(panel):
    sample = sample_of("armchair")
    right, left = (shapely.Polygon(sample.panel(f"{panel}-{s}").outline_mm) for s in "RL")
    mirrored = shapely.affinity.scale(left, xfact=-1, origin=(0, 0))
    assert mirrored.symmetric_difference(right).area < 1e-6 * right.area


def test_where_convex_panels_meet_there_is_piping_and_in_the_folds_none():
    sample = sample_of("armchair")
    plain = {seam.id for seam in sample.seams if not seam.piped}
    assert plain == {
        "SEAT/IB",
        *(f"IA-{s}/{other}" for s in "RL" for other in ("SEAT", "IB", f"SB-{s}")),
    }
    assert all(sample.seam(name).edge_kind is EdgeKind.PULL_THROUGH for name in plain)


def test_the_seat_is_not_developable_and_bulges():
    sample = sample_of("armchair")
    assert [panel.name for panel in sample.panels if not panel.developable] == ["SEAT"]
    index = [panel.name for panel in sample.panels].index("SEAT")
    area = sample.mesh.face_areas()[sample.face_panel == index].sum() * 1e6
    assert area > 1.01 * sample.panel("SEAT").area_mm2


def test_furniture_stands_on_the_floor_apart_and_names_are_unique():
    demo = build_sample("demo")
    assert demo.mesh.vertices[:, 2].min() == pytest.approx(0.0, abs=1e-9)
    chair, cushion = (
        shapely.MultiPoint(piece.mesh.vertices[:, :2]).convex_hull for piece in demo.furniture
    )
    assert chair.distance(cushion) > 0.10
    for mat in demo.mats:
        sheet = shapely.MultiPoint(mat.centres_m()[:, :2]).convex_hull.buffer(0.045)
        assert not sheet.intersects(chair) and not sheet.intersects(cushion), mat.board.name
    names = [panel.name for panel in demo.panels] + [seam.id for seam in demo.seams]
    assert len(set(names)) == len(names)


def test_a_rescaling_printer_moves_the_tags_and_not_what_the_board_says():
    sample = sample_of("cushion")
    short = sample.printed_at(0.97)
    for mat, shrunk in zip(sample.mats, short.mats, strict=True):
        assert shrunk.board is mat.board
        real, printed = (np.ptp(m.centres_m()[[0, -1]], axis=0) for m in (mat, shrunk))
        assert np.allclose(printed, 0.97 * real)


def test_views_apart_share_nothing():
    sample = sample_of("cushion").views_apart()
    side = np.linspace(-3, 3, 61)
    x, y = (grid.ravel() for grid in np.meshgrid(side, side))
    wall = [
        np.column_stack([np.full(61, w), side, np.full(61, z)]) for w in (-3, 3) for z in (0, 1, 2)
    ]
    points = np.vstack([np.column_stack([x, y, 0 * x]), *wall, *(p[:, [1, 0, 2]] for p in wall)])
    seen = np.zeros(len(points), dtype=int)
    for view in sample.views:
        pixels = view.pixels_from_world(points)
        seen += ((pixels > 0) & (pixels < [view.camera.width_px, view.camera.height_px])).all(1)
    assert len(sample.views) == 5 and seen.max() == 1


def test_an_unknown_sample_is_refused_with_the_known_names():
    with pytest.raises(SettingsError, match="armchair, cushion, demo"):
        build_sample("sofa")
