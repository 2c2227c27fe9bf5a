"""Known lengths of runs that a worker takes: with the run's settings to its folder."""

from __future__ import annotations

import io
import json
import platform

import pytest

from stitchsketch_kernel.domain.known_lengths import SETTING
from stitchsketch_kernel.pipeline.lengths import read_lengths
from stitchsketch_kernel.pipeline.record import RunRecord
from stitchsketch_kernel.pipeline.worker.placing import folder_of, lay_out
from stitchsketch_kernel.projects.records import Photo, Project, Run, Scan, StageRun, Status
from stitchsketch_kernel.stores import Stores, StoreSettings

SHOP = "Nadel"
ROW = {
    "mm": 812.5,
    "a": {"1.jpg": [1200, 800], "4.jpg": [310, 912]},
    "b": {"1.jpg": [2200, 893], "4.jpg": [1507.5, 920]},
}


class Laid:
    """A scan of two photos, and runs of it laid out as a worker does."""

    def __init__(self, stores, tiny) -> None:
        self.stores, self.stages, self.runs = stores, tiny.stages, tiny.root / "runs"
        self.project = stores.projects.add_project(Project(SHOP, "Wing chair"))
        self.scan = stores.projects.add_scan(SHOP, Scan(self.project.id, "all"))
        for name in ("1.jpg", "4.jpg"):
            kept = stores.objects(SHOP).put("images", io.BytesIO(name.encode()))
            stores.projects.keep_photo(SHOP, Photo(self.scan.id, name, kept.sha256, kept.bytes))

    def lay(self, *rows, **more):
        """A run with these lengths: itself, and what is asked of it."""
        settings = {SETTING: list(rows)} if rows else {}
        self.stores.projects.queue_run(SHOP, Run(self.scan.id, "", settings=settings, **more))
        taken = self.stores.projects.take_run(
            "worker", platform.node(), lambda shop, run: str(folder_of(self.runs, shop, run))
        )
        _, asked = lay_out(
            self.stores, self.project, taken.run, self.runs, self.stages, lambda _: None
        )
        return taken.run, asked

    def finish(self, run: Run, lengths: object) -> None:
        """As if its first stage had been done, which was given a file of lengths."""
        folder = folder_of(self.runs, SHOP, run.id)
        stage = folder / "stages" / "01_one"
        stage.mkdir(parents=True)
        (stage / "job.json").write_text(json.dumps({"files": {"lengths": str(lengths)}}))
        RunRecord(folder, "Wing chair", "", []).save()
        self.stores.projects.record_stage(SHOP, StageRun(run.id, "one", Status.COMPLETED))
        self.stores.projects.finish_run(SHOP, run.id, Status.COMPLETED)


@pytest.fixture
def laid(tiny):
    with Stores(StoreSettings.from_env()) as stores:
        yield Laid(stores, tiny)


def test_a_worker_reads_what_was_queued(laid):
    run, asked = laid.lay(ROW)
    assert asked.lengths.parent == folder_of(laid.runs, SHOP, run.id)
    (known,) = read_lengths(asked.lengths)
    assert (known.length_mm, known.b.pixels["4.jpg"]) == (812.5, (1507.5, 920.0))
    assert SETTING not in asked.values  # the stages know no such setting


def test_a_length_is_inherited_as_other_settings_are(laid):
    first, asked = laid.lay(ROW)
    laid.finish(first, asked.lengths)
    # from a stage on, the last run's settings stand
    again, follows = laid.lay(from_stage="two")
    own = folder_of(laid.runs, SHOP, again.id)
    assert follows.lengths == own / "known_lengths.json" and follows.lengths.is_file()
    job = json.loads((own / "stages" / "01_one" / "job.json").read_text())
    assert job["files"]["lengths"] == str(follows.lengths)
    # a run that is asked for without it has none
    _, without = laid.lay()
    assert without.lengths is None


def test_a_file_that_a_run_was_given_goes_to_its_followers(laid, tmp_path):
    given = tmp_path / "lengths.json"
    given.write_text(json.dumps({"lengths": [ROW]}))
    first, _ = laid.lay()
    laid.finish(first, given)
    _, asked = laid.lay()
    assert asked.lengths == given
