"""A run's process beside another one that has, or had, the same run."""

from __future__ import annotations

import io
import json
import platform
import subprocess
import sys
import textwrap
import time
from contextlib import ExitStack, contextmanager

import pytest

from stitchsketch_kernel.pipeline.folder import hold_folder
from stitchsketch_kernel.pipeline.worker import one
from stitchsketch_kernel.pipeline.worker.placing import folder_of
from stitchsketch_kernel.projects.records import Photo, Project, Run, Scan, Status
from stitchsketch_kernel.stores import Stores, StoreSettings

SHOP = "Nadel"
#: The process of a run, with the small stages.
PROCESS = """
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


class Shop:
    """A shop with a run that waits."""

    def __init__(self, stores: Stores, tiny) -> None:
        self.projects, self.tiny, self.runs = stores.projects, tiny, tiny.root / "runs"
        self.stores = stores
        self.project = self.projects.add_project(Project(SHOP, "Wing chair"))
        scan = self.projects.add_scan(SHOP, Scan(self.project.id, "all"))
        kept = stores.objects(SHOP).put("images", io.BytesIO(b"A"))
        self.projects.keep_photo(SHOP, Photo(scan.id, "a.jpg", kept.sha256, kept.bytes))
        self.queued = self.projects.queue_run(SHOP, Run(scan.id, ""))

    def take(self, worker: str) -> Run:
        def folder(shop: str, run_id: str) -> str:
            return str(folder_of(self.runs, shop, run_id))

        return self.projects.take_run(worker, platform.node(), folder).run

    def now(self) -> Run:
        return self.projects.run(SHOP, self.queued.id)

    @contextmanager
    def process(self, run: Run):
        """The process of a run, as the worker that took it starts it."""
        told = {
            "shop": SHOP, "project_id": self.project.id, "run_id": run.id, "worker": run.worker,
            "runs": str(self.runs),
        }  # fmt: skip
        program = textwrap.dedent(PROCESS.format(root=str(self.tiny.root)))
        process = subprocess.Popen([sys.executable, "-c", program, json.dumps(told)])
        try:
            yield process
        finally:
            process.kill()
            process.wait()


@pytest.fixture
def shop(tiny):
    with Stores(StoreSettings.from_env()) as stores:
        yield Shop(stores, tiny)


def test_a_run_that_another_worker_has_by_now_is_left_to_it(shop):
    first = shop.take("first")
    shop.projects.give_back(SHOP, first.id, "first", lost=True)
    shop.take("second")
    with shop.process(first) as process:
        assert process.wait(60) == one.STOPPED
    assert (shop.now().worker, shop.now().status) == ("second", Status.RUNNING)
    assert shop.tiny.calls() == []


def test_what_goes_wrong_in_a_process_that_lost_its_run_is_not_the_new_workers(shop):
    first = shop.take("first")
    job = one._Job(shop.stores, shop.project, first, shop.runs, ())
    shop.projects.give_back(SHOP, first.id, "first", lost=True)
    shop.take("second")
    job._fail("The disk is full.")
    assert (shop.now().worker, shop.now().status, shop.now().error) == (
        "second", Status.RUNNING, "",
    )  # fmt: skip


def test_a_folder_that_an_earlier_try_still_holds_is_waited_for(shop):
    run = shop.take("first")
    folder = folder_of(shop.runs, SHOP, run.id)
    with ExitStack() as earlier:
        earlier.enter_context(hold_folder(folder))
        with shop.process(run) as process:
            end = time.monotonic() + 60
            while shop.now().note != "waiting for an earlier try to end":
                assert process.poll() is None, shop.now().error
                assert time.monotonic() < end
                time.sleep(0.1)
            assert shop.tiny.calls() == []
            earlier.close()
            assert process.wait(120) == one.ENDED
    assert shop.now().status == Status.COMPLETED
    assert shop.tiny.calls() == ["one", "two", "three"]
