"""Panels laid as their cloth allows, darts that become seams, and pieces that sew with them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.domain.marker import Fabric, Placement
from stitchsketch_kernel.domain.model import Mesh, Scale
from stitchsketch_kernel.domain.panel import EdgeKind, Panel, PanelMap, Seam
from stitchsketch_kernel.samples.round_panels import dome
from stitchsketch_kernel.upholstery.flat.flatten import FlattenSettings, flatten_panels
from stitchsketch_kernel.upholstery.flat.lay import Cover, lay_panels
from stitchsketch_kernel.upholstery.geometry.border import border_loop
from stitchsketch_kernel.upholstery.marker.nest import make_marker
from stitchsketch_kernel.upholstery.pieces.gate import check_sewing
from stitchsketch_kernel.upholstery.pieces.make import PieceSettings, make_pattern
from stitchsketch_kernel.upholstery.prototype.carry import thinned
from stitchsketch_kernel.upholstery.prototype.dress import dress

EXACT = FlattenSettings(smooth_mm=0)
SURE = Scale("mat", 1.0, 0.2, 0.1, 8)


def stool(degrees: float, faces: int = 1600) -> PanelMap:
    """A round cap (SEAT) on an upright wall of two halves (BOX-1, BOX-2), stapled below."""
    cap, triangles = dome(degrees, faces)
    rim = border_loop(triangles)
    n, rows = len(rim), 4
    rings = [cap[rim] - [0, 0, 20.0 * row] for row in range(rows)]
    at = np.vstack([rim, *[len(cap) + n * row + np.arange(n) for row in range(rows - 1)]])
    a, b, c, d = at[:-1], np.roll(at, -1, axis=1)[:-1], np.roll(at, -1, axis=1)[1:], at[1:]
    wall = np.stack([np.stack([a, d, b], -1), np.stack([b, d, c], -1)], axis=2)
    halves = [wall[:, : n // 2].reshape(-1, 3), wall[:, n // 2 :].reshape(-1, 3)]
    vertices = np.vstack([cap, *rings[1:]]) / 1000
    all_faces = np.vstack([triangles, *halves]).astype(np.int32)
    ends = np.cumsum([0, len(triangles), *map(len, halves)])
    names = ("SEAT", "BOX-1", "BOX-2")
    grains = ([0.0, 1, 0], [0.0, 0, 1], [0.0, 0, 1])
    panels = tuple(
        Panel(name, np.arange(i, j, dtype=np.int32), np.array(grain))
        for name, i, j, grain in zip(names, ends, ends[1:], grains, strict=False)
    )

    def seam(name: str, line, left: str, right: str | None, kind: EdgeKind) -> Seam:
        line = np.array(line, dtype=np.int32)
        return Seam(name, vertices[line], left, right, kind, line, 0.5)

    half, low = n // 2, at[-1]
    first, second = np.arange(half + 1), np.append(np.arange(half, n), 0)
    seams = (
        seam("S01", rim[first], "SEAT", "BOX-1", EdgeKind.WELT),
        seam("S02", rim[second], "SEAT", "BOX-2", EdgeKind.WELT),
        seam("S03", at[:, 0], "BOX-1", "BOX-2", EdgeKind.SEWN),
        seam("S04", at[:, half], "BOX-2", "BOX-1", EdgeKind.SEWN),
        seam("S05", low[first], "BOX-1", None, EdgeKind.STAPLE),
        seam("S06", low[second], "BOX-2", None, EdgeKind.STAPLE),
    )
    return PanelMap(Mesh(vertices, all_faces), panels, seams)


@pytest.fixture(scope="module")
def round_stool() -> PanelMap:
    return stool(90)


@pytest.fixture(scope="module")
def darted(round_stool) -> Cover:
    return lay_panels(round_stool, EXACT)


def test_what_unrolls_stays_as_it_is_unrolled():
    flat_stool = stool(2)
    cover = lay_panels(flat_stool, EXACT)
    for laid, plain in zip(cover.flats, flatten_panels(flat_stool, EXACT), strict=True):
        assert np.array_equal(laid.uv_mm, plain.uv_mm)
    assert cover.panel_map.seams == flat_stool.seams and not cover.panel_map.notes


def test_a_round_panel_gets_darts_and_everything_sews(round_stool, darted):
    seat = darted.flats[0]
    ids = [seam.id for seam in darted.panel_map.seams]
    darts = [one for one in ids if one.startswith("D")]
    assert 2 <= len(darts) <= 6
    # each dart opens into the rim, which is divided there, for the wall too
    assert len([one for one in ids if one[:3] in {"S01", "S02"}]) >= len(darts)
    pattern = make_pattern("stool", darted.panel_map, darted.flats, scale=SURE)
    assert not check_sewing(pattern).faults
    pairs = {pair.seam: pair for pair in pattern.seams}
    for dart in darts:
        assert pairs[dart].piece_a == pairs[dart].piece_b == "SEAT"
        assert abs(pairs[dart].difference_mm) < 0.5
    for one in ids:
        if one[:3] in {"S01", "S02"}:
            assert abs(pairs[one].difference_mm) < 0.5
    rim = sum(pairs[one].length_a_mm for one in ids if one[:3] in {"S01", "S02"})
    assert rim == pytest.approx(sum(s.length_mm for s in round_stool.seams[:2]), rel=1e-3)
    assert any("darts" in note for note in darted.panel_map.notes)
    assert shapely.Polygon(seat.uv_mm[seat.boundary]).is_valid


def test_legs_of_a_dart_begin_at_notches_in_the_edge_that_it_opens_into(darted):
    pattern = make_pattern("stool", darted.panel_map, darted.flats, scale=SURE)
    seat = pattern.piece("SEAT")
    darts = sorted({edge.seam for edge in seat.edges if edge.seam.startswith("D")})
    cut = shapely.LinearRing(seat.cut_line_mm)
    for dart in darts:
        legs = [edge for edge in seat.edges if edge.seam == dart]
        mouths = {tuple(legs[0].line_mm[0]), tuple(legs[1].line_mm[-1])}
        notches = [notch for notch in seat.notches if notch.seam == dart]
        assert {tuple(notch.sew_mm) for notch in notches} == mouths
        for notch in notches:
            assert np.linalg.norm(notch.cut_mm - notch.sew_mm) == pytest.approx(12.7, abs=1e-6)
            assert cut.distance(shapely.Point(notch.cut_mm)) < 0.5


def seams_of(piece) -> set[str]:
    return {edge.seam for edge in piece.edges}


def mouth(seat, dart: str) -> set[str]:
    """The seams on both sides of where a dart opens."""
    seams = [edge.seam for edge in seat.edges]
    first = next(
        at for at, seam in enumerate(seams) if seam == dart == seams[(at + 1) % len(seams)]
    )
    return {seams[first - 1], seams[(first + 2) % len(seams)]}


def test_the_neighbour_has_a_notch_where_a_dart_is_closed(darted):
    pattern = make_pattern("stool", darted.panel_map, darted.flats, scale=SURE)
    seat = pattern.piece("SEAT")
    walls = [piece for piece in pattern.pieces if piece.name != "SEAT"]
    rims = {edge.seam for edge in seat.edges} & {e.seam for wall in walls for e in wall.edges}
    darts = {edge.seam for edge in seat.edges if edge.seam.startswith("D")}
    found = [(wall, one) for wall in walls for one in wall.notches if one.seam in darts]
    # where two walls meet at a dart, their seam tells its place
    within = {dart for dart in darts if any(mouth(seat, dart) <= seams_of(wall) for wall in walls)}
    assert len(within) >= 2
    assert sorted(notch.seam for _, notch in found) == sorted(within)
    for wall, notch in found:
        ends = [
            e for e in wall.edges if any(np.allclose(p, notch.sew_mm) for p in e.line_mm[[0, -1]])
        ]
        assert len(ends) == 2 and {edge.seam for edge in ends} <= rims
        assert np.linalg.norm(notch.cut_mm - notch.sew_mm) == pytest.approx(12.7, abs=1e-6)
        # outwards: into the allowance
        assert shapely.LinearRing(wall.cut_line_mm).distance(shapely.Point(notch.cut_mm)) < 0.5


def test_a_neighbours_notch_that_slipped_from_a_dart_is_found(darted):
    pattern = make_pattern("stool", darted.panel_map, darted.flats, scale=SURE)
    wall, dart = next(
        (piece, notch.seam) for piece in pattern.pieces for notch in piece.notches
        if notch.seam.startswith("D") and piece.name != "SEAT"
    )  # fmt: skip
    slipped = [replace(n, sew_mm=n.sew_mm + 3.0) if n.seam == dart else n for n in wall.notches]
    pieces = [replace(p, notches=tuple(slipped)) if p is wall else p for p in pattern.pieces]
    (told,) = check_sewing(replace(pattern, pieces=tuple(pieces))).faults
    assert told.words == f"Seam {dart}: a notch of {wall.name} is not on it."


def test_flats_know_their_seams_point_by_point(round_stool, darted):
    """Both sides of every part of a seam are the same points of the furniture."""
    sides: dict[str, list[np.ndarray]] = {}
    for flat in darted.flats:
        for key, vertices in flat.seam_vertices.items():
            sides.setdefault(key.rstrip("*"), []).append(flat.surface_mm[vertices])
    for seam in darted.panel_map.seams:
        for line in sides[seam.id]:
            assert line == pytest.approx(1000 * seam.points_m, abs=1e-9), seam.id
        assert len(sides[seam.id]) == (1 if seam.right is None else 2)


def test_without_darts_the_cloth_says_what_it_must_give(round_stool):
    cover = lay_panels(round_stool, replace(EXACT, darts=False, splits=False))
    assert [seam.id for seam in cover.panel_map.seams] == [seam.id for seam in round_stool.seams]
    pattern = make_pattern("stool", cover.panel_map, cover.flats, scale=SURE, cloth=cover.cloth)
    seat, *walls = pattern.pieces
    assert "SEAT is rounder than woven cloth likes" in pattern.cloth.beyond("SEAT", seat.fit)
    assert all(pattern.cloth.beyond(wall.name, wall.fit) == "" for wall in walls)


def test_cloth_that_stretches_needs_no_dart_where_woven_does():
    low = stool(40)
    count = {}
    for cloth in ("stretch", "rigid"):
        cover = lay_panels(low, replace(EXACT, cloth=cloth))
        count[cloth] = sum(seam.id.startswith("D") for seam in cover.panel_map.seams)
    assert count["stretch"] == 0 < count["rigid"]


def test_a_stapled_edge_is_pleated_and_gets_no_darts(round_stool):
    (seat,) = (one for one in round_stool.panels if one.name == "SEAT")
    rim = [replace(seam, edge_kind=EdgeKind.STAPLE, right=None) for seam in round_stool.seams[:2]]
    cover = lay_panels(replace(round_stool, panels=(seat,), seams=tuple(rim)), EXACT)
    assert [seam.id for seam in cover.panel_map.seams] == ["S01", "S02"]
    assert any("lay them in pleats" in note for note in cover.panel_map.notes)
    assert cover.cloth.excess(cover.flats[0].fit) > 1, "its middle, which no pleat reaches"


def test_a_left_and_a_right_panel_with_the_same_darts_are_one_template(round_stool):
    """The template's legs stand for both of the right panel's."""
    (seat,) = (one for one in round_stool.panels if one.name == "SEAT")
    rim = [replace(seam, right=None, edge_kind=EdgeKind.SEWN) for seam in round_stool.seams[:2]]
    alone = replace(round_stool, panels=(replace(seat, name="OA-L"),),
                    seams=tuple(replace(seam, left="OA-L") for seam in rim))  # fmt: skip
    left = lay_panels(alone, EXACT)
    twin = {seam.id: f"R{seam.id}" for seam in left.panel_map.seams}
    flat = left.flats[0]
    flip = flat.uv_mm * [-1.0, 1.0]
    mirrored = replace(
        flat, panel="OA-R", uv_mm=flip, faces=flat.faces[:, ::-1], boundary=flat.boundary[::-1],
        seam_vertices={
            twin[key.rstrip("*")] + key[len(key.rstrip("*")):]: vertices
            for key, vertices in flat.seam_vertices.items()
        },
    )  # fmt: skip
    seams = tuple(
        replace(seam, id=twin[seam.id], left="OA-R", right=seam.right and "OA-R")
        for seam in left.panel_map.seams
    )
    both = replace(left.panel_map, seams=(*left.panel_map.seams, *seams))
    pattern = make_pattern("arms", both, (flat, mirrored), scale=SURE, settings=PieceSettings())
    (template,) = pattern.pieces
    assert template.quantity == 2 and template.mirrored
    assert not check_sewing(pattern).faults


@pytest.mark.parametrize("wrong", [{"cloth": "felt"}, {"most_darts": 0}, {"most_darts": 13}])
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(SettingsError):
        FlattenSettings(**wrong)


def test_a_seat_with_darts_wears_the_cloth_that_is_cut_for_it(darted):
    pattern = make_pattern("stool", darted.panel_map, darted.flats, scale=SURE)
    places, x = [], 0.0
    for piece in pattern.pieces:
        bare = Placement(piece.name, 0, 0.0, 0.0, -90.0, False)
        outline = bare.apply(piece.cut_line_mm)
        low, size = outline.min(axis=0), np.ptp(outline, axis=0)
        places.append(replace(bare, x_mm=x - low[0], y_mm=-low[1]))
        x += size[0] + 10
    marker = make_marker(pattern, Fabric("Cloth", 1400.0, 1370.0), places, 5.0)
    prototype = dress(darted.flats, pattern, marker)
    seat = prototype.panel("SEAT")
    cut = next(one for one in places if one.piece == "SEAT")
    sew = shapely.LinearRing(cut.apply(pattern.piece("SEAT").sew_line_mm))
    assert shapely.distance(sew, shapely.points(seat.roll_mm[seat.boundary])).max() < 0.06
    legs = [key for key in seat.seam_vertices if key.startswith("D") and not key.endswith("*")]
    assert legs
    for key in legs:
        # together on the furniture, apart on the cloth: there the dart is cut
        into, back = seat.seam_vertices[key], seat.seam_vertices[f"{key}*"]
        assert np.array_equal(seat.points_m[into], seat.points_m[back])
        assert np.linalg.norm(seat.roll_mm[into[0]] - seat.roll_mm[back[0]]) > 2
    thin = thinned(prototype, 25.0)
    for seam in {"S01", "S02"} | set(legs):
        sides = [
            panel.points_m[line]
            for panel in thin.panels
            for key, line in panel.seam_vertices.items()
            if key.rstrip("*abcdefgh") == seam
        ]
        assert sides
        points = {tuple(point) for side in sides for point in np.round(side, 9).tolist()}
        assert sum(len(side) for side in sides) >= 2 * len(points)
