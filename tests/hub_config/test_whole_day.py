"""From photos to cut files in the hub as ``make hub`` starts it, and a technician beside it.

The tests stand in the order of the day. Where the environment names the folder of a finished run of
the sample (``FINISHED_RUN``), its stages are taken over as those of an earlier run of the scan are,
for who works on what comes after it; without, everything is computed.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from day_pages import (
    Pictures,
    S,
    choose_cloth,
    divide,
    in_lab,
    run_again,
    send_photos,
)  # fmt: skip

from stitchsketch_kernel.pipeline.stage import standard_stages
from stitchsketch_kernel.pipeline.worker.placing import folder_of
from stitchsketch_kernel.projects.records import Photo, Project, Run, Scan, StageRun, Status
from stitchsketch_kernel.samples import build_sample, render_photos
from stitchsketch_kernel.samples.truth import outline_distance_mm
from stitchsketch_kernel.stores import StoreSettings, open_stores

pytestmark = [pytest.mark.accuracy, pytest.mark.timeout(3 * 3600)]
REAL_APPS = True
SHOP, PIECE = "Demo shop", "Armchair"
#: Rendering takes minutes: photos that are there already are kept if they show the sample.
PHOTOS = Path(tempfile.gettempdir()) / "stitchsketch-sample-photos" / "demo"
FINISHED = os.environ.get("FINISHED_RUN", "")
RUN_MS = 2 * 3600 * 1000
RERUN = """
import os
from stitchsketch_kernel.client import GatewayClient, GatewayProjectStore
from stitchsketch_kernel.projects.records import Run
client = GatewayClient(os.environ["STITCHSKETCH_GATEWAY_URL"],
                       os.environ["STITCHSKETCH_GATEWAY_TOKEN"])
projects = GatewayProjectStore(client)
[project] = [one for one in projects.projects("Demo shop") if one.name == "Armchair"]
[scan] = projects.scans("Demo shop", project.id)
last = projects.runs("Demo shop", scan.id)[0]
print("stages", *[f"{one.stage}={one.status}" for one in projects.stages("Demo shop", last.id)])
asked = {"fabric.name": "Toile", "fabric.repeat_vertical_mm": 320.0, "nest.seconds": 5}
wanted = Run(scan.id, "", settings=asked, from_stage="nest")
print("queued", projects.queue_run("Demo shop", wanted).id)
"""


@pytest.fixture(scope="module")
def pictures(artefacts):
    return Pictures(artefacts, "day")


@pytest.fixture(scope="module")
def sample():
    return build_sample("demo")


@pytest.fixture(scope="module")
def photos(sample):
    render_photos(sample, PHOTOS)
    return [PHOTOS / view.name for view in sample.views]


@pytest.fixture(scope="module")
def uma(hub, visit, pictures):
    """An upholsterer, signed in."""
    guest = visit()
    guest.page.goto(hub.url)
    pictures.take(guest.page, "0-sign-in")
    uma = visit("Uma")
    uma.page.get_by_role("heading", name="My projects").wait_for(timeout=5 * S)
    pictures.take(uma.page, "1-projects")
    return uma


def stores_of(hub):
    return open_stores(StoreSettings(hub.place / "home"))


def newest(hub) -> Run:
    with stores_of(hub) as stores:
        (project,) = stores.projects.projects(SHOP)
        (scan,) = stores.projects.scans(SHOP, project.id)
        return stores.projects.runs(SHOP, scan.id)[0]


def keep_finished(hub, photos) -> None:
    """A scan whose earlier run is the one that the environment names."""
    with stores_of(hub) as stores:
        projects, objects = stores.projects, stores.objects(SHOP)
        scan = projects.add_scan(SHOP, Scan(projects.add_project(Project(SHOP, PIECE)).id, "1"))
        for path in photos:
            with path.open("rb") as content:
                kept = objects.put("images", content)
            projects.keep_photo(SHOP, Photo(scan.id, path.name, kept.sha256, kept.bytes))
        run = Run(scan.id, "", host=platform.node())
        folder = folder_of(hub.place / "home" / "runs", SHOP, run.id)
        shutil.copytree(FINISHED, folder, ignore=shutil.ignore_patterns("photos"))
        run = projects.start_run(SHOP, Run(scan.id, str(folder), id=run.id, host=run.host))
        for stage in standard_stages():
            projects.record_stage(SHOP, StageRun(run.id, stage.name, Status.COMPLETED))
        projects.finish_run(SHOP, run.id, Status.COMPLETED)


def test_photos_are_sent_and_the_run_is_watched(hub, uma, photos, pictures):
    page = uma.page
    if FINISHED:
        keep_finished(hub, photos)
        return
    page.get_by_role("link", name="New scan").click()
    send_photos(page, PIECE, photos, pictures)
    page.locator(".stage[data-status=running]").first.wait_for(timeout=10 * S)
    pictures.take(page, "5-run")
    page.get_by_role("link", name="Go on to the pattern").wait_for(timeout=RUN_MS)
    pictures.take(page, "6-run-done")
    with stores_of(hub) as stores:
        stages = stores.projects.stages(SHOP, newest(hub).id)
        assert [one.status for one in stages] == [Status.COMPLETED] * 9


def test_one_seam_is_corrected_and_the_run_follows(hub, uma, pictures):
    page = uma.page
    page.goto(f"{hub.url}/services/apps/voila/render/projects.ipynb")
    page.get_by_role("link", name=f"Pattern: {PIECE}").click(timeout=3 * S)
    before = newest(hub)
    divide(page, "CUSH", pictures)
    run_again(page, hub.url, PIECE)
    page.locator(".stage[data-status=running]").first.wait_for(timeout=10 * S)
    pictures.take(page, "9-run-again")
    page.get_by_role("button", name="Run again").wait_for(timeout=RUN_MS)
    pictures.take(page, "10-run-again-done")
    after = newest(hub)
    assert after.id != before.id
    with stores_of(hub) as stores:
        stages = {one.stage: one.status for one in stores.projects.stages(SHOP, after.id)}
    assert {stages[name] for name in ("ingest", "align", "densify", "mesh")} == {Status.REUSED}
    assert {stages[name] for name in ("panels", "flatten", "nest")} == {Status.COMPLETED}
    told = json.loads((Path(after.folder) / "patterns" / "pattern.json").read_text())
    halves = [one["name"] for one in told["pieces"] if one["name"].startswith("CUSH")]
    assert len(halves) == 2, halves


def test_a_fabric_with_a_repeat_is_chosen_and_the_files_have_their_sizes(
    hub, uma, sample, pictures
):
    page = uma.page
    page.goto(f"{hub.url}/services/apps/voila/render/projects.ipynb")
    page.get_by_role("link", name=f"Fabric and quote: {PIECE}").click(timeout=3 * S)
    pattern = choose_cloth(page, pictures)
    fabric = pattern["marker"]["fabric"]
    assert (fabric["repeat_vertical_mm"], fabric["repeat_horizontal_mm"]) == (343.0, 300.0)
    pieces = {one["name"]: one["sew_line_mm"] for one in pattern["pieces"]}
    # what was left alone is as large as the chair is
    for name in ("OB", "SEAT"):
        off = outline_distance_mm(np.array(pieces[name]), sample.panel(name).outline_mm)
        assert np.percentile(off, 95) < 3, name


def test_a_technician_reruns_a_stage_in_jupyterlab_and_the_app_follows(hub, uma, visit, pictures):
    page = uma.page
    page.goto(f"{hub.url}/services/apps/voila/render/projects.ipynb")
    card = page.locator(".project", has_text=PIECE)
    card.locator(".badge[data-status=completed]").wait_for(timeout=3 * S)
    tom = visit("Tom")
    told = in_lab(tom.page, RERUN, pictures)
    assert "nest=completed" in told
    # nobody touches her page
    card.locator(".badge[data-status=running]").wait_for(timeout=3 * S)
    pictures.take(page, "14-app-follows")
    card.locator(".badge[data-status=completed]").wait_for(timeout=RUN_MS)
    rerun = newest(hub)
    assert (rerun.id in told, rerun.started_by, rerun.from_stage) == (True, "demo-tom", "nest")
    card.get_by_role("link", name="Fabric and quote").click()
    page.locator(".fabric-quote").get_by_label("Name", exact=True).wait_for(timeout=3 * S)
    assert page.get_by_label("Repeat along").input_value() == "320"
    pictures.take(page, "15-his-cloth")
