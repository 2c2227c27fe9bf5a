"""The panels stage on a cushion with coloured tape, photographed small: seams lie on the tape."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.model import Mesh, Scale, SparseModel
from stitchsketch_kernel.domain.panel import PanelMap
from stitchsketch_kernel.domain.photo import Camera, Photo
from stitchsketch_kernel.domain.tape import TapeFound
from stitchsketch_kernel.imaging.photos import PhotoSet
from stitchsketch_kernel.pipeline.artefacts import write_value
from stitchsketch_kernel.pipeline.context import StageContext
from stitchsketch_kernel.pipeline.stage import stage_of
from stitchsketch_kernel.pipeline.stages import panels
from stitchsketch_kernel.reconstruction.mesh_io import write_mesh
from stitchsketch_kernel.samples.outlines import dense_line
from stitchsketch_kernel.samples.render import render_view
from stitchsketch_kernel.samples.sample import Ring
from stitchsketch_kernel.samples.taped import taped_cushion

CAMERA = Camera(560, 420, 480.0, 480.0, 281.5, 208.2, k1=-0.08, k2=0.02)
RINGS = (Ring(6, 24.0, 1.02), Ring(5, 45.0, 1.00, 30.0))


@pytest.fixture(scope="module")
def cushion():
    return taped_cushion(CAMERA, RINGS, width_m=0.008, cell_m=0.006)


@pytest.fixture(scope="module")
def before(cushion, tmp_path_factory) -> Path:
    """A run's folder with all that the panels stage reads."""
    root = tmp_path_factory.mktemp("taped")
    photos = []
    for view in cushion.sample.views:
        path = root / f"{view.name}.png"
        Image.fromarray(render_view(cushion.sample, view)).save(path)
        photos.append(Photo(view.name, path, 560, 420, None, view.name, "one"))
    folders = {name: _folder(root, name) for name in ("ingest", "align", "scale", "mesh")}
    views = tuple(cushion.sample.views)
    model = SparseModel(views, np.zeros((0, 3)), np.zeros((0, 3), np.uint8), ())
    write_value(folders["ingest"] / "photos.npz", PhotoSet(tuple(photos), ()))
    write_value(folders["align"] / "sightings.npz", ())
    write_value(folders["scale"] / "model.npz", model)
    write_value(folders["scale"] / "scale.npz", Scale("mat", 1.0, 0.1, 0.1, 8))
    mesh: Mesh = cushion.cushion.mesh
    write_mesh(folders["mesh"] / "mesh.ply", mesh)
    return root


def _folder(root: Path, name: str) -> Path:
    stage = stage_of(f"stitchsketch_kernel.pipeline.stages.{name}", root)
    folder = root / "stages" / stage.folder_name
    folder.mkdir(parents=True)
    return folder


def _stage(root: Path, **seams) -> StageContext:
    stage = stage_of("stitchsketch_kernel.pipeline.stages.panels", root)
    folder = root / "stages" / stage.folder_name
    folder.mkdir(parents=True, exist_ok=True)
    job = {
        "stage": "panels",
        "module": stage.module,
        "groups": dict(stage.settings),
        "settings": {"panels": {}, "seams": seams},
        "earlier": {path.name[3:]: path.name for path in folder.parent.iterdir()},
        "files": {"edits": None},
    }
    return StageContext(folder, json.loads(json.dumps(job)))


def test_taped_lines_become_seams_where_the_tape_is(cushion, before):
    stage = _stage(before, tape_colour="blue", tape_width_mm=8.0)
    figures = panels.compute(stage)
    found = stage.read("panels", "tape", TapeFound)
    panel_map = stage.read("panels", "panels", PanelMap)
    lines = {name: dense_line(line, 0.0003, closed=False) for name, line in cushion.lines_m.items()}
    truth = cKDTree(np.vstack(list(lines.values())))
    sewn = [seam for seam in panel_map.seams if seam.right]
    off = np.concatenate([1000 * truth.query(seam.points_m)[0] for seam in sewn])
    assert np.sqrt((off**2).mean()) < 1.0
    assert off.max() < 3.5
    # three panels of the dome and two of the band, each with its seams, none missed
    assert sorted(figures["names"]) == ["BOX-1", "BOX-2", "CUSH-1", "CUSH-2", "CUSH-3"]
    seams = cKDTree(np.vstack([seam.points_m for seam in sewn]))
    for name, line in lines.items():
        assert np.percentile(1000 * seams.query(line)[0], 95) < 4.0, name
    assert figures["taped_lines"] == len(found.lines) == 10
    assert "blue tape was found in 10 lines" in figures["notes"][0]
    assert not panel_map.doubts
    # each tells its ±, and it holds for most of its length
    assert all(0.3 < line.within_mm < 2.5 for line in found.lines)
    held = [1000 * truth.query(line.points_m)[0] < line.within_mm + 0.15 for line in found.lines]
    assert np.concatenate(held).mean() > 0.85


def test_the_corner_of_a_taped_line_stays_sharp(cushion, before):
    panel_map = _stage(before).read("panels", "panels", PanelMap)
    bend = cushion.lines_m["bend"]
    turn = np.linalg.norm(bend[10:-10, :2] - np.array([-0.12, -0.05]), axis=1)
    corner = bend[10:-10][np.argmin(turn)]
    points = np.vstack([seam.points_m for seam in panel_map.seams if seam.right])
    assert 1000 * np.linalg.norm(points - corner, axis=1).min() < 2.5


def test_tape_of_another_colour_is_not_found_and_that_is_told(before):
    stage = _stage(before, tape_colour="green", tape_width_mm=8.0)
    figures = panels.compute(stage)
    assert figures["taped_lines"] == 0
    assert any("No line of green tape" in note for note in figures["notes"])
