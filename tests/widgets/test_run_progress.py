"""A run watched, stopped and gone on with from the screen, whoever began it."""

from __future__ import annotations

import platform
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image
from stitchsketch_widgets.run_progress import RunProgress, sentences

from stitchsketch_kernel.domain.errors import RunError
from stitchsketch_kernel.domain.progress import Cancelled
from stitchsketch_kernel.pipeline.record import new_record
from stitchsketch_kernel.pipeline.runner import RunSettings, run
from stitchsketch_kernel.pipeline.stage import standard_stages
from stitchsketch_kernel.pipeline.starting import asked_again, go_on
from stitchsketch_kernel.pipeline.tracking import KeptAs
from stitchsketch_kernel.pipeline.watching import RunSeen, StageSeen, latest_run, watched
from stitchsketch_kernel.projects.records import Beat, Run, Scan, StageRun, Status


def wait_until(what, seconds=90.0):
    """Until it is true; what it was."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds:.0f} s")


@pytest.fixture
def at_home(place, monkeypatch):
    """Runs of this test are kept where the screens look."""
    monkeypatch.setenv("STITCHSKETCH_HOME", str(place.home))
    return place


def begun(place, tiny) -> tuple[threading.Thread, list[BaseException], Run]:
    """A run of three small stages whose second waits; it is at work in the second."""
    ended: list[BaseException] = []

    def work() -> None:
        kept = KeptAs(scan_id=place.scan.id, started_by="ann")
        try:
            run(tiny.photos, tiny.out, RunSettings(kept_as=kept), stages=tiny.stages)
        except BaseException as error:
            ended.append(error)

    tiny.behave(two="wait")
    thread = threading.Thread(target=work, daemon=True)
    thread.start()

    def at_two():
        runs = place.stores.projects.runs("local", place.scan.id)
        return next((one for one in runs if one.stage == "two" and one.note), None)

    return thread, ended, wait_until(at_two)


def test_a_run_is_watched_after_the_page_was_closed_and_stopped_there(
    at_home, tiny, see, voila, shots
):
    thread, ended, started = begun(at_home, tiny)
    for _ in range(2):  # the second time after the page was closed
        seen = see(f"new_scan.ipynb?run={started.id}")
        seen.page.get_by_text("Stage 2 of").wait_for()
        if not _:
            seen.context.close()
    assert seen.page.locator(".stage[data-status=completed]").count() == 1
    assert seen.page.get_by_text("half way").is_visible()
    assert 0.3 < seen.page.locator("progress").evaluate("(bar) => bar.value") < 0.9
    assert seen.page.get_by_role("button", name="Go on").count() == 0
    assert seen.faults() == []
    seen.page.screenshot(path=shots / "run-progress-desk.png")
    seen.page.get_by_role("button", name="Stop").click()
    seen.page.get_by_text("Stopped by somebody at the screen.").first.wait_for()
    thread.join(60)
    assert [type(error) for error in ended] == [Cancelled]
    seen.page.get_by_role("button", name="Go on").wait_for()
    assert tiny.json()["status"] == "cancelled"
    assert seen.faults() == []
    seen.page.set_viewport_size({"width": 390, "height": 844})
    seen.page.wait_for_timeout(200)
    assert seen.page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0
    seen.page.screenshot(path=shots / "run-progress-phone.png")
    assert (seen.outside(voila), seen.wrong) == ([], [])


def test_a_run_goes_on_in_a_process_of_its_own(at_home, tmp_path):
    """The photos show nothing, so it ends with ingest's sentence; the store says so."""
    photos, out = tmp_path / "photos", tmp_path / "out"
    photos.mkdir()
    for k in range(3):
        Image.new("RGB", (1600, 1200), (90, 90, 90 + k)).save(photos / f"{k}.jpg")
    projects, kept = at_home.stores.projects, KeptAs("local", at_home.scan.id, "ann")
    with pytest.raises(RunError, match="no run"):
        go_on(out, kept)
    stages = standard_stages()
    out.mkdir()
    record = new_record(out, "stool", photos, stages, {one.name: "" for one in stages})
    record.settings = {"align.max_features": 2048}
    record.save()
    first = projects.start_run("local", Run(at_home.scan.id, str(out), host=platform.node()))
    projects.finish_run("local", first.id, Status.CANCELLED, "Stopped by ann.")
    go_on(out, kept)
    again = wait_until(lambda: _ended(projects, first))
    assert again.status == Status.FAILED
    assert again.started_by == "ann"
    assert again.error


def test_what_a_stage_doubts_follows_what_it_found():
    seen = StageSeen("stage", Status.COMPLETED, figures={"refused": "Found.", "doubts": ["But."]})
    run = Run("scan", "folder")
    assert sentences(RunSeen(run, (seen, StageSeen("next", Status.RUNNING)), 0.5, None)) == [
        "Found.", "But.",
    ]  # fmt: skip


def _ended(projects, first: Run) -> Run | None:
    run = latest_run(projects, "local", first.id)
    return run if run.id != first.id and run.finished else None


def test_corrections_that_were_saved_are_followed_when_a_run_goes_on(place):
    (place.folder / "panels.txt").write_text("keep\n")
    try:
        photos, settings = asked_again(place.folder, KeptAs("local"))
    finally:
        (place.folder / "panels.txt").unlink()
    assert settings.edits == place.folder / "panels.txt"
    assert photos.name == "photos"
    assert asked_again(place.folder, KeptAs("local"))[1].edits is None


class Told:
    """A run as a store tells it, at a moment."""

    def __init__(self, stages: dict[str, tuple[Status, float]], **run) -> None:
        self.at = datetime(2026, 3, 1, tzinfo=UTC)
        self.run = Run("scan", "/out", started=self.at, **run)
        self.kept = [StageRun(self.run.id, name, *told) for name, told in stages.items()]

    def stages(self, shop: str, run_id: str) -> list[StageRun]:
        return self.kept

    def after(self, seconds: float):
        return watched(self, "local", self.run, self.at + timedelta(seconds=seconds))


def weights() -> dict[str, float]:
    return {stage.name: stage.weight for stage in standard_stages()}


def test_time_left_is_told_by_the_pace_of_what_was_computed():
    all_, done = sum(weights().values()), weights()["ingest"] + weights()["align"]
    half = done + weights()["scale"] + 0.5 * weights()["densify"]
    told = Told(
        {
            **dict.fromkeys(("ingest", "align", "scale"), (Status.COMPLETED, 10.0)),
            "densify": (Status.RUNNING, 0.0),
        },
        stage="densify",
        share=half / all_,
    )
    seen = told.after(300)
    assert seen.share == pytest.approx(half / all_)
    assert seen.left_s == pytest.approx(300 * (all_ - half) / half)
    assert [one.name for one in seen.stages if one.status == Status.RUNNING] == ["densify"]


def test_weights_that_the_run_told_come_before_the_usual_ones():
    own = {**weights(), "densify": 10 * weights()["densify"]}
    told = Told(
        {"ingest": (Status.COMPLETED, 10.0), "densify": (Status.RUNNING, 0.0)},
        stage="densify",
        share=0.5,
    )
    told.kept[0] = replace(told.kept[0], figures={"weights": own})
    before = own["ingest"] + own["align"] + own["scale"]
    (at_work,) = [one for one in told.after(60).stages if one.status == Status.RUNNING]
    assert at_work.share == pytest.approx((0.5 * sum(own.values()) - before) / own["densify"])


def test_what_was_kept_from_an_earlier_run_tells_nothing_of_the_pace():
    kept = dict.fromkeys(("ingest", "align", "scale"), (Status.REUSED, 100.0))
    seen = Told({**kept, "densify": (Status.RUNNING, 0.0)}, stage="densify").after(60)
    assert seen.left_s is None
    assert seen.share > 0


def test_a_run_that_has_ended_has_no_time_left():
    names = dict.fromkeys(weights(), (Status.COMPLETED, 1.0))
    seen = Told(names, status=Status.COMPLETED).after(60)
    assert (seen.share, seen.left_s) == (1.0, None)
    gone = Told({"ingest": (Status.RUNNING, 0.0)}, status=Status.DEAD).after(60)
    assert gone.stages[0].status == Status.DEAD


def test_the_newest_run_of_a_folder_is_the_one_that_is_shown(place):
    projects = place.stores.projects
    first = projects.start_run("local", Run(place.scan.id, "/a", host="x"))
    other = projects.start_run("local", Run(place.scan.id, "/b", host="x"))
    newer = Run(place.scan.id, "/a", host="x", started=first.started + timedelta(minutes=1))
    projects.start_run("local", newer)
    assert latest_run(projects, "local", first.id).id == newer.id
    assert latest_run(projects, "local", other.id).id == other.id
    projects.beat("local", newer.id, Beat("ingest", 1, 3, 0.1, "photo 1"))
    assert Path(latest_run(projects, "local", first.id).folder) == Path("/a")


def completed(projects, scan, folder: str, minutes: int, person: str) -> Run:
    run = Run(
        scan.id, folder, host="x", started_by=person, started=DAY + timedelta(minutes=minutes)
    )
    run = projects.start_run("local", run)
    figures = {"used_length_m": 5 + minutes, "yardage": 6.0, "fabric_width_mm": 1400}
    projects.record_stage("local", StageRun(run.id, "nest", Status.COMPLETED, figures=figures))
    projects.finish_run("local", run.id, Status.COMPLETED)
    return run


DAY = datetime(2026, 3, 1, tzinfo=UTC)


def test_a_page_that_is_open_goes_over_to_a_run_that_somebody_else_starts(place):
    projects, local = place.stores.projects, "local"
    scan = projects.add_scan(local, Scan(place.scan.project_id, "followed"))
    completed(projects, scan, "/other", 1, "ann")
    shown = completed(projects, scan, "/mine", 0, "uma")
    page = RunProgress(projects, local, shown.id, "uma")
    # a later run that was there already is another one, not news
    assert (page.run, page.followed) == (shown.id, "")
    assert page.log == ["5.00 m (6.00 yd) of 1400 mm cloth."]
    newer = completed(projects, scan, "/new", 2, "tom")
    page.look()
    assert (page.run, page.followed) == (newer.id, "Run again by tom.")
    assert page.log == ["7.00 m (6.00 yd) of 1400 mm cloth."]


def test_a_run_at_work_is_not_left_for_a_newer_one(place):
    projects, local = place.stores.projects, "local"
    scan = projects.add_scan(local, Scan(place.scan.project_id, "busy"))
    shown = projects.start_run(local, Run(scan.id, "/mine", host="x", started=DAY))
    page = RunProgress(projects, local, shown.id, "uma")
    newer = completed(projects, scan, "/new", 2, "tom")
    page.look()
    assert page.run == shown.id
    projects.finish_run(local, shown.id, Status.CANCELLED, "Stopped by ann.")
    page.look()
    assert page.run == newer.id
