"""From photos to cut files in the hub as ``make hub`` starts it, and a technician beside it."""

from __future__ import annotations

import json
import time
from pathlib import Path

import ezdxf
import numpy as np
import pypdfium2
import pytest

from stitchsketch_kernel.client import GatewayClient, GatewayObjectStore, GatewayProjectStore
from stitchsketch_kernel.projects.records import Photo, Project, Run, Scan, Status
from stitchsketch_kernel.samples import build_sample, render_photos

pytestmark = pytest.mark.accuracy
REAL_APPS = True
SHOP = "Demo shop"
_S = 60_000
_RUN_S = 3600
_ENDED = {Status.COMPLETED, Status.FAILED, Status.CANCELLED}
LAST = """
import os
from stitchsketch_kernel.client import GatewayClient, GatewayProjectStore
from stitchsketch_kernel.projects.records import Run
client = GatewayClient(os.environ["STITCHSKETCH_GATEWAY_URL"],
                       os.environ["STITCHSKETCH_GATEWAY_TOKEN"])
projects = GatewayProjectStore(client)
run = projects.run("", {run_id!r})
print({{one.stage: one.status for one in projects.stages("", run.id)}}["nest"])
print(projects.queue_run("", Run(run.scan_id, "", from_stage="nest")).id)
"""


class Day:
    """An upholsterer's day: her page, her token, and what the shop keeps."""

    def __init__(self, hub, uma) -> None:
        self.hub, self.uma, self.page = hub, uma, uma.page
        self.renew()

    def renew(self) -> None:
        client = GatewayClient(f"{self.hub.url}/services/gateway", self.uma.token())
        self.projects, self.objects = GatewayProjectStore(client), GatewayObjectStore(client)

    def open(self, app: str, run: Run) -> None:
        self.page.goto(f"{self.hub.url}/services/apps/voila/render/{app}.ipynb?run={run.id}")

    def ended(self, run: Run) -> Run:
        end = time.monotonic() + _RUN_S
        renewed = time.monotonic()
        while (kept := self.projects.run(SHOP, run.id)).status not in _ENDED:
            assert time.monotonic() < end, kept
            if time.monotonic() > renewed + 600:
                self.renew()
                renewed = time.monotonic()
            time.sleep(2)
        return kept

    def file(self, run: Run, name: str, folder: Path) -> Path:
        """A cut file of a run, as it is downloaded."""
        files = {one.where: one for one in self.projects.artefacts(SHOP, run.id)}
        one = files[f"patterns/{name}"]
        with self.objects.open("patterns", one.sha256) as content:
            (folder / name).write_bytes(content.read())
        return folder / name


def check_sizes(day: Day, run: Run, folder: Path) -> dict:
    """The pieces of the cut files are as large as the pattern says; the pattern."""
    pattern = json.loads(day.file(run, "pattern.json", folder).read_text())
    drawing = ezdxf.readfile(day.file(run, "pattern.dxf", folder))
    for piece in pattern["pieces"]:
        [sewn] = [one for one in drawing.blocks.get(piece["name"]) if one.dxf.layer == "14"
                  and one.dxftype() == "POLYLINE"]  # fmt: skip
        drawn = np.array([point.dxf.location.xyz[:2] for point in sewn.vertices])
        assert np.ptp(drawn, axis=0) == pytest.approx(
            np.ptp(np.array(piece["sew_line_mm"]), axis=0), abs=0.1
        )
    marker, placed = pattern["marker"], pypdfium2.PdfDocument(day.file(run, "marker.pdf", folder))
    size_mm = sorted(float(length) / 72 * 25.4 for length in placed[0].get_size())
    assert size_mm[1] > marker["fabric"]["width_mm"] > size_mm[0]
    tiled = pypdfium2.PdfDocument(day.file(run, "pattern-A4.pdf", folder))
    assert [float(length) / 72 * 25.4 for length in tiled[0].get_size()] == pytest.approx(
        [210, 297], abs=0.2
    )
    return pattern


def test_photos_to_cut_files_a_corrected_seam_a_fabric_and_a_technician(
    hub, visit, artefacts, tmp_path
):
    uma = visit("Uma")
    uma.page.get_by_role("heading", name="My projects").wait_for(timeout=2 * _S)
    day, photos = Day(hub, uma), tmp_path / "photos"
    render_photos(build_sample("cushion"), photos)
    day.renew()
    project = day.projects.add_project(Project(SHOP, "Bench cushion"))
    scan = day.projects.add_scan(SHOP, Scan(project.id, "all"))
    for path in sorted(photos.glob("*.jpg")):
        with path.open("rb") as content:
            kept = day.objects.put("images", content)
        day.projects.keep_photo(SHOP, Photo(scan.id, path.name, kept.sha256, kept.bytes))
    settings = {"scale.bar_measured_mm": 200.0, "nest.seconds": 5}
    first = day.projects.queue_run(SHOP, Run(scan.id, "", settings=settings))
    day.open("new_scan", first)
    day.page.locator(".stage[data-status=running]").first.wait_for(timeout=10 * _S)
    day.page.screenshot(path=artefacts / "6-run-desk.png")
    first = day.ended(first)
    assert (first.status, first.error) == (Status.COMPLETED, "")
    before = check_sizes(day, first, tmp_path)

    day.open("pattern", first)
    day.page.locator(".panel-button").first.wait_for(timeout=3 * _S)
    day.page.get_by_role("button", name="List the edges").click()
    day.page.get_by_label("How", exact=False).first.select_option("zip")
    day.page.wait_for_timeout(3000)
    day.page.get_by_role("button", name="Save", exact=True).click()
    day.page.get_by_text("Saved. The next run takes these panels.").wait_for(timeout=_S)
    day.page.screenshot(path=artefacts / "7-seam-desk.png")
    day.open("new_scan", first)
    day.page.get_by_role("button", name="Run again").click(timeout=3 * _S)
    day.page.get_by_text("Kept from the last run").first.wait_for(state="attached", timeout=5 * _S)
    day.renew()
    [second] = [one for one in day.projects.runs(SHOP, scan.id) if one.id != first.id]
    second = day.ended(second)
    assert (second.status, second.error) == (Status.COMPLETED, "")
    zips = [sum(seam["edge_kind"] == "zip" for seam in one["seams"])
            for one in (before, check_sizes(day, second, tmp_path))]  # fmt: skip
    assert zips[1] > zips[0]

    fabric = {"fabric.repeat_vertical_mm": 320.0, "fabric.repeat_horizontal_mm": 350.0}
    third = Run(scan.id, "", settings=fabric, from_stage="nest")
    third = day.ended(day.projects.queue_run(SHOP, third))
    assert third.status == Status.COMPLETED
    stages = {one.stage: one.status for one in day.projects.stages(SHOP, third.id)}
    assert (stages["flatten"], stages["nest"]) == (Status.REUSED, Status.COMPLETED)
    assert check_sizes(day, third, tmp_path)["marker"]["fabric"]["repeat_vertical_mm"] == 320.0

    tom = visit("Tom")
    tom.page.wait_for_url("**/user/demo-tom/lab*", timeout=3 * _S)
    made = tom.page.evaluate(
        """async () => (await fetch('/user/demo-tom/api/kernels', {
            method: 'POST', body: JSON.stringify({ name: 'stitchsketch' }),
            headers: { 'X-XSRFToken': document.cookie.match('(?:^|; )_xsrf=([^;]*)')[1] },
        })).json()"""
    )
    channel = f"/user/demo-tom/api/kernels/{made['id']}/channels"
    wanted = {"code": LAST.format(run_id=third.id), "silent": False, "store_history": False}
    reply, printed = tom.tell_kernel(channel, "execute_request", wanted, 120)
    assert reply["status"] == "ok", reply
    nest, rerun = printed.split()
    assert nest == Status.COMPLETED
    day.renew()
    last = day.projects.run(SHOP, rerun)
    assert last.started_by == "demo-tom"
    day.open("new_scan", last)
    assert day.ended(last).status == Status.COMPLETED
    day.page.get_by_role("button", name="Run again").wait_for(timeout=2 * _S)
    day.page.screenshot(path=artefacts / "8-rerun-desk.png")
