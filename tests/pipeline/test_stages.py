"""Single stages on real values, without a kernel."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from stage_alone import context

from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.domain.marker import Marker, Zone
from stitchsketch_kernel.domain.model import Scale, Similarity, SparseModel
from stitchsketch_kernel.domain.panel import EdgeKind
from stitchsketch_kernel.domain.photo import Camera, Photo, View
from stitchsketch_kernel.domain.piece import Pattern, Piece, PieceEdge, SeamPair
from stitchsketch_kernel.domain.progress import Wait
from stitchsketch_kernel.imaging.photos import PhotoSet
from stitchsketch_kernel.pipeline import context as context_module
from stitchsketch_kernel.pipeline.artefacts import write_value
from stitchsketch_kernel.pipeline.asked import RunSettings
from stitchsketch_kernel.pipeline.context import FIGURES, PROGRESS, StageContext, read_progress
from stitchsketch_kernel.pipeline.files import read_json, write_json
from stitchsketch_kernel.pipeline.keys import content_hash
from stitchsketch_kernel.pipeline.limits import memory_of
from stitchsketch_kernel.pipeline.settings import FabricSettings
from stitchsketch_kernel.pipeline.stages import densify, flatten, ingest, mesh, nest, report, scale
from stitchsketch_kernel.samples import build_sample, render_photos
from stitchsketch_kernel.samples.folded import folded_sheet

UNSCALED = Scale("none", 1.0, float("nan"), float("nan"), 0, ("The size is not known: no mat.",))


def test_without_a_scale_no_cut_file_is_made(tmp_path):
    write_value(context(tmp_path, "scale").folder / "scale.npz", UNSCALED)
    stage = context(tmp_path, "nest")
    figures = nest.compute(stage)
    assert figures["refused_as"] == "ScaleError"
    assert figures["refused"].startswith("No cut file was written. The size is not known: no mat.")
    assert not list(stage.folder.rglob("*"))


def test_what_earlier_stages_doubt_is_on_the_report_in_their_order(tmp_path):
    for name in report.INPUTS:
        folder, doubts = context(tmp_path, name).folder, {"densify": ["Two photos stand too far."]}
        write_json(folder / FIGURES, {"doubts": doubts.get(name, []), "notes": [f"of {name}"]})
    write_value(tmp_path / "stages" / "07_flatten" / "doubts.npz", ("AF is ragged.",))
    assert report._doubts(context(tmp_path, "report")) == (
        "Two photos stand too far.", "AF is ragged.", "of nest",
    )  # fmt: skip


def test_a_first_look_is_told_before_cloth_is_cut():
    assert "before you cut" in densify._say_rough("fast")
    assert densify._say_rough("high") == densify._say_rough("cuda") == ""


def test_a_stages_start_and_pictures_have_their_share_of_its_progress(tmp_path, monkeypatch):
    stage = context(tmp_path, "scale")
    folder, told = stage.folder, []
    job = {**stage._job, "around": [0.3, 0.25]}
    monkeypatch.setattr(context_module, "_EVERY_S", 0.0)

    def compute(stage):
        for share in (0.0, 0.5):
            stage.progress(share)
            told.append(read_json(folder / PROGRESS)["share"])
        return {}

    monkeypatch.setattr(scale, "compute", compute)
    stage = StageContext(folder, job)
    stage.compute()
    for name in ("scale", "cameras"):
        told.append(read_json(folder / PROGRESS)["share"])
        stage.picture(name, Image.new("RGB", (4, 4)))
    told.append(read_json(folder / PROGRESS)["share"])
    assert told == pytest.approx([0.3, 0.525, 0.75, 0.875, 0.9167], abs=1e-3)


def test_what_cannot_tell_how_far_it_is_goes_on_by_the_clock(tmp_path, monkeypatch):
    stage = context(tmp_path, "mesh")
    folder, told = stage.folder, []

    def after(seconds):
        now = time.time() - seconds
        os.utime(folder / PROGRESS, (now, now))
        return read_progress(folder)

    def compute(stage):
        stage.progress(0.4, "points")
        # at once after another note, which leaves out what isn't a wait
        stage.progress(0.5, Wait("the surface", until=0.9, seconds=100))
        stage.progress(0.6, "left out")
        told.extend(after(seconds) for seconds in (0, 50, 1e6))
        return {}

    assert read_progress(folder) is None
    monkeypatch.setattr(mesh, "compute", compute)
    StageContext(folder, {**stage._job, "around": [0.0, 0.5]}).compute()
    assert {note for _, note in told} == {"the surface"}
    assert [share for share, _ in told] == pytest.approx([0.25, 0.35, 0.44], abs=2e-3)


def test_a_stage_takes_no_more_memory_than_it_is_allowed(tmp_path):
    (tmp_path / "04_densify").mkdir()
    free = StageContext(tmp_path / "04_densify", {}).free_bytes()
    held = memory_of(os.getpid())  # with the servers and browsers that other tests left running
    allowed = StageContext(tmp_path / "04_densify", {"memory_bytes": held + 200 * 2**20})
    assert 100 * 2**20 < allowed.free_bytes() < 300 * 2**20
    assert StageContext(tmp_path, {"memory_bytes": 1}).free_bytes() == 0
    assert free > 300 * 2**20


def test_masks_beside_the_photos_reach_the_depth_and_change_its_key(tmp_path):
    photos = tmp_path / "photos"
    (photos / "masks").mkdir(parents=True)
    drawn = np.zeros((300, 400), np.uint8)
    drawn[100:] = 255
    Image.fromarray(drawn).save(photos / "masks" / "IMG_1.png")
    files = RunSettings().files(photos)
    stage = context(tmp_path, "densify", masks=files["masks"])
    one = Photo("IMG_1.jpg", photos / "IMG_1.jpg", 400, 300, None, "1", "one")
    (masked,) = densify._masks(PhotoSet((one,), ()), stage).items()
    assert masked[0] == "IMG_1.jpg"
    assert masked[1].mean() == pytest.approx(2 / 3)
    before = content_hash(files["masks"])
    drawn[:] = 255
    Image.fromarray(drawn).save(photos / "masks" / "IMG_1.png")
    assert content_hash(files["masks"]) != before
    assert RunSettings().files(tmp_path)["masks"] is None


@pytest.mark.parametrize("metric", [True, False])
def test_flat_pieces_know_how_sure_they_are_where_the_size_is_known(tmp_path, metric):
    camera = Camera(1000, 800, 1000.0, 1000.0, 500.0, 400.0)
    views = tuple(View(f"{i}.jpg", camera, np.eye(3), np.array([0.1 * i, 0, 2])) for i in range(4))
    seen = tuple(np.arange(4, dtype=np.int32) for _ in range(40))
    points = np.random.default_rng(0).normal(0, 0.1, (40, 3))
    model = SparseModel(views, points, np.zeros((40, 3), np.uint8), seen, (), 0.3)
    folder = context(tmp_path, "scale").folder
    write_value(folder / "scale.npz", Scale("mat", 1.0, 0.1, 0.1, 8) if metric else UNSCALED)
    write_value(folder / "model.npz", model)
    write_value(context(tmp_path, "panels").folder / "panels.npz", folded_sheet())
    stage = context(tmp_path, "flatten")
    figures = flatten.compute(stage)
    pattern = stage.read("flatten", "pattern", Pattern)
    told = [piece.within_mm for piece in pattern.pieces]
    told += [seam.length_uncertainty_mm for seam in pattern.seams]
    assert np.isfinite(told).all() if metric else np.isnan(told).all()
    if metric:
        assert figures["largest_uncertainty_mm"] == max(p.within_mm for p in pattern.pieces)
        assert figures["to_check"] == []


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


def off_by(longer_mm: float) -> Pattern:
    """Two squares, each one closed seam's side; the first is longer round."""
    pieces = []
    for name, side, way in (("LID", 200 + longer_mm / 4, True), ("BOT", 200.0, False)):
        sew = side * np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
        edge = PieceEdge("S01", EdgeKind.SEWN, np.vstack([sew, sew[:1]]), way, 0.0)
        pieces.append(Piece(name, sew, sew, (edge,), (), np.array([[100.0, 50], [100, 150]])))
    lengths = [piece.edges[0].length_mm for piece in pieces]
    seam = SeamPair("S01", EdgeKind.SEWN, "LID", "BOT", *lengths)
    return Pattern("pouf", tuple(pieces), (seam,), "mat", 0.1)


def nest_stage(root: Path, pattern: Pattern, **settings: object) -> StageContext:
    write_value(context(root, "scale").folder / "scale.npz", Scale("mat", 1.0, 0.1, 0.1, 8))
    write_value(context(root, "flatten").folder / "pattern.npz", pattern)
    stage = context(root, "nest")
    stage._job["settings"]["nest"] = {"seconds": 1, "workers": 1, **settings}
    return stage


def test_pieces_that_do_not_sew_together_are_not_cut(tmp_path):
    stage = nest_stage(tmp_path, off_by(3.0))
    figures = nest.compute(stage)
    assert figures["refused_as"] == "SewError"
    assert "Seam S01 (LID to BOT): its sides are 803.0 and 800.0 mm long" in figures["refused"]
    assert "nest.override_gate" in figures["refused"]
    assert not list(stage.folder.rglob("*.*"))


def test_a_reason_lets_them_be_cut_and_stands_in_the_files(tmp_path):
    stage = nest_stage(tmp_path, off_by(3.0), override_gate="gathered")
    assert nest.compute(stage)["override"] == "gathered"
    assert '"override": "gathered"' in (stage.folder / "patterns" / "pattern.json").read_text()


def test_a_blank_reason_is_none(tmp_path):
    with pytest.raises(SettingsError, match="gives no reason"):
        nest.compute(nest_stage(tmp_path, off_by(3.0), override_gate="  "))


def test_a_reason_that_nobody_needed_is_not_printed(tmp_path):
    stage = nest_stage(tmp_path, off_by(0.5), override_gate="gathered")
    assert nest.compute(stage)["override"] == ""
    assert "gathered" not in (stage.folder / "patterns" / "pattern.json").read_text()


def test_no_piece_lies_across_the_rolls_end(tmp_path):
    whole = nest.compute(nest_stage(tmp_path / "whole", off_by(0.0)))
    assert (whole["beyond_roll"], whole["notes"]) == ([], [])
    stage = nest_stage(tmp_path / "rest", off_by(0.0))
    # the two squares of 200 mm lie side by side, unless the cloth is too narrow for that
    narrow = {"width_mm": 300.0, "usable_width_mm": 290.0}
    stage._job["settings"]["fabric"] = {**narrow, "roll_length_mm": 300.0}
    figures = nest.compute(stage)
    [beyond] = figures["beyond_roll"]
    assert figures["notes"] == [
        f"{beyond}: not on the 0.30 m that are left on the roll. They are laid beyond its end, "
        "to be cut from another."
    ]
    marker, pattern = (
        stage.read("nest", *one) for one in (("marker", Marker), ("pattern", Pattern))
    )
    for one in marker.placements:
        along = one.apply(pattern.piece(one.piece).cut_line_mm)[:, 0]
        assert along.max() <= 300.01 or along.min() >= 299.99


def test_a_welts_strips_are_cut_when_asked_for(tmp_path):
    pattern = off_by(0.0)
    seam = replace(pattern.seams[0], edge_kind=EdgeKind.WELT)
    stage = nest_stage(tmp_path, replace(pattern, seams=(seam,)))
    stage._job["settings"]["strips"] = {"cut": True}
    figures = nest.compute(stage)
    assert figures["welt"]["needed_mm"] == pytest.approx(850)
    assert [piece.name for piece in stage.read("nest", "pattern", Pattern).pieces] == [
        "LID", "BOT", "WELT-1"
    ]  # fmt: skip


def test_prices_make_a_quote(tmp_path):
    stage = nest_stage(tmp_path / "a", off_by(0.0))
    assert nest.compute(stage)["quote"] is None
    assert not (stage.folder / "patterns" / "quote.pdf").exists()
    stage = nest_stage(tmp_path / "b", off_by(0.0))
    stage._job["settings"]["quote"] = {"labour_rate": 60.0}
    # 0.8 m of seam, two pieces, the job: 4.8 + 12 + 60 minutes
    figures = nest.compute(stage)
    assert figures["quote"]["labour_cost"] == pytest.approx(76.8)
    assert "quote.pdf" in figures["files"]


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
