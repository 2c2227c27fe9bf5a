"""An upholsterer's photos, from her page through the hub's proxy to the gateway; their run."""

from __future__ import annotations

import io
import os
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stitchsketch_kernel.stores import StoreSettings, open_stores

#: The people's own pages.
REAL_APPS = True
_ROOT = Path(__file__).resolve().parents[2]
#: The screens of this tree, wherever the installed ones are.
SETTINGS = {"PYTHONPATH": os.pathsep.join([str(_ROOT), str(_ROOT / "widgets")])}
SHOP = "Demo shop"
_S = 60_000


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> list[str]:
    """Nine photos of nothing."""
    folder = tmp_path_factory.mktemp("photos")
    for k in range(9):
        file = io.BytesIO()
        noise = np.random.default_rng(k).integers(0, 255, (600, 800, 3), dtype=np.uint8)
        Image.fromarray(noise).save(file, "JPEG")
        (folder / f"IMG_{k}.jpg").write_bytes(file.getvalue())
    return sorted(str(path) for path in folder.iterdir())


def test_photos_go_to_the_gateway_with_her_own_token_and_their_run_waits(
    hub, visit, photos, artefacts
):
    uma = visit("Uma")
    page, sent = uma.page, []
    page.on("request", lambda one: one.method == "PATCH" and sent.append(one))
    page.get_by_role("heading", name="My projects").wait_for(timeout=2 * _S)
    page.goto(f"{hub.url}/services/apps/voila/render/new_scan.ipynb")
    page.get_by_label("Name of the piece").fill("Bench", timeout=2 * _S)
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Photos").click()
    page.get_by_text("No photos yet.").wait_for(timeout=_S)
    page.locator("input[type=file]").first.set_input_files(photos)
    page.get_by_text("9 of 9 photos sent.").wait_for(timeout=2 * _S)
    page.get_by_text("No mat is seen in IMG_8.jpg").wait_for(timeout=2 * _S)
    page.screenshot(path=artefacts / "6-photos-desk.png")
    assert len(sent) == 9
    assert {one.url.partition("/images/")[0] for one in sent} == {f"{hub.url}/services/gateway"}
    words = {one.headers["authorization"].removeprefix("Bearer ") for one in sent}
    assert not [address for address in uma.asked for word in words if word in address]
    with open_stores(StoreSettings(hub.place / "home")) as stores:
        (project,) = stores.projects.projects(SHOP)
        (scan,) = stores.projects.scans(SHOP, project.id)
        assert (project.name, project.owner) == ("Bench", "demo-uma")
        assert len(stores.projects.photos(SHOP, scan.id)) == 9
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_role("button", name="Start the run").click()
    page.get_by_role("heading", name="Run of Bench").wait_for(timeout=_S)
    page.screenshot(path=artefacts / "6-started-desk.png")
    with open_stores(StoreSettings(hub.place / "home")) as stores:
        (run,) = stores.projects.runs(SHOP, scan.id)
        assert run.queued is not None
        page.get_by_role("button", name="Stop").click()
        end = time.monotonic() + 120
        while not stores.projects.run(SHOP, run.id).finished:
            assert time.monotonic() < end
            time.sleep(0.2)
