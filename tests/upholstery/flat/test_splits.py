"""Panels too round for one piece of cloth: turned where it stretches, else cut in two."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from stitchsketch_kernel.domain.model import Mesh, Scale
from stitchsketch_kernel.domain.panel import EdgeKind, Panel, PanelMap, Seam
from stitchsketch_kernel.samples.round_panels import dome, saddle
from stitchsketch_kernel.upholstery.flat.cloth import cloth_named
from stitchsketch_kernel.upholstery.flat.divided import divided
from stitchsketch_kernel.upholstery.flat.flatten import FlattenSettings, flatten_panel
from stitchsketch_kernel.upholstery.flat.lay import Cover, lay_panels
from stitchsketch_kernel.upholstery.flat.reference import Reference
from stitchsketch_kernel.upholstery.flat.splits import propose_split
from stitchsketch_kernel.upholstery.geometry.border import border_loop
from stitchsketch_kernel.upholstery.geometry.unroll import signed_areas, unroll
from stitchsketch_kernel.upholstery.pieces.gate import check_sewing
from stitchsketch_kernel.upholstery.pieces.make import make_pattern

EXACT = FlattenSettings(smooth_mm=0)
SURE = Scale("mat", 1.0, 0.2, 0.1, 8)
UP = np.array([0.0, 1.0, 0.0])


def on_a_wall(cap: np.ndarray, triangles: np.ndarray) -> PanelMap:
    """A round panel (SEAT) sewn to an upright wall of two halves (BOX-1, BOX-2), stapled below."""
    rim, rows = border_loop(triangles), 4
    n = len(rim)
    rings = [cap[rim] - [0, 0, 20.0 * row] for row in range(1, rows)]
    at = np.vstack([rim, *[len(cap) + n * row + np.arange(n) for row in range(rows - 1)]])
    a, b, c, d = at[:-1], np.roll(at, -1, axis=1)[:-1], np.roll(at, -1, axis=1)[1:], at[1:]
    wall = np.stack([np.stack([a, d, b], -1), np.stack([b, d, c], -1)], axis=2)
    half = n // 2
    parts = [triangles, wall[:, :half].reshape(-1, 3), wall[:, half:].reshape(-1, 3)]
    ends = np.cumsum([0, *map(len, parts)])
    vertices = np.vstack([cap, *rings]) / 1000
    grains = (UP, np.array([0.0, 0, 1]), np.array([0.0, 0, 1]))
    names = ("SEAT", "BOX-1", "BOX-2")
    panels = tuple(
        Panel(name, np.arange(i, j, dtype=np.int32), grain)
        for name, i, j, grain in zip(names, ends, ends[1:], grains, strict=False)
    )
    first, second = np.arange(half + 1), np.append(np.arange(half, n), 0)
    seams = tuple(
        Seam(name, vertices[line], left, right, kind, line.astype(np.int32), 0.5)
        for name, line, left, right, kind in (
            ("S01", rim[first], "SEAT", "BOX-1", EdgeKind.WELT),
            ("S02", rim[second], "SEAT", "BOX-2", EdgeKind.WELT),
            ("S03", at[:, 0], "BOX-1", "BOX-2", EdgeKind.SEWN),
            ("S04", at[:, half], "BOX-2", "BOX-1", EdgeKind.SEWN),
            ("S05", at[-1][first], "BOX-1", None, EdgeKind.STAPLE),
            ("S06", at[-1][second], "BOX-2", None, EdgeKind.STAPLE),
        )
    )
    # one half of the wall is laid before the panel that it is sewn to, the other after it
    ordered = (panels[1], panels[0], panels[2])
    return PanelMap(Mesh(vertices, np.vstack(parts).astype(np.int32)), ordered, seams)


@pytest.fixture(scope="module")
def deep() -> PanelMap:
    """A saddle that rises by a quarter of its radius, on a wall."""
    return on_a_wall(*saddle(0.25, 1500))


@pytest.fixture(scope="module")
def cut(deep) -> Cover:
    return lay_panels(deep, EXACT)


def lone(surface: np.ndarray, faces: np.ndarray) -> Reference:
    flat = unroll(surface, faces, 60)
    return Reference(flat, surface, faces, border_loop(faces), np.zeros(0, dtype=np.int32), UP)


def test_a_deep_saddle_of_woven_cloth_is_cut_in_two_and_everything_sews(deep, cut):
    names = [panel.name for panel in cut.panel_map.panels]
    assert names == ["BOX-1", "SEAT-1", "SEAT-2", "BOX-2"] == [flat.panel for flat in cut.flats]
    woven = cloth_named("woven")
    assert all(woven.excess(flat.fit) < 1 for flat in cut.flats)
    for flat in cut.flats:
        assert (signed_areas(flat.uv_mm, flat.faces) > 0).all()
        assert shapely.Polygon(flat.uv_mm[flat.boundary]).is_valid
    ids = {seam.id for seam in cut.panel_map.seams}
    # the wall's own seams end where two of its panels meet: no rim is longer for the cut
    assert "S07" in ids and not any(one.startswith("D") for one in ids)
    (note,) = cut.panel_map.notes
    assert note.startswith("SEAT is too round for woven cloth in one piece") and "along S07" in note
    pattern = make_pattern("stool", cut.panel_map, cut.flats, scale=SURE, cloth=cut.cloth)
    assert not check_sewing(pattern).faults
    pairs = {pair.seam: pair for pair in pattern.seams}
    assert {pairs["S07"].piece_a, pairs["S07"].piece_b} == {"SEAT-1", "SEAT-2"}
    assert abs(pairs["S07"].difference_mm) < 0.3
    rim = sum(pair.length_a_mm for pair in pattern.seams if pair.seam[:3] in {"S01", "S02"})
    assert rim == pytest.approx(sum(seam.length_mm for seam in deep.seams[:2]), rel=1e-4)
    both = [
        {notch.station for notch in pattern.piece(half).notches if notch.seam == "S07"}
        for half in ("SEAT-1", "SEAT-2")
    ]
    assert both[0] == both[1] and len(both[0]) >= 2


def test_both_sides_of_the_new_seam_and_of_the_divided_ones_are_the_same_points(cut):
    sides: dict[str, list[np.ndarray]] = {}
    for flat in cut.flats:
        for key, line in flat.seam_vertices.items():
            sides.setdefault(key, []).append(flat.surface_mm[line])
            assert np.array_equal(
                flat.surface_mm[line], 1000 * cut.panel_map.mesh.vertices[flat.vertices[line]]
            )
    for seam in cut.panel_map.seams:
        assert len(sides[seam.id]) == (1 if seam.right is None else 2), seam.id
        for line in sides[seam.id]:
            assert line == pytest.approx(1000 * seam.points_m, abs=1e-9), seam.id


def test_the_neighbour_has_a_notch_where_the_new_seam_ends(cut):
    pattern = make_pattern("stool", cut.panel_map, cut.flats, scale=SURE)
    rims = {pair.seam for pair in pattern.seams if pair.seam[:3] in {"S01", "S02"}}
    seam = next(one for one in cut.panel_map.seams if one.id == "S07")
    found = 0
    for wall in ("BOX-1", "BOX-2"):
        piece = pattern.piece(wall)
        flat = next(one for one in cut.flats if one.panel == wall)
        for end in seam.vertices[[0, -1]]:
            # where the wall's halves meet as well, their own seam tells the place
            inside = [
                key
                for key, line in flat.seam_vertices.items()
                if key in rims and end in flat.vertices[line[[0, -1]]]
            ]
            if len(inside) < 2:
                continue
            found += 1
            at = flat.uv_mm[flat.vertices == end][0]
            (notch,) = [n for n in piece.notches if n.seam == "S07" and np.allclose(n.sew_mm, at)]
            assert np.linalg.norm(notch.cut_mm - notch.sew_mm) == pytest.approx(12.7, abs=1e-6)
    assert found >= 1
    # and the gate finds one that slipped
    wall, slipped = next(
        (piece, n) for piece in pattern.pieces for n in piece.notches
        if n.seam == "S07" and piece.name.startswith("BOX")
    )  # fmt: skip
    moved = tuple(replace(n, sew_mm=n.sew_mm + 3) if n is slipped else n for n in wall.notches)
    pieces = tuple(replace(p, notches=moved) if p is wall else p for p in pattern.pieces)
    (told,) = check_sewing(replace(pattern, pieces=pieces)).faults
    assert told.words == f"Seam S07: a notch of {wall.name} is not on it."


def test_cloth_that_stretches_takes_the_same_saddle_whole_as_long_as_it_takes(deep):
    cover = lay_panels(deep, replace(EXACT, cloth="stretch"))
    assert [panel.name for panel in cover.panel_map.panels] == ["BOX-1", "SEAT", "BOX-2"]
    stretch = cloth_named("stretch")
    assert stretch.excess(cover.flats[1].fit) <= 1


def test_a_warp_between_the_axes_is_taken_where_only_that_keeps_the_limits():
    panel_map = on_a_wall(*saddle(0.28, 1500))
    cover = lay_panels(panel_map, replace(EXACT, cloth="stretch"))
    seat = cover.panel_map.panel("SEAT")
    assert abs(seat.grain_m @ UP) < 0.8
    assert any("SEAT has its warp between its axes" in note for note in cover.panel_map.notes)
    assert cloth_named("stretch").excess(cover.flats[1].fit) <= 1
    assert not check_sewing(make_pattern("stool", cover.panel_map, cover.flats, scale=SURE)).faults


def test_a_mild_saddle_stays_whole():
    cover = lay_panels(on_a_wall(*saddle(0.1, 1500)), EXACT)
    assert [panel.name for panel in cover.panel_map.panels] == ["BOX-1", "SEAT", "BOX-2"]
    assert not cover.panel_map.notes


def test_the_seam_across_goes_where_it_is_short_and_seen_least():
    # twice as long as wide: across, not along
    surface, faces = saddle(0.25, 1500)
    split = propose_split(lone(surface * [2.0, 1.0, 1.0], faces), cloth_named("rigid"))
    panel = lone(surface * [2.0, 1.0, 1.0], faces)
    a, b = (panel.surface[panel.border[place]] for place in (split.first, split.last))
    assert abs((b - a)[0]) < abs((b - a)[1])


def test_a_dome_too_round_for_its_darts_is_cut_in_two_or_said():
    panel_map = on_a_wall(*dome(85, 800))
    few = replace(EXACT, most_darts=1)
    cover = lay_panels(panel_map, few)
    woven = cloth_named("woven")
    assert len(cover.flats) > 3
    assert all(woven.excess(flat.fit) <= 1 for flat in cover.flats)
    assert not check_sewing(make_pattern("stool", cover.panel_map, cover.flats, scale=SURE)).faults


def test_a_cut_leaves_the_other_panels_and_all_of_the_cloth(deep):
    flat = flatten_panel(deep, deep.panel("SEAT"), EXACT)
    found = divided(deep, flat, 0, len(flat.boundary) // 3)
    area = {
        panel.name: found.panel_map.mesh.face_areas()[panel.faces].sum()
        for panel in found.panel_map.panels
    }
    before = {panel.name: deep.mesh.face_areas()[panel.faces].sum() for panel in deep.panels}
    assert area["SEAT-1"] + area["SEAT-2"] == pytest.approx(before["SEAT"], rel=2e-3)
    for wall in ("BOX-1", "BOX-2"):
        assert area[wall] == pytest.approx(before[wall], rel=1e-12)
    owners = np.concatenate([panel.faces for panel in found.panel_map.panels])
    assert np.array_equal(np.sort(owners), np.arange(len(found.panel_map.mesh.faces)))
