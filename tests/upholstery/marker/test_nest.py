"""A marker holds every piece, on the cloth, apart, the grain along the roll."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
import shapely

from stitchsketch_kernel.domain.errors import NestError, ScaleError, SettingsError
from stitchsketch_kernel.domain.marker import Fabric, Placement
from stitchsketch_kernel.domain.piece import Pattern, Piece
from stitchsketch_kernel.domain.progress import Cancelled
from stitchsketch_kernel.upholstery.marker import solver
from stitchsketch_kernel.upholstery.marker.nest import NestSettings, check_marker, make_marker, nest
from stitchsketch_kernel.upholstery.marker.solver import _starts, solve
from stitchsketch_kernel.upholstery.marker.turned import Cut
from stitchsketch_kernel.upholstery.pieces.make import make_pattern

WOOL = Fabric("Wool", 1400.0, 1370.0)
QUICK = NestSettings(seconds=1, workers=1)


def piece(name, outline, quantity=1, mirrored=False) -> Piece:
    outline = np.asarray(outline, dtype=float)
    grain = outline.mean(axis=0) + np.array([[0.0, 0.0], [0.0, 50.0]])
    return Piece(name, outline, outline, (), (), grain, quantity, mirrored)


def box(name, width, height, quantity=1) -> Piece:
    return piece(name, [[0, 0], [width, 0], [width, height], [0, height]], quantity)


def pattern_of(*pieces, scale="mat") -> Pattern:
    return Pattern("test", pieces, (), scale, 0.1)


def outlines(pattern, marker) -> list[shapely.Polygon]:
    return [
        shapely.Polygon(one.apply(pattern.piece(one.piece).cut_line_mm))
        for one in marker.placements
    ]


def assert_sound(pattern, marker) -> None:
    """Independent of `check_marker`: pair by pair."""
    shapes = outlines(pattern, marker)
    assert len(shapes) == sum(piece.quantity for piece in pattern.pieces)
    for index, shape in enumerate(shapes):
        x0, y0, x1, y1 = shape.bounds
        assert x0 >= -0.01 and y0 >= -0.01 and y1 <= marker.fabric.usable_width_mm + 0.01
        assert x1 <= marker.used_length_mm + 0.01
        for other in shapes[:index]:
            assert shape.distance(other) >= marker.separation_mm - 0.01
            assert shape.intersection(other).area < 1e-6
    area = sum(shape.area for shape in shapes)
    used = marker.used_length_mm * marker.fabric.usable_width_mm
    assert marker.density == pytest.approx(area / used)


@pytest.fixture(scope="module")
def cushion_pattern(cushion, shapes):
    return make_pattern("cushion", *cushion, scale=shapes.scale)


@pytest.fixture(scope="module")
def cushion_marker(cushion_pattern):
    return nest(cushion_pattern, WOOL, QUICK)


def test_a_cushion_is_laid_out_soundly_and_tightly(cushion_pattern, cushion_marker):
    assert_sound(cushion_pattern, cushion_marker)
    assert cushion_marker.separation_mm == 5
    assert cushion_marker.used_length_mm < 800


def test_of_a_mirrored_pair_one_copy_lies_face_down(cushion_marker):
    sides = [one.flipped for one in cushion_marker.placements if one.piece == "BOX-L"]
    assert sorted(sides) == [False, True]
    assert not any(one.flipped for one in cushion_marker.placements if one.piece != "BOX-L")


@pytest.mark.parametrize(
    ("nap", "railroad", "allowed"),
    [
        (False, False, {(1, 0), (-1, 0)}),
        (True, False, {(1, 0)}),
        (False, True, {(0, 1), (0, -1)}),
        (True, True, {(0, 1)}),
    ],
)
def test_the_grain_lies_along_the_roll(nap, railroad, allowed):
    hook = [[0, 0], [300, 0], [300, 80], [90, 80], [90, 400], [0, 400]]
    pattern = pattern_of(piece("HOOK", hook, 6, mirrored=True))
    settings = replace(QUICK, railroad=railroad)
    marker = nest(pattern, replace(WOOL, nap=nap), settings)
    assert_sound(pattern, marker)
    ways = set()
    for one in marker.placements:
        tail, head = one.apply(pattern.piece("HOOK").grain_mm)
        ways.add(tuple(np.round((head - tail) / 50).astype(int).tolist()))
    assert ways <= allowed


@pytest.mark.parametrize("separation", [0.0, 5.0, 20.0])
def test_pieces_as_wide_as_the_cloth_fit_at_any_separation(separation):
    angle = np.linspace(0, 2 * np.pi, 400)[:-1]
    disc = 684.9 * np.column_stack([np.cos(angle), np.sin(angle)])
    pattern = pattern_of(box("A", 1370, 300), piece("DISC", disc), box("B", 200, 100, 3))
    marker = nest(pattern, WOOL, replace(QUICK, separation_mm=separation))
    assert_sound(pattern, marker)


def test_a_piece_wider_than_the_cloth_is_named():
    with pytest.raises(NestError, match="SOFA is 1500 mm wide") as error:
        nest(pattern_of(box("SOFA", 1500, 400)), WOOL, QUICK)
    assert "1370 mm of usable width" in str(error.value) and "railroaded" in str(error.value)
    with pytest.raises(NestError, match="split the panel"):
        nest(pattern_of(box("SOFA", 1500, 1400)), WOOL, QUICK)


def test_an_unscaled_pattern_is_not_nested():
    with pytest.raises(ScaleError):
        nest(pattern_of(box("A", 100, 100), scale="none"), WOOL, QUICK)


def test_no_piece_and_no_width_are_refused():
    with pytest.raises(NestError, match="no piece"):
        nest(pattern_of(), WOOL, QUICK)
    with pytest.raises(NestError, match="usable"):
        nest(pattern_of(box("A", 10, 10)), replace(WOOL, usable_width_mm=1500.0), QUICK)


def test_a_search_that_dies_is_an_error_and_not_our_end():
    tall = np.array([[0, 0], [10, 0], [10, 500], [0, 500]], dtype=float)
    with pytest.raises(NestError, match="PanicException"):
        solve([Cut(tall, (0.0,))], 100.0, 1, 1, 1, lambda share, note: None)


def test_many_workers_begin_from_several_seeds_and_all_help():
    assert _starts(1) == [1] and _starts(2) == [2] and _starts(5) == [5]
    assert _starts(8) == [4, 4] and sum(_starts(16)) == 16


def test_several_starts_give_one_marker(monkeypatch):
    monkeypatch.setattr(solver, "_starts", lambda workers: [1, 1])
    hook = np.array([[0, 0], [300, 0], [300, 80], [90, 80], [90, 400], [0, 400]], dtype=float)
    laid = solve([Cut(hook, (0.0, 180.0))] * 6, 900.0, 1, 1, 2, lambda share, note: None)
    assert len(laid) == 6


def test_a_person_can_stop_it():
    def stop(share: float, note: str) -> None:
        if share > 0.005:
            raise Cancelled

    start = time.monotonic()
    pieces = [box(f"P{i}", 100 + 7 * i, 300 - 11 * i, 3) for i in range(12)]
    with pytest.raises(Cancelled):
        nest(pattern_of(*pieces), WOOL, replace(QUICK, seconds=120), stop)
    assert time.monotonic() - start < 20


def test_progress_goes_from_0_to_1(cushion_pattern):
    shares: list[float] = []
    nest(cushion_pattern, WOOL, QUICK, lambda s, note: shares.append(s))
    assert shares == sorted(shares) and shares[-1] == 1.0 and len(shares) > 3


def turned(name, x, y, copy=0, flipped=False) -> Placement:
    return Placement(name, copy, x, y, -90.0, flipped)


@pytest.mark.parametrize(
    ("placements", "said"),
    [
        ([turned("A", 0, 100), turned("B", 50, 100)], "A and B lie nearer"),
        ([turned("A", 0, 100), turned("B", 0, 204.98)], "A and B lie nearer"),
        # one wholly inside the other's place
        ([turned("A", 0, 100), turned("B", 0, 100)], "A and B lie nearer"),
        ([turned("A", 0, 99.9), turned("B", 200, 205)], "A lies over the edge"),
        ([turned("A", -0.1, 100), turned("B", 200, 205)], "A lies over the edge"),
        ([turned("A", 0, 100), turned("B", 0, 1370.1)], "B lies over the edge"),
        ([turned("A", 0, 100)], "as often as it is cut: B"),
        ([turned("A", 0, 100), turned("A", 300, 100), turned("B", 0, 205)], "often as it is cut"),
        ([turned("A", 0, 100), turned("B", 200, 205, flipped=True)], "as often as it is cut: B"),
    ],
)
def test_an_unsound_marker_is_refused(placements, said):
    pattern = pattern_of(box("A", 100, 100), box("B", 100, 100))
    with pytest.raises(NestError, match=said):
        make_marker(pattern, WOOL, placements, 5.0)


def test_a_sound_marker_made_by_hand_passes():
    pattern = pattern_of(box("A", 100, 100), box("B", 100, 100))
    marker = make_marker(pattern, WOOL, [turned("A", 0, 100), turned("B", 0, 205)], 5.0)
    assert marker.used_length_mm == pytest.approx(100)
    with pytest.raises(NestError, match="over the edge"):
        check_marker(pattern, replace(marker, used_length_mm=99.0))


@pytest.mark.parametrize(
    "wrong", [{"separation_mm": -1}, {"seconds": 0}, {"workers": -1}, {"seed": -1}]
)
def test_settings_out_of_bounds_are_refused(wrong):
    with pytest.raises(SettingsError):
        NestSettings(**wrong)
