"""From photos to cut files in the hub as ``make hub`` starts it, and a technician beside it.

The tests stand in the order of the day. Where the environment names the folder of a finished run of
the sample (``FINISHED_RUN``), its stages are taken over as those of an earlier run of the scan are,
for who works on what comes after it; without, everything is computed.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
from day_pages import Pictures, S, send_photos
from day_steps import (
    PIECE,
    RUN_MS,
    SHOP,
    choose_a_fabric,
    copy_of,
    correct_a_seam,
    keep_finished,
    newest,
    stores_of,
    technician_reruns,
)

from stitchsketch_kernel.projects.records import Status
from stitchsketch_kernel.samples import build_sample, render_photos
from stitchsketch_kernel.samples.truth import outline_distance_mm

pytestmark = [pytest.mark.accuracy, pytest.mark.timeout(6 * 3600)]
REAL_APPS = True
#: Rendering takes minutes: photos that are there already are kept if they show the sample.
PHOTOS = Path(tempfile.gettempdir()) / "stitchsketch-sample-photos" / "demo"
FINISHED = os.environ.get("FINISHED_RUN", "")


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


def test_photos_are_sent_and_the_run_is_watched(hub, uma, photos, pictures):
    page = uma.page
    if FINISHED:
        keep_finished(hub, photos, copy_of(FINISHED), {})
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
    names = correct_a_seam(hub, uma.page, "CUSH", pictures)
    assert len([one for one in names if one.startswith("CUSH")]) == 2, names


def test_a_fabric_with_a_repeat_is_chosen_and_the_files_have_their_sizes(
    hub, uma, sample, pictures
):
    pattern = choose_a_fabric(hub, uma.page, pictures)
    pieces = {one["name"]: one["sew_line_mm"] for one in pattern["pieces"]}
    # what was left alone is as large as the chair is
    for name in ("OB", "SEAT"):
        off = outline_distance_mm(np.array(pieces[name]), sample.panel(name).outline_mm)
        assert np.percentile(off, 95) < 3, name


def test_a_technician_reruns_a_stage_in_jupyterlab_and_the_app_follows(hub, uma, visit, pictures):
    technician_reruns(hub, uma.page, visit, pictures)
