"""What every store of projects knows of runs that have ended, or are silent."""

from __future__ import annotations

import time

import pytest

from stitchsketch_kernel.projects.records import Run, StageRun, Status


def test_how_a_run_ended_is_known_better_than_that_it_was_taken_for_dead(store, job):
    run = job[2]
    store.finish_run("Nadel", run.id, Status.COMPLETED)
    assert store.finish_run("Nadel", run.id, Status.DEAD, "silent").status == Status.COMPLETED
    assert store.run("Nadel", run.id).error == ""


def test_the_history_tells_of_no_dead_run_that_it_is_running(store, job, monkeypatch):
    store.record_stage("Nadel", StageRun(job[2].id, "mesh", Status.RUNNING))
    monkeypatch.setattr("stitchsketch_kernel.projects.sql_runs.DEAD_AFTER_S", 0.05)
    time.sleep(0.1)
    [(_, _, run, stage)] = store.history("Nadel")
    assert (run.status, stage.status) == (Status.DEAD, Status.DEAD)


@pytest.mark.parametrize("store", ["embedded", "services"], indirect=True)
def test_what_was_made_of_the_same_inputs_is_found_newest_first(store, job):
    scan, run = job[1:]
    later = store.start_run("Nadel", Run(scan.id, "/jobs/2"))
    for one in (run, later):
        store.record_stage("Nadel", StageRun(one.id, "mesh", Status.COMPLETED, 1.0, "ab" * 32))
        store.record_stage("Nadel", StageRun(one.id, "scale", Status.FAILED, 1.0, "cd" * 32))
    found = store.made_under("Nadel", "ab" * 32)
    assert [one.run_id for one in found] == [later.id, run.id]
    assert store.made_under("Zwirn", "ab" * 32) == store.made_under("Nadel", "cd" * 32) == []
    store.delete_project("Nadel", job[0].id)
    assert store.made_under("Nadel", "ab" * 32) == []
