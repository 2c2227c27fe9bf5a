"""``stitchsketch splat`` on a run's folder: files, going on, another program's splats, refusals."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from stitchsketch_kernel.cli import main
from stitchsketch_kernel.domain.errors import RunError, ScaleError, SplatError
from stitchsketch_kernel.domain.model import Scale, SparseModel
from stitchsketch_kernel.domain.photo import Photo
from stitchsketch_kernel.domain.progress import Cancelled
from stitchsketch_kernel.imaging.photos import PhotoSet
from stitchsketch_kernel.pipeline.artefacts import write_value
from stitchsketch_kernel.pipeline.record import new_record
from stitchsketch_kernel.pipeline.splat import read_splats, splat
from stitchsketch_kernel.pipeline.stage import standard_stages
from stitchsketch_kernel.reconstruction.mesh_io import write_mesh
from stitchsketch_kernel.visualization.splat.ply import write_ply
from stitchsketch_kernel.visualization.splat.train import SplatSettings

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = SplatSettings("cpu", 12, 160, 1500, held_out=6)


def scenes():
    path = ROOT / "tests" / "visualization" / "splat" / "conftest.py"
    spec = importlib.util.spec_from_file_location("splat_scenes", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


small_scan = scenes().small_scan


@pytest.fixture
def job(small_scan, tmp_path) -> Path:
    folder = tmp_path / "job"
    stages = folder / "stages"
    for name in ("01_ingest", "03_scale", "04_densify", "05_mesh"):
        (stages / name).mkdir(parents=True)
    photos = tuple(
        Photo(name, path, 160, 120, None, name, "one") for name, path in small_scan.photos.items()
    )
    write_value(stages / "01_ingest" / "photos.npz", PhotoSet(photos, ()))
    write_value(stages / "03_scale" / "scale.npz", Scale("mat", 1.0, 0.2, 0.1, 8))
    model = SparseModel(small_scan.views, np.zeros((0, 3)), np.zeros((0, 3), np.uint8), ())
    write_value(stages / "03_scale" / "model.npz", model)
    write_value(stages / "04_densify" / "region.npz", small_scan.region)
    write_mesh(stages / "05_mesh" / "mesh.ply", small_scan.mesh)
    standard = standard_stages()
    new_record(folder, "ball", folder, standard, {stage.name: "" for stage in standard}).save()
    return folder


def test_a_run_becomes_splats_in_all_files(job):
    record = splat(job, settings=SETTINGS)
    ply, spz = (read_splats(job / "splat" / f"splat.{ending}") for ending in ("ply", "spz"))
    assert len(ply) == len(spz) == record.figures["splats"]
    assert np.abs(ply.means_m - spz.means_m).max() < 0.0002
    names = {path.name for path in (job / "splat").iterdir()}
    assert names == {
        "splat.ply", "splat.spz", "splat.html", "splat.json", "held-out.png", "curve.png",
    }  # fmt: skip
    assert record.figures["held_out"]["photos"] == ["03.png", "09.png"]
    began = (job / "splat" / "splat.ply").stat().st_mtime_ns
    assert splat(job, settings=SETTINGS).figures["splats"] == len(ply)
    assert (job / "splat" / "splat.ply").stat().st_mtime_ns == began  # nothing to do anew


def test_a_stopped_one_goes_on(job):
    def stop(share, note=""):
        if "step 5 " in note:
            raise Cancelled

    with pytest.raises(Cancelled):
        splat(job, settings=SETTINGS, progress=stop)
    assert (job / "splat" / "state.npz").is_file()
    notes = []
    splat(job, settings=SETTINGS, progress=lambda share, note="": notes.append(note))
    steps = [note for note in notes if note.startswith("training")]
    assert steps[0] == "training (step 5 of 12)"
    assert not (job / "splat" / "state.npz").exists()


def test_another_programs_splats_are_cut_to_the_furniture(job, tmp_path, capsys):
    splats = scenes().some_splats(400, 0).as_type(np.float32)
    splats.means_m[:, 2] += 0.4
    splats.means_m[:40] += 5
    write_ply(tmp_path / "theirs.ply", splats)
    assert main(["splat", str(job), "--from", str(tmp_path / "theirs.ply")]) == 0
    kept = read_splats(job / "splat" / "splat.ply")
    assert 100 < len(kept) <= 360
    assert np.abs(kept.means_m).max() < 1
    assert f"Splats: {len(kept)}" in capsys.readouterr().out
    splats.means_m += 50
    write_ply(tmp_path / "away.ply", splats)
    with pytest.raises(SplatError, match="None of the splats"):
        splat(job, trained_elsewhere=tmp_path / "away.ply")


def test_what_cannot_be_trained_is_refused(job, tmp_path, capsys):
    with pytest.raises(RunError, match="no run with a mesh"):
        splat(tmp_path)
    assert main(["splat", str(job), "--engine", "cuda"]) == 2
    assert "stitchsketch[splat]" in (said := capsys.readouterr().err) or "no CUDA" in said
    write_value(job / "stages" / "03_scale" / "scale.npz", Scale("none", 1.0, 0.0, 0.0, 0))
    with pytest.raises(ScaleError, match="not known"):
        splat(job)
