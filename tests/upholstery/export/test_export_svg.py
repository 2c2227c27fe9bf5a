"""SVG as another library, svgelements, measures it."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from svgelements import SVG, Close, Path

from stitchsketch_kernel.upholstery.export.svg import write_svg

EXACT_MM = 0.05


@pytest.fixture(scope="module")
def files(pattern, marker, tmp_path_factory):
    folder = tmp_path_factory.mktemp("svg")
    write_svg(folder / "pattern.svg", pattern)
    write_svg(folder / "marker.svg", pattern, marker)
    return folder


def paths(file, kind):
    """All paths of a kind, one a piece, in millimetres with y up: what a viewer makes of them."""
    drawing = SVG.parse(str(file), ppi=25.4)
    found = [one for one in drawing.elements() if isinstance(one, Path)]
    out = []
    for path in found:
        if path.values.get("class") != kind:
            continue
        points = [step.end for step in path.segments(True) if not isinstance(step, Close)]
        out.append(np.array([[point.x, -point.y] for point in points]))
    return out


def test_pieces_have_their_exact_shape_in_millimetres(files, pattern):
    cuts, sews = paths(files / "pattern.svg", "cut"), paths(files / "pattern.svg", "sew")
    for cut, sew, piece in zip(cuts, sews, pattern.pieces, strict=True):
        shift = cut.min(axis=0) - piece.cut_line_mm.min(axis=0)
        np.testing.assert_allclose(cut, piece.cut_line_mm + shift, atol=EXACT_MM)
        np.testing.assert_allclose(sew, piece.sew_line_mm + shift, atol=EXACT_MM)
    np.testing.assert_allclose(np.ptp(cuts[0], axis=0), [525.4, 475.4], atol=EXACT_MM)


def test_the_marker_lays_every_copy_where_it_should(files, pattern, marker):
    cuts = paths(files / "marker.svg", "cut")
    wanted = [one.apply(pattern.piece(one.piece).cut_line_mm) for one in marker.placements]
    shift = cuts[0][0] - wanted[0][0]
    for cut, want in zip(cuts, wanted, strict=True):
        np.testing.assert_allclose(cut, want + shift, atol=EXACT_MM)


@pytest.mark.parametrize("name", ["pattern.svg", "marker.svg"])
def test_a_user_unit_is_a_millimetre_and_all_lies_on_the_sheet(files, name):
    root = ET.parse(files / name).getroot()
    box = [float(value) for value in root.get("viewBox").split()]
    assert [root.get("width"), root.get("height")] == [f"{value:.3f}mm" for value in box[2:]]
    points = np.vstack(paths(files / name, "cut")) * [1, -1]
    assert (points > 0).all() and (points < box[2:]).all()


def test_notches_and_grain_are_there(files, pattern):
    notches, grains = paths(files / "pattern.svg", "notch"), paths(files / "pattern.svg", "grain")
    for notch, grain, piece in zip(notches, grains, pattern.pieces, strict=True):
        assert len(notch) == 2 * len(piece.notches)
        assert np.hypot(*(notch[1] - notch[0])) == pytest.approx(6.0, abs=EXACT_MM)
        np.testing.assert_allclose(grain[1] - grain[0], np.ptp(piece.grain_mm, axis=0), atol=0.05)
        # the head's tip is the upper end: seen as the cloth is seen
        assert grain[1][1] > grain[0][1] and np.allclose(grain[3], grain[1])


def test_names_are_text_and_nothing_else(files):
    root = ET.parse(files / "pattern.svg").getroot()
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags <= {"svg", "title", "desc", "g", "path", "text", "defs"}
    text = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert "<b>&\"';???]]>" in text and any("Rückenäußeres €" in one for one in text)
