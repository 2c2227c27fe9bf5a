"""Bad input ends in one clear sentence, exit code 2, and nothing half-written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from stitchsketch_kernel.samples import build_sample, render_photos


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
