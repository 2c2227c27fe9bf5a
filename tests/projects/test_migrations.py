"""Databases of earlier versions, and whether the steps make the tables that the program knows."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from stitchsketch_kernel.domain.errors import StorageError
from stitchsketch_kernel.projects import migrations
from stitchsketch_kernel.projects.embedded import SqlProjectStore
from stitchsketch_kernel.projects.records import Run, StageRun, Status
from stitchsketch_kernel.projects.services import PostgresProjectStore
from stitchsketch_kernel.projects.tables import Table

OLD = Path(__file__).parent / "older" / "0.1-november.sql"
ALIGN = StageRun(
    "d" * 32, "align", Status.COMPLETED, 12.5, "ab" * 32, {"views": 40}, "notebooks/02.ipynb"
)


@pytest.fixture
def old(tmp_path):
    path = tmp_path / "projects.db"
    with sqlite3.connect(path) as raw:
        raw.executescript(OLD.read_text())
    raw.close()
    return path


@pytest.mark.parametrize("store", ["embedded", "services"], indirect=True)
def test_the_steps_make_the_tables_that_the_program_knows(store):
    with store._engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, Table.metadata) == []


def test_the_newest_step_is_the_one_that_is_asked_for():
    steps = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert steps.get_heads() == [migrations.NEWEST]


def test_an_older_database_is_taken_over_without_loss(old):
    store = SqlProjectStore(old)
    [project] = store.projects("local")
    then = datetime(2026, 11, 20, 8, 30, 0, 123456, tzinfo=UTC)
    assert (project.name, project.customer, project.owner) == ("Wing chair", "Ms Ö", "anna")
    assert (project.created, project.deleted) == (then, None)
    assert [gone.name for gone in store.deleted_projects("local")] == ["gone"]
    [scan] = store.scans("local", project.id)
    second, first = sorted(store.runs("local", scan.id), key=lambda run: run.folder, reverse=True)
    assert first == Run(
        scan.id, "/jobs/1", Status.COMPLETED, id="d" * 32, started=then,
        finished=datetime(2026, 11, 20, 9, tzinfo=UTC),
    )  # fmt: skip
    assert store.stages("local", first.id) == [ALIGN]
    # kept twice by a race of that time, once now; the run that nobody ended is known to be dead
    assert [one.bytes for one in store.artefacts("local", first.id)] == [123_456_789_012]
    assert second.status == Status.DEAD
    store.close()


def test_doubles_kept_by_the_earliest_version_are_joined(old):
    with sqlite3.connect(old) as raw:
        raw.execute("DROP INDEX one_row_a_stage")
        raw.execute(
            "INSERT INTO stage_run (run_id, stage, status, seconds, inputs_hash, figures, notebook)"
            " SELECT run_id, stage, 'failed', 99, '', '{}', '' FROM stage_run"
        )
    raw.close()
    store = SqlProjectStore(old)
    assert store.stages("local", ALIGN.run_id) == [
        StageRun(ALIGN.run_id, "align", Status.FAILED, 99.0)
    ]
    store.record_stage("local", ALIGN)
    assert store.stages("local", ALIGN.run_id) == [ALIGN]
    store.close()


def test_an_upgrade_that_fails_leaves_the_older_database_as_it_was(old):
    with sqlite3.connect(old) as raw:
        raw.execute("CREATE TABLE quote (mine TEXT)")  # in the way of the last thing that is made
        before = list(raw.iterdump())
    raw.close()
    with pytest.raises(StorageError, match="already exists"):
        SqlProjectStore(old)
    with sqlite3.connect(old) as raw:
        assert list(raw.iterdump()) == before
    raw.close()


def test_a_database_of_a_newer_program_is_left_alone(tmp_path):
    path = tmp_path / "projects.db"
    SqlProjectStore(path).close()
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.close()
    with pytest.raises(StorageError, match="newer StitchSketch"):
        SqlProjectStore(path)


def test_many_may_make_the_same_database(postgres):
    url = postgres.new_database()
    with ThreadPoolExecutor(4) as pool:
        for store in pool.map(PostgresProjectStore, [url] * 4):
            store.close()
