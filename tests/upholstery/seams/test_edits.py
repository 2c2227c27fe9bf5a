"""The text file in which a person says what the panels are."""

from __future__ import annotations

import numpy as np
import pytest

from stitchsketch_kernel.domain.errors import PanelError, SettingsError
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.domain.panel import EdgeKind, Panel, PanelMap, Seam
from stitchsketch_kernel.upholstery.seams.edits import (
    PanelEdits,
    apply_kinds,
    edits_as_text,
    read_edits,
    write_edits,
)

EVERYTHING = """
# a remark
panel SEAT 0.1 0.2 0.45   # a seed
panel SEAT 0.2 0.2 0.45
ignore 0 0 0.05
seam 0.1 0.2 0.4 ; 0.1 0.3 0.4;0.1 0.4 0.4
keep
name BOX-2 BOX-F
edge S04 staple
grain SEAT 0 2 0
"""


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "panels.txt"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def panel_map():
    """Two triangles, one seam between them."""
    vertices = np.array([[0.0, 0, 0.5], [1, 0, 0.5], [1, 1, 0.5], [0, 1, 0.5]])
    mesh = Mesh(vertices, np.array([[0, 1, 2], [0, 2, 3]], dtype=np.int32))
    up = np.array([0.0, 1.0, 0.0])
    panels = (Panel("BOX-1", np.array([0]), up), Panel("BOX-2", np.array([1]), up))
    line = np.array([0, 2], dtype=np.int32)
    seam = Seam("S01", vertices[line], "BOX-2", "BOX-1", EdgeKind.SEWN, line)
    return PanelMap(mesh, panels, (seam,))


def test_every_kind_of_line_is_read(written):
    edits = read_edits(written(EVERYTHING))
    assert [name for name, _ in edits.seeds] == ["SEAT", "SEAT"]
    assert edits.seeds[0][1].tolist() == [0.1, 0.2, 0.45]
    assert edits.ignored[0].tolist() == [0, 0, 0.05]
    assert edits.cuts[0].shape == (3, 3)
    assert edits.keeps
    assert edits.names == (("BOX-2", "BOX-F"),)
    assert edits.kinds == (("S04", EdgeKind.STAPLE),)
    assert edits.grains[0][1].tolist() == [0, 2, 0]


def test_edits_written_as_text_are_read_as_the_same(written):
    text = edits_as_text(read_edits(written(EVERYTHING)))
    assert text.splitlines()[0] == "keep"
    assert len(text.splitlines()) == 8
    assert edits_as_text(read_edits(written(text))) == text
    assert edits_as_text(PanelEdits()) == ""


@pytest.mark.parametrize(
    "line",
    [
        "pannel SEAT 0 0 0",
        "panel SEAT 0 0",
        "panel SEAT 0 0 nan",
        "panel ../SEAT 0 0 0",
        "ignore",
        "seam 0 0 0",
        "seam 0 0 0 ; 0 0",
        "keep SEAT",
        "edge S04 glued",
        "name A",
        "name A B C",
        "grain SEAT 0 0 0",
    ],
)
def test_a_wrong_line_is_named_with_its_number(written, line):
    with pytest.raises(SettingsError, match=r"Line 3 of panels\.txt isn't understood") as caught:
        read_edits(written(f"# panels\n\n{line}\n"))
    assert line in str(caught.value)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00panel"])
def test_a_file_that_cannot_be_read_is_named(tmp_path, content):
    path = tmp_path / "panels.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError, match=r"panels\.txt can't be read"):
        read_edits(path)


def test_a_file_of_a_megabyte_is_refused(written):
    with pytest.raises(SettingsError, match="far too long"):
        read_edits(written("#" * 1_000_001))


def test_a_written_proposal_changes_nothing_until_a_remark_is_taken_away(panel_map, tmp_path):
    path = tmp_path / "panels.txt"
    write_edits(panel_map, path)
    assert read_edits(path) == PanelEdits()
    assert [file.name for file in tmp_path.iterdir()] == ["panels.txt"]
    own = [line for line in path.read_text().splitlines() if "BOX-" in line or "S01" in line]
    path.write_text("\n".join(line.removeprefix("# ") for line in own))
    edits = read_edits(path)
    assert [name for name, _ in edits.seeds] == ["BOX-1", "BOX-2"]
    assert edits.seeds[0][1] == pytest.approx([2 / 3, 1 / 3, 0.5], abs=1e-4)
    assert edits.kinds == (("S01", EdgeKind.SEWN),)


def test_kinds_and_grains_are_set(panel_map):
    edits = PanelEdits(
        kinds=(("S01", EdgeKind.ZIP),), grains=(("BOX-1", np.array([2.0, 0.0, 0.0])),)
    )
    changed = apply_kinds(panel_map, edits)
    assert changed.seams[0].edge_kind is EdgeKind.ZIP
    assert changed.panel("BOX-1").grain_m.tolist() == [1, 0, 0]


@pytest.mark.parametrize(
    ("apply", "edits", "message"),
    [
        (apply_kinds, PanelEdits(kinds=(("S99", EdgeKind.ZIP),)), "no seam called S99"),
        (apply_kinds, PanelEdits(grains=(("OB", np.ones(3)),)), "no panel called OB"),
    ],
)
def test_what_is_not_there_cannot_be_edited(panel_map, apply, edits, message):
    with pytest.raises(PanelError, match=message):
        apply(panel_map, edits)
