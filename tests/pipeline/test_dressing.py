"""A run dressed for a screen, and what was made of it kept with its records."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.domain.progress import silent
from stitchsketch_kernel.pipeline.cover import CoverSettings, MakeCover
from stitchsketch_kernel.pipeline.cover_run import CoveredRun
from stitchsketch_kernel.pipeline.dressing import (
    DRESSED,
    FOLDER,
    Dress,
    shown_before,
    strain_of,
)
from stitchsketch_kernel.pipeline.files import write_json
from stitchsketch_kernel.pipeline.looks import Look, LookSettings
from stitchsketch_kernel.pipeline.renders import keep_renders, renders_in
from stitchsketch_kernel.pipeline.settings import FabricSettings
from stitchsketch_kernel.projects.records import Project, Run, Scan
from stitchsketch_kernel.stores import open_stores
from stitchsketch_kernel.stores.settings import StoreSettings

spec = importlib.util.spec_from_file_location(
    "covered_run", Path(__file__).with_name("covered_run.py")
)
covered_run = importlib.util.module_from_spec(spec)
spec.loader.exec_module(covered_run)

RED = Look(FabricSettings(name="Red", price_per_metre=10.0), LookSettings("plain"), Path())


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    return covered_run.finished_run(tmp_path_factory.mktemp("run") / "job")


def test_all_fabrics_are_on_the_same_triangles_by_their_own_markers(run):
    own = CoveredRun(run).own_look()
    marker = CoveredRun(run).marker
    moved = replace(marker, placements=(replace(marker.placements[0], x_mm=123.0),))
    shown = Dress(run, (own, RED, replace(own, marker=moved)), 1).go(silent)
    assert len(shown.points_m) == len(shown.worn[0].uv) == len(shown.worn[1].uv)
    assert shown.faces.max() < len(shown.points_m)
    assert [one.marker.fabric.name for one in shown.worn] == ["Own cloth", "Red", "Own cloth"]
    # a marker that a person has changed is taken as it is
    assert shown.worn[0].marker == marker and shown.worn[2].marker == moved
    assert all(one.look.marker == one.marker for one in shown.worn)
    again = shown_before(run)
    assert again is not None and np.array_equal(again.points_m, shown.points_m)
    (run / FOLDER / DRESSED).write_bytes(b"PK broken")
    assert shown_before(run) is None


@pytest.mark.parametrize("count", [0, 5])
def test_none_and_five_are_refused(run, count):
    with pytest.raises(SettingsError, match="From one to 4 fabrics"):
        Dress(run, (RED,) * count).go(silent)


def test_strain_lies_at_the_panels_own_points(run):
    flats = CoveredRun(run).flats
    points, faces, percent = strain_of(flats)
    assert len(points) == len(percent) == len(flats[0].surface_mm)
    assert faces.max() == len(points) - 1
    assert flats[0].strain_percent.min() <= percent.min() <= percent.max()
    assert percent.max() <= flats[0].strain_percent.max()


def test_what_was_made_last_is_kept_and_takes_its_earlier_ones_place(run, tmp_path):
    MakeCover(run, (RED,), CoverSettings(1, 2, (160, 120))).go(silent)
    names = [one.name for one in renders_in(run / "cover")]
    assert {"red.glb", "red.png", "red.webm", "red.gif", "as-it-is.png"} <= set(names)
    (run / "cover" / "of-before.glb").write_bytes(b"glTF")
    (run / "cover" / "swatches").mkdir(exist_ok=True)
    (run / "splat").mkdir(exist_ok=True)
    (run / "splat" / "splat.ply").write_bytes(b"ply")
    (run / "splat" / "checkpoint.npz").write_bytes(b"x")
    assert [one.name for one in renders_in(run / "cover")] == names
    stores = open_stores(StoreSettings(home=tmp_path))
    projects, objects = stores.projects, stores.objects("shop")
    project = projects.add_project(Project("shop", "Chair"))
    kept = projects.start_run(
        "shop", Run(projects.add_scan("shop", Scan(project.id, "1")).id, str(run))
    )
    first = keep_renders(projects, objects, "shop", kept.id, run)
    assert {one.where for one in first} == {f"cover/{n}" for n in names} | {"splat/splat.ply"}
    (run / "cover" / "red.glb").write_bytes(b"glTF again")
    keep_renders(projects, objects, "shop", kept.id, run)
    records = {one.where: one for one in projects.artefacts("shop", kept.id)}
    assert len(records) == len(first)
    with objects.open("renders", records["cover/red.glb"].sha256) as file:
        assert file.read() == b"glTF again"
    write_json(run / "cover" / "cover.json", {"fabrics": []})
    assert renders_in(run / "cover") == []
