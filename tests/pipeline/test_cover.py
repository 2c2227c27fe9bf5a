"""A finished run in new fabrics: what is written and refused, and that the run stays as it is."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh

from stitchsketch_kernel.cli import main
from stitchsketch_kernel.domain.errors import (
    MeshError,
    NestError,
    RunError,
    ScaleError,
    SettingsError,
    StitchSketchError,
)
from stitchsketch_kernel.domain.marker import Marker
from stitchsketch_kernel.pipeline import cover as covering
from stitchsketch_kernel.pipeline.artefacts import read_value, write_value
from stitchsketch_kernel.pipeline.cover import CoverSettings, cover
from stitchsketch_kernel.pipeline.files import write_json
from stitchsketch_kernel.pipeline.record import read_record
from stitchsketch_kernel.pipeline.runner import RunSettings
from stitchsketch_kernel.projects.records import Project, Run, Scan
from stitchsketch_kernel.stores import open_stores

spec = importlib.util.spec_from_file_location(
    "covered_run", Path(__file__).with_name("covered_run.py")
)
covered_run = importlib.util.module_from_spec(spec)
spec.loader.exec_module(covered_run)

QUICK = CoverSettings(seconds=1, frames=2, size_px=(160, 120))
PLAID = """
name = "Tartan / ../x"
width_mm = 1400
price_per_metre = 48.0
repeat_vertical_mm = 120
repeat_horizontal_mm = 120
[look]
kind = "plaid"
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    return covered_run.finished_run(tmp_path_factory.mktemp("run") / "job")


@pytest.fixture
def copy(tmp_path) -> Path:
    return covered_run.finished_run(tmp_path / "job")


@pytest.fixture
def plaid(tmp_path) -> Path:
    path = tmp_path / "plaid.toml"
    path.write_text(PLAID)
    return path


def files(folder: Path) -> dict[str, int]:
    return {
        path.relative_to(folder).as_posix(): path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_two_fabrics_have_their_own_length_price_pictures_and_glb(finished, plaid, tmp_path):
    leather = tmp_path / "leather.json"
    leather.write_text(json.dumps({"name": "Hide", "width_mm": 1200, "look": {"kind": "leather"}}))
    before = files(finished)
    record = cover(finished, [plaid, leather], tmp_path / "out", QUICK)
    assert files(finished) == before
    first, second = record.fabrics
    assert first["name"] == "Tartan / ../x" and first["files"] == "tartan-x"
    assert first["cost"] == pytest.approx(48.0 * first["used_length_mm"] / 1000)
    assert second["cost"] == 0 and second["match"] == "none"
    assert first["match"] == "visible_seams" and first["tile_mm"] == [120.0, 120.0]
    made = {path.name for path in (tmp_path / "out").iterdir()}
    for name in ("tartan-x", "hide"):
        assert {f"{name}.{end}" for end in ("png", "webm", "mp4", "gif", "glb")} <= made
    assert "as-it-is.png" in made and not [name for name in made if name.startswith(".")]
    told = json.loads((tmp_path / "out" / "cover.json").read_text())
    assert [one["name"] for one in told["fabrics"]] == ["Tartan / ../x", "Hide"]
    scenes = [trimesh.load_scene(tmp_path / "out" / f"{name}.glb") for name in ("tartan-x", "hide")]
    a, b = (scene.geometry["P"] for scene in scenes)
    assert np.array_equal(a.faces, b.faces) and not np.allclose(a.visual.uv, b.visual.uv)


def test_the_runs_own_fabric_keeps_its_marker(finished, tmp_path, monkeypatch):
    monkeypatch.setattr("stitchsketch_kernel.upholstery.marker.nest.nest", None)
    record = cover(finished, out=tmp_path / "out", settings=replace(QUICK, frames=0))
    marker = read_value(finished / "stages" / "08_nest" / "marker.npz", Marker)
    assert record.fabrics[0]["used_length_mm"] == marker.used_length_mm
    assert record.fabrics[0]["cost"] == pytest.approx(marker.cost) and marker.cost > 0


def test_without_the_built_viewer_all_but_the_page_is_there(finished, tmp_path, monkeypatch):
    monkeypatch.setattr(covering, "viewer_script", lambda: None)
    record = cover(finished, out=tmp_path / "out", settings=replace(QUICK, frames=0))
    assert record.page is None and "make widgets" in record.notes[0]
    assert (tmp_path / "out" / "own-cloth.glb").is_file()


def test_a_huge_mesh_is_thinned_for_pictures_and_that_is_said(finished, tmp_path, monkeypatch):
    monkeypatch.setattr(covering, "_MOST_FACES", 1000)
    record = cover(finished, out=tmp_path / "out", settings=replace(QUICK, frames=0))
    assert any("pictures were taken of fewer" in note for note in record.notes)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[look]\nkind = "velvet"', "no built-in cloth 'velvet'"),
        ('[look]\ncolours = ["#ffffff"]', "no look.colours"),
        ('colors = ["#ffffff"]', "no fabric.colors"),
        ('look = "plaid"', "look should be a table"),
        ("width_mm = [", "can't be read"),
        ("width_mm = 10", "selvages"),
    ],
)
def test_a_fabric_that_is_wrong_is_said_before_anything_is_made(finished, tmp_path, text, words):
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    with pytest.raises(StitchSketchError, match=words):
        cover(finished, [path], tmp_path / "out", QUICK)
    assert not (tmp_path / "out").exists()


def test_a_cloth_too_narrow_for_a_piece_is_said(finished, tmp_path):
    path = tmp_path / "narrow.toml"
    path.write_text("width_mm = 300")
    with pytest.raises(NestError, match="Piece P is"):
        cover(finished, [path], tmp_path / "out", QUICK)


def test_five_fabrics_are_too_many(finished, plaid, tmp_path):
    with pytest.raises(SettingsError, match="At most 4"):
        cover(finished, [plaid] * 5, tmp_path / "out", QUICK)


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(RunError, match="no finished run"):
        cover(tmp_path, settings=QUICK)


def test_without_a_scale_there_is_no_cover(copy, tmp_path):
    write_json(copy / "stages" / "08_nest" / "figures.json", {"refused": "Lay mats."})
    with pytest.raises(ScaleError, match="Lay mats"):
        cover(copy, out=tmp_path / "out", settings=QUICK)


def test_a_mesh_with_points_that_are_no_numbers_is_refused(copy, tmp_path):
    path = copy / "stages" / "07_flatten" / "flats.npz"
    (flat,) = read_value(path, tuple)
    surface = flat.surface_mm.copy()
    surface[7] = np.nan
    write_value(path, (replace(flat, surface_mm=surface),))
    with pytest.raises(MeshError, match="Panel P has points that are no numbers"):
        cover(copy, out=tmp_path / "out", settings=QUICK)


def test_a_cut_off_scan_is_refused(copy, tmp_path):
    path = copy / "stages" / "05_mesh" / "mesh.ply"
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(MeshError):
        cover(copy, out=tmp_path / "out", settings=QUICK)


def test_a_run_takes_the_same_file_and_leaves_the_look_alone(plaid):
    settings = RunSettings(fabric=plaid).all_settings()
    assert settings["fabric.width_mm"] == 1400
    assert not [name for name in settings if "look" in name]


def test_the_command_tells_length_and_price(finished, plaid, tmp_path, capsys):
    out = tmp_path / "out"
    given = ["cover", str(finished), "--fabric", str(plaid), "--out", str(out)]
    assert main([*given, "--seconds", "1", "--frames", "0"]) == 0
    told = capsys.readouterr().out
    assert "Tartan / ../x: " in told and " EUR" in told and " m (" in told
    assert not list(out.glob("*.gif"))
    assert main(["cover", str(tmp_path / "none")]) == 2
    assert "no finished run" in capsys.readouterr().err


def test_the_commands_files_are_kept_with_a_tracked_run(copy, plaid, capsys):
    with open_stores() as stores:
        shop, projects = stores.settings.shop, stores.projects
        scan = projects.add_scan(shop, Scan(projects.add_project(Project(shop, "B")).id, "1"))
        kept = projects.start_run(shop, Run(scan.id, str(copy)))
    record = read_record(copy)
    record.run_id = kept.id
    record.save()
    given = ["cover", str(copy), "--fabric", str(plaid), "--seconds", "1", "--frames", "0"]
    assert main(given) == 0
    assert "Kept with the run: " in capsys.readouterr().out
    with open_stores() as stores:
        there = {one.where for one in stores.projects.artefacts(shop, kept.id)}
    assert {"cover/tartan-x.glb", "cover/tartan-x.png"} <= there
