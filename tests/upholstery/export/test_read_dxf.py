"""Pieces drawn elsewhere come in at their size, and what is no drawing is refused in words."""

from __future__ import annotations

from dataclasses import replace

import ezdxf
import numpy as np
import pytest
import shapely
from ezdxf.entities import Spline

from stitchsketch_kernel.domain.errors import ExchangeError
from stitchsketch_kernel.domain.marker import Fabric
from stitchsketch_kernel.upholstery.export import dxf_lines, read_dxf
from stitchsketch_kernel.upholstery.export.dxf import write_dxf
from stitchsketch_kernel.upholstery.marker.nest import NestSettings, nest
from stitchsketch_kernel.upholstery.pieces.make import make_pattern

READ = read_dxf.read_dxf
SQUARE = [(0, 0), (400, 0), (400, 300), (0, 300)]


class Drawing:
    """A drawing as another program makes it."""

    def __init__(self, path, version="R2000", units=4, said=None):
        self.path, self.document = path, ezdxf.new(version)
        if version != "R12":
            self.document.header["$INSUNITS"] = units
        if said:
            self.document.modelspace().add_text(said)

    def block(self, name="SEAT"):
        made = self.document.blocks.new(name)
        self.document.modelspace().add_blockref(name, (1000, 50))
        return made

    def read(self, **more):
        self.document.saveas(self.path)
        return READ(self.path, **more)


@pytest.fixture
def drawing(tmp_path):
    return Drawing(tmp_path / "other.dxf")


def on(layer):
    return {"layer": layer}


@pytest.mark.parametrize("layers", ["astm", "aama"])
def test_our_own_pieces_come_back_to_a_hundredth(cushion, shapes, tmp_path, layers):
    ours = make_pattern("Cushion 7", *cushion, scale=shapes.scale)
    write_dxf(tmp_path / "a.dxf", ours, layers=layers)
    back = READ(tmp_path / "a.dxf")
    assert back.name == "Cushion 7" and len(back.pieces) == len(ours.pieces)
    for a, b in zip(ours.pieces, back.pieces, strict=True):
        shift = b.cut_line_mm.min(axis=0) - a.cut_line_mm.min(axis=0)
        assert (b.name, b.quantity, b.mirrored) == (a.name, a.quantity, a.mirrored)
        for name in ("cut_line_mm", "sew_line_mm", "grain_mm"):
            np.testing.assert_allclose(getattr(b, name), getattr(a, name) + shift, atol=0.01)
        assert len(a.notches) == len(b.notches) > 0
        for mine, read in zip(a.notches, b.notches, strict=True):
            np.testing.assert_allclose(read.cut_mm, mine.cut_mm + shift, atol=0.01)
            np.testing.assert_allclose(read.sew_mm, mine.sew_mm + shift, atol=0.01)
            assert read.depth_mm == pytest.approx(mine.depth_mm)


def test_what_was_read_can_be_laid(cushion, shapes, tmp_path):
    write_dxf(tmp_path / "a.dxf", make_pattern("c", *cushion, scale=shapes.scale))
    pattern = READ(tmp_path / "a.dxf")
    marker = nest(pattern, Fabric("W", 1400, 1370), NestSettings(seconds=1, workers=1))
    assert len(marker.placements) == 6


def test_odd_names_and_curved_pieces_come_back(pattern, tmp_path):
    write_dxf(tmp_path / "a.dxf", pattern)
    back = READ(tmp_path / "a.dxf")
    assert len({piece.name for piece in back.pieces}) == len(pattern.pieces)
    for a, b in zip(pattern.pieces, back.pieces, strict=True):
        same = shapely.Polygon(a.cut_line_mm).area
        assert shapely.Polygon(b.cut_line_mm).area == pytest.approx(same, rel=1e-6)


@pytest.mark.parametrize(
    ("version", "units", "said", "more", "wide"),
    [
        ("R12", 0, "UNITS: METRIC", {}, 400),
        ("R12", 0, "UNITS: ENGLISH", {}, 10_160),
        ("R2000", 1, None, {}, 10_160),
        ("R2000", 5, None, {}, 4000),
        ("R2000", 1, "Units: metric", {}, 400),
        ("R2000", 0, None, {"unit": "inch"}, 10_160),
        ("R2000", 1, None, {"unit": "mm"}, 400),
    ],
)
def test_the_unit_is_what_the_drawing_says(tmp_path, version, units, said, more, wide):
    drawing = Drawing(tmp_path / "a.dxf", version, units, said)
    drawing.block().add_polyline2d(SQUARE, close=True, dxfattribs=on("1"))
    (piece,) = drawing.read(**more).pieces
    assert np.ptp(piece.cut_line_mm[:, 0]) == pytest.approx(wide)


@pytest.mark.parametrize(("units", "said"), [(0, None), (0, "UNITS: FURLONG"), (4, "UNITS: ELLS")])
def test_a_drawing_of_no_unit_is_refused(tmp_path, units, said):
    drawing = Drawing(tmp_path / "a.dxf", "R2000", units, said)
    drawing.block().add_polyline2d(SQUARE, close=True, dxfattribs=on("1"))
    with pytest.raises(ExchangeError, match="--unit mm"):
        drawing.read()


def test_curves_are_true_to_a_twentieth_of_a_millimetre(drawing):
    """A stadium: two lines and two arcs, loose and in any order; a disc by two bulges."""
    block = drawing.block("STADIUM")
    block.add_line((0, 0), (400, 0), dxfattribs=on("1"))
    block.add_arc((0, 150), 150, 90, 270, dxfattribs=on("1"))
    block.add_line((0, 300), (400, 300), dxfattribs=on("1"))
    block.add_arc((400, 150), 150, -90, 90, dxfattribs=on("1"))
    disc = drawing.block("DISC")
    disc.add_lwpolyline([(-500, 0, 1), (500, 0, 1)], format="xyb", close=True, dxfattribs=on("1"))
    stadium, round_ = drawing.read().pieces
    off = shapely.LineString([[0, 150], [400, 150]]).buffer(150, 400).exterior
    assert shapely.hausdorff_distance(shapely.LinearRing(stadium.cut_line_mm), off, 0.05) < 0.06
    radius = shapely.LinearRing(round_.cut_line_mm)
    assert abs(radius.distance(shapely.Point(0, 0)) - 500) < 0.051
    assert np.allclose(np.hypot(*round_.cut_line_mm.T), 500, atol=1e-6)


def test_a_spline_and_an_ellipse_are_boundaries_too(drawing):
    drawing.block("EGG").add_ellipse((0, 0), (200, 0), 0.5, dxfattribs=on("1"))
    wave = drawing.block("WAVE")
    wave.add_spline([(0, 0), (100, 60), (200, 0)], dxfattribs=on("1"))
    wave.add_lwpolyline([(200, 0), (200, -80), (0, -80), (0, 0)], dxfattribs=on("1"))
    egg, waved = drawing.read().pieces
    assert shapely.Polygon(egg.cut_line_mm).area == pytest.approx(np.pi * 200 * 100, rel=1e-3)
    assert np.ptp(waved.cut_line_mm, axis=0)[0] == pytest.approx(200)


def test_a_grain_that_lies_across_turns_the_piece(drawing):
    block = drawing.block()
    block.add_lwpolyline(SQUARE, close=True, dxfattribs=on("1"))
    block.add_line((100, 150), (300, 150), dxfattribs=on("7"))
    (piece,) = drawing.read().pieces
    assert np.ptp(piece.cut_line_mm, axis=0) == pytest.approx([300, 400])
    up = piece.grain_mm[1] - piece.grain_mm[0]
    assert up == pytest.approx([0, 200]) and shapely.LinearRing(piece.cut_line_mm).is_ccw


def test_without_a_sew_line_or_a_grain_it_is_said(drawing):
    drawing.block().add_lwpolyline(SQUARE[::-1], close=True, dxfattribs=on("1"))
    (piece,) = drawing.read().pieces
    assert np.array_equal(piece.sew_line_mm, piece.cut_line_mm)
    assert "sew line" in piece.notes[0] and "grain" in piece.notes[1].lower()


def test_a_small_ring_inside_is_no_sew_line(drawing):
    block = drawing.block()
    block.add_lwpolyline(SQUARE, close=True, dxfattribs=on("1"))
    block.add_circle((100, 100), 10, dxfattribs=on("8"))
    (piece,) = drawing.read().pieces
    assert len(piece.sew_line_mm) == 4 and len(piece.internal_mm) == 1


def test_pieces_of_one_name_keep_apart(drawing):
    for name in ("A", "B"):
        block = drawing.block(name)
        block.add_lwpolyline(SQUARE, close=True, dxfattribs=on("1"))
        block.add_text("PIECE NAME: Seat")
    assert [piece.name for piece in drawing.read().pieces] == ["Seat", "Seat-2"]


def broken(drawing, what):
    block = drawing.block()
    if what == "open":
        block.add_lwpolyline(SQUARE, dxfattribs=on("1"))
    elif what == "crossed":
        block.add_lwpolyline(
            [(0, 0), (400, 0), (0, 300), (390, 300)], close=True, dxfattribs=on("1")
        )
    elif what == "far":
        block.add_lwpolyline([(x + 2e5, y) for x, y in SQUARE], close=True, dxfattribs=on("1"))
    elif what == "wide arc":
        block.add_arc((0, 0), 1e12, 0, 90, dxfattribs=on("1"))
    elif what == "wide ellipse":
        block.add_ellipse((0, 0), (1e12, 0), 0.5, dxfattribs=on("1"))
    elif what == "wide spline":
        block.add_spline([(0, 0), (1e12, 5), (3, 4)], dxfattribs=on("1"))
    elif what == "bulge":
        block.add_lwpolyline(
            [(0, 0, 1e9), (1, 1, 0), (1, 0, 0)], format="xyb", close=True, dxfattribs=on("1")
        )
    else:
        block.add_lwpolyline(SQUARE, close=True, dxfattribs=on("1"))
        block.add_text("QUANTITY: 5000000")


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("open", "does not close"),
        ("crossed", "crosses itself"),
        ("far", "from its origin"),
        ("wide arc", "from its origin"),
        ("wide ellipse", "from its origin"),
        ("wide spline", "from its origin"),
        ("bulge", "is no arc"),
        ("quantity", "5000000 times"),
    ],
)
def test_an_unsound_piece_is_refused_by_name(drawing, what, said):
    broken(drawing, what)
    with pytest.raises(ExchangeError, match=r"other\.dxf, piece SEAT") as error:
        drawing.read()
    assert said in str(error.value)


def test_a_point_that_is_no_number_is_refused(drawing):
    block = drawing.block()
    block.add_lwpolyline([(float("nan"), 0), *SQUARE[1:]], close=True, dxfattribs=on("1"))
    with pytest.raises(ExchangeError, match="a point that is no number"):
        drawing.read()


def test_a_notch_that_is_no_number_is_refused(drawing):
    block = drawing.block()
    block.add_lwpolyline(SQUARE, close=True, dxfattribs=on("1"))
    block.add_point((float("nan"), 0), dxfattribs=on("4"))
    with pytest.raises(ExchangeError, match="a notch of it is no number"):
        drawing.read()


def test_a_spline_that_would_fill_the_memory_is_never_drawn(drawing, monkeypatch):
    broken(drawing, "wide spline")
    monkeypatch.setattr(Spline, "flattening", lambda *_: pytest.fail("flattened"))
    with pytest.raises(ExchangeError, match="from its origin"):
        drawing.read()


def test_a_block_at_another_scale_is_refused(drawing):
    drawing.document.blocks.new("X").add_lwpolyline(SQUARE, close=True, dxfattribs=on("1"))
    drawing.document.modelspace().add_blockref("X", (0, 0), dxfattribs={"xscale": 2})
    with pytest.raises(ExchangeError, match="another scale"):
        drawing.read()


def test_a_drawing_without_blocks_is_refused(drawing):
    drawing.document.modelspace().add_lwpolyline(SQUARE, close=True, dxfattribs=on("1"))
    with pytest.raises(ExchangeError, match="no blocks"):
        drawing.read()


@pytest.mark.parametrize(
    "content", [b"", b"Dear Sir", b"\x00" * 999, b"  0\nSECTION\n  2\nENTITIES\n", b"0\n" * 9999]
)
def test_no_drawing_is_refused(tmp_path, content):
    (tmp_path / "a.dxf").write_bytes(content)
    with pytest.raises(ExchangeError, match=r"a\.dxf"):
        READ(tmp_path / "a.dxf")


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(ExchangeError, match="No such file"):
        READ(tmp_path / "a.dxf")


@pytest.mark.parametrize(
    ("module", "limit", "said"),
    [
        (read_dxf, "MOST_BYTES", "larger than"),
        (read_dxf, "MOST_ENTITIES", "entities"),
        (read_dxf, "MOST_PIECES", "pieces"),
        (dxf_lines, "MOST_POINTS", "points"),
        (dxf_lines, "MOST_PARTS", "parts"),
    ],
)
def test_a_huge_file_is_refused(drawing, monkeypatch, module, limit, said):
    drawing.block().add_lwpolyline(SQUARE, close=True, dxfattribs=on("1"))
    drawing.read()
    monkeypatch.setattr(module, limit, 0)
    with pytest.raises(ExchangeError, match=said):
        drawing.read()


def test_what_was_read_and_unscaled_is_not_the_same(drawing):
    drawing.block().add_lwpolyline(SQUARE, close=True, dxfattribs=on("1"))
    pattern = drawing.read()
    assert pattern.scale_method == "drawn"
    write_dxf(drawing.path, replace(pattern, name="again"))
    assert READ(drawing.path).name == "again"
