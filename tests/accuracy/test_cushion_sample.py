"""The small sample, from photos to cut files, against its exact truth."""

from __future__ import annotations

import json

import numpy as np
import pytest

from stitchsketch_kernel.pipeline.record import Status
from stitchsketch_kernel.reconstruction.mesh_io import read_mesh
from stitchsketch_kernel.samples.truth import (
    camera_errors,
    match_panels,
    outline_distance_mm,
    surface_distance_mm,
)

pytestmark = pytest.mark.accuracy


@pytest.fixture(scope="module")
def to_truth(cushion_run, cushion):
    return camera_errors(cushion_run.model.views, cushion, rigid=True).similarity


def test_every_camera_is_where_it_was(cushion_run, cushion):
    errors = camera_errors(cushion_run.model.views, cushion)
    assert len(errors.names) == len(cushion.views)
    assert errors.centre_mm.max() < 2.0
    assert errors.angle_deg.max() < 0.1


def test_the_scale_is_the_mats(cushion_run, cushion):
    scale = cushion_run.scale
    off_percent = 100 * abs(1 - camera_errors(cushion_run.model.views, cushion).similarity.scale)
    assert scale.method == "mat"
    assert off_percent < 0.3
    assert off_percent < scale.uncertainty_percent < 0.3


def test_the_mesh_is_the_cushion(cushion_run, to_truth, cushion):
    mesh = read_mesh(cushion_run.folder / "model" / "mesh.ply")
    assert abs(float(mesh.vertices[:, 2].max()) - float(cushion.mesh.vertices[:, 2].max())) < 0.004
    upper = mesh.vertices[mesh.vertices[:, 2] > 0.06]
    off = surface_distance_mm(to_truth.apply(upper), cushion)
    assert off.mean() < 1.0
    assert np.percentile(off, 95) < 3.0


def test_every_developable_panel_has_its_piece(cushion_run, cushion, to_truth):
    matched = match_panels(cushion_run.panels, cushion, to_truth)
    flats = {flat.panel: flat for flat in cushion_run.flats}
    off = {}
    for name, match in matched.items():
        outline = flats[name].uv_mm[flats[name].boundary]
        distance = outline_distance_mm(outline, cushion.panel(match.truth).outline_mm)
        off[match.truth] = float(np.percentile(distance, 95))
    assert set(off) == {panel.name for panel in cushion.panels if panel.developable}
    assert max(off.values()) < 3.0, off


def test_both_sides_of_a_seam_are_equally_long(cushion_run):
    flats = {flat.panel: flat for flat in cushion_run.flats}
    pairs = [seam for seam in cushion_run.panels.seams if seam.right is not None]
    assert len(pairs) >= 8
    for seam in pairs:
        left, right = (flats[side].seam_length_mm(seam.id) for side in (seam.left, seam.right))
        assert abs(left - right) < max(1.0, 0.002 * left), seam.id


def test_the_folder_has_the_shape_that_people_rely_on(cushion_run):
    folder = cushion_run.folder
    assert cushion_run.record.status == Status.COMPLETED
    told = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert len(told["stages"]) == 9
    for place in ("model/sparse", "model/mesh.ply", "patterns/pattern.json", "report.html"):
        assert (folder / place).exists(), place
    assert len(list((folder / "notebooks").glob("*.ipynb"))) == 9
    kinds = {path.suffix for path in (folder / "patterns").iterdir()}
    assert kinds >= {".json", ".svg", ".pdf", ".dxf", ".plt"}


def test_nothing_is_left_of_work_under_way(cushion_run):
    names = [path.name for path in cushion_run.folder.rglob("*")]
    assert [name for name in names if "partial" in name] == []
