"""What every store of projects must do; `conftest.py` has each implementation."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from stitchsketch_kernel.domain.errors import NotKeptError, StorageError
from stitchsketch_kernel.projects.records import (
    Artefact,
    Beat,
    Page,
    Photo,
    Project,
    Quote,
    Run,
    Scan,
    StageRun,
    Status,
    now,
)

of_installations = pytest.mark.parametrize("store", ["embedded", "services"], indirect=True)
#: The gateway lets nobody but an administrator act for two shops.
for_any_shop = pytest.mark.parametrize(
    "store", ["embedded", "services", "administrator"], indirect=True
)


def test_what_was_kept_comes_back_whole(store, job):
    project, scan, run = job
    assert store.project("Nadel", project.id) == project
    assert store.scans("Nadel", project.id) == [scan]
    assert store.runs("Nadel", scan.id) == [run]
    assert store.run("Nadel", run.id) == run


def test_nothing_of_another_shop_exists(store, job):
    project, scan, run = job
    assert store.projects("Zwirn") == []
    asked = [
        lambda: store.project("Zwirn", project.id),
        lambda: store.scans("Zwirn", project.id),
        lambda: store.runs("Zwirn", scan.id),
        lambda: store.run("Zwirn", run.id),
        lambda: store.stages("Zwirn", run.id),
        lambda: store.artefacts("Zwirn", run.id),
        lambda: store.delete_project("Zwirn", project.id),
        lambda: store.add_scan("Zwirn", Scan(project.id, "spy")),
        lambda: store.start_run("Zwirn", Run(scan.id, "/x")),
        lambda: store.finish_run("Zwirn", run.id, Status.FAILED),
        lambda: store.record_stage("Zwirn", StageRun(run.id, "mesh", Status.FAILED)),
        lambda: store.add_artefact("Zwirn", Artefact(run.id, "mesh", "ply", "0" * 64, 1, "x")),
    ]
    for ask in asked:
        with pytest.raises(NotKeptError):
            ask()
    assert store.stages("Nadel", run.id) == []
    assert store.runs("Nadel", scan.id) == [run]


def test_the_last_word_on_a_stage_counts(store, job):
    run = job[2]
    store.record_stage("Nadel", StageRun(run.id, "align", Status.RUNNING))
    store.record_stage("Nadel", StageRun(run.id, "scale", Status.PENDING))
    done = StageRun(run.id, "align", Status.COMPLETED, 12.5, "ab" * 32, {"views": 40}, "02.ipynb")
    store.record_stage("Nadel", done)
    assert store.stages("Nadel", run.id) == [done, StageRun(run.id, "scale", Status.PENDING)]


def test_a_stage_recorded_by_many_at_once_is_kept_once(store, job):
    run, at_once = job[2], 4
    together = Barrier(at_once)

    def record(seconds: int) -> None:
        for number in range(10):
            together.wait(60)
            stage = StageRun(run.id, f"stage {number}", Status.COMPLETED, float(seconds))
            store.record_stage("Nadel", stage)

    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(record, range(at_once)))
    kept = [stage.stage for stage in store.stages("Nadel", run.id)]
    assert kept == [f"stage {number}" for number in range(10)]


def test_a_finished_run_says_how_it_ended(store, job):
    run = job[2]
    ended = store.finish_run("Nadel", run.id, Status.FAILED, "Only 3 photos.")
    assert (ended.status, ended.error) == (Status.FAILED, "Only 3 photos.")
    assert ended.finished is not None
    assert ended.finished >= run.started


def test_a_deleted_project_is_neither_listed_nor_found(store, job):
    project = job[0]
    store.delete_project("Nadel", project.id)
    assert store.projects("Nadel") == []
    with pytest.raises(NotKeptError):
        store.project("Nadel", project.id)


def test_projects_come_newest_first(store):
    first = store.add_project(Project(shop="Nadel", name="one"))
    second = store.add_project(replace(Project(shop="Nadel", name="two"), status="done"))
    assert store.projects("Nadel") == [second, first]


def test_hostile_words_are_only_words(store):
    name = "'; DROP TABLE project; --</script>"
    project = store.add_project(Project(shop="Nadel", name=name))
    assert store.project("Nadel", project.id).name == name


def test_an_artefact_says_where_it_is(store, job):
    run = job[2]
    artefact = Artefact(run.id, "mesh", "ply", "0f" * 32, 123_456_789_012, "model/mesh.ply")
    store.add_artefact("Nadel", artefact)
    assert store.artefacts("Nadel", run.id) == [artefact]


def test_pages_follow_each_other_whatever_is_added_meanwhile(store):
    moment = now()
    kept = [
        store.add_project(Project("Nadel", f"chair {number}", created=moment))
        for number in range(7)
    ]
    first = store.page("Nadel", 3)
    store.add_project(Project("Nadel", "later"))
    store.delete_project("Nadel", first.projects[0].id)
    second = store.page("Nadel", 3, first.after)
    third = store.page("Nadel", 3, second.after)
    seen = [*first.projects, *second.projects, *third.projects]
    assert sorted(seen, key=lambda project: project.name) == kept
    assert (len(second.projects), len(third.projects), third.after) == (3, 1, None)
    assert store.page("Zwirn") == Page([], None)


@pytest.mark.parametrize("after", ["", "nonsense", "WzEsMl0=", "bnVsbA==", "é"])
def test_a_page_that_never_was_is_refused(store, after):
    with pytest.raises(NotKeptError, match="no such page"):
        store.page("Nadel", after=after)


def test_a_change_keeps_what_is_not_the_persons_to_change(store, job):
    project = job[0]
    changed = replace(project, name="Wing chair, left", status="done", shop="Zwirn")
    assert store.change_project("Nadel", changed) == replace(changed, shop="Nadel")
    store.change_project("Nadel", replace(changed, status="deleted"))
    assert store.project("Nadel", project.id).status == "done"
    assert store.project_named("Nadel", "Wing chair, left").id == project.id
    assert store.project_named("Zwirn", "Wing chair, left") is None


def test_a_deletion_can_be_taken_back(store, job):
    project, scan, _ = job
    store.delete_project("Nadel", project.id)
    [gone] = store.deleted_projects("Nadel")
    assert gone.deleted is not None
    assert store.restore_project("Nadel", project.id) == project
    assert store.scans("Nadel", project.id) == [scan]


@of_installations
def test_what_is_purged_cannot_be_taken_back(store, job):
    project = job[0]
    with pytest.raises(NotKeptError):
        store.purge_project("Nadel", project.id)
    store.delete_project("Nadel", project.id)
    with pytest.raises(NotKeptError):
        store.purge_project("Zwirn", project.id)
    store.purge_project("Nadel", project.id)
    assert store.deleted_projects("Nadel") == [] and store.shops() == []
    with pytest.raises(NotKeptError):
        store.restore_project("Nadel", project.id)


@of_installations
def test_a_purge_names_the_objects_that_nothing_else_refers_to(store, job):
    project, scan, run = job
    shared, alone = "aa" * 32, "bb" * 32
    other = store.add_project(Project("Nadel", "other"))
    other_scan = store.add_scan("Nadel", Scan(other.id, "all"))
    for where in (scan, other_scan):
        store.keep_photo("Nadel", Photo(where.id, "1.jpg", shared, 5))
    store.keep_photo("Nadel", Photo(scan.id, "2.jpg", alone, 6))
    store.add_artefact("Nadel", Artefact(run.id, "mesh", "ply", "cc" * 32, 7, "m.ply", "models"))
    store.add_artefact("Nadel", Artefact(run.id, "mesh", "log", "dd" * 32, 8, "log"))
    store.keep_quote("Nadel", Quote(run.id, 129_900, sha256="ee" * 32, bytes=9))
    assert len(store.references("Nadel")) == 5
    store.delete_project("Nadel", project.id)
    assert len(store.references("Nadel")) == 5
    gone = store.purge_project("Nadel", project.id)
    assert {(one.bucket, one.sha256[:2]) for one in gone} == {
        ("images", "bb"), ("models", "cc"), ("patterns", "ee")
    }  # fmt: skip
    assert [one.of for one in store.references("Nadel")] == ["1.jpg of the project other"]


def test_photos_and_quotes_come_back_by_their_last_word(store, job):
    scan, run = job[1:]
    store.keep_photo("Nadel", Photo(scan.id, "b.jpg", "aa" * 32, 5))
    store.keep_photo("Nadel", Photo(scan.id, "a.jpg", "bb" * 32, 5))
    store.keep_photo("Nadel", Photo(scan.id, "b.jpg", "cc" * 32, 6))
    assert [(one.name, one.bytes) for one in store.photos("Nadel", scan.id)] == [
        ("a.jpg", 5), ("b.jpg", 6)
    ]  # fmt: skip
    quote = store.keep_quote("Nadel", Quote(run.id, 129_900, document={"lines": [1, "ö"]}))
    store.keep_quote("Nadel", replace(quote, status="accepted"))
    assert store.quotes("Nadel", run.id) == [replace(quote, status="accepted")]
    for ask in (
        lambda: store.photos("Zwirn", scan.id),
        lambda: store.keep_photo("Zwirn", Photo(scan.id, "b.jpg", "cc" * 32, 6)),
        lambda: store.quotes("Zwirn", run.id),
        lambda: store.keep_quote("Zwirn", quote),
        lambda: store.run("Zwirn", run.id),
        lambda: store.beat("Zwirn", run.id, Beat()),
    ):
        with pytest.raises(NotKeptError):
            ask()


@for_any_shop
def test_a_quote_cannot_be_taken_over_by_another_shop(store, job):
    quote = store.keep_quote("Nadel", Quote(job[2].id, 129_900))
    theirs = store.add_project(Project("Zwirn", "chair"))
    run = store.start_run("Zwirn", Run(store.add_scan("Zwirn", Scan(theirs.id, "all")).id, "/x"))
    with pytest.raises(NotKeptError):
        store.keep_quote("Zwirn", replace(quote, run_id=run.id, total_minor=1))
    assert store.quotes("Nadel", job[2].id) == [quote]


def test_what_is_told_twice_is_kept_once(store, job):
    project, scan, run = job
    assert store.add_project(project) == project
    assert store.add_scan("Nadel", scan) == scan
    store.finish_run("Nadel", run.id, Status.COMPLETED)
    assert store.start_run("Nadel", run).status == Status.COMPLETED
    assert len(store.projects("Nadel")) == 1
    with pytest.raises(NotKeptError):
        store.add_project(replace(project, shop="Zwirn"))


def test_a_run_that_is_not_heard_of_is_dead_and_one_heard_again_lives(store, job, monkeypatch):
    scan, run = job[1:]
    beat = Beat("mesh", 3, 7, 0.5, "Poisson")
    assert store.beat("Nadel", run.id, beat) == Status.RUNNING
    told = store.run("Nadel", run.id)
    assert Beat(told.stage, told.cell, told.cells, told.share, told.note) == beat
    assert told.heartbeat >= run.heartbeat
    store.record_stage("Nadel", StageRun(run.id, "mesh", Status.RUNNING))
    monkeypatch.setattr("stitchsketch_kernel.projects.sql_runs.DEAD_AFTER_S", 0.05)
    time.sleep(0.1)
    [dead] = store.runs("Nadel", scan.id)
    assert dead.status == Status.DEAD and "goes on from" in dead.error
    assert [stage.status for stage in store.stages("Nadel", run.id)] == [Status.DEAD]
    monkeypatch.undo()
    assert store.beat("Nadel", run.id, beat) == Status.RUNNING
    assert store.run("Nadel", run.id).error == ""
    store.finish_run("Nadel", run.id, Status.CANCELLED)
    assert store.beat("Nadel", run.id, beat) == Status.CANCELLED
    assert store.run("Nadel", run.id).status == Status.CANCELLED


@of_installations
def test_a_folder_taken_over_buries_only_its_own_runs(store, job):
    scan, run = job[1:]
    held = [
        store.start_run("Nadel", Run(scan.id, "/jobs/2", host=host)).id for host in ("a", "a", "b")
    ]
    store.bury_folder("Zwirn", "/jobs/2", "a")
    store.bury_folder("Nadel", "/jobs/2", "a")
    found = [store.run("Nadel", run_id).status for run_id in (*held, run.id)]
    assert found == [Status.DEAD, Status.DEAD, Status.RUNNING, Status.RUNNING]


def test_the_history_tells_every_stage_with_its_run_and_project(store, job):
    project, scan, run = job
    stage = StageRun(run.id, "align", Status.COMPLETED, 12.5, "ab" * 32, {"views": 40})
    store.record_stage("Nadel", stage)
    assert store.history("Nadel") == [(project, scan, run, stage)]
    assert store.history("Zwirn") == []


@pytest.mark.parametrize("name", ["x" * 401, "nul\0byte"])
def test_a_name_that_cannot_be_kept_is_refused_in_words(store, name):
    with pytest.raises(StorageError, match="name"):
        store.add_project(Project("Nadel", name))
    assert store.projects("Nadel") == []


def test_an_error_too_long_to_keep_is_shortened(store, job):
    ended = store.finish_run("Nadel", job[2].id, Status.FAILED, "x\0" * 5000)
    assert ended.error == "x " * 2000


def test_figures_that_are_no_numbers_are_refused_in_words(store, job):
    stage = StageRun(job[2].id, "align", Status.COMPLETED, figures={"error": float("nan")})
    with pytest.raises(StorageError, match="finite"):
        store.record_stage("Nadel", stage)
    assert store.stages("Nadel", job[2].id) == []


@of_installations
def test_a_file_that_is_lost_is_forgotten(store, job):
    run = job[2]
    artefact = Artefact(run.id, "mesh", "ply", "0f" * 32, 7, "model/mesh.ply", "models")
    store.add_artefact("Nadel", artefact)
    store.add_artefact("Nadel", replace(artefact, bytes=8))
    assert store.artefacts("Nadel", run.id) == [replace(artefact, bytes=8)]
    store.drop_artefact("Nadel", artefact)
    assert store.artefacts("Nadel", run.id) == []
