"""Bad input ends in one clear sentence, exit code 2, and nothing half-written."""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

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


@pytest.fixture(scope="module")
def nine_photos(tmp_path_factory) -> Path:
    cushion = build_sample("cushion")
    folder = tmp_path_factory.mktemp("nine") / "photos"
    render_photos(cushion.with_views(cushion.views[:9]), folder)
    return folder


@pytest.fixture
def photos(nine_photos, tmp_path) -> Path:
    folder = tmp_path / "photos"
    shutil.copytree(nine_photos, folder)
    return folder


def test_an_empty_folder(tmp_path):
    (tmp_path / "photos").mkdir()
    refused(stitchsketch("run", tmp_path / "photos", "--out", tmp_path / "job"), "photo")
    assert not (tmp_path / "job").exists()


def test_a_text_file_called_jpg(photos, tmp_path):
    (photos / "notes.jpg").write_text("12 m of linen")
    refused(stitchsketch("run", photos, "--out", tmp_path / "job"), "notes.jpg")
    assert not (tmp_path / "job").exists()


def test_a_truncated_jpeg(photos, tmp_path):
    whole = (photos / "cushion-03.jpg").read_bytes()
    (photos / "cushion-03.jpg").write_bytes(whole[: len(whole) // 2])
    refused(stitchsketch("run", photos, "--out", tmp_path / "job"), "cushion-03.jpg")
    assert not (tmp_path / "job").exists()


def test_a_png_that_claims_to_be_huge(photos, tmp_path):
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    crc = struct.pack(">I", zlib.crc32(chunk))
    (photos / "huge.png").write_bytes(b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + crc)
    refused(stitchsketch("run", photos, "--out", tmp_path / "job"), "huge.png")
    assert not (tmp_path / "job").exists()


def test_three_photos_only(photos, tmp_path):
    for path in sorted(photos.iterdir())[3:]:
        path.unlink()
    refused(stitchsketch("run", photos, "--out", tmp_path / "job"), "3")
    assert not (tmp_path / "job").exists()
