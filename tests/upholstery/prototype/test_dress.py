"""The cloth lies on the mesh where the marker puts it: at its true size, moved as its piece is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from stitchsketch_kernel.domain.errors import NestError
from stitchsketch_kernel.domain.marker import Fabric, Marker, MatchLevel, Placement
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.domain.panel import EdgeKind
from stitchsketch_kernel.samples.rolled_panels import coned, gable, rolled, rough
from stitchsketch_kernel.upholstery.flat.flatten import FlattenSettings, flatten_panel
from stitchsketch_kernel.upholstery.marker.nest import make_marker
from stitchsketch_kernel.upholstery.pieces.make import make_pattern
from stitchsketch_kernel.upholstery.prototype.dress import bare_of, dress
from stitchsketch_kernel.upholstery.prototype.truth import seam_jumps, square_sides_mm

CLOTH = Fabric("Check", 1400.0, 1370.0, repeat_vertical_mm=100.0, repeat_horizontal_mm=100.0)
ARM = np.array([[0.0, 0.0], [600, 0], [640, 250], [500, 330], [0, 300]])


def turned_area(panel) -> np.ndarray:
    """Signed areas on the roll: below 0 where cloth would lie face down on the furniture."""
    a, b, c = (panel.roll_mm[panel.faces[:, i]] for i in range(3))
    ab, ac = b - a, c - a
    return ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]


def one_panel(shapes, exact, rotation=-90.0, **faults):
    """A scan of one panel, its pattern, and its piece alone on a roll."""
    panels = rough(exact, **{"noise_mm": 0.0, "bumps_mm": 0.0, "jitter_mm": 0.0, **faults}, seed=1)
    flat = flatten_panel(panels, panels.panels[0], FlattenSettings())
    pattern = make_pattern("one", panels, (flat,), scale=shapes.scale)
    bare = Placement("P", 0, 0.0, 0.0, rotation, False)
    low = bare.apply(pattern.pieces[0].cut_line_mm).min(axis=0)
    marker = make_marker(
        pattern, CLOTH, [replace(bare, x_mm=-low[0] + 3.0, y_mm=-low[1] + 7.0)], 5.0
    )
    return (flat,), pattern, marker


@pytest.mark.parametrize("make", [rolled, coned, gable])
def test_squares_of_50_mm_measure_50_mm_on_the_mesh(shapes, make):
    flats, pattern, marker = one_panel(shapes, make(5000), noise_mm=0.3, bumps_mm=0.3)
    sides = square_sides_mm(dress(flats, pattern, marker).panels[0])
    assert len(sides) > 40
    assert np.abs(sides / 50 - 1).max() < 0.01


def test_squares_are_measured_not_believed(shapes):
    flats, pattern, marker = one_panel(shapes, rolled(5000))
    panel = dress(flats, pattern, marker).panels[0]
    wide = replace(panel, points_m=panel.points_m * 1.02)
    assert square_sides_mm(wide).mean() == pytest.approx(51.0, abs=0.1)


@pytest.mark.parametrize("rotation", [-90.0, 90.0])
def test_a_piece_that_is_moved_on_the_roll_moves_the_motif(shapes, rotation):
    flats, pattern, marker = one_panel(shapes, rolled(2000), rotation)
    before = dress(flats, pattern, marker).panels[0].roll_mm
    place = marker.placements[0]
    away = replace(place, x_mm=place.x_mm + 31.5, y_mm=place.y_mm + 12.25)
    after = dress(flats, pattern, replace(marker, placements=(away,))).panels[0].roll_mm
    assert after - before == pytest.approx(np.tile([31.5, 12.25], (len(before), 1)))
    # and it is cut where its outline says: the sew line of the placed piece
    ring = shapely.LinearRing(place.apply(pattern.pieces[0].sew_line_mm))
    assert shapely.distance(ring, shapely.points(before[flats[0].boundary])).max() < 0.06


def test_a_piece_turned_round_turns_the_cloth(shapes):
    up, down = (
        dress(*one_panel(shapes, rolled(2000), turn)).panels[0].roll_mm for turn in (-90.0, 90.0)
    )
    assert (up - up.mean(axis=0)) == pytest.approx(-(down - down.mean(axis=0)), abs=1e-6)


def arms(shapes, larger=1.0):
    """A left and a right arm of one template, each sewn to a band; a check matched over it."""
    front = float(np.hypot(*(ARM[2] - ARM[1])))
    around = {"L": ["L0", "LF", "L2", "L3", "L4"], "R": ["R3", "R2", "RF", "R0", "R4"]}
    right = (ARM * [-larger, larger])[::-1]
    flats = [
        shapes.flat_panel(f"OA-{s}", corners, [(seam, True) for seam in around[s]])
        for s, corners in (("L", ARM), ("R", right))
    ]
    flats += [
        shapes.flat_panel(
            f"FB-{s}1", [[0, 0], [front, 0], [front, 120], [0, 120]],
            [(f"{s}F", False), *((f"{s}B{i}", True) for i in (1, 2, 3))],
        )
        for s in "LR"
    ]  # fmt: skip
    seams = [(f"{s}{i}", f"OA-{s}", None, EdgeKind.SEWN) for s in "LR" for i in (0, 2, 3, 4)]
    seams += [(f"{s}F", f"OA-{s}", f"FB-{s}1", EdgeKind.SEWN) for s in "LR"]
    seams += [(f"{s}B{i}", f"FB-{s}1", None, EdgeKind.SEWN) for s in "LR" for i in (1, 2, 3)]
    panels = shapes.panel_map(seams)
    return tuple(flats), make_pattern("arms", panels, flats, scale=shapes.scale)


def laid(pattern, fabric=CLOTH, match=MatchLevel.NONE, bands_deg=-90.0) -> Marker:
    """One copy after the other along the roll, grain along it."""
    placements, x = [], 0.0
    for piece in pattern.pieces:
        for copy in range(piece.quantity):
            turn = bands_deg if piece.name.startswith("FB") else -90.0
            bare = Placement(piece.name, copy, 0, 0, turn, piece.mirrored and copy % 2 == 1)
            outline = bare.apply(piece.cut_line_mm)
            low, size = outline.min(axis=0), np.ptp(outline, axis=0)
            placements.append(replace(bare, x_mm=x - low[0], y_mm=-low[1]))
            x += size[0] + 10
    return make_marker(pattern, fabric, placements, 5.0, match)


def test_a_right_panel_is_cut_from_the_left_template_face_down(shapes):
    flats, pattern = arms(shapes, larger=1.002)
    template = pattern.piece("OA-L")
    assert template.mirrored, pattern.notes
    marker = laid(pattern)
    prototype = dress(flats, pattern, marker)
    assert prototype.undressed == ()
    for panel in prototype.panels:
        assert (turned_area(panel) > 0).all(), f"{panel.panel} shows the cloth's back"
    right = prototype.panel("OA-R")
    second = next(one for one in marker.placements if (one.piece, one.copy) == ("OA-L", 1))
    ring = shapely.LinearRing(second.apply(template.sew_line_mm))
    # what is cut is the template, though the right panel is 1 mm larger
    assert shapely.distance(ring, shapely.points(right.roll_mm[right.boundary])).max() < 0.02


def bulged(flat, at_mm, out_mm):
    """The panel with 1.4 mm more cloth at a place of its outline: unrest of a scan's seam."""

    def moved(points):
        near = np.exp(-(np.hypot(*(points - at_mm).T) ** 2) / 18.0**2)
        return points + near[:, None] * out_mm

    surface = flat.surface_mm.copy()
    surface[:, :2] = moved(flat.uv_mm)
    return replace(flat, uv_mm=moved(flat.uv_mm), surface_mm=surface)


def test_unrest_of_one_sides_outline_does_not_press_the_cloth_cut_from_the_others(shapes):
    flats, pattern = arms(shapes)
    right = flats[1]
    assert right.panel == "OA-R"
    uneven = bulged(right, np.array([-300.0, 0.0]), np.array([0.0, -1.4]))
    prototype = dress((flats[0], uneven, *flats[2:]), pattern, laid(pattern))
    sides = square_sides_mm(prototype.panel("OA-R"), 10.0)
    # 0.4 % where the cloth follows the outline
    assert len(sides) > 3000 and np.abs(sides / 10 - 1).max() < 0.002


def test_what_the_flat_pieces_allow_along_a_seam_is_told_beside_what_the_mesh_shows(shapes):
    flats, pattern = arms(shapes)
    marker = laid(pattern, match=MatchLevel.ALL)
    for one in seam_jumps(dress(flats, pattern, marker), pattern, marker):
        # the edge runs up the arm, askew, its twin on the band runs back: two ends in a circle
        front, slant = np.hypot(40, 250), np.pi - np.arctan2(250, 40)
        assert one.allowed_mm == pytest.approx(front * np.sin(slant / 2), rel=0.02)
        assert one.off_piece_mm < 0.05


def test_a_band_that_lies_the_other_way_round_is_held_against_the_turned_motif(shapes):
    flats, pattern = arms(shapes)
    marker = laid(pattern, match=MatchLevel.ALL, bands_deg=90.0)
    jumps = {one.seam: one for one in seam_jumps(dress(flats, pattern, marker), pattern, marker)}
    assert len(jumps) == 2
    for one in marker.matches:
        assert jumps[one.seam].at_mm == pytest.approx(one.mismatch_mm, abs=0.05)


def test_a_matched_seam_goes_on_over_the_mesh_and_another_one_jumps(shapes):
    flats, pattern = arms(shapes)
    plain = laid(pattern, match=MatchLevel.ALL)
    jumps = {one.seam: one for one in seam_jumps(dress(flats, pattern, plain), pattern, plain)}
    assert set(jumps) == {"LF", "RF"}
    for one in plain.matches:
        assert jumps[one.seam].at_mm == pytest.approx(one.mismatch_mm, abs=0.05)
    # moved by what is missing, the band's check goes on from the arm's
    band = next(one for one in plain.placements if one.piece == "FB-R1")
    shift = shift_to_match(flats, pattern, plain)
    moved = replace(band, x_mm=band.x_mm + shift[0], y_mm=band.y_mm + shift[1])
    others = [one for one in plain.placements if one is not band]
    match = replace(plain, placements=(*others, moved))
    jumps = {one.seam: one for one in seam_jumps(dress(flats, pattern, match), pattern, match)}
    assert jumps["RF"].at_mm < 0.05


def shift_to_match(flats, pattern, marker) -> np.ndarray:
    """From the cloth at both sides of seam RF's middle, by whole squares of 100 mm."""
    prototype = dress(flats, pattern, marker)
    ends = []
    for name in ("OA-R", "FB-R1"):
        panel = prototype.panel(name)
        line = panel.roll_mm[panel.seam_vertices["RF"]]
        ends.append((line[0] + line[-1]) / 2)
    jump = ends[0] - ends[1]
    return jump - 100 * np.round(jump / 100)


def test_a_panel_without_a_piece_is_named_and_left_out(shapes):
    flats, pattern, marker = one_panel(shapes, rolled(500))
    more = (*flats, replace(flats[0], panel="X"))
    prototype = dress(more, pattern, marker)
    assert prototype.undressed == ("X",) and [p.panel for p in prototype.panels] == ["P"]


def test_a_marker_of_another_pattern_is_refused(shapes):
    flats, pattern, marker = one_panel(shapes, rolled(500))
    with pytest.raises(NestError, match="no piece for any"):
        dress([replace(flats[0], panel="X")], pattern, marker)
    (piece,) = pattern.pieces
    edges = tuple(replace(edge, seam="S99") for edge in piece.edges)
    with pytest.raises(NestError, match="same edges"):
        dress(flats, replace(pattern, pieces=(replace(piece, edges=edges),)), marker)


def test_legs_stay_bare_and_crumbs_go(shapes):
    panels = dress(*one_panel(shapes, rolled(500))).panels
    covered = Mesh(panels[0].points_m, panels[0].faces)
    assert bare_of(covered, panels) is None
    low = panels[0].points_m.min(axis=0) - 0.1
    leg = low + np.array([[0.0, 0, 0], [0.1, 0, 0], [0, 0.1, 0]])
    vertices = np.vstack([covered.vertices, leg])
    faces = np.vstack([covered.faces, len(covered.vertices) + np.arange(3, dtype=np.int32)])
    bare = bare_of(Mesh(vertices, faces), panels)
    assert bare is not None and bare.vertices == pytest.approx(leg)
    small = np.vstack([covered.vertices, low + (leg - low) * 0.2])
    assert bare_of(Mesh(small, faces), panels) is None
