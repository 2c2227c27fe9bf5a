"""A run's order, what it computes again, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import pytest
from waiting import wait_for

from stitchsketch_kernel.domain.errors import (
    PhotoError,
    RunError,
    ScaleError,
    SettingsError,
    StorageError,
)
from stitchsketch_kernel.domain.progress import Cancelled
from stitchsketch_kernel.pipeline.files import read_json
from stitchsketch_kernel.pipeline.notebook import NotebookError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return read_stat(pid) not in {"Z", "X"}


def read_stat(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return "X"


def test_a_run_computes_all_then_only_what_follows_a_change(tiny):
    shares = []
    record = tiny.run(progress=lambda share, note: shares.append(share))
    assert tiny.calls() == ["one", "two", "three"]
    assert record.figures("three")["text"] == "one1A|two1|three1"
    assert tiny.statuses() == ["completed"] * 3
    assert shares == sorted(shares) and shares[-1] == 1
    assert (tiny.out / "patterns" / "three").read_text() == "one1A|two1|three1"

    (tiny.out / "patterns" / "two").unlink()
    (tiny.out / "patterns" / "three").write_text("harmed")
    tiny.run()
    assert tiny.calls() == []
    assert tiny.statuses() == ["reused"] * 3
    assert (tiny.out / "patterns" / "two").read_text() == "one1A|two1"
    assert (tiny.out / "patterns" / "three").read_text() == "one1A|two1|three1"

    tiny.run(two_turn=2)
    assert tiny.calls() == ["two", "three"]
    assert (tiny.out / "patterns" / "three").read_text() == "one1A|two2|three1"

    (tiny.photos / "a.jpg").write_text("B")
    tiny.run(two_turn=2)
    assert tiny.calls() == ["one", "two", "three"]
    assert tiny.json()["stages"][2]["figures"]["text"] == "one1B|two2|three1"


def test_notebooks_run_in_this_interpreter_and_are_the_record(tiny):
    tiny.run()
    executed = nbformat.read(tiny.out / "notebooks" / "two.ipynb", as_version=4)
    assert sys.executable in executed.cells[-1].outputs[-1]["data"]["text/plain"]
    assert {"start_time", "end_time"} <= set(executed.metadata.papermill)


def test_kernels_leave_no_sockets_and_two_runs_never_share_any(tiny, short, monkeypatch):
    """Jupyter's default would put them into the working folder, under names that collide."""
    monkeypatch.setattr(tempfile, "tempdir", str(short))
    monkeypatch.chdir(short)
    seen: set[str] = set()
    tiny.run(progress=lambda *_: seen.update(p.parent.name for p in short.rglob("kernel-[0-9]")))
    assert len(seen) == 3
    assert names(short) == []


def test_a_damaged_stage_is_computed_again_with_all_that_read_it(tiny):
    tiny.run()
    tiny.calls()
    (tiny.out / "stages" / "02_two" / "cut").write_text("")
    tiny.run()
    assert tiny.calls() == ["two", "three"]


def test_nothing_outdated_is_left_to_cut_from(tiny):
    tiny.run()
    tiny.behave(two="PanelError")
    with pytest.raises(Exception, match="dark"):
        tiny.run(two_turn=5)
    assert names(tiny.out / "patterns") == ["one"]


def test_a_changed_result_is_never_read_by_a_stage_that_read_the_old_one(tiny):
    """Two is made anew under the same key and the run dies: three must not be reused."""
    tiny.run()
    (tiny.out / "stages" / "02_two" / "cut").write_text("")
    tiny.behave(three="ScaleError")
    with pytest.raises(Exception, match="dark"):
        tiny.run()
    tiny.behave()
    tiny.calls()
    tiny.run()
    assert tiny.calls() == ["three"]


def test_an_error_is_raised_as_the_stage_raised_it(tiny):
    tiny.behave(two="PhotoError")
    with pytest.raises(PhotoError, match=r"^Photo 7.jpg is dark. Take it again with more light.$"):
        tiny.run()
    kept = tiny.json()
    assert (kept["status"], kept["error"][:5]) == ("failed", "Photo")
    assert tiny.statuses() == ["completed", "failed", "pending"]
    assert names(tiny.out / "stages") == ["01_one"]


def test_a_stage_may_refuse_and_the_run_goes_on_for_looking(tiny):
    tiny.run()
    tiny.behave(two="refuse")
    tiny.calls()
    for computed in (["two", "three"], []):
        with pytest.raises(ScaleError, match=r"^The size is not known. Lay mats.$"):
            tiny.run(two_turn=2)
        assert tiny.calls() == computed
        assert names(tiny.out / "patterns") == ["one", "three"]
        assert tiny.json()["error"] == "The size is not known. Lay mats."
        assert tiny.json()["stages"][1]["status"] == "failed"


@pytest.mark.parametrize("there_before", [False, True])
def test_a_first_stage_that_fails_leaves_nothing(tiny, there_before):
    if there_before:
        tiny.out.mkdir()
        (tiny.out / "mine.txt").write_text("mine")
    tiny.behave(one="PhotoError")
    with pytest.raises(PhotoError):
        tiny.run()
    assert tiny.out.exists() == there_before
    assert not there_before or names(tiny.out) == ["mine.txt"]


def test_a_fault_of_ours_points_to_the_notebook(tiny):
    tiny.behave(one="bug")
    with pytest.raises(NotebookError, match=r"ZeroDivisionError: what nobody(.|\n)*one\.ipynb"):
        tiny.run()
    assert "nobody foresaw" in (tiny.out / "notebooks" / "one.ipynb").read_text()
    assert tiny.statuses() == ["failed", "pending", "pending"]


def test_a_killed_run_goes_on_from_its_last_finished_stage(tiny):
    tiny.behave(two="sleep")
    process = tiny.alone()
    kernel = int(wait_for(lambda: (tiny.root / "pid").exists() and (tiny.root / "pid").read_text()))
    process.kill()
    process.wait()
    assert tiny.json()["status"] == "running"
    wait_for(lambda: not is_alive(kernel), 10)
    tiny.behave()
    tiny.calls()
    tiny.run()
    assert tiny.calls() == ["two", "three"]
    assert names(tiny.out / "stages") == ["01_one", "02_two", "03_three"]


def test_ctrl_c_stops_the_kernel_and_says_so(tiny):
    tiny.behave(two="sleep")
    process = tiny.alone()
    kernel = int(wait_for(lambda: (tiny.root / "pid").exists() and (tiny.root / "pid").read_text()))
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130
    assert not is_alive(kernel)
    assert tiny.json()["status"] == "cancelled"
    assert tiny.statuses() == ["completed", "cancelled", "pending"]


def test_a_callers_progress_may_cancel(tiny):
    def progress(share: float, note: str) -> None:
        if share > 0.4:
            raise Cancelled

    with pytest.raises(Cancelled):
        tiny.run(progress=progress)
    assert tiny.json()["status"] == "cancelled"


def test_two_runs_in_one_folder_do_not_collide(tiny):
    tiny.behave(one="sleep")
    process = tiny.alone()
    try:
        wait_for((tiny.root / "pid").exists)
        with pytest.raises(RunError, match=f"process {process.pid}"):
            tiny.run()
    finally:
        process.kill()
        process.wait()
    tiny.behave()
    tiny.run()
    assert tiny.statuses() == ["completed"] * 3


def test_a_full_disk_is_said_and_finished_stages_are_kept(tiny, small_disk):
    tiny.behave(two="fill")
    tiny.out = small_disk / "out"
    with pytest.raises(StorageError, match="full"):
        tiny.run()
    assert json.loads((tiny.out / "run.json").read_text())["status"] == "failed"
    assert names(tiny.out / "stages") == ["01_one"]
    tiny.behave()
    tiny.calls()
    tiny.run()
    assert tiny.calls() == ["two", "three"]


def test_run_json_is_whole_at_every_moment(tiny):
    process = tiny.alone()
    looks = 0
    while process.poll() is None:
        if (tiny.out / "run.json").exists():
            assert read_json(tiny.out / "run.json")["schema"] == 1
            looks += 1
        time.sleep(0.002)
    assert process.returncode == 0 and looks > 50


def test_what_is_not_ours_is_not_touched(tiny):
    (tiny.out / "patterns").mkdir(parents=True)
    with pytest.raises(SettingsError, match="patterns"):
        tiny.run()
    assert names(tiny.out) == ["patterns"]
