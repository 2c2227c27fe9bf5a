"""A project carried to another installation, and files that only pretend to hold one."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace

import pytest

from stitchsketch_kernel.domain.errors import ExchangeError, NotKeptError, StorageError
from stitchsketch_kernel.storage.interface import BUCKETS
from stitchsketch_kernel.stores.checking import check
from stitchsketch_kernel.stores.exporting import export_project
from stitchsketch_kernel.stores.importing import import_project


@pytest.fixture
def exported(stores, job, tmp_path):
    path = tmp_path / "chair.zip"
    export_project(stores, "Nadel", job.project.id, path)
    return path


def is_empty(stores, shop="Zwirn"):
    return stores.projects.projects(shop) == [] and not any(
        stores.objects(shop).objects(bucket) for bucket in BUCKETS
    )


def test_a_project_comes_whole_to_another_installation(stores, job, exported, elsewhere):
    ours = import_project(elsewhere, "Zwirn", exported)
    assert replace(ours, shop="Nadel", id=job.project.id) == job.project
    assert ours.id != job.project.id
    [scan] = elsewhere.projects.scans("Zwirn", ours.id)
    theirs = stores.projects.bundle("Nadel", job.project.id)
    mine = elsewhere.projects.bundle("Zwirn", ours.id)
    run = mine.runs[0].id
    assert [replace(one, scan_id=job.scan.id) for one in mine.photos] == theirs.photos
    assert [replace(one, run_id=job.run.id) for one in mine.stages] == theirs.stages
    assert [replace(one, run_id=job.run.id) for one in mine.artefacts] == theirs.artefacts
    assert [replace(one, run_id=job.run.id, id=two.id) for one, two in zip(
        mine.quotes, theirs.quotes, strict=True)] == theirs.quotes  # fmt: skip
    assert [replace(one, id=job.run.id, scan_id=job.scan.id) for one in mine.runs] == theirs.runs
    assert elsewhere.projects.runs("Zwirn", scan.id)[0].id == run
    for one in mine.photos:
        with elsewhere.objects("Zwirn").open("images", one.sha256) as file:
            assert file.read().startswith(b"photo ")
    assert all(found.is_sound for found in check(elsewhere))
    with pytest.raises(NotKeptError, match="was imported before"):
        import_project(elsewhere, "Zwirn", exported)


def test_a_project_may_come_back_beside_itself(stores, job, exported):
    again = import_project(stores, "Nadel", exported)
    assert {one.id for one in stores.projects.projects("Nadel")} == {job.project.id, again.id}


def test_an_export_that_would_lack_something_is_not_written(stores, job, tmp_path):
    photo = stores.projects.photos("Nadel", job.scan.id)[0]
    stores.objects("Nadel").delete("images", photo.sha256)
    with pytest.raises(StorageError, match="is not there"):
        export_project(stores, "Nadel", job.project.id, tmp_path / "chair.zip")
    with pytest.raises(NotKeptError):
        export_project(stores, "Zwirn", job.project.id, tmp_path / "chair.zip")
    assert [path for path in tmp_path.iterdir() if "chair" in path.name] == []


def test_an_export_to_a_full_disk_leaves_nothing(job, stores, small_disk):
    (small_disk / "full").write_bytes(bytes((1 << 20) - 8192))
    with pytest.raises(StorageError, match="could not be written"):
        for at in range(9):
            export_project(stores, "Nadel", job.project.id, small_disk / f"chair {at}.zip")
    assert [path.name for path in small_disk.iterdir() if ".aside" in path.name] == []


def test_a_damaged_object_is_not_exported(elsewhere, tmp_path, new_job):
    job = new_job(elsewhere)
    [path] = (elsewhere.settings.home / "objects").glob("nadel-*/models/??/*")
    path.write_bytes(b"MESH" + path.read_bytes()[4:])
    with pytest.raises(StorageError, match="is damaged"):
        export_project(elsewhere, "Nadel", job.project.id, tmp_path / "chair.zip")


def rewritten(path, change):
    """The export with its files changed by someone."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    records = json.loads(files.pop("project.json"))
    compress = change(files, records) or zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "w", compress) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        archive.writestr("project.json", json.dumps(records))
    return path


def changed_content(files, records):
    name = min(files)
    files[name] = b"X" + files[name][1:]


def lost(files, records):
    del files[min(files)]


def smuggled(files, records):
    files["../../../etc/cron.d/mine"] = b"x"


def bomb(files, records):
    return zipfile.ZIP_DEFLATED


def other_size(files, records):
    files[min(files)] += b"more"


def path_for_a_name(files, records):
    records["photos"][0]["sha256"] = "../../secret"


def strange_bucket(files, records):
    records["artefacts"][0]["bucket"] = "../secret"


def points_outside(files, records):
    records["runs"][0]["scan_id"] = "f" * 32


def no_number(files, records):
    records["stages"][0]["seconds"] = "soon"


def no_status(files, records):
    records["runs"][0]["status"] = "excellent"


def no_zone(files, records):
    records["project"]["created"] = "2026-11-24T00:00:00"


def later_version(files, records):
    records["schema"] = 99


def no_list(files, records):
    records["photos"] = {"a": 1}


@pytest.mark.parametrize(
    "change",
    [
        changed_content, lost, smuggled, bomb, other_size, path_for_a_name, strange_bucket,
        points_outside, no_number, no_status, no_zone, later_version, no_list,
    ],
)  # fmt: skip
def test_a_file_that_is_not_what_it_says_is_refused_and_leaves_nothing(
    embedded_export, elsewhere, change
):
    with pytest.raises(ExchangeError):
        import_project(elsewhere, "Zwirn", rewritten(embedded_export, change))
    assert is_empty(elsewhere)


@pytest.fixture
def embedded_export(elsewhere, tmp_path, new_job):
    job, path = new_job(elsewhere), tmp_path / "chair.zip"
    export_project(elsewhere, "Nadel", job.project.id, path)
    return path


def test_records_that_unfold_without_end_are_refused(elsewhere, tmp_path):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("project.json", b" " * (80 << 20))
    assert path.stat().st_size < 200_000
    with pytest.raises(ExchangeError, match="unfold"):
        import_project(elsewhere, "Zwirn", path)


def test_a_file_that_is_there_twice_is_refused(embedded_export, elsewhere):
    with zipfile.ZipFile(embedded_export, "a") as archive, pytest.warns(UserWarning, match="Dupl"):
        name = archive.namelist()[0]
        archive.writestr(name, archive.read(name))
    with pytest.raises(ExchangeError, match="twice"):
        import_project(elsewhere, "Zwirn", embedded_export)
    assert is_empty(elsewhere)


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip at all", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_export_is_refused(elsewhere, tmp_path, content):
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(ExchangeError, match="no exported project"):
        import_project(elsewhere, "Zwirn", tmp_path / "x.zip")


def test_a_file_that_is_not_there_is_said_in_words(elsewhere, tmp_path):
    with pytest.raises(ExchangeError, match="can't be opened"):
        import_project(elsewhere, "Zwirn", tmp_path / "none.zip")
