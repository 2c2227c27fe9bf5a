"""Pieces keep off the roll's defects, and what is pinned stays where it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from stitchsketch_kernel.domain.errors import NestError
from stitchsketch_kernel.domain.marker import Fabric, Placement, Zone
from stitchsketch_kernel.domain.piece import Pattern, Piece
from stitchsketch_kernel.upholstery.marker.nest import NestSettings, check_marker, nest

WOOL = Fabric("Wool", 1400.0, 1370.0)
QUICK = NestSettings(seconds=1, workers=1)


def box(name, width, height, quantity=1) -> Piece:
    ring = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=float)
    grain = ring.mean(axis=0) + np.array([[0.0, 0.0], [0.0, 50.0]])
    return Piece(name, ring, ring, (), (), grain, quantity)


PATTERN = Pattern("test", (box("A", 600, 500, 3), box("B", 300, 350, 4)), (), "mat", 0.1)


def shapes(marker) -> dict:
    return {
        (one.piece, one.copy): shapely.Polygon(one.apply(PATTERN.piece(one.piece).cut_line_mm))
        for one in marker.placements
    }


@pytest.mark.parametrize("clearance", [0.0, 12.0])
def test_pieces_keep_off_a_zone_by_its_clearance(clearance):
    zones = (Zone(100, 300, 80, 250, clearance), Zone(700, 0, 30, 1370, clearance))
    marker = nest(PATTERN, WOOL, QUICK, zones=zones)
    for zone in zones:
        rect = shapely.box(
            zone.x_mm, zone.y_mm, zone.x_mm + zone.length_mm, zone.y_mm + zone.width_mm
        )
        for outline in shapes(marker).values():
            assert rect.intersection(outline).area < 0.01
            assert rect.distance(outline) >= clearance - 0.01
    assert marker.zones == zones
    # three rows of cloth's width are enough beside the zones
    assert marker.used_length_mm < 2200


def test_a_marker_with_a_piece_on_a_zone_is_refused():
    marker = nest(PATTERN, WOOL, QUICK)
    first = marker.placements[0].apply(PATTERN.piece("A").cut_line_mm).min(axis=0)
    zones = (Zone(*(first + 10), 5, 5),)
    with pytest.raises(NestError, match="lies on the roll's zone"):
        check_marker(PATTERN, replace(marker, zones=zones))


def test_what_is_pinned_stays_and_the_others_keep_clear():
    pinned = (
        Placement("A", 1, 433.3, 1000.0, -90.0, False),
        Placement("B", 0, 20.0, 305.0, -90.0, False),
    )
    marker = nest(PATTERN, WOOL, QUICK, pinned=pinned)
    assert set(pinned) <= set(marker.placements)
    outlines = list(shapes(marker).items())
    for at, (_, outline) in enumerate(outlines):
        for _, other in outlines[:at]:
            assert outline.distance(other) >= 4.99
    # pieces lie before what is pinned, not behind it alone
    assert marker.used_length_mm < 1700


@pytest.mark.parametrize(
    ("pinned", "said"),
    [
        ([Placement("A", 0, 0, 100, -90, False)], "A lies over the edge"),
        ([Placement("A", 0, 0, 700, -80, False)], "off its grain"),
        ([Placement("A", 7, 0, 700, -90, False)], "copy 8, is pinned and is not cut so"),
        ([Placement("A", 0, 0, 700, -90, True)], "is not cut so"),
        ([Placement("A", 0, 0, 700, -90, False), Placement("A", 1, 5, 700, -90, False)], "nearer"),
        ([Placement("A", 0, 600, 700, -90, False)], "zone"),
        (
            [Placement("A", 0, 0, 700, -90, False), Placement("A", 0, 1500, 700, -90, False)],
            "twice",
        ),
    ],
)
def test_what_can_not_be_pinned_is_told(pinned, said):
    with pytest.raises(NestError, match=said):
        nest(PATTERN, WOOL, QUICK, pinned=pinned, zones=[Zone(650, 300, 50, 50)])


def test_a_zone_without_size_is_refused():
    with pytest.raises(NestError, match="zone"):
        nest(PATTERN, WOOL, QUICK, zones=[Zone(650, 300, 0, 50)])


def test_railroaded_pieces_keep_off_zones_too():
    zone = Zone(0, 0, 100, 1370, 3)
    marker = nest(PATTERN, WOOL, replace(QUICK, railroad=True), zones=[zone])
    assert min(outline.bounds[0] for outline in shapes(marker).values()) >= 102.99
    assert {round(one.rotation_deg) % 180 for one in marker.placements} == {0}
