"""What becomes of the rows of a batch, whatever happens to those who do them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager

import psutil
import pytest
from distributed import Client, LocalCluster
from waiting import wait_for

from stitchsketch_kernel.domain.errors import RunError, SettingsError
from stitchsketch_kernel.pipeline.batch import BatchSettings, Job, Workers, run_batch
from stitchsketch_kernel.pipeline.batch.cluster import open_workers
from stitchsketch_kernel.pipeline.batch.work import do_row
from stitchsketch_kernel.pipeline.runner import RunSettings
from stitchsketch_kernel.pipeline.tracking import StoreTracker
from stitchsketch_kernel.projects.records import Status
from stitchsketch_kernel.stores import open_stores
from stitchsketch_kernel.stores.figures import figures_table


def kept_runs() -> dict[str, Counter]:
    """For each row, by its project, how its runs ended as the stores know it."""
    with open_stores() as stores:
        found = {}
        for project in stores.projects.projects("local"):
            for scan in stores.projects.scans("local", project.id):
                runs = stores.projects.runs("local", scan.id)
                found[project.name] = Counter(run.status for run in runs)
        return found


def test_a_hundred_rows_over_workers_two_of_which_are_killed_are_all_done_and_none_twice(
    tiny, batch
):
    program = batch.start(rows=100, workers=4)
    killed = []
    for done, _ in enumerate(program.stdout, 1):
        if done in {10, 40}:
            [worker, *_] = wait_for(lambda: batch.workers_at_work(program))
            worker.send_signal(signal.SIGKILL)
            killed.append(worker.pid)
    assert program.wait(300) == 0 and len(set(killed)) == 2
    summary = batch.summary()
    assert list(summary.index) == list(range(2, 102))
    assert set(summary["status"]) <= {"completed", "reused"} and set(summary["tries"]) == {1}
    # a row whose worker was killed is begun again; the others are begun once
    assert 100 <= len(tiny.calls()) <= 102
    ended = kept_runs()
    assert set(ended) == {f"r{row}" for row in range(2, 102)}
    assert {one[Status.COMPLETED] for one in ended.values()} == {1}
    assert sum(sum(one.values()) for one in ended.values()) <= 102
    assert batch.kernels() == []
    assert list(batch.place.iterdir()) == []  # no sockets, no workers' folders

    assert batch.start(rows=100, workers=2).wait(300) == 0
    assert tiny.calls() == [] and kept_runs() == ended
    assert set(batch.summary()["status"]) == {"reused"}


def test_a_row_that_fails_or_hangs_fails_alone_and_in_words(tiny, batch):
    tiny.behave(r3="PhotoError", r4="sleep", r5="bug")
    program = batch.start(rows=5, workers=2, stage_s=15, retries=1)
    assert program.wait(300) == 2
    summary = batch.summary()
    assert dict(summary["status"]) == {
        2: "completed", 3: "failed", 4: "failed", 5: "failed", 6: "completed",
    }  # fmt: skip
    assert summary["error"][3] == "Photo 7.jpg is dark. Take it again with more light."
    assert "not done after 15 s" in summary["error"][4]
    assert "ZeroDivisionError" in summary["error"][5]
    # only what may end otherwise is tried again
    assert dict(summary["tries"]) == {2: 1, 3: 1, 4: 1, 5: 2, 6: 1}
    assert batch.kernels() == []
    tiny.behave()
    tiny.calls()
    assert batch.start(rows=5, workers=2).wait(300) == 0
    assert len(tiny.calls()) == 3
    assert list(batch.summary()["status"]) == [
        "reused", "completed", "completed", "completed", "reused",
    ]  # fmt: skip


def test_ctrl_c_stops_the_rows_at_work_and_keeps_what_is_finished(tiny, batch):
    tiny.behave(r3="sleep")
    program = batch.start(rows=4, workers=1)
    assert program.stdout.readline().startswith("row 2")
    wait_for((tiny.root / "pid").exists)
    # as a terminal does: everybody in the foreground is told
    assert os.getpgid(program.pid) == program.pid  # its own group, started by this test
    os.killpg(program.pid, signal.SIGINT)
    assert program.wait(300) == 130
    assert list(batch.summary()["status"]) == ["completed", "cancelled", "cancelled", "cancelled"]
    assert kept_runs()["r3"] == {Status.CANCELLED: 1}
    assert batch.kernels() == []
    tiny.behave()
    tiny.calls()
    assert batch.start(rows=4, workers=1).wait(300) == 0
    assert len(tiny.calls()) == 3


def test_workers_leave_ctrl_c_to_the_program_that_has_the_terminal():
    with open_workers(Workers(count=1)) as client:
        [worker] = client.run(os.getpid).values()
        os.kill(worker, signal.SIGINT)
        time.sleep(1)
        assert list(client.run(os.getpid).values()) == [worker]


def test_a_killed_batch_takes_its_workers_and_kernels_along(tiny, batch):
    tiny.behave(r2="sleep")
    program = batch.start(rows=2, workers=1)
    wait_for((tiny.root / "pid").exists)
    family = psutil.Process(program.pid).children(recursive=True)
    program.kill()
    _, alive = psutil.wait_procs(family, 20)
    assert alive == [] and batch.kernels() == []
    tiny.behave()
    assert batch.start(rows=2, workers=1).wait(300) == 0
    assert set(batch.summary()["status"]) == {"completed"}


def test_a_row_goes_on_from_its_last_finished_stage_on_another_worker(tiny, batch):
    tiny.behave(two="wait")
    program = batch.start(rows=1, workers=2, stages=("one", "two"))
    wait_for((tiny.root / "pid").exists)
    [worker] = batch.workers_at_work(program)
    worker.kill()
    (tiny.root / "go").touch()
    assert program.wait(300) == 0
    assert tiny.calls() == ["one", "two", "two"]
    assert kept_runs()["r2"] == {Status.DEAD: 1, Status.COMPLETED: 1}


def test_a_row_whose_worker_was_lost_before_it_could_tell_its_end_is_completed_all_the_same(
    tiny, monkeypatch
):
    job = Job(2, tiny.photos, tiny.out)
    with monkeypatch.context() as lost:
        lost.setattr(StoreTracker, "end", lambda tracker, *_: tracker._outbox.close(10))
        assert do_row(job, tiny.stages[:1], "batch").status == Status.COMPLETED
    assert kept_runs() == {"photos": {Status.RUNNING: 1}}
    assert do_row(job, tiny.stages[:1], "batch").status == Status.REUSED
    assert kept_runs() == {"photos": {Status.COMPLETED: 1}}


#: A program of somebody else's; it ends at once, as a client that was refused may wait for itself.
STRANGER = """
import os, sys
from distributed import Client
try:
    Client(sys.argv[1], timeout=5)
except Exception as error:
    print("refused:", type(error).__name__, flush=True)
    os._exit(0)
print("came in", flush=True)
os._exit(0)
"""


def stranger(address):
    """What a program of somebody else's says that asks the workers at an address."""
    asked = [sys.executable, "-c", STRANGER, address]
    return subprocess.check_output(asked, text=True, timeout=120).strip()


def test_no_other_account_of_the_machine_can_hand_in_work(tiny):
    with open_workers(Workers(count=1)) as client:
        address = client.scheduler.address
        assert address.startswith("tls://127.0.0.1:")
        for at in (address, address.replace("tls", "tcp")):
            assert stranger(at).startswith("refused:")
    # who leaves them open lets it in
    with LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address=None) as bare:
        assert stranger(bare.scheduler_address) == "came in"


def test_without_dask_it_is_said_what_to_install(tiny, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(SettingsError, match=r"pip install 'stitchsketch\[batch\]'"):
        run_batch([Job(2, tiny.photos, tiny.out)], tiny.root, stages=tiny.stages)


def test_two_batches_that_race_do_each_row_once(tiny, batch):
    programs = [batch.start(rows=6, workers=1, retries=9) for _ in range(2)]
    assert [program.wait(300) for program in programs] == [0, 0]
    assert tiny.calls() == ["one"] * 6
    assert kept_runs() == {f"r{row}": {Status.COMPLETED: 1} for row in range(2, 8)}


def test_a_full_disk_costs_the_summary_and_not_the_rows(tiny, small_disk, caplog):
    (small_disk / "full").write_bytes(bytes((1 << 20) - 4096))
    job = Job(2, tiny.photos, tiny.out)
    settings = BatchSettings(Workers(count=1))
    done = run_batch([job], small_disk / "batch", settings, stages=tiny.stages[:1])
    assert done[2].status == Status.COMPLETED
    assert "summary.csv is not up to date: The disk that holds" in caplog.text


def test_rows_on_a_full_disk_fail_in_words_and_go_on_later(tiny, small_disk):
    jobs = [Job(2, tiny.photos, small_disk / "r2"), Job(3, tiny.photos, tiny.out)]
    settings = BatchSettings(Workers(count=1))
    tiny.behave(r2="fill")
    done = run_batch(jobs, tiny.root / "batch", settings, stages=tiny.stages[:1])
    assert [done[2].status, done[3].status] == [Status.FAILED, Status.COMPLETED]
    assert "is full" in done[2].error and done[2].tries == 1
    assert list(small_disk.iterdir()) == []
    tiny.behave()
    done = run_batch(jobs, tiny.root / "batch", settings, stages=tiny.stages[:1])
    assert [done[2].status, done[3].status] == [Status.COMPLETED, Status.REUSED]


@contextmanager
def scheduler_and_workers(folder, *resources):
    """A scheduler and a worker for each of `resources`, as an administrator starts them.

    All but the last worker are there; the last is only being started.
    """
    told = folder / "scheduler.json"
    words = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(told)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    dask = [sys.executable, "-m", "dask"]
    programs = [subprocess.Popen([*dask, "scheduler", *words], **quiet)]
    try:
        wait_for(lambda: told.exists() and told.read_text())
        address = json.loads(told.read_text())["address"]
        for number, offers in enumerate(resources):
            if number:
                with Client(address, set_as_default=False) as client:
                    client.wait_for_workers(number, timeout=120)
            words = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--resources", offers]
            command = [*dask, "worker", "--scheduler-file", str(told), *words]
            env = {**os.environ, "TINY_MARK": f"@{offers}"}
            place = ["--local-directory", folder]
            programs.append(subprocess.Popen([*command, *place], env=env, **quiet))
        yield address
    finally:
        for program in programs[::-1]:
            program.kill()
            program.wait()


def test_any_scheduler_does_the_rows_and_gpu_rows_go_to_its_gpu_workers(tiny, tmp_path):
    with scheduler_and_workers(tmp_path, "cpu=1", "gpu=1") as address:
        jobs = [
            Job(
                row,
                tiny.photos,
                tiny.root / f"r{row}",
                RunSettings(name=f"r{row}", values={"one.turn": row}),
                row % 2 == 0,
            )
            for row in range(2, 6)
        ]
        done = run_batch(jobs, tiny.root, BatchSettings(Workers(address)), stages=tiny.stages[:1])
    assert all(one.is_done for one in done.values())
    # each worker's kernels say by their environment which it was
    told = {row: (tiny.root / f"r{row}" / "patterns" / "one").read_text() for row in done}
    assert {row: text.partition("@")[2] for row, text in told.items()} == {
        2: "gpu=1", 3: "cpu=1", 4: "gpu=1", 5: "cpu=1",
    }  # fmt: skip
    with open_stores() as stores:
        table = figures_table(stores.projects, "local").set_index("project")
    assert dict(table["settings.one.turn"]) == {f"r{row}": row for row in done}
    assert table["text"]["r3"].startswith("one3A")


def test_what_no_worker_can_do_is_said_before_the_first_row(tiny):
    jobs = [Job(2, tiny.photos, tiny.out), Job(3, tiny.photos, tiny.root / "b", needs_gpu=True)]
    with pytest.raises(SettingsError, match=r"Row 3 asks for a GPU.*--gpu-workers"):
        run_batch(jobs, tiny.root, stages=tiny.stages)
    assert tiny.calls() == []


@pytest.mark.parametrize(
    ("address", "kind", "words"),
    [
        ("tcp://127.0.0.1:9", RunError, "No Dask scheduler answers"),
        ("nonsense://x", SettingsError, "not the address"),
    ],
)
def test_a_scheduler_that_is_not_there_is_said(tiny, monkeypatch, address, kind, words):
    monkeypatch.setattr("stitchsketch_kernel.pipeline.batch.cluster._ANSWER_S", 1.0)
    settings = BatchSettings(Workers(address))
    with pytest.raises(kind, match=words):
        run_batch([Job(2, tiny.photos, tiny.out)], tiny.root, settings, stages=tiny.stages)
