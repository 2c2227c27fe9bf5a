"""Welts on the cover: a cord along each piped seam, its strip on the bias, at its true size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
import trimesh

from stitchsketch_kernel.domain.marker import Fabric, MatchLevel, Placement
from stitchsketch_kernel.domain.panel import EdgeKind
from stitchsketch_kernel.upholstery.marker.nest import make_marker
from stitchsketch_kernel.upholstery.pieces.make import make_pattern
from stitchsketch_kernel.upholstery.prototype.dress import dress
from stitchsketch_kernel.upholstery.prototype.piping import with_piping

CLOTH = Fabric("Twill", 1400.0, 1370.0)
CORD_MM, RADIUS_M = 4.0, 0.0027


@pytest.fixture
def sewn(shapes):
    """Two level squares of half a metre with a seam between them, which is piped."""
    square = np.array([[0, 0], [500, 0], [500, 500], [0, 500]])
    left = shapes.flat_panel("A", square, [("A0", True), ("M", True), ("A2", True), ("A3", True)])
    right = shapes.flat_panel("B", square, [("B0", True), ("B1", True), ("B2", True), ("M", False)])
    away = right.surface_mm + np.array([500.0, 0.0, 0.0])
    flats = (left, replace(right, surface_mm=away))
    seams = [(f"A{i}", "A", None, EdgeKind.SEWN) for i in (0, 2, 3)]
    seams += [(f"B{i}", "B", None, EdgeKind.SEWN) for i in (0, 1, 2)]
    panels = shapes.panel_map([*seams, ("M", "A", "B", EdgeKind.WELT)])
    pattern = make_pattern("two", panels, flats, scale=shapes.scale)
    placed, x = [], 0.0
    for piece in pattern.pieces:
        bare = Placement(piece.name, 0, 0, 0, -90.0, False)
        low = bare.apply(piece.cut_line_mm).min(axis=0)
        placed.append(replace(bare, x_mm=x - low[0], y_mm=-low[1]))
        x += 600
    marker = make_marker(pattern, CLOTH, placed, 5.0, MatchLevel.NONE)
    return dress(flats, pattern, marker), pattern


def test_the_piped_seam_alone_gets_a_cord_that_stands_out_of_the_cover(sewn):
    [welt] = with_piping(*sewn, CORD_MM).piping
    assert welt.panel == "WELT M"
    seam = shapely.LineString([[0.5, 0.0], [0.5, 0.5]])
    beside = shapely.distance(seam, shapely.points(welt.points_m[:, :2]))
    assert beside.max() == pytest.approx(RADIUS_M, rel=0.1)
    assert welt.points_m[:, 2].max() == pytest.approx(1.55 * RADIUS_M, rel=0.05)
    assert np.ptp(welt.points_m[:, 1]) == pytest.approx(0.5, abs=2 * RADIUS_M)


def test_its_faces_look_outwards(sewn):
    [welt] = with_piping(*sewn, CORD_MM).piping
    body = trimesh.Trimesh(welt.points_m, welt.faces, process=True)
    body.merge_vertices()
    assert body.is_watertight and body.volume > 0


def test_its_cloth_is_cut_on_the_bias_and_keeps_its_size(sewn):
    [welt] = with_piping(*sewn, CORD_MM).piping
    corners = 11
    ring = welt.roll_mm[:-2].reshape(-1, corners, 2)
    along = np.diff(ring[:, 0], axis=0)
    assert np.abs(along[:, 0]) == pytest.approx(np.abs(along[:, 1]))
    assert np.hypot(*along.T).sum() == pytest.approx(500, rel=0.001)
    round_it = np.hypot(*np.diff(ring[3], axis=0).T).sum()
    assert round_it == pytest.approx(2000 * np.pi * RADIUS_M, rel=0.01)


def test_welts_of_a_cloth_of_their_own_keep_its_colour(sewn):
    prototype = with_piping(*sewn, CORD_MM, (200, 30, 20))
    assert prototype.piping == () and prototype.bare is not None
    assert np.unique(prototype.bare.colors, axis=0).tolist() == [[200, 30, 20]]
    both = with_piping(prototype, sewn[1], CORD_MM, (1, 2, 3)).bare
    assert len(both.vertices) == 2 * len(prototype.bare.vertices)
    assert both.faces.max() == len(both.vertices) - 1


def test_a_seam_without_a_panel_has_none(sewn):
    prototype, pattern = sewn
    assert with_piping(replace(prototype, panels=()), pattern, CORD_MM).piping == ()
