"""What the shop's stores know of a run, whatever happens to it or to them."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from waiting import wait_for

from stitchsketch_kernel.pipeline import tracking
from stitchsketch_kernel.pipeline.outbox import tell_left_behind
from stitchsketch_kernel.pipeline.record import RunRecord, StageRecord
from stitchsketch_kernel.pipeline.tracking import KeptAs, tracker_for
from stitchsketch_kernel.projects.records import Project, Scan, Status
from stitchsketch_kernel.stores import Stores, StoreSettings
from stitchsketch_kernel.stores.checking import check

STAGES = ("align", "scale", "mesh")


@pytest.fixture
def hosted(postgres, mongo, ceph, tmp_path):
    """An installation of servers."""
    return StoreSettings(
        tmp_path / "home", "Nadel", postgres.new_database(), mongo.new_database(), ceph.endpoint,
        ceph.owner.access_key, ceph.owner.secret_key, f"tests-{uuid4()}",
    )  # fmt: skip


@pytest.fixture
def record(tmp_path):
    """A run of three stages, each with a notebook and a published file."""
    photos, job = tmp_path / "photos", tmp_path / "job"
    for folder in (photos, job / "notebooks", job / "model"):
        folder.mkdir(parents=True)
    for at in range(2):
        (photos / f"{at}.jpg").write_bytes(b"photo %d" % at)
    (photos / "._0.jpg").write_bytes(b"left by a Mac")
    (photos / "notes.txt").write_text("no photo")
    stages = []
    for number, name in enumerate(STAGES, 1):
        (job / "notebooks" / f"{name}.ipynb").write_text(name)
        (job / "model" / f"{name}.ply").write_text(f"mesh of {name}")
        stages.append(StageRecord(number, name, "ab" * 32, f"notebooks/{name}.ipynb"))
    return RunRecord(job, "Wing chair", str(photos), stages)


def go_through(tracker, record, between=lambda stage: None):
    for stage in record.stages:
        stage.status = Status.RUNNING
        tracker.begin(stage)
        tracker.cell(stage.name, 1, 2)
        between(stage)
        stage.status, stage.seconds, stage.figures = Status.COMPLETED, 2.5, {"pieces": 17}
        tracker.stage(stage, [record.folder / "model" / f"{stage.name}.ply"])
    tracker.end(Status.COMPLETED, "")


def require_whole(settings, record, runs=1):
    """All of the run is kept, nothing is left over, and nothing waits."""
    with Stores(settings) as stores:
        shop, projects = settings.shop, stores.projects
        [project] = projects.projects(shop)
        [scan] = projects.scans(shop, project.id)
        assert (project.name, scan.name) == (record.name, record.photos)
        assert [one.name for one in projects.photos(shop, scan.id)] == ["0.jpg", "1.jpg"]
        found = projects.runs(shop, scan.id)
        assert [run.status for run in found] == [Status.COMPLETED] * runs
        for run in found:
            stages = projects.stages(shop, run.id)
            assert [one.stage for one in stages] == list(STAGES)
            assert {(one.status, one.seconds) for one in stages} == {(Status.COMPLETED, 2.5)}
            assert all(one.figures == {"pieces": 17} for one in stages)
            kept = {one.where: one for one in projects.artefacts(shop, run.id)}
            assert len(kept) == 6
            for where, one in kept.items():
                content = (record.folder / where).read_bytes()
                assert one.sha256 == hashlib.sha256(content).hexdigest()
                assert stores.objects(shop).exists(one.bucket, one.sha256)
        assert check(stores, [shop], timedelta(seconds=-2))[0].is_sound
    assert list((settings.home / "spool").iterdir()) == []
    return found


@pytest.mark.parametrize("kind", ["embedded", "services"])
def test_all_of_a_run_is_kept(request, record, tmp_path, kind):
    settings = (
        StoreSettings(tmp_path / "home", "Nadel")
        if kind == "embedded"
        else request.getfixturevalue("hosted")
    )
    go_through(tracker_for(record, KeptAs(started_by="anna"), settings), record)
    [run] = require_whole(settings, record)
    assert (run.started_by, run.folder) == ("anna", str(record.folder))
    go_through(tracker_for(record, None, settings), record)
    require_whole(settings, record, runs=2)


def test_a_run_tells_where_it_is(record, tmp_path):
    settings = StoreSettings(tmp_path / "home")
    tracker = tracker_for(record, None, settings)
    tracker.begin(record.stages[1])
    tracker.cell("scale", 3, 7)
    tracker.progress(0.25, "scale: mats")
    with Stores(settings) as stores:
        run = wait_for(lambda: told(stores, tracker, lambda run: run.cell))
        assert (run.stage, run.cell, run.cells, run.share) == ("scale", 3, 7, 0.25)
        assert (run.note, run.status) == ("scale: mats", Status.RUNNING)
        assert run.started_by == tracking.person()
        tracker.end(Status.FAILED, "Only 3 photos.")
        assert stores.projects.run("local", tracker.run.id).error == "Only 3 photos."


def told(stores, tracker, what):
    """The run as the store knows it, once `what` is true of it."""
    try:
        run = stores.projects.run("local", tracker.run.id)
    except Exception:
        return None
    return run if what(run) else None


def test_a_run_of_a_scan_that_is_there_belongs_to_it(record, tmp_path):
    settings = StoreSettings(tmp_path / "home")
    with Stores(settings) as stores:
        project = stores.projects.add_project(Project("Zwirn", "Sofa"))
        scan = stores.projects.add_scan("Zwirn", Scan(project.id, "from the phone"))
        go_through(tracker_for(record, KeptAs("Zwirn", scan.id), settings), record)
        [run] = stores.projects.runs("Zwirn", scan.id)
        assert run.status == Status.COMPLETED and len(stores.projects.photos("Zwirn", scan.id)) == 2
        assert stores.projects.projects("local") == []


def test_a_new_project_begins_where_the_one_of_that_name_was_deleted(record, tmp_path):
    settings = StoreSettings(tmp_path / "home", "Nadel")
    go_through(tracker_for(record, None, settings), record)
    with Stores(settings) as stores:
        [project] = stores.projects.projects("Nadel")
        stores.projects.delete_project("Nadel", project.id)
    go_through(tracker_for(record, None, settings), record)
    require_whole(settings, record)


def test_a_database_that_stops_in_a_run_loses_nothing(hosted, postgres, record):
    def between(stage):
        if stage.name == "scale":
            postgres.stop()
            threading.Timer(2.5, postgres.start).start()

    tracker = tracker_for(record, None, hosted)
    go_through(tracker, record, between)
    require_whole(hosted, record)


def test_what_could_not_be_told_is_told_by_the_next_run(
    hosted, postgres, record, monkeypatch, caplog
):
    monkeypatch.setattr(tracking, "WAIT_AT_END_S", 0.5)
    postgres.stop()
    try:
        with caplog.at_level(logging.WARNING):
            go_through(tracker_for(record, None, hosted), record)
    finally:
        postgres.start()
    assert "The shop's store is away" in caplog.text
    assert len(list((hosted.home / "spool").iterdir())) == 1
    monkeypatch.setattr(tracking, "WAIT_AT_END_S", 20)
    go_through(tracker_for(record, None, hosted), record)
    require_whole(hosted, record, runs=2)


def test_a_killed_run_that_could_not_tell_is_told_as_dead(record, tmp_path):
    settings = StoreSettings(tmp_path / "home", "Nadel")
    go_through(tracker_for(record, None, settings), record)
    run_id = uuid4().hex
    run = {"scan_id": "", "folder": "/gone", "id": run_id, "started": "2026-11-24T04:00:00+00:00"}
    start = {"do": "start", "shop": "Nadel", "name": "chair", "photos": "p", "run": run}
    half_a_line = '{"do": "stage", "stage": {"run'
    spool = settings.home / "spool" / "killed.jsonl"
    spool.write_text(f"{json.dumps(start)}\n{half_a_line}")
    with Stores(settings) as stores:
        assert tell_left_behind(stores) == 1
        run = stores.projects.run("Nadel", run_id)
        assert run.status == Status.DEAD and "goes on from" in run.error
        assert tell_left_behind(stores) == 0


def test_a_living_runs_spool_is_left_alone(record, tmp_path):
    settings = StoreSettings(tmp_path / "home", "Nadel")
    tracker = tracker_for(record, None, settings)
    with Stores(settings) as stores:
        assert tell_left_behind(stores) == 0
    go_through(tracker, record)
    require_whole(settings, record)


def test_an_object_store_that_refuses_holds_up_no_record(hosted, ceph, record, monkeypatch):
    monkeypatch.setattr(tracking, "WAIT_AT_END_S", 5.0)
    with Stores(hosted) as stores:
        stores.objects("Nadel")  # its bucket is there
    name = f"reader-{uuid4().hex[:8]}"
    account = ceph.new_account(name, "--op-mask=read")
    policy = replace(
        hosted, s3_access_key=account.access_key, s3_secret_key=account.secret_key,
        s3_bucket=f"tests-{uuid4()}",
    )  # fmt: skip
    go_through(tracker_for(record, None, policy), record)
    with Stores(policy) as stores:
        [project] = stores.projects.projects("Nadel")
        [run] = stores.projects.runs("Nadel", stores.projects.scans("Nadel", project.id)[0].id)
        assert run.status == Status.COMPLETED and len(stores.projects.stages("Nadel", run.id)) == 3
        assert stores.projects.artefacts("Nadel", run.id) == []
        ceph.admin("user", "modify", f"--uid={name}", "--op-mask=read,write,delete")
        wait_for(lambda: _told(stores))
    require_whole(policy, record)


def _told(stores):
    try:
        return tell_left_behind(stores)
    except OSError:
        return 0


def test_a_full_disk_at_home_is_said_and_breaks_no_run(record, small_disk, monkeypatch, caplog):
    monkeypatch.setattr(tracking, "WAIT_AT_END_S", 0.5)
    (small_disk / "full").write_bytes(bytes((1 << 20) - 4096 * 3))
    with caplog.at_level(logging.WARNING):
        go_through(tracker_for(record, None, StoreSettings(small_disk / "home")), record)
    assert "could not be used" in caplog.text or "store is away" in caplog.text
    (small_disk / "full").unlink()
    monkeypatch.setattr(tracking, "WAIT_AT_END_S", 20)
    go_through(tracker_for(record, None, StoreSettings(small_disk / "home", "Nadel")), record)
    require_whole(StoreSettings(small_disk / "home", "Nadel"), record)


def test_a_file_that_was_replaced_before_it_was_stored_is_not_taken_for_the_runs(
    hosted, postgres, record, monkeypatch
):
    monkeypatch.setattr(tracking, "WAIT_AT_END_S", 0.5)
    postgres.stop()
    go_through(tracker_for(record, None, hosted), record)
    (record.folder / "model" / "mesh.ply").write_text("a later run's mesh")
    (record.folder / "model" / "scale.ply").unlink()
    postgres.start()
    with Stores(hosted) as stores:
        wait_for(lambda: _told(stores))
        [project] = stores.projects.projects("Nadel")
        [run] = stores.projects.runs("Nadel", stores.projects.scans("Nadel", project.id)[0].id)
        kept = [one.where for one in stores.projects.artefacts("Nadel", run.id)]
    assert set(kept) == {"model/align.ply", *(f"notebooks/{name}.ipynb" for name in STAGES)}


def test_stores_that_are_set_up_wrong_break_no_run(record, tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("STITCHSKETCH_DATABASE_URL", "mysql://nobody")
    with caplog.at_level(logging.WARNING):
        go_through(tracker_for(record), record)
    assert "STITCHSKETCH_DATABASE_URL is not an address" in caplog.text


def test_the_place_of_photos_need_not_exist(tmp_path):
    assert tracking.photos_of(Path("/nowhere")) == []
