"""Single stages on real values, without a kernel."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.domain.marker import Marker, Zone
from stitchsketch_kernel.domain.model import Scale, Similarity, SparseModel
from stitchsketch_kernel.domain.panel import EdgeKind
from stitchsketch_kernel.domain.photo import Camera, View
from stitchsketch_kernel.domain.piece import Pattern, Piece, PieceEdge, SeamPair
from stitchsketch_kernel.pipeline.artefacts import write_value
from stitchsketch_kernel.pipeline.context import StageContext
from stitchsketch_kernel.pipeline.settings import FabricSettings
from stitchsketch_kernel.pipeline.stage import stage_of
from stitchsketch_kernel.pipeline.stages import ingest, nest, scale
from stitchsketch_kernel.samples import build_sample, render_photos

UNSCALED = Scale("none", 1.0, float("nan"), float("nan"), 0, ("The size is not known: no mat.",))


def context(root: Path, module: str, **files: Path | None) -> StageContext:
    """The stage at work in a run's folder under `root`."""
    stage = stage_of(f"stitchsketch_kernel.pipeline.stages.{module}", root)
    folder = root / "stages" / stage.folder_name
    folder.mkdir(parents=True)
    job = {
        "stage": stage.name,
        "module": stage.module,
        "groups": dict(stage.settings),
        "settings": {group: {} for group in stage.settings},
        "earlier": {path.name[3:]: path.name for path in folder.parent.iterdir()},
        "files": {name: files.get(name) for name in stage.files},
    }
    return StageContext(folder, job)


def test_without_a_scale_no_cut_file_is_made(tmp_path):
    write_value(context(tmp_path, "scale").folder / "scale.npz", UNSCALED)
    stage = context(tmp_path, "nest")
    figures = nest.compute(stage)
    assert figures["refused_as"] == "ScaleError"
    assert figures["refused"].startswith("No cut file was written. The size is not known: no mat.")
    assert not list(stage.folder.rglob("*"))


def box(name: str, seams: str) -> Piece:
    ring = np.array([[0, 0], [500, 0], [500, 600], [0, 600]], dtype=float)
    edges = tuple(
        PieceEdge(seam, EdgeKind.SEWN, np.array([a, b]), name == "IB", 0.0)
        for seam, a, b in zip(seams, ring, np.roll(ring, -1, axis=0), strict=True)
    )
    return Piece(name, ring, ring, edges, (), ring[[0, 3]])


def test_matching_is_set_by_name_and_its_cost_is_told(tmp_path):
    seam = SeamPair("s", EdgeKind.SEWN, "IB", "SEAT", 500.0, 500.0)
    pattern = Pattern("chair", (box("IB", "sabc"), box("SEAT", "desf")), (seam,), "mat", 0.1)
    mat = Scale("mat", 1.0, 0.05, 0.1, 4, ())
    write_value(context(tmp_path, "scale").folder / "scale.npz", mat)
    write_value(context(tmp_path, "flatten").folder / "pattern.npz", pattern)
    stage = context(tmp_path, "nest")
    given = {
        "nest.match": "visible_seams", "nest.seconds": "2", "nest.workers": "1",
        "fabric.repeat_vertical_mm": "343", "fabric.repeat_horizontal_mm": "171",
        "fabric.defects_mm": "[[0, 0, 40, 1370]]",
    }  # fmt: skip
    groups = stage._job["settings"]
    for name, value in given.items():
        groups[name.split(".")[0]][name.split(".")[1]] = value
    figures = nest.compute(stage)
    assert figures["match"] == "visible_seams"
    assert (figures["seams_matched"], figures["seams_asked"]) == (1, 1)
    assert figures["seams_matched_along"] == 1
    assert figures["worst_matched_mm"] < 0.01 and figures["seams_not_matched"] == []
    assert figures["table_percent"] == 20
    marker = stage.read("nest", "marker", Marker)
    extra = marker.used_length_mm - marker.plain_length_mm
    assert figures["extra_length_mm"] == pytest.approx(extra)
    assert figures["extra_percent"] == pytest.approx(100 * extra / marker.plain_length_mm)
    assert marker.zones == (Zone(0, 0, 40, 1370),)
    json.dumps(figures)


def test_a_defect_without_size_is_refused():
    with pytest.raises(SettingsError, match="defect"):
        FabricSettings(defects_mm=((0.0, 0.0, 0.0, 10.0),))


@pytest.mark.parametrize("size", [0.01, 40.0])
def test_a_model_of_unknown_size_gets_a_handy_one(size):
    rng = np.random.default_rng(1)
    camera = Camera(640, 480, 500, 500, 320, 240)
    views = tuple(View(f"{k}", camera, np.eye(3), size * rng.normal(size=3)) for k in range(9))
    model = SparseModel(views, np.zeros((0, 3)), np.zeros((0, 3), np.uint8), ())
    found = scale._for_looking(model, Similarity(1.0, np.eye(3), np.zeros(3)))
    distances = [np.linalg.norm(found.apply_view(view).centre) for view in views]
    assert np.median(distances) == pytest.approx(2.0)


def test_ingest_tells_sizes_as_taken_and_keeps_photos_that_may_move(tmp_path):
    photos = tmp_path / "photos"
    render_photos(build_sample("cushion").views_apart(2), photos)
    stage = context(tmp_path, "ingest", photos=photos)
    stage._job["settings"]["ingest"] = {"min_photos": 2, "max_side_px": 480}
    figures = ingest.compute(stage)
    assert figures["photos"] == 2
    assert set(stage.read("ingest", "taken_px", dict).values()) == {(960, 720)}
    kept = json.dumps([str(path) for path in stage.folder.rglob("*.jpg")])
    assert kept.count(".jpg") == 2
