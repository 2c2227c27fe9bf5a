"""Welt and zip strips: enough of them, and not more than the seams ask."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.domain.marker import Fabric
from stitchsketch_kernel.domain.panel import EdgeKind
from stitchsketch_kernel.upholstery.marker.nest import NestSettings, nest
from stitchsketch_kernel.upholstery.pieces.gate import check_sewing
from stitchsketch_kernel.upholstery.pieces.make import make_pattern
from stitchsketch_kernel.upholstery.pieces.rules import TradeRules, read_rules
from stitchsketch_kernel.upholstery.pieces.strips import (
    bias_strips,
    boxing_mm,
    welt_piece,
    welt_plan,
    with_strips,
    zip_pieces,
    zip_strip_mm,
)

RULES = TradeRules.default()


@pytest.fixture(scope="module")
def box(cushion, shapes):
    """500 x 450 x 100, the top piped all round, a zip at the back's lower edge."""
    return make_pattern("cushion", *cushion, scale=shapes.scale)


def test_a_welt_is_its_seams_and_an_overlap_where_it_closes(box):
    plan = welt_plan(box, RULES, 1370.0)
    assert plan.welt_mm == pytest.approx(1900) and plan.loops == 1
    assert plan.needed_mm == pytest.approx(1950)
    assert (plan.strip_width_mm, plan.cord_mm) == (38, 4) and plan.joins == plan.strips - 1


def test_an_open_welt_overlaps_nothing(box):
    front = tuple(
        pair if pair.seam == "T0" or pair.edge_kind is not EdgeKind.WELT
        else replace(pair, edge_kind=EdgeKind.SEWN) for pair in box.seams
    )  # fmt: skip
    plan = welt_plan(replace(box, seams=front), RULES, 1370.0)
    assert plan.loops == 0 and plan.needed_mm == pytest.approx(500)
    assert (plan.strips, plan.joins) == (1, 0)


def test_two_welts_are_two_loops(box):
    piped = tuple(
        replace(pair, edge_kind=EdgeKind.WELT) if pair.seam[0] == "B" else pair
        for pair in box.seams
    )
    plan = welt_plan(replace(box, seams=piped), RULES, 1370.0)
    assert plan.loops == 2 and plan.needed_mm == pytest.approx(3900)


def test_no_welt_no_plan(box):
    bare = tuple(replace(pair, edge_kind=EdgeKind.SEWN) for pair in box.seams)
    bare = replace(box, seams=bare)
    assert welt_plan(bare, RULES, 1370.0) is None
    assert with_strips(bare, RULES, 1370.0).pieces == box.pieces


@settings(deadline=None)
@given(st.floats(50, 100_000), st.floats(300, 3000), st.floats(0, 100), st.floats(100, 3000))
def test_joined_strips_are_always_long_enough(needed, width, join, shortest):
    rules = replace(RULES, strip_join_mm=join, welt_shortest_mm=shortest)
    count, each = bias_strips(needed, rules, width)
    assert count * each - (count - 1) * join >= needed - 1e-6
    assert each <= width * np.sqrt(2) + 1e-6
    assert (
        each >= min(shortest, width * np.sqrt(2), needed) - 1e-6
        or count == 1
        or each * 2 > min(shortest, width * np.sqrt(2))
    )


def test_side_by_side_the_strips_take_the_roll_that_is_told(box):
    plan = welt_plan(box, RULES, 1370.0)
    outline, rise = welt_piece(plan).cut_line_mm, 38 * np.sqrt(2)
    laid = [shapely.Polygon(outline + np.array([0, i * rise])) for i in range(plan.strips)]
    left, low, right, high = shapely.union_all(laid).bounds
    assert plan.strips > 1 and right - left <= 1370
    assert high - low == pytest.approx(plan.cloth_mm)


def test_the_piece_of_a_welt_measures_what_the_plan_says(box):
    plan = welt_plan(box, RULES, 1370.0)
    piece = welt_piece(plan)
    a, b, c, d = piece.cut_line_mm
    assert np.hypot(*(b - a)) == pytest.approx(plan.strip_length_mm)
    assert np.degrees(np.arctan2(*(b - a)[::-1])) == pytest.approx(45)
    assert a[0] == d[0] and b[0] == c[0], "the ends lie along the grain, as they are joined"
    area = shapely.Polygon(piece.cut_line_mm).area
    assert area == pytest.approx(plan.strip_length_mm * 38)
    assert shapely.Polygon(piece.cut_line_mm).contains(shapely.LineString(piece.grain_mm))


def test_a_zips_strips_are_half_the_boxing_and_more(box):
    (piece,) = zip_pieces(box, RULES)
    assert boxing_mm(100, RULES) == 125 and zip_strip_mm(100, RULES) == 81.5
    assert np.ptp(piece.cut_line_mm, axis=0) == pytest.approx([81.5, 500 + 25.4])
    assert (piece.name, piece.quantity) == ("ZIP-1", 2)


def test_strips_take_names_that_are_free(box):
    named = replace(box, pieces=(replace(box.pieces[1], name="ZIP-1"), *box.pieces))
    assert [piece.name for piece in zip_pieces(named, RULES)] == ["ZIP-2"]


def test_strips_are_laid_with_the_pieces(box):
    pattern = with_strips(box, RULES, 1370.0)
    assert [piece.name for piece in pattern.pieces[-2:]] == ["WELT-1", "ZIP-1"]
    assert not check_sewing(pattern).faults
    marker = nest(pattern, Fabric("Wool", 1400.0, 1370.0), NestSettings(seconds=1, workers=1))
    laid = [one.piece for one in marker.placements]
    assert laid.count("ZIP-1") == 2 and laid.count("WELT-1") == pattern.pieces[-2].quantity


def test_a_cloth_that_is_too_narrow_is_refused():
    with pytest.raises(SettingsError, match="too narrow"):
        bias_strips(1000, RULES, 20.0)


def test_a_shop_has_its_own_strips(tmp_path, box):
    path = tmp_path / "shop.json"
    path.write_text('{"welt_strip_mm": 50, "welt_cord_mm": 6, "welt_overlap_mm": 80}')
    plan = welt_plan(box, read_rules(path), 1370.0)
    assert (plan.strip_width_mm, plan.cord_mm, plan.needed_mm) == pytest.approx((50, 6, 1980))


def test_a_strip_must_go_round_its_cord(tmp_path):
    path = tmp_path / "shop.json"
    path.write_text('{"welt_strip_mm": 38, "welt_cord_mm": 13}')
    with pytest.raises(SettingsError, match="does not go round a cord of 13 mm"):
        read_rules(path)
