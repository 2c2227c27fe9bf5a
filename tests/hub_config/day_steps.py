"""A day's work on one piece in the hub, step by step: of the long test and of the short one."""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from day_pages import Pictures, S, choose_cloth, divide, in_lab, run_again

from stitchsketch_kernel.pipeline.worker.placing import folder_of
from stitchsketch_kernel.projects.records import Photo, Project, Run, Scan, StageRun, Status
from stitchsketch_kernel.stores import StoreSettings, open_stores

SHOP, PIECE = "Demo shop", "Armchair"
RUN_MS = 3 * 3600 * 1000
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
asked = {"fabric.name": "Toile", "fabric.repeat_vertical_mm": 320.0, "fabric.width_mm": 1450.0,
         "fabric.usable_width_mm": 1420.0, "nest.seconds": 5}
wanted = Run(scan.id, "", settings=asked, from_stage="nest")
print("queued", projects.queue_run("Demo shop", wanted).id)
"""


def stores_of(hub: Any) -> Any:
    return open_stores(StoreSettings(hub.place / "home"))


def newest(hub: Any) -> Run:
    with stores_of(hub) as stores:
        (project,) = stores.projects.projects(SHOP)
        (scan,) = stores.projects.scans(SHOP, project.id)
        return stores.projects.runs(SHOP, scan.id)[0]


def keep_finished(
    hub: Any, photos: list[Path], make: Callable[[Path], object], settings: dict[str, Any]
) -> None:
    """A scan of photos with an earlier run, whose folder `make` makes."""
    with stores_of(hub) as stores:
        projects, objects = stores.projects, stores.objects(SHOP)
        scan = projects.add_scan(SHOP, Scan(projects.add_project(Project(SHOP, PIECE)).id, "1"))
        for path in photos:
            with path.open("rb") as content:
                kept = objects.put("images", content)
            projects.keep_photo(SHOP, Photo(scan.id, path.name, kept.sha256, kept.bytes))
        run = Run(scan.id, "", host=platform.node(), settings=settings)
        folder = folder_of(hub.place / "home" / "runs", SHOP, run.id)
        make(folder)
        kept_run = Run(scan.id, str(folder), id=run.id, host=run.host, settings=settings)
        projects.start_run(SHOP, kept_run)
        record = json.loads((folder / "run.json").read_text())
        for stage in record["stages"]:
            if stage["status"] in {Status.COMPLETED, Status.REUSED}:
                done = StageRun(run.id, stage["name"], Status.COMPLETED)
                projects.record_stage(SHOP, done)
        projects.finish_run(SHOP, run.id, Status.COMPLETED)


def copy_of(finished: str) -> Callable[[Path], object]:
    """For `keep_finished`: a copy of a finished run's folder."""
    return lambda folder: shutil.copytree(finished, folder, ignore=shutil.ignore_patterns("photos"))


def projects_page(hub: Any, page: Any) -> None:
    page.goto(f"{hub.url}/services/apps/voila/render/projects.ipynb")


def correct_a_seam(hub: Any, page: Any, panel: str, pictures: Pictures) -> list[str]:
    """Divide a panel, run again from there; the names of its pieces then."""
    projects_page(hub, page)
    page.get_by_role("link", name=f"Pattern: {PIECE}").click(timeout=3 * S)
    before = newest(hub)
    divide(page, panel, pictures)
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
    return [one["name"] for one in told["pieces"]]


def choose_a_fabric(hub: Any, page: Any, pictures: Pictures) -> dict[str, Any]:
    """Choose a cloth with a repeat and download what is cut from; the pattern."""
    projects_page(hub, page)
    page.get_by_role("link", name=f"Fabric and quote: {PIECE}").click(timeout=3 * S)
    pattern = choose_cloth(page, pictures)
    fabric = pattern["marker"]["fabric"]
    assert (fabric["repeat_vertical_mm"], fabric["repeat_horizontal_mm"]) == (343.0, 300.0)
    return pattern


def technician_reruns(hub: Any, page: Any, visit: Any, pictures: Pictures) -> None:
    """A technician reruns a stage in JupyterLab; the upholsterer's open pages follow by themselves.

    She has two open: the progress of the run that was the last, and her projects.
    """
    projects_page(hub, page)
    page.get_by_role("link", name=f"Progress: {PIECE}").click(timeout=3 * S)
    length = page.locator(".run-progress .log li", has_text="mm cloth.")
    length.wait_for(timeout=3 * S)
    before = length.inner_text()
    pictures.take(page, "13-before-his-run")
    listed = page.context.new_page()
    projects_page(hub, listed)
    card = listed.locator(".project", has_text=PIECE)
    card.locator(".badge[data-status=completed]").wait_for(timeout=3 * S)
    tom = visit("Tom")
    told = in_lab(tom.page, RERUN, pictures)
    assert "nest=completed" in told
    # nobody touches her pages
    page.get_by_text("Run again by demo-tom.").wait_for(timeout=3 * S)
    page.locator(".stage[data-status=running]").first.wait_for(timeout=10 * S)
    card.locator(".badge[data-status=running]").wait_for(timeout=10 * S)
    pictures.take(page, "15-app-follows")
    page.get_by_role("button", name="Run again").wait_for(timeout=RUN_MS)
    after = length.inner_text()
    assert "1450 mm cloth" in after, (before, after)
    assert after != before
    pictures.take(page, "16-his-figures")
    card.locator(".badge[data-status=completed]").wait_for(timeout=10 * S)
    rerun = newest(hub)
    assert (rerun.id in told, rerun.started_by, rerun.from_stage) == (True, "demo-tom", "nest")
    # and a reload stays with it
    assert rerun.id in page.url
    listed.close()
    projects_page(hub, page)
    page.locator(".project", has_text=PIECE).get_by_role("link", name="Fabric and quote").click()
    page.locator(".fabric-quote").get_by_label("Name", exact=True).wait_for(timeout=3 * S)
    assert page.get_by_label("Repeat along").input_value() == "320"
    pictures.take(page, "17-his-cloth")
