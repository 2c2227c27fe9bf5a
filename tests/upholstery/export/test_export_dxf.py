"""DXF as ezdxf, which has no part in its own judgement, reads it back."""

from __future__ import annotations

import logging
from dataclasses import replace

import ezdxf
import numpy as np
import pytest

from stitchsketch_kernel.upholstery.export.dxf import turn_points, write_dxf

EXACT_MM = 0.05


@pytest.fixture(scope="module")
def document(pattern, tmp_path_factory):
    path = tmp_path_factory.mktemp("dxf") / "pattern.dxf"
    write_dxf(path, pattern)
    return ezdxf.readfile(path)


def blocks(document):
    """In the order in which they are laid out."""
    return [document.blocks[insert.dxf.name] for insert in document.modelspace().query("INSERT")]


def outline(block, layer):
    (line,) = block.query(f'POLYLINE[layer=="{layer}"]')
    assert line.is_closed
    return np.array([vertex.dxf.location.vec2 for vertex in line.vertices], dtype=float)


def words(layout, layer):
    return [text.dxf.text for text in layout.query(f'TEXT[layer=="{layer}"]')]


def test_an_audit_finds_nothing(document):
    audit = document.audit()
    assert not audit.has_errors and not audit.has_fixes


def test_pieces_have_their_exact_shape(document, pattern):
    assert len(blocks(document)) == len(pattern.pieces)
    for block, piece in zip(blocks(document), pattern.pieces, strict=True):
        cut, sew = outline(block, "1"), outline(block, "14")
        shift = cut.min(axis=0) - piece.cut_line_mm.min(axis=0)
        np.testing.assert_allclose(cut, piece.cut_line_mm + shift, atol=EXACT_MM)
        np.testing.assert_allclose(sew, piece.sew_line_mm + shift, atol=EXACT_MM)
        (grain,) = block.query('LINE[layer=="7"]')
        ends = np.array([grain.dxf.start.vec2, grain.dxf.end.vec2], dtype=float)
        np.testing.assert_allclose(ends, piece.grain_mm + shift, atol=EXACT_MM)


def test_the_rectangle_measures_what_it_should(document):
    size = np.ptp(outline(blocks(document)[0], "1"), axis=0)
    np.testing.assert_allclose(size, [525.4, 475.4], atol=EXACT_MM)


def test_notches_say_where_how_deep_and_which_way(document, pattern):
    for block, piece in zip(blocks(document), pattern.pieces, strict=True):
        shift = outline(block, "1").min(axis=0) - piece.cut_line_mm.min(axis=0)
        points = list(block.query('POINT[layer=="4"]'))
        assert len(points) == len(piece.notches)
        for point, notch in zip(points, piece.notches, strict=True):
            at = np.array(point.dxf.location.vec2, dtype=float) - shift
            turn = np.deg2rad(point.dxf.angle)
            end = at + point.dxf.thickness * np.array([np.cos(turn), np.sin(turn)])
            inwards = (notch.sew_mm - notch.cut_mm) / np.linalg.norm(notch.sew_mm - notch.cut_mm)
            np.testing.assert_allclose(at, notch.cut_mm, atol=EXACT_MM)
            np.testing.assert_allclose(end, notch.cut_mm + 6.0 * inwards, atol=EXACT_MM)


def test_layers_follow_the_convention(document):
    used = {entity.dxf.layer for block in blocks(document) for entity in block}
    assert used >= {"1", "2", "3", "4", "7", "8", "14", "15"}


def test_programs_find_units_names_and_quantities(document):
    assert "UNITS: METRIC" in words(document.modelspace(), "1")
    first = blocks(document)[0]
    assert {"PIECE NAME: IB", "QUANTITY: 2"} <= set(words(first, "1"))
    assert words(first, "15")[:2] == ["IB", "cut 2 (mirrored pairs)"]


def test_aama_readers_find_the_sew_line_on_layer_8(pattern, tmp_path):
    write_dxf(tmp_path / "aama.dxf", pattern, layers="aama")
    circle = blocks(ezdxf.readfile(tmp_path / "aama.dxf"))[2]
    assert len(outline(circle, "8")) == 240 and not circle.query('*[layer=="14"]')


def test_names_are_such_as_r12_allows_and_unlike_each_other(document):
    names = [block.name for block in blocks(document)]
    assert len(set(names)) == len(names)
    assert all(set(name) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") for name in names)
    assert max(map(len, names)) <= 31


def test_many_pieces_of_one_long_name_keep_apart(pattern, piece_of, tmp_path):
    square = [[0, 0], [50, 0], [50, 50], [0, 50]]
    pieces = tuple(piece_of("left outside arm, front, low, " + "x" * i, square) for i in range(12))
    write_dxf(tmp_path / "many.dxf", replace(pattern, pieces=pieces))
    assert len({block.name for block in blocks(ezdxf.readfile(tmp_path / "many.dxf"))}) == 12


def test_it_is_seven_bit_without_a_line_too_many(pattern, tmp_path, caplog):
    path = tmp_path / "pattern.dxf"
    with caplog.at_level(logging.WARNING):
        write_dxf(path, pattern)
    lines = path.read_bytes().decode("ascii").split("\r\n")
    assert lines.count("EOF") == 1 and "\x00" not in "".join(lines)
    assert not caplog.records


def test_corners_are_turn_points_and_curves_are_not(pattern):
    assert turn_points(pattern.pieces[0].cut_line_mm).sum() == 4
    assert turn_points(pattern.pieces[1].cut_line_mm).sum() == 6
    assert not turn_points(pattern.pieces[2].cut_line_mm).any()
