"""The samples, from photos to cut files, against their exact truth."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from stitchsketch_kernel.pipeline import FIRST_LOOK, RunSettings, run
from stitchsketch_kernel.pipeline.record import Status
from stitchsketch_kernel.reconstruction.mesh_io import read_mesh
from stitchsketch_kernel.samples.truth import (
    camera_errors,
    match_panels,
    outline_distance_mm,
    surface_distance_mm,
)


@pytest.fixture(
    scope="module", params=["cushion", pytest.param("demo", marks=pytest.mark.accuracy)]
)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def done(name, sample_runs):
    return sample_runs(name)


@pytest.fixture(scope="module")
def sample(name, samples):
    return samples(name)


@pytest.fixture(scope="module")
def to_truth(done, sample):
    return camera_errors(done.model.views, sample, rigid=True).similarity


def test_every_camera_is_where_it_was(done, sample):
    errors = camera_errors(done.model.views, sample)
    assert len(errors.names) == len(sample.views)
    assert errors.centre_mm.max() < 2.0
    assert errors.angle_deg.max() < 0.1


def test_the_scale_is_the_mats(done, sample):
    off_percent = 100 * abs(1 - camera_errors(done.model.views, sample).similarity.scale)
    assert done.scale.method == "mat"
    assert off_percent < done.scale.uncertainty_percent < 0.3


def test_the_mesh_is_the_furniture(done, sample, to_truth):
    mesh = read_mesh(done.folder / "model" / "mesh.ply")
    assert abs(float(mesh.vertices[:, 2].max()) - float(sample.mesh.vertices[:, 2].max())) < 0.003
    off = surface_distance_mm(to_truth.apply(mesh.vertices), sample)
    assert off.mean() < 0.6
    # below a bottom edge that no camera sees, the surface is a guess and must say so
    sure = mesh.confidence > 0.2
    assert sure.mean() > 0.9
    assert np.percentile(off[sure], 95) < 1.0


def test_every_developable_panel_has_its_piece(done, sample, to_truth):
    matched = match_panels(done.panels, sample, to_truth)
    flats = {flat.panel: flat for flat in done.flats}
    off = {}
    for found, match in matched.items():
        outline = flats[found].uv_mm[flats[found].boundary]
        distance = outline_distance_mm(outline, sample.panel(match.truth).outline_mm)
        off[match.truth] = float(np.percentile(distance, 95))
    developable = {panel.name for panel in sample.panels if panel.developable}
    assert len(matched) == len(off), "no true panel is found twice"
    assert set(off) >= developable
    assert max(off[one] for one in developable) < 3.0, off


def test_both_sides_of_a_seam_are_equally_long(done):
    flats = {flat.panel: flat for flat in done.flats}
    pairs = [seam for seam in done.panels.seams if seam.right is not None]
    assert len(pairs) >= 8
    for seam in pairs:
        left, right = (flats[side].seam_length_mm(seam.id) for side in (seam.left, seam.right))
        assert abs(left - right) < max(1.0, 0.002 * left), seam.id


def test_both_sides_of_a_seam_are_cut_equally_long(done):
    """Pieces too, where one template may serve a left and a right panel."""
    told = json.loads((done.folder / "patterns" / "pattern.json").read_text(encoding="utf-8"))
    pairs = [seam for seam in told["seams"] if seam["length_b_mm"] is not None]
    assert len(pairs) >= 8
    for seam in pairs:
        apart = abs(seam["length_a_mm"] - seam["length_b_mm"])
        assert apart < max(1.0, 0.002 * seam["length_a_mm"]), seam


def test_the_folder_has_the_shape_that_people_rely_on(done):
    folder = done.folder
    assert done.record.status == Status.COMPLETED
    told = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert len(told["stages"]) == 9
    for place in ("model/sparse", "model/mesh.ply", "patterns/pattern.json", "report.html"):
        assert (folder / place).exists(), place
    assert len(list((folder / "notebooks").glob("*.ipynb"))) == 9
    kinds = {path.suffix for path in (folder / "patterns").iterdir()}
    assert kinds >= {".json", ".svg", ".pdf", ".dxf", ".plt"}


def test_nothing_is_left_of_work_under_way(done):
    names = [path.name for path in done.folder.rglob("*")]
    assert [name for name in names if "partial" in name] == []


def test_a_first_look_says_on_its_report_that_it_must_be_run_anew(
    sample_runs, sample_photos, tmp_path
):
    """The cushion's finished run goes on as a first look would, from its cameras."""
    done, job = sample_runs("cushion"), tmp_path / "job"
    shutil.copytree(done.folder, job, symlinks=True)
    said = "without a first look, before you cut."
    assert said not in (job / "report.html").read_text(encoding="utf-8")
    settings = {name: value for name, value in FIRST_LOOK.items() if name != "align.features"}
    values = {"scale.bar_measured_mm": 200.0, "nest.seconds": 1, **settings}
    record = run(sample_photos("cushion"), job, RunSettings(values=values, track=False))
    assert record.stage("align").status == Status.REUSED
    assert any(said in doubt for doubt in record.figures("densify")["doubts"])
    page = (job / "report.html").read_text(encoding="utf-8")
    assert page.index("Check before cutting") < page.index(said)
