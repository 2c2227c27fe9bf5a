"""A stage's kernel: what it may take, what it leaves behind, and that it never outlives its run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from stitchsketch_kernel.domain.errors import LimitError, PanelError, RunError
from stitchsketch_kernel.pipeline import sockets
from stitchsketch_kernel.pipeline.limits import Limits
from stitchsketch_kernel.pipeline.runner import RunSettings, run
from stitchsketch_kernel.pipeline.sockets import SocketFolder


def test_a_stage_that_takes_too_long_is_ended_and_said(tiny):
    tiny.behave(two="sleep")
    settings = RunSettings(limits=Limits(stage_s=5))
    with pytest.raises(LimitError, match=r"two was not done after 5 s.*--stage-minutes"):
        run(tiny.photos, tiny.out, settings, stages=tiny.stages)
    assert tiny.statuses() == ["completed", "failed", "pending"]
    with pytest.raises(ProcessLookupError):
        os.kill(int((tiny.root / "pid").read_text()), 0)


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="counts threads by /proc")
@pytest.mark.parametrize(("asked", "threads"), [(None, 1), ("2", 2)])
def test_products_of_arrays_start_no_threads_beside_a_stages_own(monkeypatch, asked, threads):
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    if asked:
        monkeypatch.setenv("OPENBLAS_NUM_THREADS", asked)
    import papermill  # noqa: F401  (it loads the engine, which would load it half way)

    from stitchsketch_kernel.pipeline.engine import ThisInterpreter

    kernel = ThisInterpreter().get_kernel_spec("")
    code = (
        "import os, numpy as np; a = np.ones((400_000, 3)); a @ np.eye(3)\n"
        "print(len(os.listdir('/proc/self/task')))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | kernel.env,
        stdout=subprocess.PIPE,
        check=True,
    )
    assert int(told.stdout) == min(threads, os.cpu_count() or 1)


def test_a_stage_that_holds_too_much_memory_is_ended_and_said(tiny):
    tiny.behave(one="sleep")
    settings = RunSettings(limits=Limits(memory_bytes=20 << 20))
    with pytest.raises(LimitError, match=r"one held .* more than the 0.02 GiB"):
        run(tiny.photos, tiny.out, settings, stages=tiny.stages)


def test_limits_are_no_settings(tiny):
    tiny.run()
    tiny.calls()
    run(tiny.photos, tiny.out, RunSettings(limits=Limits(60, 8 << 30)), stages=tiny.stages)
    assert tiny.calls() == []


def test_a_kernel_ends_with_its_parent_even_in_code_that_holds_the_interpreter(tmp_path):
    """ipykernel looks for its parent from a thread, which such code keeps from running."""
    deaf = "import re; re.match('(a+)+$', 'a' * 60 + 'b')"
    child = (
        "import os, sys\n"
        "from stitchsketch_kernel.pipeline.kernel import die_with_parent\n"
        "die_with_parent(os.getppid())\n"
        f"print(os.getpid(), flush=True); {deaf}\n"
    )
    parent = (
        "import subprocess, sys, os\n"
        "subprocess.Popen([sys.executable, '-c', sys.argv[1]])\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", parent, child], stdout=subprocess.PIPE, stdin=subprocess.PIPE
    ) as process:
        pid = int(process.stdout.readline())
        process.kill()
        try:
            # the pipe's end comes when nobody holds its other end any more
            process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            os.kill(pid, signal.SIGKILL)
            raise


def test_sockets_of_a_killed_run_are_removed_by_the_next(short, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(short))
    code = (
        "import os; from stitchsketch_kernel.pipeline.sockets import SocketFolder\n"
        "print(SocketFolder().path, flush=True); os.kill(os.getpid(), 9)"
    )
    env = {**os.environ, "TMPDIR": str(short)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, check=False)
    [left] = short.iterdir()
    assert done.stdout.decode().strip() == str(left)
    (short / "stitchsketch-mine").mkdir()  # a person's own, by chance
    first = SocketFolder()
    second = SocketFolder()
    there = {path.name for path in short.iterdir()}
    assert there == {first.path.name, second.path.name, "stitchsketch-mine"}
    first.remove()
    second.remove()
    assert [path.name for path in short.iterdir()] == ["stitchsketch-mine"]


def test_a_place_with_too_long_a_name_for_sockets_is_passed_over(tmp_path, monkeypatch, tiny):
    long = tmp_path / ("long-" * 20)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    assert run(tiny.photos, tiny.out, stages=tiny.stages[:1]).status == "completed"
    folder = SocketFolder()
    assert folder.path.parent == Path("/tmp")
    folder.remove()


def test_without_any_place_for_sockets_the_run_says_so(tmp_path, monkeypatch):
    long = tmp_path / ("long-" * 20)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    monkeypatch.setattr(sockets, "_SHORT", tmp_path / "nowhere")
    with pytest.raises(RunError, match=r"too long a name.*Set TMPDIR"):
        SocketFolder()


def test_a_run_that_failed_has_a_page_that_says_why(tiny):
    one, two, three = tiny.stages
    stages = [one, two, replace(three, publishes={"cut": "report.html"})]
    settings = RunSettings(name="<b>Wing</b> chair")
    tiny.behave(two="PanelError")
    with pytest.raises(PanelError):
        run(tiny.photos, tiny.out, settings, stages=stages)
    page = (tiny.out / "report.html").read_text()
    assert "Photo 7.jpg is dark. Take it again with more light." in page
    assert "&lt;b&gt;Wing" in page and "<b>" not in page and 'href="notebooks/two.ipynb"' in page
    tiny.behave()
    run(tiny.photos, tiny.out, settings, stages=stages)
    assert (tiny.out / "report.html").read_text() == "one1A|two1|three1"
