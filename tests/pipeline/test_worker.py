"""Runs from the queue, by real workers with processes, notebooks and kernels."""

from __future__ import annotations

import io
import json
import os
import platform
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from waiting import wait_for

from stitchsketch_kernel.pipeline.worker import Worker, WorkSettings
from stitchsketch_kernel.pipeline.worker.placing import folder_of
from stitchsketch_kernel.projects.records import Photo, Project, Run, Scan, Status
from stitchsketch_kernel.stores import Stores, StoreSettings

SHOP = "Nadel"
#: The process of a run, with the small stages.
ONE = """
    import sys
    from dataclasses import replace
    from pathlib import Path
    from stitchsketch_kernel.pipeline.stage import stage_of
    from stitchsketch_kernel.pipeline.worker.one import main
    root = Path({root!r})
    sys.path.insert(0, str(root))
    stages = [replace(stage_of("tiny_" + n, root), notebook=root / (n + ".ipynb"))
              for n in ("one", "two", "three")]
    sys.exit(main(sys.argv[1:], stages))
"""
#: A worker as a program of its own.
WORK = """
    import json, sys
    from pathlib import Path
    from stitchsketch_kernel.pipeline.worker import Worker, WorkSettings
    from stitchsketch_kernel.stores import open_stores
    given = json.loads(sys.argv[1])
    given["runs"], given["program"] = Path(given["runs"]), tuple(given["program"])
    import signal
    def stop(*_):
        raise KeyboardInterrupt
    signal.signal(signal.SIGTERM, stop)
    Worker(open_stores(), WorkSettings(**given)).work()
"""


class Shop:
    """A shop with a scan in files, a folder of runs, and workers."""

    def __init__(self, stores: Stores, tiny) -> None:
        self.stores, self.tiny, self.runs = stores, tiny, tiny.root / "runs"
        self.project = stores.projects.add_project(Project(SHOP, "Wing chair"))
        self.scan = stores.projects.add_scan(SHOP, Scan(self.project.id, "all"))
        self.settings = WorkSettings(
            self.runs, poll_s=0.1,
            program=(sys.executable, "-c", textwrap.dedent(ONE.format(root=str(tiny.root)))),
        )  # fmt: skip
        self.programs: list[subprocess.Popen[bytes]] = []
        self.add_photo("a.jpg", b"A")

    def add_photo(self, name: str, content: bytes) -> None:
        kept = self.stores.objects(SHOP).put("images", io.BytesIO(content))
        photo = Photo(self.scan.id, name, kept.sha256, kept.bytes)
        self.stores.projects.keep_photo(SHOP, photo)

    def queue(self, **more) -> Run:
        return self.stores.projects.queue_run(SHOP, Run(self.scan.id, "", **more))

    def run(self, run: Run) -> Run:
        return self.stores.projects.run(SHOP, run.id)

    def statuses(self, run: Run) -> list[str]:
        return [one.status for one in self.stores.projects.stages(SHOP, run.id)]

    def worker(self, **more) -> Worker:
        (self.runs / ".workers").mkdir(parents=True, exist_ok=True)
        return Worker(self.stores, replace(self.settings, **more))

    def work_off(self, run: Run, worker: Worker | None = None) -> Run:
        """Let a worker work until a run has ended."""
        worker = worker or self.worker()

        def ended():
            worker.take_one()
            worker._look_after()
            kept = self.run(run)
            done = kept.status in {Status.COMPLETED, Status.FAILED, Status.CANCELLED}
            return done and not worker._at_work and kept

        return wait_for(ended)

    def program(self, **more) -> subprocess.Popen[bytes]:
        """A worker that is a program of its own."""
        given = {"runs": str(self.runs), "program": self.settings.program, "poll_s": 0.1, **more}
        command = [sys.executable, "-c", textwrap.dedent(WORK), json.dumps(given)]
        self.programs.append(subprocess.Popen(command, start_new_session=True))
        return self.programs[-1]


@pytest.fixture
def shop(tiny):
    with Stores(StoreSettings.from_env()) as stores:
        shop = Shop(stores, tiny)
        yield shop
        for one in shop.programs:
            one.kill()
            one.wait()
        for process in _runs_of(shop.runs):
            os.kill(process, signal.SIGKILL)


def _runs_of(runs: Path) -> list[int]:
    """The processes of runs below a folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes()
        except OSError:
            continue
        if str(runs).encode() in words and b"worker.one" in words:
            found.append(int(entry.parent.name))
    return found


def in_the_kernel(shop) -> int:
    """The kernel that waits or sleeps, once it does."""
    pid = shop.tiny.root / "pid"
    found = int(wait_for(lambda: pid.exists() and pid.read_text()))
    pid.unlink()
    return found


def test_a_queued_run_goes_from_stored_photos_to_kept_results(shop):
    queued = shop.queue(settings={"two.turn": 7}, started_by="anna")
    done = shop.work_off(queued)
    assert (done.status, done.error, done.started_by) == (Status.COMPLETED, "", "anna")
    assert (done.host, done.folder) == (
        platform.node(), str(folder_of(shop.runs, SHOP, queued.id))
    )  # fmt: skip
    assert (Path(done.folder) / "photos" / "a.jpg").read_bytes() == b"A"
    assert (Path(done.folder) / "patterns" / "three").read_text() == "one1A|two7|three1"
    kept = {one.where: one for one in shop.stores.projects.artefacts(SHOP, queued.id)}
    three = kept["patterns/three"]
    with shop.stores.objects(SHOP).open("patterns", three.sha256) as content:
        assert content.read() == b"one1A|two7|three1"
    assert shop.statuses(queued) == [Status.COMPLETED] * 3
    # one project, one scan, one run: nothing was made beside them
    assert [one.id for one in shop.stores.projects.projects(SHOP)] == [shop.project.id]
    assert [one.id for one in shop.stores.projects.runs(SHOP, shop.scan.id)] == [queued.id]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"settings": {"two.trun": 1}}, "Did you mean two.turn"),
        ({"settings": {"two.turn": "many"}}, "should be a whole number"),
        ({"from_stage": "four"}, "no stage 'four'"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(shop, asked, words):
    failed = shop.work_off(shop.queue(**asked))
    assert failed.status == Status.FAILED and words in failed.error
    assert shop.tiny.calls() == []


def test_a_scan_without_photos_and_a_damaged_photo_are_told(shop):
    stores, bare = shop.stores, shop.scan
    shop.scan = stores.projects.add_scan(SHOP, Scan(shop.project.id, "bare"))
    assert "has no photos yet" in shop.work_off(shop.queue()).error
    shop.scan = bare
    [photo] = stores.projects.photos(SHOP, bare.id)
    [file] = [one for one in shop.stores.settings.home.rglob(photo.sha256) if one.is_file()]
    file.chmod(0o600)
    file.write_bytes(b"B")
    assert "damaged" in shop.work_off(shop.queue()).error
    assert shop.tiny.calls() == []


def test_no_photos_name_leads_out_of_the_folder(shop):
    shop.add_photo("x/../../../../escaped.jpg", b"X")
    assert "no name of a file" in shop.work_off(shop.queue()).error
    assert not list(shop.tiny.root.rglob("escaped.jpg"))


def test_a_run_whose_process_is_killed_goes_on_from_its_last_finished_stage(shop):
    shop.tiny.behave(two="wait")
    queued, worker = shop.queue(), shop.worker()
    assert worker.take_one()
    in_the_kernel(shop)
    os.kill(worker._at_work[0].process.pid, signal.SIGKILL)
    (shop.tiny.root / "go").touch()
    done = shop.work_off(queued, worker)
    assert (done.status, done.attempts) == (Status.COMPLETED, 2)
    assert shop.statuses(queued) == [Status.REUSED, Status.COMPLETED, Status.COMPLETED]
    assert shop.tiny.calls() == ["one", "two", "two", "three"]


def test_a_worker_that_is_stopped_gives_its_run_back(shop):
    shop.tiny.behave(two="wait")
    queued, program = shop.queue(), shop.program()
    kernel = in_the_kernel(shop)
    program.terminate()
    assert program.wait(60) == 0
    waiting = shop.run(queued)
    assert (waiting.status, waiting.attempts, waiting.error) == (Status.QUEUED, 0, "")
    assert shop.statuses(queued)[1] == Status.PENDING
    wait_for(lambda: not Path(f"/proc/{kernel}").exists())
    shop.tiny.behave()
    assert shop.work_off(queued).status == Status.COMPLETED
    assert shop.tiny.calls() == ["one", "two", "two", "three"]


def test_a_run_at_work_is_ended_by_a_person(shop):
    shop.tiny.behave(two="sleep")
    queued, worker = shop.queue(), shop.worker()
    worker.take_one()
    kernel = in_the_kernel(shop)
    shop.stores.projects.cancel_run(SHOP, queued.id, "Stopped by Anna.")
    ended = shop.work_off(queued, worker)
    assert (ended.status, ended.error) == (Status.CANCELLED, "Stopped by Anna.")
    wait_for(lambda: not Path(f"/proc/{kernel}").exists())


def test_the_next_run_begins_from_a_stage_with_what_was_set_before(shop):
    first = shop.work_off(shop.queue(settings={"one.turn": 3, "two.turn": 4}))
    (Path(first.folder) / "panels.txt").write_text("corrected")
    assert shop.tiny.calls() == ["one", "two", "three"]
    again = shop.work_off(shop.queue(from_stage="two", settings={"three.turn": 9}))
    assert shop.tiny.calls() == ["two", "three"]
    cut = Path(again.folder) / "patterns" / "three"
    assert cut.read_text() == "one3A|two4|three9"
    assert (Path(again.folder) / "panels.txt").read_text() == "corrected"
    # without a stage only what was changed is computed, and the settings are those that are given
    whole = shop.work_off(shop.queue(settings={"one.turn": 3, "two.turn": 4, "three.turn": 1}))
    assert shop.tiny.calls() == ["three"]
    assert (Path(whole.folder) / "patterns" / "three").read_text() == "one3A|two4|three1"
    assert cut.read_text() == "one3A|two4|three9"


def test_nothing_is_taken_over_from_another_shops_folder(shop):
    stores = shop.stores.projects
    theirs = shop.work_off(shop.queue())
    shop.tiny.calls()
    foreign = stores.add_project(Project("Zwirn", "spy"))
    scan = stores.add_scan("Zwirn", Scan(foreign.id, "all"))
    lie = stores.start_run("Zwirn", Run(scan.id, theirs.folder, host=platform.node()))
    for stage in stores.stages(SHOP, theirs.id):
        stores.record_stage("Zwirn", replace(stage, run_id=lie.id))
    stores.finish_run("Zwirn", lie.id, Status.COMPLETED)
    kept = shop.stores.objects("Zwirn").put("images", io.BytesIO(b"A"))
    stores.keep_photo("Zwirn", Photo(scan.id, "a.jpg", kept.sha256, kept.bytes))
    run = stores.queue_run("Zwirn", Run(scan.id, ""))
    worker = shop.worker()

    def done():
        worker.take_one()
        worker._look_after()
        return stores.run("Zwirn", run.id).status == Status.COMPLETED and not worker._at_work

    wait_for(done)
    assert shop.tiny.calls() == ["one", "two", "three"]


def test_only_so_many_runs_are_at_work_at_once(shop):
    shop.tiny.behave(one="wait")
    queued = [shop.queue() for _ in range(3)]
    worker, other = shop.worker(at_once=2), shop.worker(at_once=2)
    assert [worker.take_one(), other.take_one(), worker.take_one(), other.take_one()] == [
        True, True, False, False
    ]  # fmt: skip
    (shop.tiny.root / "go").touch()
    for run in queued[:2]:
        wait_for(lambda run=run: shop.run(run).status == Status.COMPLETED)
    for one in (worker, other):
        wait_for(lambda one=one: one._look_after() or not one._at_work)
    assert shop.work_off(queued[2], worker).status == Status.COMPLETED


def test_a_run_goes_on_when_its_workers_parent_is_killed(shop):
    """As when the hub is killed: no later worker takes the run, nor its place."""
    shop.tiny.behave(one="wait")
    queued, later = shop.queue(), shop.queue()
    given = {
        "runs": str(shop.runs), "program": shop.settings.program, "poll_s": 0.1,
        "while_parent": True,
    }  # fmt: skip
    command = [sys.executable, "-c", textwrap.dedent(WORK), json.dumps(given)]
    hub = "import subprocess, sys, time; subprocess.Popen(sys.argv[1:]); time.sleep(300)"
    shop.programs.append(subprocess.Popen([sys.executable, "-c", hub, *command]))
    in_the_kernel(shop)
    [worker] = psutil.Process(shop.programs[-1].pid).children()
    shop.programs[-1].kill()
    wait_for(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE)
    second = shop.worker()
    assert not second.take_one()
    assert shop.run(queued).status == Status.RUNNING
    (shop.tiny.root / "go").touch()
    wait_for(lambda: shop.run(queued).status == Status.COMPLETED)
    assert (shop.run(queued).attempts, shop.statuses(queued)) == (1, [Status.COMPLETED] * 3)
    assert shop.work_off(later, second).status == Status.COMPLETED
