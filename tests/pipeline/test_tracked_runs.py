"""Whole runs, with notebooks and kernels, as the stores know them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import nbformat
import pytest
from waiting import wait_for

from stitchsketch_kernel.projects import sql_runs
from stitchsketch_kernel.projects.records import Status
from stitchsketch_kernel.stores import Stores, StoreSettings

#: A run of some small stages in a process of its own; the arguments are its folder and they.
ALONE = """
    import sys
    from pathlib import Path
    from dataclasses import replace
    from stitchsketch_kernel.domain.progress import Cancelled
    from stitchsketch_kernel.pipeline.runner import run
    from stitchsketch_kernel.pipeline.stage import stage_of
    root = Path({root!r})
    sys.path.insert(0, str(root))
    stages = [replace(stage_of("tiny_" + n, root), notebook=root / (n + ".ipynb"))
              for n in sys.argv[2:]]
    try:
        run(root / "photos", root / sys.argv[1], stages=stages)
    except Cancelled:
        sys.exit(130)
"""


@pytest.fixture
def alone(tiny):
    """Starts runs in processes of their own; ends those that the test has left."""
    code = textwrap.dedent(ALONE.format(root=str(tiny.root)))
    started = []

    def start(*stages: str, out: str = "out") -> subprocess.Popen:
        started.append(subprocess.Popen([sys.executable, "-c", code, out, *stages]))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def stores(postgres, monkeypatch):
    """Projects on a server, the rest in the test's own home; runs find the same."""
    monkeypatch.setenv("STITCHSKETCH_DATABASE_URL", postgres.new_database())
    with Stores(StoreSettings.from_env()) as stores:
        yield stores


def runs(stores):
    """Of the only scan of the only project, the oldest first."""
    projects = stores.projects.projects("local")
    if not projects:
        return []
    [project] = projects
    scans = stores.projects.scans("local", project.id)
    return stores.projects.runs("local", scans[0].id)[::-1] if scans else []


def at_work(stores, stage):
    """The run, once it is in the cell that works: Papermill adds one with the parameters."""
    return [
        run
        for run in runs(stores)
        if run.status == Status.RUNNING and run.cell == 3 and run.stage == stage
    ]


def test_a_killed_run_is_seen_as_dead_and_goes_on_from_its_last_finished_stage(
    tiny, alone, stores, monkeypatch
):
    tiny.behave(two="sleep")
    process = alone("one", "two")
    [run] = wait_for(lambda: at_work(stores, "two"))
    assert (run.status, run.cells, run.folder) == (Status.RUNNING, 3, str(tiny.out))
    pid = tiny.root / "pid"
    kernel = int(wait_for(lambda: pid.exists() and pid.read_text()))
    process.kill()
    process.wait()
    assert runs(stores)[0].status == Status.RUNNING  # nobody could know yet
    monkeypatch.setattr(sql_runs, "DEAD_AFTER_S", 0.5)
    time.sleep(0.6)
    assert runs(stores)[0].status == Status.DEAD
    stages = stores.projects.stages("local", run.id)
    assert [one.status for one in stages] == [Status.COMPLETED, Status.DEAD]
    monkeypatch.setattr(sql_runs, "DEAD_AFTER_S", 45)
    tiny.behave()
    assert alone("one", "two").wait(60) == 0
    wait_for(lambda: not Path(f"/proc/{kernel}").exists())
    first, second = runs(stores)
    assert (first.status, second.status) == (Status.DEAD, Status.COMPLETED)
    stages = stores.projects.stages("local", second.id)
    assert [one.status for one in stages] == [Status.REUSED, Status.COMPLETED]


def test_a_run_can_be_cancelled_through_the_store(tiny, alone, stores):
    tiny.behave(one="sleep")
    process = alone("one")
    [run] = wait_for(lambda: at_work(stores, "one"))
    stores.projects.finish_run("local", run.id, Status.CANCELLED, "Stopped by Anna.")
    assert process.wait(30) == 130
    assert tiny.json()["status"] == "cancelled"
    assert runs(stores)[0].status == Status.CANCELLED


def test_two_runs_that_race_on_one_scan_are_both_kept_once(tiny, alone, stores):
    processes = [alone("one", "two", out=out) for out in ("a", "b")]
    assert [process.wait(90) for process in processes] == [0, 0]
    found = runs(stores)
    assert [run.status for run in found] == [Status.COMPLETED] * 2
    assert {run.folder for run in found} == {str(tiny.root / "a"), str(tiny.root / "b")}
    for run in found:
        stages = stores.projects.stages("local", run.id)
        assert [one.stage for one in stages] == ["one", "two"]
        kept = stores.projects.artefacts("local", run.id)
        assert {one.where for one in kept} == {
            f"{what}/{name}{end}"
            for name in ("one", "two")
            for what, end in (("notebooks", ".ipynb"), ("patterns", ""))
        }
    [scan] = {run.scan_id for run in found}
    assert [photo.name for photo in stores.projects.photos("local", scan)] == ["a.jpg"]


def test_the_executed_notebook_of_a_stage_that_failed_is_kept(tiny, alone, stores):
    tiny.behave(one="bug")
    process = alone("one")
    assert process.wait(60) == 1
    [run] = runs(stores)
    assert run.status == Status.FAILED and "nobody foresaw" in run.error
    [notebook] = [
        one for one in stores.projects.artefacts("local", run.id)
        if one.where == "notebooks/one.ipynb"
    ]  # fmt: skip
    with stores.objects("local").open("notebooks", notebook.sha256) as file:
        executed = nbformat.reads(file.read().decode(), as_version=4)
    assert "nobody foresaw" in json.dumps(executed.cells[-1].outputs)


def test_a_database_that_is_away_in_a_run_loses_nothing_of_it(tiny, alone, stores, postgres):
    tiny.behave(one="wait")
    process = alone("one", "two")
    wait_for(lambda: at_work(stores, "one"))
    postgres.stop()
    (tiny.root / "go").touch()
    try:
        wait_for((tiny.out / "stages" / "02_two").exists)
        time.sleep(1)
    finally:
        postgres.start()
    assert process.wait(60) == 0
    [run] = runs(stores)
    assert run.status == Status.COMPLETED
    stages = stores.projects.stages("local", run.id)
    assert [one.status for one in stages] == [Status.COMPLETED] * 2
    assert len(stores.projects.artefacts("local", run.id)) == 4


def test_notebooks_see_no_password_of_the_stores(tiny, alone, monkeypatch):
    names = ("DATABASE_URL", "MONGO_URL", "S3_ACCESS_KEY", "S3_SECRET_KEY", "DATABASE_URL_FILE")
    for name in names:
        monkeypatch.setenv(f"STITCHSKETCH_{name}", "hidden-word")
    tiny.behave(one="env")
    assert alone("one").wait(60) == 0
    assert json.loads((tiny.root / "seen.json").read_text()) == {}


def test_a_run_that_a_person_stops_is_not_running_for_ever(tiny, alone, stores):
    tiny.behave(one="sleep")
    process = alone("one")
    [run] = wait_for(lambda: at_work(stores, "one"))
    process.send_signal(signal.SIGINT)
    process.wait(30)
    assert stores.projects.run("local", run.id).status == Status.CANCELLED


@pytest.mark.parametrize("fails", [False, True])
def test_a_notebook_that_somebody_executes_with_papermill_is_tracked_too(tmp_path, stores, fails):
    source = tmp_path / "look.ipynb"
    cells = [nbformat.v4.new_code_cell("1 / 0" if fails else "6 * 7")]
    kernel = {"kernelspec": {"name": "python3", "display_name": "x", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), source)
    command = [sys.executable, "-m", "papermill", "--engine", "stitchsketch"]
    done = subprocess.run(
        [*command, "look.ipynb", "out.ipynb"], cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == fails, done.stderr.decode()
    [run] = runs(stores)
    [stage] = stores.projects.stages("local", run.id)
    assert run.status == stage.status == (Status.FAILED if fails else Status.COMPLETED)
    assert ("ZeroDivisionError" in run.error) == fails and stage.stage == "look"
    [kept] = stores.projects.artefacts("local", run.id)
    with stores.objects("local").open("notebooks", kept.sha256) as file:
        executed = nbformat.reads(file.read().decode(), as_version=4)
    [output] = executed.cells[-1].outputs
    assert output["output_type"] == ("error" if fails else "execute_result")
    assert list((stores.settings.home / "spool").iterdir()) == []
