"""The page of splats: what the browser shows is what we draw; no request; names are escaped."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
from a_vase import vase
from PIL import Image

from stitchsketch_kernel.domain.errors import SplatError
from stitchsketch_kernel.visualization.splat.page import render_page, write_page
from stitchsketch_kernel.visualization.splat.render import looking, picture

HOSTILE = '</script><script>window.hurt=1</script><img src=x onerror="window.hurt=1">&'
AROUND, EDGE = 0.7, 6


@pytest.fixture(scope="module")
def shown(chromium, tmp_path_factory):
    path: Path = tmp_path_factory.mktemp("splat") / "splat.html"
    write_page(path, HOSTILE, "2026-01-02", vase(), np.full((30, 40, 3), 200, np.uint8), AROUND)
    context = chromium.new_context(viewport={"width": 500, "height": 460})
    page = context.new_page()
    asked, wrong = [], []
    page.on("request", lambda one: asked.append(one.url))
    page.on("console", lambda one: one.type == "error" and wrong.append(one.text))
    page.on("pageerror", lambda one: wrong.append(str(one)))
    page.set_default_timeout(120_000)
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-ready='3d']", state="attached")
    yield page, asked, wrong
    context.close()


def canvas(page) -> np.ndarray:
    page.wait_for_timeout(500)
    shot = page.locator("#canvas").screenshot()
    if folder := os.environ.get("SCREENSHOTS"):
        (Path(folder) / "splat-page.png").write_bytes(shot)
    whole = np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")) / 255
    return whole[EDGE:-EDGE, EDGE:-EDGE]  # without the frame of who has the keys


def test_the_browser_shows_what_we_draw(shown):
    page, _, _ = shown
    seen = canvas(page)
    splats = vase()
    low, high = splats.means_m.min(axis=0), splats.means_m.max(axis=0)
    size = (seen.shape[1] + 2 * EDGE, seen.shape[0] + 2 * EDGE)
    drawn = picture(splats, looking(low, high, AROUND, size), (1.0, 1.0, 1.0))
    drawn = drawn[EDGE:-EDGE, EDGE:-EDGE]
    covered = np.abs(drawn - 1).max(axis=2) > 0.1
    assert covered.mean() > 0.03
    assert np.abs(seen - drawn)[covered].mean() < 0.02  # bytes, and order within a step of depth


def test_from_nearer_than_the_photos_no_paper_shows_between_splats(chromium, tmp_path):
    """Splats as small as those that were trained to fill pixels of 8 mm."""
    path, pixel_m = tmp_path / "splat.html", 0.008
    splats = vase()
    splats.log_scales -= 1.0
    still = np.full((30, 40, 3), 200, np.uint8)
    write_page(path, "Vase", "", splats, still, AROUND, pixel_m)
    page = chromium.new_page(viewport={"width": 500, "height": 460})
    page.set_default_timeout(120_000)
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-ready='3d']", state="attached")
    seen = canvas(page)
    page.close()
    low, high = splats.means_m.min(axis=0), splats.means_m.max(axis=0)
    view = looking(low, high, AROUND, (seen.shape[1] + 2 * EDGE, seen.shape[0] + 2 * EDGE))
    wide, narrow = (
        picture(splats, view, (1.0, 1.0, 1.0), one)[EDGE:-EDGE, EDGE:-EDGE]
        for one in (pixel_m, 0.0)
    )
    covered = np.abs(picture(vase(), view, (1.0, 1.0, 1.0)) - 1).max(axis=2) > 0.5
    covered = covered[EDGE:-EDGE, EDGE:-EDGE]
    assert np.abs(seen - wide)[covered].mean() < 0.02
    assert np.abs(narrow - wide)[covered].mean() > 0.04  # it does show otherwise


def test_keys_turn_it(shown):
    page, _, _ = shown
    before = canvas(page)
    page.focus("#canvas")
    for _ in range(9):
        page.keyboard.press("ArrowLeft")
    turned = canvas(page)
    assert np.abs(turned - before).mean() > 0.005
    page.keyboard.press("0")
    assert np.abs(canvas(page) - before).mean() < 0.001


def test_nothing_is_asked_for_and_names_are_escaped(shown):
    page, asked, wrong = shown
    assert len(asked) == 1
    assert asked[0].startswith("file://")
    assert not wrong
    assert page.locator("h1").inner_text() == HOSTILE
    assert page.locator("#canvas").get_attribute("aria-label").startswith(f"{HOSTILE} in 3D")
    assert page.locator("#still").get_attribute("alt") == f"{HOSTILE} from one side"
    assert page.title() == f"{HOSTILE}: the scan"
    assert page.evaluate("window.hurt") is None


def test_nothing_to_show_is_said():
    with pytest.raises(SplatError, match="no splats"):
        render_page("a", "", vase().take(slice(0, 0)), np.zeros((3, 4, 3), np.uint8), 0.0)
