"""Runs that wait for a worker: in every store, and how workers get them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from stitchsketch_kernel.domain.errors import NotKeptError, SettingsError, StorageError
from stitchsketch_kernel.projects.records import (
    MOST_ATTEMPTS,
    Beat,
    Photo,
    Run,
    StageRun,
    Status,
    now,
)
from stitchsketch_kernel.projects.tables import RunRow

of_installations = pytest.mark.parametrize("store", ["embedded", "services"], indirect=True)


def place(shop: str, run_id: str) -> str:
    return f"/runs/{shop}/{run_id}"


@pytest.fixture
def silent(store):
    """All runs that there are were last heard of an hour ago."""

    def fall_silent() -> None:
        hour = timedelta(hours=1)
        with store._engine.begin() as connection:
            for row in connection.execute(select(RunRow.id, RunRow.started, RunRow.heartbeat)):
                heard = None if row.heartbeat is None else row.heartbeat - hour
                started = None if row.started is None else row.started - hour
                to = update(RunRow).where(RunRow.id == row.id)
                connection.execute(to.values(started=started, heartbeat=heard))

    return fall_silent


def test_a_queued_run_waits_with_what_was_set(store, job):
    scan = job[1]
    settings = {"fabric.width_mm": 1370, "fabric.name": "Linen, blue"}
    queued = store.queue_run("Nadel", Run(scan.id, "", settings=settings, from_stage="nest"))
    assert (queued.status, queued.settings, queued.from_stage) == (
        Status.QUEUED, settings, "nest"
    )  # fmt: skip
    assert abs(queued.queued - now()) < timedelta(minutes=1)
    assert (queued.worker, queued.attempts, queued.folder) == ("", 0, "")
    assert store.run("Nadel", queued.id) == queued
    assert queued in store.runs("Nadel", scan.id)


def test_a_known_length_is_checked_when_its_run_is_queued(store, job):
    scan = job[1]
    for name in ("1.jpg", "4.jpg"):
        store.keep_photo("Nadel", Photo(scan.id, name, "0" * 64, 1))
    store.keep_photo("Nadel", Photo(scan.id, "out.jpg", "1" * 64, 1, left_out=True))
    point = {"1.jpg": [1200, 800], "4.jpg": [310, 912]}
    row = {"mm": 812.5, "a": point, "b": point}

    def queue(**other) -> Run:
        settings = {"scale.known_lengths": [{**row, **other}]}
        return store.queue_run("Nadel", Run(scan.id, "", settings=settings))

    for other, words in (
        ({"mm": 0.5}, "is 0.5 mm. Give millimetres, 1 to 20000"),
        ({"mm": 10**400}, "Give millimetres"),
        ({"a": {"1.jpg": [1, 2]}}, "point a is marked in fewer than two photos"),
        ({"b": {**point, "4.jpg": "left"}}, "point b is not a table"),
        ({"b": {**point, "out.jpg": [1, 2]}}, "1b is marked in out.jpg, which is not among"),
    ):
        # behind the gateway every 422 is the store's
        with pytest.raises((SettingsError, StorageError), match=words):
            queue(**other)
    assert [one.id for one in store.runs("Nadel", scan.id)] == [job[2].id]
    assert queue().settings["scale.known_lengths"] == [row]


def test_nobody_queues_or_ends_a_run_of_another_shop(store, job):
    scan = job[1]
    run = store.queue_run("Nadel", Run(scan.id, ""))
    for ask in (
        lambda: store.queue_run("Zwirn", Run(scan.id, "")),
        lambda: store.cancel_run("Zwirn", run.id),
    ):
        with pytest.raises(NotKeptError):
            ask()
    assert store.run("Nadel", run.id) == run


def test_a_run_that_waits_or_is_at_work_can_be_ended(store, job):
    scan, at_work = job[1:]
    waiting = store.queue_run("Nadel", Run(scan.id, ""))
    for run in (waiting, at_work):
        ended = store.cancel_run("Nadel", run.id, "Stopped by Anna.")
        assert (ended.status, ended.error) == (Status.CANCELLED, "Stopped by Anna.")
        assert ended.finished is not None
    assert store.beat("Nadel", at_work.id, Beat()) == Status.CANCELLED


def test_a_run_that_has_ended_stays_as_it_is(store, job):
    run = job[2]
    done = store.finish_run("Nadel", run.id, Status.COMPLETED)
    assert store.cancel_run("Nadel", run.id, "too late") == done


@of_installations
def test_the_run_that_waited_longest_is_taken_first_and_once(store, job):
    scan = job[1]
    first, second = (store.queue_run("Nadel", Run(scan.id, "")) for _ in range(2))
    taken = store.take_run("w1", "here", place)
    assert (taken.shop, taken.project, taken.run.id) == ("Nadel", job[0], first.id)
    assert (taken.run.status, taken.run.worker, taken.run.host) == (Status.RUNNING, "w1", "here")
    assert (taken.run.folder, taken.run.attempts) == (place("Nadel", first.id), 1)
    assert taken.run.heartbeat is not None
    assert store.take_run("w2", "here", place).run.id == second.id
    assert store.take_run("w3", "here", place) is None


@of_installations
def test_many_workers_at_once_take_each_run_once(store, job):
    waiting = {store.queue_run("Nadel", Run(job[1].id, "")).id for _ in range(12)}

    def work(number: int) -> list[str]:
        found = []
        while (taken := store.take_run(f"w{number}", "here", place)) is not None:
            found.append(taken.run.id)
        return found

    with ThreadPoolExecutor(4) as pool:
        taken = [one for found in pool.map(work, range(4)) for one in found]
    assert len(taken) == len(set(taken)) == 12
    assert set(taken) == waiting


@of_installations
def test_what_no_worker_shall_run_is_not_taken(store, job, silent):
    project, scan, _ = job
    ended = store.queue_run("Nadel", Run(scan.id, ""))
    store.cancel_run("Nadel", ended.id)
    store.queue_run("Nadel", Run(scan.id, ""))
    store.delete_project("Nadel", project.id)
    silent()  # the run that was started without a worker is silent, too
    assert store.take_run("w1", "here", place) is None
    store.restore_project("Nadel", project.id)
    assert store.take_run("w1", "here", place) is not None
    assert store.take_run("w2", "here", place) is None


@of_installations
def test_a_run_of_a_lost_worker_is_taken_over_and_its_old_worker_told(store, job, silent):
    run = store.queue_run("Nadel", Run(job[1].id, ""))
    store.take_run("w1", "here", place)
    store.record_stage("Nadel", StageRun(run.id, "align", Status.COMPLETED, 5.0))
    store.record_stage("Nadel", StageRun(run.id, "mesh", Status.RUNNING))
    silent()
    assert store.run("Nadel", run.id).status == Status.DEAD
    taken = store.take_run("w2", "there", place).run
    assert (taken.id, taken.worker, taken.attempts) == (run.id, "w2", 2)
    assert [one.status for one in store.stages("Nadel", run.id)] == [
        Status.COMPLETED, Status.PENDING
    ]  # fmt: skip
    assert store.beat("Nadel", run.id, Beat("mesh", worker="w1")) == Status.DEAD
    assert store.run("Nadel", run.id).stage == ""
    assert store.beat("Nadel", run.id, Beat("align", worker="w2")) == Status.RUNNING
    assert store.give_back("Nadel", run.id, "w1").worker == "w2"


@of_installations
def test_a_run_whose_worker_is_alive_is_not_taken(store, job, monkeypatch):
    run = store.queue_run("Nadel", Run(job[1].id, ""))
    store.take_run("w1", "here", place)
    monkeypatch.setattr("stitchsketch_kernel.projects.sql_queue.DEAD_AFTER_S", 2.0)
    for _ in range(3):
        store.beat("Nadel", run.id, Beat(worker="w1"))
        assert store.take_run("w2", "here", place) is None


@of_installations
def test_a_run_whose_program_stops_again_and_again_has_failed(store, job):
    run = store.queue_run("Nadel", Run(job[1].id, ""))
    for attempt in range(1, MOST_ATTEMPTS + 1):
        assert store.take_run(f"w{attempt}", "here", place).run.attempts == attempt
        store.record_stage("Nadel", StageRun(run.id, "mesh", Status.RUNNING))
        given_back = store.give_back("Nadel", run.id, f"w{attempt}", lost=True)
    assert given_back.status == Status.FAILED and "memory" in given_back.error
    assert given_back.finished is not None
    assert [one.status for one in store.stages("Nadel", run.id)] == [Status.FAILED]
    assert store.take_run("w9", "here", place) is None


@of_installations
def test_a_run_that_falls_silent_again_and_again_has_failed(store, job, silent):
    run = store.queue_run("Nadel", Run(job[1].id, ""))
    for attempt in range(MOST_ATTEMPTS):
        assert store.take_run(f"w{attempt}", "here", place).run.id == run.id
        silent()
    assert store.take_run("w9", "here", place) is None
    assert store.run("Nadel", run.id).status == Status.FAILED


@of_installations
def test_a_run_that_is_given_back_is_the_first_to_be_taken_again(store, job):
    first = store.queue_run("Nadel", Run(job[1].id, ""))
    store.take_run("w1", "here", place)
    store.queue_run("Nadel", Run(job[1].id, ""))
    given_back = store.give_back("Nadel", first.id, "w1")
    assert (given_back.status, given_back.worker, given_back.attempts) == (Status.QUEUED, "", 0)
    assert store.take_run("w2", "here", place).run.id == first.id


@of_installations
def test_who_takes_a_folder_over_leaves_its_own_run_alive(store, job):
    run = store.queue_run("Nadel", Run(job[1].id, ""))
    taken = store.take_run("w1", "here", place).run
    store.bury_folder("Nadel", taken.folder, "here", run.id)
    assert store.run("Nadel", run.id).status == Status.RUNNING
