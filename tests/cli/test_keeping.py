"""The commands for what a shop keeps."""

from __future__ import annotations

import io
import os
import time

import pandas as pd
import pytest

from stitchsketch_kernel.cli import main
from stitchsketch_kernel.projects.records import Photo, Project, Run, Scan, StageRun, Status
from stitchsketch_kernel.stores import open_stores


@pytest.fixture
def chair():
    with open_stores() as stores:
        project = stores.projects.add_project(Project("local", "Wing chair"))
        scan = stores.projects.add_scan("local", Scan(project.id, "photos"))
        photo = stores.objects("local").put("images", io.BytesIO(b"photo"))
        kept = Photo(scan.id, "1.jpg", photo.sha256, photo.bytes)
        stores.projects.keep_photo("local", kept)
        run = stores.projects.start_run("local", Run(scan.id, "/job"))
        stage = StageRun(run.id, "mesh", Status.COMPLETED, 2.5, figures={"pieces": 17})
        stores.projects.record_stage("local", stage)
    return kept


def long_ago(path):
    then = time.time() - 3 * 24 * 3600
    os.utime(path, (then, then))


def objects(bucket):
    with open_stores() as stores:
        return sorted((stores.settings.home / "objects").glob(f"local-*/{bucket}/??/*"))


def test_a_project_goes_through_a_file_and_is_purged(chair, tmp_path, capsys):
    path = tmp_path / "chair.zip"
    assert main(["project", "export", "Wing chair", "--out", str(path)]) == 0
    assert main(["project", "import", str(path), "--shop", "Zwirn"]) == 0
    assert main(["project", "list", "--shop", "Zwirn"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("Wing chair")
    assert main(["project", "delete", "Wing chair"]) == 0
    assert main(["project", "restore", "Wing chair"]) == 0
    assert main(["project", "purge", "Wing chair"]) == 2
    assert "no project 'Wing chair'" in capsys.readouterr().err
    assert main(["project", "delete", "Wing chair"]) == 0
    [photo] = objects("images")
    long_ago(photo)
    assert main(["project", "purge", "Wing chair"]) == 0
    assert "with 1 stored files" in capsys.readouterr().out
    assert objects("images") == []
    assert main(["check"]) == 0


def test_check_finds_and_mends(chair, capsys):
    assert main(["check"]) == 0
    assert "All is sound" in capsys.readouterr().out
    with open_stores() as stores:
        stores.objects("local").put("models", io.BytesIO(b"nobody's"))
    [left_over] = objects("models")
    long_ago(left_over)
    assert main(["check"]) == 0
    assert "--mend" in capsys.readouterr().out and left_over.exists()
    assert main(["check", "--mend"]) == 0
    assert not left_over.exists()
    [photo] = objects("images")
    photo.unlink()
    assert main(["check", "--mend"]) == 2
    told = capsys.readouterr()
    assert "Lost: 1.jpg of the project Wing chair" in told.out
    assert "1 stored files are lost" in told.err


def test_all_figures_go_into_one_file(chair, tmp_path):
    path = tmp_path / "figures.csv"
    assert main(["figures", "--out", str(path)]) == 0
    table = pd.read_csv(path)
    assert (table["stage"][0], table["seconds"][0], table["pieces"][0]) == ("mesh", 2.5, 17)
    assert main(["figures", "--out", str(tmp_path / "none" / "x.csv")]) != 0


def test_a_name_that_two_projects_have_is_asked_about(chair, tmp_path, capsys):
    with open_stores() as stores:
        stores.projects.add_project(Project("local", "Wing chair"))
    assert main(["project", "delete", "Wing chair"]) == 2
    assert "2 projects are called" in capsys.readouterr().err
