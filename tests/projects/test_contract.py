"""What every store of projects must do; each implementation is one line in `STORES`."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from serving import over_gateway

from stitchsketch_kernel.client import GatewayProjectStore
from stitchsketch_kernel.domain.errors import StorageError
from stitchsketch_kernel.projects.embedded import SqlProjectStore
from stitchsketch_kernel.projects.interface import AlreadyKeptError, NotKeptError, ProjectStore
from stitchsketch_kernel.projects.records import Artefact, Project, Run, Scan, StageRun, Status

STORES = {
    "embedded": lambda folder: SqlProjectStore(folder / "projects.sqlite"),
    "gateway": lambda folder: over_gateway(GatewayProjectStore, "tia"),
}


@pytest.fixture(params=STORES)
def store(request, tmp_path):
    store = STORES[request.param](tmp_path)
    yield store
    store.close()


@pytest.fixture
def job(store: ProjectStore) -> tuple[Project, Scan, Run]:
    project = store.add_project(Project(shop="Nadel", name="Wing chair", customer="Ms Ö"))
    scan = store.add_scan("Nadel", Scan(project.id, "before stripping"))
    return project, scan, store.start_run("Nadel", Run(scan.id, "/jobs/1"))


def test_what_was_kept_comes_back_whole(store, job):
    project, scan, run = job
    assert store.project("Nadel", project.id) == project
    assert store.scans("Nadel", project.id) == [scan]
    assert store.runs("Nadel", scan.id) == [run]
    assert store.run("Nadel", run.id) == run


def test_an_identity_is_given_once(store, job):
    project, scan, run = job
    again = [
        lambda: store.add_project(replace(project, name="another")),
        lambda: store.add_scan("Nadel", replace(scan, name="another")),
        lambda: store.start_run("Nadel", replace(run, folder="/jobs/2")),
    ]
    for keep in again:
        with pytest.raises(AlreadyKeptError, match="under this identity"):
            keep()
    assert store.project("Nadel", project.id) == project


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


ADD_MANY = """
import sys
from pathlib import Path
from stitchsketch_kernel.projects.embedded import SqlProjectStore
from stitchsketch_kernel.projects.records import Project
store = SqlProjectStore(Path(sys.argv[1]))
for number in range(25):
    store.add_project(Project(shop="Nadel", name=str(number)))
"""


def test_two_processes_may_write_at_once(tmp_path):
    path = tmp_path / "projects.sqlite"
    store = SqlProjectStore(path)
    workers = [subprocess.Popen([sys.executable, "-c", ADD_MANY, str(path)]) for _ in range(2)]
    assert [worker.wait(timeout=120) for worker in workers] == [0, 0]
    assert len(store.projects("Nadel")) == 50
    store.close()


OPEN = """
import sys
from pathlib import Path
from stitchsketch_kernel.projects.embedded import SqlProjectStore
SqlProjectStore(Path(sys.argv[1])).close()
"""


def test_many_processes_may_make_the_same_store(tmp_path):
    path = tmp_path / "projects.sqlite"
    workers = [subprocess.Popen([sys.executable, "-c", OPEN, str(path)]) for _ in range(4)]
    assert [worker.wait(timeout=120) for worker in workers] == [0] * 4


def test_doubles_kept_by_an_earlier_version_are_joined(tmp_path):
    path = tmp_path / "projects.sqlite"
    store = SqlProjectStore(path)
    project = store.add_project(Project(shop="Nadel", name="chair"))
    scan = store.add_scan("Nadel", Scan(project.id, "all"))
    run = store.start_run("Nadel", Run(scan.id, "/jobs/1"))
    store.record_stage("Nadel", StageRun(run.id, "mesh", Status.RUNNING))
    store.close()
    with sqlite3.connect(path) as raw:
        raw.execute("DROP INDEX one_row_a_stage")
        raw.execute(
            "INSERT INTO stage_run (run_id, stage, status, seconds, inputs_hash, figures, notebook)"
            " SELECT run_id, stage, 'completed', 3.5, '', '{}', '' FROM stage_run"
        )
    raw.close()
    store = SqlProjectStore(path)
    done = StageRun(run.id, "mesh", Status.COMPLETED, 3.5)
    assert store.stages("Nadel", run.id) == [done]
    store.record_stage("Nadel", replace(done, seconds=4.0))
    assert store.stages("Nadel", run.id) == [replace(done, seconds=4.0)]
    store.close()


def test_a_damaged_file_is_said_in_words(tmp_path):
    path = tmp_path / "projects.sqlite"
    path.mkdir()
    with pytest.raises(StorageError, match=r"projects\.sqlite could not be used"):
        SqlProjectStore(path)
