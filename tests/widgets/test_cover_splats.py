"""*Fabric and quote* draws a run's splats in the cover's view: a page in a page, asking nothing."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from a_vase import vase
from PIL import Image
from quote_page import BOARD, PAGE

from stitchsketch_kernel.visualization.splat.page import write_page
from stitchsketch_kernel.visualization.splat.render import looking, picture

AROUND, EDGE = 0.7, 6
COVER = ".cover-view"


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_the_switch_draws_the_runs_splats(see, laid, shots, voila, size):
    folder = Path(laid.folder) / "splat"
    folder.mkdir(exist_ok=True)
    still = np.full((30, 40, 3), 200, np.uint8)
    write_page(folder / "splat.html", "Vase", "2026-01-02", vase(), still, AROUND)
    seen = see(f"fabric_quote.ipynb?run={laid.id}", size)
    page = seen.page
    for place in (f"{PAGE} .field", f"{BOARD} .pick", f"{COVER}[data-drawn]"):
        page.wait_for_selector(place)
    page.locator(COVER).get_by_role("button", name="Splats", exact=True).click()
    frame = page.frame_locator(f"{COVER} iframe")
    frame.locator("html[data-ready='3d']").wait_for(state="attached", timeout=120_000)
    page.wait_for_timeout(500)
    shot = frame.locator("#canvas").screenshot(path=shots / f"cover-splats-{size}.png")
    drawn = np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")) / 255
    splats = vase()
    low, high = splats.means_m.min(axis=0), splats.means_m.max(axis=0)
    asked = picture(
        splats, looking(low, high, AROUND, (drawn.shape[1], drawn.shape[0])), (1.0, 1.0, 1.0)
    )
    covered = np.abs(asked - 1).max(axis=2) > 0.1
    covered[:EDGE] = covered[-EDGE:] = covered[:, :EDGE] = covered[:, -EDGE:] = False
    assert covered.mean() > 0.03
    assert np.abs(drawn - asked)[covered].mean() < 0.02
    assert seen.outside(voila) == []
    assert seen.faults() == []
    page.locator(COVER).get_by_role("button", name="As it is", exact=True).click()
    page.locator(f"{COVER} iframe").wait_for(state="hidden")
