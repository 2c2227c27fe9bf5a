"""Batches of the small stages, in a program of their own, whose workers can be killed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import psutil
import pytest

#: The arguments: how many rows, how many workers, seconds that a stage may take, retries.
PROGRAM = """
    import sys
    from dataclasses import replace
    from pathlib import Path
    from stitchsketch_kernel.pipeline.batch import BatchSettings, Job, Workers, run_batch
    from stitchsketch_kernel.pipeline.limits import Limits
    from stitchsketch_kernel.pipeline.runner import RunSettings
    from stitchsketch_kernel.pipeline.stage import stage_of

    def main():
        root = Path({root!r})
        rows, workers, stage_s, retries = (int(word) for word in sys.argv[1:5])
        stages = [replace(stage_of("tiny_" + name, root), notebook=root / (name + ".ipynb"))
                  for name in sys.argv[5:]]
        jobs = []
        for row in range(2, rows + 2):
            settings = RunSettings(name="r%d" % row, limits=Limits(stage_s=stage_s))
            jobs.append(Job(row, root / "photos", root / "runs" / ("r%d" % row), settings))
        tell = lambda share, note: print(note, flush=True)
        who = Workers({scheduler!r}, count=workers)
        done = run_batch(jobs, root / "runs", BatchSettings(who, retries), tell, stages)
        sys.exit(0 if all(one.is_done for one in done.values()) else 2)

    if __name__ == "__main__":
        try:
            main()
        except KeyboardInterrupt:
            sys.exit(130)
"""


class Batch:
    """Starts batches of the small stages; ends those that the test has left."""

    def __init__(self, tiny) -> None:
        self.tiny, self.programs = tiny, []
        # a short name, for sockets lie in it
        self.place = Path(tempfile.mkdtemp(prefix="batch-"))

    def start(
        self, rows, workers, stages=("one",), stage_s=0, retries=1, scheduler=""
    ) -> subprocess.Popen:
        path = self.tiny.root / "program.py"
        text = PROGRAM.format(root=str(self.tiny.root), scheduler=scheduler)
        path.write_text(textwrap.dedent(text))
        words = [str(word) for word in (rows, workers, stage_s, retries)]
        env = {**os.environ, "TMPDIR": str(self.place)}
        program = subprocess.Popen(
            [sys.executable, str(path), *words, *stages], stdout=subprocess.PIPE, text=True,
            env=env, start_new_session=True,
        )  # fmt: skip
        self.programs.append(program)
        return program

    def workers_at_work(self, program) -> list[psutil.Process]:
        """Its worker processes that have a kernel now."""
        found = []
        for process in psutil.Process(program.pid).children():
            try:
                if any(is_kernel(child) for child in process.children()):
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def kernels(self) -> list[int]:
        """The kernels of this test that are alive, whoever started them."""
        mine = f"TINY_LOG={self.tiny.root}"
        return [one.pid for one in psutil.process_iter() if is_kernel(one) and has_env(one, mine)]

    def summary(self):
        import pandas as pd

        return pd.read_csv(self.tiny.root / "runs" / "summary.csv").set_index("row")


def is_kernel(process: psutil.Process) -> bool:
    try:
        return "stitchsketch_kernel.pipeline.kernel" in process.cmdline()
    except psutil.Error:
        return False


def has_env(process: psutil.Process, text: str) -> bool:
    try:
        return text.encode() in Path(f"/proc/{process.pid}/environ").read_bytes()
    except OSError:
        return False


@pytest.fixture
def batch(tiny):
    batch = Batch(tiny)
    yield batch
    for program in batch.programs:
        program.kill()
        program.wait()
        program.stdout.close()
    shutil.rmtree(batch.place, ignore_errors=True)
