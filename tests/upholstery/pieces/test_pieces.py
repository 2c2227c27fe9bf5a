"""Pieces of exact panels have exact edges, cut lines and figures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from stitchsketch_kernel.domain.errors import PanelError, ScaleError, SettingsError
from stitchsketch_kernel.domain.model import Scale
from stitchsketch_kernel.domain.panel import EdgeKind
from stitchsketch_kernel.domain.sureness import PieceSure, SeamSure, Sureness
from stitchsketch_kernel.upholstery.pieces.make import PieceSettings, make_pattern, require_metric


def lone(shapes, flat, kind=EdgeKind.SEWN, scale=None):
    """The piece of one panel whose seams all end there."""
    seams = [(seam, flat.panel, None, kind) for seam in flat.seam_vertices]
    made = make_pattern("x", shapes.panel_map(seams), (flat,), scale=scale or shapes.scale)
    return made.pieces[0]


def size(points) -> list[float]:
    return np.ptp(points, axis=0).tolist()


def test_the_cushions_pieces_have_their_exact_size(cushion, shapes):
    pattern = make_pattern("cushion", *cushion, scale=shapes.scale)
    assert size(pattern.piece("TOP").sew_line_mm) == [500, 450]
    assert size(pattern.piece("TOP").cut_line_mm) == pytest.approx([525.4, 475.4], abs=1e-5)
    # the zip's 19 mm at the back, along the bottom
    assert size(pattern.piece("BOT").cut_line_mm) == pytest.approx([525.4, 481.7], abs=1e-5)
    assert size(pattern.piece("BOX-B").cut_line_mm) == pytest.approx([525.4, 131.7], abs=1e-5)
    assert len(pattern.piece("TOP").sew_line_mm) == 4
    assert all(pair.difference_mm == pytest.approx(0, abs=1e-9) for pair in pattern.seams)
    assert len(pattern.seams) == 12


def test_edges_run_round_the_piece_from_corner_to_corner(cushion, shapes):
    pattern = make_pattern("cushion", *cushion, scale=shapes.scale)
    for piece in pattern.pieces:
        for edge, following in zip(piece.edges, [*piece.edges[1:], *piece.edges[:1]], strict=True):
            assert np.array_equal(edge.line_mm[-1], following.line_mm[0])
        assert shapely.LinearRing(piece.sew_line_mm).is_ccw
    # both sides of a seam run opposite ways round their pieces
    ways = [edge.forward for piece in pattern.pieces for edge in piece.edges if edge.seam == "T0"]
    assert sorted(ways) == [False, True]


def test_simplifying_moves_the_sew_line_by_no_more_than_asked(shapes):
    angle = np.linspace(0, 2 * np.pi, 721)[:-1]
    ring = 200 * np.column_stack([np.cos(angle), np.sin(angle)])
    run = np.append(np.arange(720), 0).astype(np.int32)
    piece = lone(shapes, shapes.bare_flat("DISC", ring, {"S": run}))
    assert len(piece.sew_line_mm) < 360
    line = shapely.LinearRing(piece.sew_line_mm)
    assert max(line.distance(shapely.Point(point)) for point in ring) <= 0.05
    radius = np.hypot(*piece.cut_line_mm.T)
    assert radius.min() > 212.7 - 0.06 and radius.max() < 212.7 + 0.01


def test_a_crescents_grain_line_stays_inside(shapes):
    turn = np.radians(np.linspace(-70, 70, 57))
    outer = 300 * np.column_stack([np.cos(turn), np.sin(turn)])
    inner = 220 * np.column_stack([np.cos(turn[::-1]), np.sin(turn[::-1])])
    ring = np.vstack([outer, inner])
    runs = {
        "O": np.arange(57), "E": np.array([56, 57]), "I": np.arange(57, 114),
        "F": np.array([113, 0]),
    }  # fmt: skip
    flat = shapes.bare_flat("C", ring, {k: v.astype(np.int32) for k, v in runs.items()})
    piece = lone(shapes, flat)
    assert shapely.Polygon(piece.sew_line_mm).contains(shapely.LineString(piece.grain_mm))
    (x0, y0), (x1, y1) = piece.grain_mm
    assert x0 == x1 and y1 > y0 + 50


def test_pieces_and_seams_carry_how_sure_they_are(shapes):
    flat = shapes.flat_panel(
        "P", [[0, 0], [600, 0], [600, 800], [0, 800]], [(f"S{i}", True) for i in range(4)]
    )
    # the seam on the furniture is 1000 mm long, on the piece 600: the rest is not sure either
    sure = Sureness({"S0": SeamSure("S0", 0.8, 0.5)}, {"P": PieceSure("P", 1.2, (0.7, 6.0))})
    panels = shapes.panel_map([(f"S{i}", "P", None, EdgeKind.SEWN) for i in range(4)])
    pattern = make_pattern("x", panels, (flat,), scale=shapes.scale, sure=sure)
    (piece,) = pattern.pieces
    assert (piece.uncertainty_mm, piece.size_uncertainty_mm) == (1.2, (0.7, 6.0))
    assert piece.within_mm == 6.0 and pattern.to_check() == (piece,)
    seam = {pair.seam: pair for pair in pattern.seams}["S0"]
    assert seam.length_uncertainty_mm == pytest.approx(np.hypot(0.8, 400))
    assert seam.place_uncertainty_mm == 0.5
    assert np.isnan(lone(shapes, flat).within_mm), "nobody said"


def test_a_shops_limit_says_which_pieces_to_check(shapes):
    flat = shapes.flat_panel("P", [[0, 0], [600, 0], [600, 800], [0, 800]],
                             [(f"S{i}", True) for i in range(4)])  # fmt: skip
    panels = shapes.panel_map([(f"S{i}", "P", None, EdgeKind.SEWN) for i in range(4)])
    sure = Sureness({}, {"P": PieceSure("P", 1.2, (0.7, 2.0))})
    for limit, names in ((2.5, []), (1.5, ["P"])):
        settings = PieceSettings(check_mm=limit)
        pattern = make_pattern(
            "x", panels, (flat,), scale=shapes.scale, settings=settings, sure=sure
        )
        assert [piece.name for piece in pattern.to_check()] == names
    for wrong in (0, -1, 51, float("nan")):
        with pytest.raises(SettingsError, match="check_mm"):
            PieceSettings(check_mm=wrong)


def test_strain_is_weighed_by_area(shapes):
    flat = shapes.flat_panel("P", [[0, 0], [90, 0], [100, 100], [0, 10]],
                             [(f"S{i}", True) for i in range(4)], step_mm=1e9)  # fmt: skip
    strained = replace(flat, strain_percent=np.array([1.0, 3.0]))
    areas = [shapely.Polygon(flat.uv_mm[face]).area for face in flat.faces]
    mean, high = lone(shapes, strained).strain_percent
    assert mean == pytest.approx((areas[0] + 3 * areas[1]) / sum(areas)) and high == 3.0


def test_an_unscaled_pattern_may_be_seen_and_not_cut(cushion, shapes):
    unscaled = Scale("none", 1.0, float("nan"), float("nan"), 0)
    pattern = make_pattern("chair 7", *cushion, scale=unscaled)
    assert pattern.scale_method == "none" and pattern.pieces
    with pytest.raises(ScaleError, match="chair 7 is not known"):
        require_metric(pattern)
    require_metric(make_pattern("chair 7", *cushion, scale=shapes.scale))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda runs: runs.pop("S2"), "gap or an overlap between S1 and S3"),
        (lambda runs: runs.update(S1=runs["S1"][:-1]), "gap or an overlap between S1 and S2"),
        (lambda runs: runs.update(S1=runs["S1"][[0, 2, 1]]), "seam S1 does not run along"),
        (lambda runs: runs.update(S1=runs["S1"][:1]), "seam S1 does not run along"),
    ],
)
def test_an_outline_that_is_not_all_seams_is_refused_by_name(shapes, change, said):
    flat = shapes.flat_panel(
        "P", [[0, 0], [100, 0], [100, 100], [0, 100]], [(f"S{i}", True) for i in range(4)]
    )
    runs = dict(flat.seam_vertices)
    change(runs)
    with pytest.raises(PanelError, match="Panel P") as error:
        lone(shapes, replace(flat, seam_vertices=runs))
    assert said in str(error.value)


def test_a_crossing_outline_is_refused_by_name(shapes):
    flat = shapes.flat_panel(
        "P", [[0, 0], [100, 0], [100, 100], [0, 100]], [(f"S{i}", True) for i in range(4)]
    )
    crossed = flat.uv_mm * np.where(flat.uv_mm[:, 1:] > 50, [-1.0, 1.0], [1.0, 1.0])
    with pytest.raises(PanelError, match="Piece P: A sew line crosses itself"):
        lone(shapes, replace(flat, uv_mm=crossed))


def test_settings_out_of_bounds_are_refused():
    with pytest.raises(SettingsError, match="simplify_mm"):
        PieceSettings(simplify_mm=2)


def test_legs_of_a_dart_that_come_together_gently_are_not_thinned_into_each_other(shapes):
    share = np.linspace(0, 1, 21)
    bow, gap = np.sin(np.pi * share), 0.01 * (1 - share)
    # thinned to 0.05 mm the left leg keeps its bow and the right one loses it
    into = np.column_stack([50 - gap + 0.051 * bow, 60 * share])
    back = np.column_stack([50 + gap + 0.049 * bow, 60 * share])[::-1]
    uv = np.vstack([[[0.0, 0.0]], into, back[1:], [[100, 0], [100, 100], [0, 100]]])
    at = np.arange(len(uv))
    legs, ends = at[1:42], at[41:]
    runs = {
        "D1": legs[:21], "D1*": legs[20:][::-1],
        "S1": np.append(ends, [0, 1]),
    }  # fmt: skip
    flat = shapes.bare_flat("SEAT", uv, {k: v.astype(np.int32) for k, v in runs.items()})
    seams = shapes.panel_map([("D1", "SEAT", "SEAT", EdgeKind.SEWN),
                              ("S1", "SEAT", None, EdgeKind.SEWN)])  # fmt: skip
    (piece,) = make_pattern("x", seams, [flat], scale=shapes.scale).pieces
    assert shapely.Polygon(piece.sew_line_mm).is_valid
