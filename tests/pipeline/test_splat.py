"""``stitchsketch splat`` on a run's folder: files, going on, another program's splats, refusals."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from stitchsketch_kernel.cli import main
from stitchsketch_kernel.domain.errors import RunError, ScaleError, SplatError
from stitchsketch_kernel.domain.model import Region, Scale, SparseModel
from stitchsketch_kernel.domain.photo import Photo
from stitchsketch_kernel.domain.progress import Cancelled
from stitchsketch_kernel.imaging.photos import PhotoSet
from stitchsketch_kernel.pipeline.artefacts import write_value
from stitchsketch_kernel.pipeline.record import new_record, read_record
from stitchsketch_kernel.pipeline.splat import read_splats, splat
from stitchsketch_kernel.pipeline.stage import standard_stages
from stitchsketch_kernel.projects.records import Project, Run
from stitchsketch_kernel.projects.records import Scan as KeptScan
from stitchsketch_kernel.reconstruction.colmap_io import sparse_from_colmap
from stitchsketch_kernel.reconstruction.mesh_io import write_mesh
from stitchsketch_kernel.stores import open_stores
from stitchsketch_kernel.visualization.splat.photos import Scan, held_out
from stitchsketch_kernel.visualization.splat.ply import write_ply
from stitchsketch_kernel.visualization.splat.settings import SplatSettings
from stitchsketch_kernel.visualization.splat.train import no_cuda

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = SplatSettings("cpu", 12, 160, 1500, held_out=6)


def loaded(*place: str):
    path = ROOT.joinpath(*place)
    spec = importlib.util.spec_from_file_location(f"loaded_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def scenes():
    return loaded("tests", "visualization", "splat", "conftest.py")


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


def test_splats_of_a_tracked_run_are_kept_with_it(job, tmp_path, capsys):
    splats = scenes().some_splats(400, 0).as_type(np.float32)
    splats.means_m[:, 2] += 0.4
    write_ply(tmp_path / "theirs.ply", splats)
    words = ["splat", str(job), "--from", str(tmp_path / "theirs.ply")]
    assert main(words) == 0
    assert "the run" not in capsys.readouterr().out.partition("In the browser")[2]
    with open_stores() as stores:
        shop, projects = stores.settings.shop, stores.projects
        scan = projects.add_scan(shop, KeptScan(projects.add_project(Project(shop, "B")).id, "1"))
        kept = projects.start_run(shop, Run(scan.id, str(job)))
    record = read_record(job)
    record.run_id = kept.id
    record.save()
    assert main([*words, "--out", str(tmp_path / "aside")]) == 0  # somebody's own copy
    assert "the run" not in capsys.readouterr().out.partition("In the browser")[2]
    assert main(words) == 0
    assert "Kept with the run: 3 files." in capsys.readouterr().out
    with open_stores() as stores:
        there = {one.where: one for one in stores.projects.artefacts(shop, kept.id)}
        assert set(there) == {"splat/splat.html", "splat/splat.ply", "splat/splat.spz"}
        with stores.objects(shop).open("renders", there["splat/splat.ply"].sha256) as file:
            assert file.read() == (job / "splat" / "splat.ply").read_bytes()
    record.run_id = "0" * 32
    record.save()
    assert main(words) == 0  # the files are there all the same
    assert "Not kept with the run: " in capsys.readouterr().out


def test_what_cannot_be_trained_is_refused(job, tmp_path, capsys):
    with pytest.raises(RunError, match="no run with a mesh"):
        splat(tmp_path)
    assert main(["splat", str(job), "--engine", "cuda"]) == 2
    assert "stitchsketch[splat]" in (said := capsys.readouterr().err) or "no CUDA" in said
    write_value(job / "stages" / "03_scale" / "scale.npz", Scale("none", 1.0, 0.0, 0.0, 0))
    with pytest.raises(ScaleError, match="not known"):
        splat(job)


def test_the_benchmark_tells_how_near_and_how_soon(job, tmp_path, capsys):
    words = [str(job), "--engine", "cpu", "--steps", "20", "--size", "160", "--most", "1500"]
    words += ["--held-out", "6", "--out", str(tmp_path)]
    loaded("benchmarks", "splats.py").main(words)
    said = capsys.readouterr().out.splitlines()
    if no_cuda():
        assert said.pop(0).startswith(
            "No CUDA here, so no figures of gsplat and its simple trainer"
        )
    assert "images a second" in said[1]
    marks = said[2].removeprefix("minutes, PSNR: ").split(", ")
    assert len(marks) == 10
    rows = {line[:24].strip(): [float(word) for word in line[24:].split()] for line in said[5:]}
    assert set(rows) == {
        "splats", "mesh, photos' texture", "mesh, even texture", "mesh, vertex colours",
        "splats, trained photos",
    }  # fmt: skip
    assert float(marks[-1].split()[1]) == pytest.approx(rows["splats"][0], abs=0.1)
    assert rows["splats"][2] >= rows["splats"][0]  # a fitted exposure is no worse
    assert (tmp_path / "1-job" / "held-out.png").is_file()
    with pytest.raises(SystemExit):  # there is no CUDA engine in what was asked for
        loaded("benchmarks", "splats.py").main([*words, "--simple-trainer", "trainer.py"])
    if no_cuda():
        with pytest.raises(SystemExit):
            loaded("benchmarks", "splats.py").main([str(job), "--engine", "cuda"])
        assert "want CUDA, and there is none. " in capsys.readouterr().err


def test_gsplats_own_trainer_gets_the_same_photos_and_cameras(tmp_path):
    import pycolmap

    options = pycolmap.SyntheticDatasetOptions()
    options.num_rigs, options.num_frames_per_rig, options.num_points3D = 1, 9, 30
    truth = pycolmap.synthesize_dataset(options)
    (tmp_path / "model" / "sparse").mkdir(parents=True)
    truth.write(tmp_path / "model" / "sparse")
    model = sparse_from_colmap(truth, {image.name: image.name for image in truth.images.values()})
    photos = {view.name: tmp_path / view.name for view in model.views}
    scan = Scan(model.views, photos, scenes().ball(), Region(-np.ones(3), np.ones(3)))
    loaded("benchmarks", "splats.py").same_photos(tmp_path, scan, 3, tmp_path / "data")
    again = pycolmap.Reconstruction(tmp_path / "data" / "sparse" / "0")
    shown, hidden = held_out(model.views, 3)
    order = [hidden[0], *shown]  # the trainer holds the first one out
    assert sorted(image.name for image in again.images.values()) == [
        f"{k:04}.png" for k in range(7)
    ]
    for image in again.images.values():
        view = order[int(image.name[:4])]
        assert (tmp_path / "data" / "images" / image.name).readlink().name == view.name
        np.testing.assert_allclose(image.projection_center(), view.centre, atol=1e-9)
