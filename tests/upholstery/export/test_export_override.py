"""What does not sew together is not cut; cut past the gate, every file says so."""

from __future__ import annotations

import json
from dataclasses import replace

import ezdxf
import numpy as np
import pytest

from stitchsketch_kernel.domain.errors import SewError
from stitchsketch_kernel.domain.marker import Fabric, Marker, Placement
from stitchsketch_kernel.domain.panel import EdgeKind
from stitchsketch_kernel.domain.piece import Pattern, Piece, PieceEdge, SeamPair
from stitchsketch_kernel.upholstery.export.cut_files import CUT_FILES, write_cut_files
from stitchsketch_kernel.upholstery.export.pattern_json import read_pattern_json

WHY = "gathered by hand, Ana 12/5"


def disc(name: str, radius: float, way: bool) -> Piece:
    turn = np.linspace(0, 2 * np.pi, 73)
    line = radius * np.column_stack([np.cos(turn), np.sin(turn)])
    line[-1] = line[0]
    edge = PieceEdge("S01", EdgeKind.SEWN, line, way, 10.0)
    cut = (radius + 10) / radius * line[:-1]
    return Piece(name, line[:-1], cut, (edge,), (), np.array([[0.0, -40], [0, 40]]))


@pytest.fixture
def off():
    """A lid that is 6 mm longer round than its bottom."""
    pieces = (disc("LID", 101.0, True), disc("BOT", 100.0, False))
    seam = SeamPair("S01", EdgeKind.SEWN, "LID", "BOT", 634.0, 628.0)
    pattern = Pattern("Pouf", pieces, (seam,), "mat", 0.1)
    placed = (Placement("LID", 0, 150, 150, 0, False), Placement("BOT", 0, 400, 150, 0, False))
    return pattern, Marker(Fabric("Wool", 1400.0, 1370.0), placed, 520.0, 5.0, 0.1)


def test_nothing_is_written_of_what_does_not_sew(off, tmp_path):
    with pytest.raises(SewError, match=r"Seam S01 \(LID to BOT\)"):
        write_cut_files(*off, tmp_path / "patterns")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", CUT_FILES)
def test_a_reason_stands_on_every_cut_file(off, name, tmp_path, read_pdf):
    pattern, marker = replace(off[0], override=WHY), off[1]
    folder = tmp_path / "patterns"
    write_cut_files(pattern, marker, folder)
    path = folder / name
    if name.endswith(".pdf"):
        for page in read_pdf(path):
            assert WHY in " ".join(page.words), "every page"
    elif name.endswith(".dxf"):
        texts = [one.dxf.text for one in ezdxf.readfile(path).modelspace().query("TEXT")]
        assert f"ANNOTATION: DOES NOT SEW TOGETHER, cut because: {WHY}" in texts
    elif name.endswith(".plt"):
        assert f"LBDOES NOT SEW TOGETHER, cut because: {WHY}\x03;" in path.read_text("ascii")
    elif name.endswith(".csv"):
        assert path.read_text("utf-8-sig").count(WHY) == 2, "each piece's line"
    elif name.endswith(".json"):
        assert json.loads(path.read_text("utf-8"))["override"] == WHY
        assert read_pattern_json(path)[0].override == WHY
    else:
        assert path.read_text("utf-8").count(WHY) == 2, "to see, and in the description"


def test_a_pattern_from_before_the_gate_still_reads(off, tmp_path):
    pattern, marker = replace(off[0], override=WHY), off[1]
    write_cut_files(pattern, marker, tmp_path / "patterns")
    path = tmp_path / "patterns" / "pattern.json"
    data = json.loads(path.read_text("utf-8"))
    del data["override"]
    path.write_text(json.dumps(data))
    assert read_pattern_json(path)[0].override == ""
