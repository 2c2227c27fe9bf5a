"""Runs that people queue in the hub as ``make hub`` starts it; in the order of a day."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest
from waiting import wait_for

from stitchsketch_kernel.client import GatewayClient, GatewayObjectStore, GatewayProjectStore
from stitchsketch_kernel.domain.errors import NotKeptError
from stitchsketch_kernel.projects.records import Photo, Project, Run, Scan, Status
from stitchsketch_kernel.samples import build_sample, render_photos
from stitchsketch_kernel.stores import StoreSettings, open_stores

#: The people's own pages.
REAL_APPS = True
SHOP = "Demo shop"
_S = 60_000


@pytest.fixture(scope="module")
def uma(visit):
    """An upholsterer, on her projects."""
    uma = visit("Uma")
    uma.page.get_by_role("heading", name="My projects").wait_for(timeout=2 * _S)
    return uma


@pytest.fixture(scope="module")
def as_uma(hub, uma):
    """The gateway, as a phone of hers would ask it."""
    client = GatewayClient(f"{hub.url}/services/gateway", uma.token())
    yield client
    client.close()


def environment(process):
    try:
        return process.environ()
    except psutil.Error:
        return {}


@pytest.fixture(scope="module")
def queued(as_uma, tmp_path_factory):
    """A scan of a few photos that she has sent, and its run."""
    folder = tmp_path_factory.mktemp("photos")
    cushion = build_sample("cushion")
    render_photos(cushion.with_views(cushion.views[:9]), folder)
    projects, objects = GatewayProjectStore(as_uma), GatewayObjectStore(as_uma)
    project = projects.add_project(Project(SHOP, "Bench cushion"))
    scan = projects.add_scan(SHOP, Scan(project.id, "all"))
    for path in sorted(folder.iterdir()):
        with path.open("rb") as content:
            kept = objects.put("images", content)
        projects.keep_photo(SHOP, Photo(scan.id, path.name, kept.sha256, kept.bytes))
    # so many features that it is at work for as long as the tests need it
    settings = {"align.max_features": 60_000}
    return projects.queue_run(SHOP, Run(scan.id, "", settings=settings))


def kept(hub, run):
    with open_stores(StoreSettings(hub.place / "home")) as stores:
        return stores.projects.run(SHOP, run.id)


def process_of(run):
    """The process of a run."""
    for one in psutil.process_iter(["cmdline"]):
        words = one.info["cmdline"] or []
        if any(word.endswith("worker.one") for word in words) and run.id in words[-1]:
            return one
    return None


def test_the_hubs_worker_takes_a_run_that_an_upholsterer_has_queued(hub, uma, queued, artefacts):
    run = wait_for(lambda: (one := kept(hub, queued)).stage == "align" and one)
    assert (run.status, run.started_by) == (Status.RUNNING, "demo-uma")
    assert Path(run.folder).is_relative_to(hub.place / "home" / "runs")
    uma.page.goto(f"{hub.url}/services/apps/voila/render/new_scan.ipynb?run={run.id}")
    uma.page.get_by_role("heading", name="Bench cushion").wait_for(timeout=2 * _S)
    uma.page.get_by_text("9 photos can be used").wait_for(timeout=_S)
    uma.page.locator(".stage[data-status=running]").wait_for(timeout=_S)
    uma.page.screenshot(path=artefacts / "5-run-desk.png")


def test_a_runs_process_has_nothing_of_the_hubs(hub, queued):
    process = process_of(queued)
    for one in (process, *process.children(recursive=True)):
        names = set(environment(one))
        assert not {name for name in names if name.startswith("JUPYTERHUB")}
        assert not {name for name in names if "OIDC" in name}


def test_the_hub_is_killed_and_the_run_goes_on(hub, uma, queued, artefacts):
    before, process = kept(hub, queued), process_of(queued)
    uma.page.evaluate("window.before = true")
    hub.kill()
    assert process.is_running()
    hub.start()
    uma.asked.clear()
    # nobody touches the page: it finds its server again by itself, and its person still signed in
    uma.page.wait_for_function("!window.before", timeout=5 * _S)
    uma.page.get_by_role("heading", name="Bench cushion").wait_for(timeout=2 * _S)
    assert not [one for one in uma.asked if "/sign-in/" in one]
    uma.page.screenshot(path=artefacts / "5-run-after-restart-desk.png")
    after = wait_for(lambda: (one := kept(hub, queued)).heartbeat > before.heartbeat and one)
    assert (after.status, after.worker, after.attempts) == (Status.RUNNING, before.worker, 1)
    assert process_of(queued) == process


def test_she_stops_it_on_the_page(hub, uma, queued):
    process = process_of(queued)
    uma.page.get_by_role("button", name="Stop").click()
    ended = wait_for(lambda: (one := kept(hub, queued)).status != Status.RUNNING and one)
    assert (ended.status, ended.error) == (Status.CANCELLED, "Stopped by demo-uma.")
    wait_for(lambda: not process.is_running())
    # and goes on, with a worker of the hub that was started anew
    uma.page.get_by_role("button", name="Go on").click()
    # whichever stage a quick machine has come to
    uma.page.locator(".stage[data-status=running]").wait_for(timeout=2 * _S)
    uma.page.get_by_role("button", name="Stop").click()
    uma.page.get_by_text("Stopped by").wait_for(timeout=_S)


def test_nothing_of_it_exists_for_another_shop(hub, visit, queued):
    otto = visit("Otto", lands=False)
    otto.page.goto(f"{hub.url}/services/apps/voila/render/new_scan.ipynb?run={queued.id}")
    otto.page.get_by_text("There is no such run in this shop").wait_for(timeout=2 * _S)
    with open_stores(StoreSettings(hub.place / "home")) as stores, pytest.raises(NotKeptError):
        stores.projects.cancel_run("Other shop", queued.id)
