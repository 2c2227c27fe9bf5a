"""``stitchsketch batch``: its exit codes and its table."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from PIL import Image

from stitchsketch_kernel.cli import main


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Two folders of one photo each, which no run can go far with."""
    for at, name in enumerate(("chair", "sofa")):
        (tmp_path / name).mkdir()
        pixels = np.random.default_rng(at).integers(0, 256, (240, 320, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / name / "1.jpg")
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


def test_rows_that_fail_are_told_in_the_table_the_summary_and_the_exit_code(place, capsys):
    (place / "jobs.csv").write_text("photos\nchair\nsofa\n")
    assert main(["batch", str(place / "jobs.csv"), "--workers", "1"]) == 2
    told = capsys.readouterr()
    assert "2 of 2 rows failed (2, 3)" in told.err
    [header, *rows] = csv.reader((place / "jobs" / "summary.csv").read_text().splitlines())
    assert [row[header.index("status")] for row in rows] == ["failed", "failed"]
    assert "8 are the least" in rows[0][header.index("error")]
    assert told.out.count("8 are the least") == 2 and told.out.count("failed") == 2


def test_nothing_begins_while_a_row_is_wrong(place, capsys):
    (place / "jobs.csv").write_text("photos,nest.secnds\nchair,5\nnowhere,\n")
    assert main(["batch", str(place / "jobs.csv")]) == 2
    told = capsys.readouterr().err
    assert "row 2: There is no setting 'nest.secnds'" in told and "row 3: There is no" in told
    assert not (place / "jobs").exists()


@pytest.mark.parametrize("option", ["--workers", "--retries", "--stage-minutes", "--memory-gb"])
def test_numbers_below_nothing_are_refused(place, option, capsys):
    assert main(["batch", str(place / "jobs.csv"), f"{option}=-1"]) == 2
    assert f"{option} can't be below 0" in capsys.readouterr().err
