"""All cut files or none: never half-written, never of a scan without scale."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stitchsketch_kernel.domain.errors import ExportError, ScaleError, StorageError
from stitchsketch_kernel.upholstery.export import cut_files
from stitchsketch_kernel.upholstery.export.cut_files import write_cut_files
from stitchsketch_kernel.upholstery.export.cut_list import write_cut_list
from stitchsketch_kernel.upholstery.export.dxf import write_dxf
from stitchsketch_kernel.upholstery.export.hpgl import write_hpgl
from stitchsketch_kernel.upholstery.export.pattern_json import read_pattern_json
from stitchsketch_kernel.upholstery.export.pdf import write_pdf
from stitchsketch_kernel.upholstery.export.svg import write_svg
from stitchsketch_kernel.upholstery.export.tiled import write_tiled_pdf

WRITERS = [write_cut_list, write_dxf, write_hpgl, write_pdf, write_svg, write_tiled_pdf]
NAMES = [
    "pattern.json", "pattern.svg", "marker.svg", "pattern.pdf", "marker.pdf", "pattern-A4.pdf",
    "pattern-Letter.pdf", "pattern.dxf", "pattern-AAMA.dxf", "cut-list.csv",
    "marker.plt",
]  # fmt: skip


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def plain(pattern, marker):
    """A pattern that every format can hold."""
    pieces = (pattern.pieces[0],)
    placed = tuple(one for one in marker.placements if one.piece == pieces[0].name)
    return replace(pattern, pieces=pieces, name="Chair"), replace(marker, placements=placed)


def test_all_files_are_there(plain, tmp_path):
    written = write_cut_files(*plain, tmp_path / "patterns")
    assert [path.name for path in written] == NAMES
    assert all(path.parent == tmp_path / "patterns" and path.stat().st_size for path in written)
    assert names(tmp_path) == ["patterns"]


@pytest.mark.parametrize("write", WRITERS)
def test_a_scan_without_scale_is_not_cut(write, unscaled, tmp_path):
    with pytest.raises(ScaleError, match="not known"):
        write(tmp_path / "file", unscaled)
    assert not names(tmp_path)


def test_a_scan_without_scale_gets_no_folder(unscaled, marker, tmp_path):
    with pytest.raises(ScaleError, match="not known"):
        write_cut_files(unscaled, marker, tmp_path / "patterns")
    assert not names(tmp_path)


@pytest.mark.parametrize("write", WRITERS)
def test_no_piece_is_no_pattern(write, pattern, tmp_path):
    with pytest.raises(ExportError, match="no piece"):
        write(tmp_path / "file", replace(pattern, pieces=()))
    assert not names(tmp_path)


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("line", ["cut_line_mm", "sew_line_mm", "grain_mm"])
def test_a_point_that_is_no_number_is_not_cut(write, line, pattern, tmp_path):
    points = getattr(pattern.pieces[0], line).copy()
    points[0, 1] = float("nan")
    broken = replace(pattern.pieces[0], **{line: points})
    with pytest.raises(ExportError, match="Piece IB has a point that is no number"):
        write(tmp_path / "file", replace(pattern, pieces=(broken,)))
    assert not names(tmp_path)


@pytest.mark.parametrize("write", [write_hpgl, write_pdf, write_svg])
def test_a_marker_of_another_pattern_is_not_cut(write, pattern, marker, tmp_path):
    other = replace(pattern, pieces=pattern.pieces[1:])
    with pytest.raises(ExportError, match="lays piece IB, which is not in the pattern"):
        write(tmp_path / "file", other, marker)
    with pytest.raises(ExportError, match="lays no piece"):
        write(tmp_path / "file", pattern, replace(marker, placements=()))
    assert not names(tmp_path)


@pytest.mark.parametrize("write", WRITERS[1:])  # a cut list fits anywhere
def test_a_full_disk_leaves_the_older_file(write, pattern, small_disk):
    (small_disk / "file").write_text("older")
    fill(small_disk, 8192)
    with pytest.raises(StorageError, match=r"file could not be written: the disk is full"):
        write(small_disk / "file", pattern)
    assert (small_disk / "file").read_text() == "older"
    assert names(small_disk) == ["file", "filler"]


def fill(disk, left):
    """Leave so many bytes, as far as the disk's own pages allow."""
    with (disk / "filler").open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(4096))
        except OSError:
            filler.truncate(filler.tell() - left)


def test_a_full_disk_leaves_no_folder(plain, small_disk):
    fill(small_disk, 40000)
    with pytest.raises(StorageError, match="the disk is full"):
        write_cut_files(*plain, small_disk / "patterns")
    assert names(small_disk) == ["filler"]


def test_a_full_disk_leaves_the_older_folder(plain, small_disk):
    write_cut_files(*plain, small_disk / "patterns")
    before = {path.name: path.read_bytes() for path in (small_disk / "patterns").iterdir()}
    fill(small_disk, 40000)
    pattern, marker = plain
    with pytest.raises(StorageError, match="the disk is full"):
        write_cut_files(replace(pattern, name="Sofa"), marker, small_disk / "patterns")
    after = {path.name: path.read_bytes() for path in (small_disk / "patterns").iterdir()}
    assert after == before and names(small_disk) == ["filler", "patterns"]


def test_an_older_folder_is_replaced_as_a_whole(plain, tmp_path):
    pattern, marker = plain
    write_cut_files(pattern, marker, tmp_path / "patterns")
    write_cut_files(replace(pattern, name="Sofa"), marker, tmp_path / "patterns")
    assert read_pattern_json(tmp_path / "patterns" / "pattern.json")[0].name == "Sofa"
    assert names(tmp_path) == ["patterns"] and names(tmp_path / "patterns") == sorted(NAMES)


def test_a_writer_that_fails_leaves_the_older_folder(plain, tmp_path, monkeypatch):
    pattern, marker = plain
    write_cut_files(pattern, marker, tmp_path / "patterns")

    def fail(*_):
        raise RuntimeError("the plotter's file")

    monkeypatch.setitem(cut_files._WRITERS, "marker.plt", fail)
    with pytest.raises(RuntimeError):
        write_cut_files(replace(pattern, name="Sofa"), marker, tmp_path / "patterns")
    assert read_pattern_json(tmp_path / "patterns" / "pattern.json")[0].name == "Chair"
    assert names(tmp_path) == ["patterns"]


def test_what_a_killed_run_moved_away_is_put_back(plain, unscaled, tmp_path, monkeypatch):
    write_cut_files(*plain, tmp_path / "patterns")
    (tmp_path / "patterns").rename(tmp_path / ".patterns.old")
    (tmp_path / ".patterns.partial").mkdir()
    (tmp_path / ".patterns.partial" / "marker.plt").write_text("half")

    def fail(*_):
        raise RuntimeError("no luck again")

    monkeypatch.setitem(cut_files._WRITERS, "pattern.json", fail)
    with pytest.raises(RuntimeError):
        write_cut_files(*plain, tmp_path / "patterns")
    assert names(tmp_path) == ["patterns"] and names(tmp_path / "patterns") == sorted(NAMES)


def test_a_persons_own_files_are_not_deleted(plain, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter.txt").write_text("mine")
    with pytest.raises(ExportError, match=r"home holds letter\.txt"):
        write_cut_files(*plain, tmp_path / "home")
    assert names(tmp_path / "home") == ["letter.txt"] and names(tmp_path) == ["home"]


def test_a_file_in_the_folders_place_is_kept(plain, tmp_path):
    (tmp_path / "patterns").write_text("mine")
    with pytest.raises(ExportError, match="is a file"):
        write_cut_files(*plain, tmp_path / "patterns")
    assert (tmp_path / "patterns").read_text() == "mine"
