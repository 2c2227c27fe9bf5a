"""Bad input ends in one clear sentence, exit code 2, and nothing half-written."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from stitchsketch_kernel.domain.errors import AlignError
from stitchsketch_kernel.domain.model import Similarity
from stitchsketch_kernel.domain.photo import Camera
from stitchsketch_kernel.pipeline import RunSettings, run
from stitchsketch_kernel.pipeline.failure_page import REPORT
from stitchsketch_kernel.pipeline.record import Status, read_record
from stitchsketch_kernel.samples import Sample, build_sample, render_photos
from stitchsketch_kernel.samples.cushion import box_cushion
from stitchsketch_kernel.samples.furniture import assemble
from stitchsketch_kernel.samples.sample import Ring, ring_views


def stitchsketch(*words: object) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("stitchsketch"), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)


def refused(result: subprocess.CompletedProcess[str], *words: str) -> None:
    """One sentence or two on standard error, exit code 2, no traceback."""
    assert result.returncode == 2, result.stderr
    assert "Traceback" not in result.stderr
    last = result.stderr.strip().splitlines()[-1]
    for word in words:
        assert word in last, result.stderr


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if "partial" in path.name]


def test_photos_that_do_not_overlap(tmp_path):
    apart = build_sample("cushion").views_apart(6)
    render_photos(apart, tmp_path / "photos")
    result = stitchsketch(
        "run", tmp_path / "photos", "--out", tmp_path / "job", "--set", "ingest.min_photos=4"
    )
    refused(result, "fit together")
    assert leftovers(tmp_path / "job") == []
    assert not (tmp_path / "job" / "patterns").exists()


def test_a_mat_printed_at_97_percent(sample_photos, tmp_path):
    job = tmp_path / "job"
    result = stitchsketch("run", sample_photos("cushion"), "--out", job, "--bar-mm", "194")
    refused(result, "97")
    assert not job.exists() or leftovers(job) == []
    assert not (job / "patterns").exists()


def test_a_full_disk(sample_photos, small_disk):
    job = small_disk / "job"
    refused(stitchsketch("run", sample_photos("cushion"), "--out", job), "full")
    assert leftovers(small_disk) == []


def two_cushions() -> tuple[Sample, Sample]:
    """Half round a cushion, then half round another, smaller and turned, on the same mats."""
    camera = Camera(480, 360, 412.0, 412.0, 241.0, 178.5)
    around = [
        ring_views(name, camera, np.array([0.0, 0.0, 0.07]), (Ring(18, 36.0, 1.0, start),))[:10]
        for name, start in (("first", 0.0), ("second", 10.0))
    ]
    turn = np.deg2rad(50.0)
    c, s = np.cos(turn), np.sin(turn)
    pose = Similarity(0.85, np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]]), np.zeros(3))
    one = replace(build_sample("cushion"), views=around[0])
    other = replace(one, furniture=(assemble(box_cushion(), pose),), seed=99, views=around[1])
    return one, other


def test_two_pieces_that_stood_on_the_same_mats(tmp_path):
    for sample in two_cushions():
        render_photos(sample, tmp_path / "photos")
    job = tmp_path / "job"
    with pytest.raises(AlignError, match=r"^The photos show two different pieces") as told:
        run(tmp_path / "photos", job, RunSettings(track=False))
    said = str(told.value)
    for name in ("first", "second"):
        assert f"{name}-01.jpg, {name}-02.jpg, {name}-03.jpg" in said
        assert f"{name}-08.jpg ... (10 photos)" in said
    record = read_record(job)
    assert (record.status, record.error) == (Status.FAILED, said)
    assert [stage.status for stage in record.stages] == [
        *["completed"] * 3, "failed", *["pending"] * 5,
    ]  # fmt: skip
    assert record.stage("densify").error == said
    assert "two different pieces" in (job / REPORT).read_text(encoding="utf-8")
    assert leftovers(job) == []
    assert sorted(path.name for path in (job / "stages").iterdir()) == [
        "01_ingest", "02_align", "03_scale",
    ]  # fmt: skip
