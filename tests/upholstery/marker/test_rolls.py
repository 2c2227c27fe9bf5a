"""A job of several cloths, rolls that end, and hides."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from stitchsketch_kernel.domain.errors import NestError
from stitchsketch_kernel.domain.marker import Fabric, Hide, MatchLevel, Zone
from stitchsketch_kernel.domain.panel import EdgeKind
from stitchsketch_kernel.domain.piece import Pattern, Piece, PieceEdge, SeamPair
from stitchsketch_kernel.upholstery.marker.hides import check_hide, nest_hides
from stitchsketch_kernel.upholstery.marker.nest import NestSettings
from stitchsketch_kernel.upholstery.marker.rolls import Cloth, nest_cloths

FACE = Fabric("Face", 1400.0, 1370.0, True)
DUST = Fabric("Dust", 900.0, 900.0)
QUICK = NestSettings(seconds=1, workers=1)


def box(name, width, height, quantity=1, edges=()) -> Piece:
    ring = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=float)
    grain = ring.mean(axis=0) + np.array([[0.0, 0.0], [0.0, 50.0]])
    return Piece(name, ring, ring, edges, (), grain, quantity)


def pattern_of(*pieces, seams=()) -> Pattern:
    return Pattern("test", pieces, seams, "mat", 0.1)


PATTERN = pattern_of(box("IB", 600, 700), box("SEAT", 600, 600), box("WELT", 40, 500, 4),
                     box("DUST", 700, 700))  # fmt: skip


def placed(markers) -> list[tuple[str, int]]:
    return sorted((one.piece, one.copy) for marker in markers for one in marker.placements)


def test_each_cloth_gets_its_own_pieces():
    face, dust = nest_cloths(PATTERN, [Cloth(FACE), Cloth(DUST, ("DUST",))], QUICK)
    assert placed(dust) == [("DUST", 0)]
    assert placed(face) == [("IB", 0), ("SEAT", 0), *(("WELT", k) for k in range(4))]
    assert face[0].fabric == FACE and dust[0].fabric == DUST


@pytest.mark.parametrize(
    ("cloths", "said"),
    [
        ([Cloth(FACE, ("IB",))], "not said which cloth DUST, SEAT, WELT"),
        ([Cloth(FACE), Cloth(DUST)], "not said which cloth"),
        ([Cloth(FACE, ("IB", "SOFA")), Cloth(DUST)], "SOFA is cut from a cloth and is no piece"),
        ([Cloth(FACE, ("IB",)), Cloth(DUST, ("IB",))], "IB is to be cut from two cloths"),
        ([Cloth(FACE, roll_length_mm=0.0)], "0 mm long"),
    ],
)
def test_a_job_must_say_what_is_cut_from_what(cloths, said):
    with pytest.raises(NestError, match=said):
        nest_cloths(PATTERN, cloths, QUICK)


def test_a_roll_that_ends_is_followed_by_another():
    pattern = pattern_of(box("A", 600, 700, 5))
    cloth = Cloth(FACE, roll_length_mm=1500.0, zones=(Zone(0, 0, 50, 1370),))
    (rolls,) = nest_cloths(pattern, [cloth], QUICK)
    assert len(rolls) == 2 and len(rolls[0].placements) == 4
    assert placed(rolls) == [("A", k) for k in range(5)]
    assert all(roll.used_length_mm <= 1500 for roll in rolls)
    assert rolls[0].zones and not rolls[1].zones


def test_a_piece_longer_than_a_roll_is_named():
    with pytest.raises(NestError, match="no place for A on a roll of Face of 500 mm"):
        nest_cloths(pattern_of(box("A", 600, 700)), [Cloth(FACE, roll_length_mm=500.0)], QUICK)


def test_seams_match_from_roll_to_roll():
    line = np.array([[600.0, 0.0], [600.0, 700.0]])
    a = box("IB", 600, 700, edges=(PieceEdge("S", EdgeKind.SEWN, line, True, 0.0),))
    other = np.array([[0.0, 700.0], [0.0, 0.0]])
    b = box("SEAT", 800, 700, edges=(PieceEdge("S", EdgeKind.SEWN, other, False, 0.0),))
    seam = SeamPair("S", EdgeKind.SEWN, "IB", "SEAT", 700.0, 700.0)
    fabric = replace(FACE, repeat_vertical_mm=170.0, repeat_horizontal_mm=110.0)
    cloth = Cloth(fabric, roll_length_mm=900.0, match=MatchLevel.ALL)
    (rolls,) = nest_cloths(pattern_of(a, b, seams=(seam,)), [cloth], QUICK)
    assert len(rolls) == 2
    at = {one.piece: one for roll in rolls for one in roll.placements}
    jump = at["SEAT"].apply(np.zeros((1, 2))) - at["IB"].apply(np.array([[600.0, 0.0]]))
    off = jump / [170.0, 110.0]
    assert np.allclose(off, np.round(off), atol=1e-4)


def egg(scale=1.0) -> np.ndarray:
    angle = np.linspace(0, 2 * np.pi, 60)[:-1]
    ring = np.column_stack([1000 + 1000 * np.cos(angle), 700 + 700 * np.sin(angle)])
    return scale * ring


def test_pieces_lie_within_hides_and_off_their_scars():
    scar = np.array([[900, 600], [1100, 600], [1100, 700], [900, 700]], dtype=float)
    hides = [Hide("first", egg(), (scar,)), Hide("second", egg())]
    pattern = pattern_of(box("A", 400, 500, 6), box("B", 200, 300, 8))
    markers = nest_hides(pattern, hides, replace(QUICK, seconds=2))
    assert placed(markers) == [*(("A", k) for k in range(6)), *(("B", k) for k in range(8))]
    for marker in markers:
        sheet = shapely.Polygon(marker.hide.outline_mm)
        shapes = [
            shapely.Polygon(one.apply(pattern.piece(one.piece).cut_line_mm))
            for one in marker.placements
        ]
        for at, shape in enumerate(shapes):
            assert sheet.buffer(0.01).contains(shape)
            assert all(
                shape.intersection(shapely.Polygon(z)).area < 0.01 for z in marker.hide.zones_mm
            )
            assert all(shape.distance(other) >= 4.99 for other in shapes[:at])
        assert marker.yield_share == pytest.approx(
            sum(shape.area for shape in shapes)
            / (sheet.area - sum(shapely.Polygon(z).area for z in marker.hide.zones_mm))
        )


def test_too_few_hides_are_told_and_unsound_ones():
    pattern = pattern_of(box("A", 700, 700, 4))
    with pytest.raises(NestError, match="no place for A"):
        nest_hides(pattern, [Hide("one", egg())], QUICK)
    crossed = Hide("crossed", np.array([[0, 0], [900, 900], [900, 0], [0, 900]], dtype=float))
    with pytest.raises(NestError, match="crossed has no sound outline"):
        nest_hides(pattern, [crossed], QUICK)
    with pytest.raises(NestError, match="0 turns"):
        nest_hides(pattern, [Hide("one", egg())], QUICK, turns=0)


def test_a_piece_over_the_hides_edge_is_refused():
    pattern = pattern_of(box("A", 200, 200))
    (marker,) = nest_hides(pattern, [Hide("one", egg())], QUICK)
    over = tuple(replace(one, x_mm=0.0, y_mm=200.0) for one in marker.placements)
    with pytest.raises(NestError, match="over the edge or on a zone of hide one"):
        check_hide(pattern, replace(marker, placements=over))
