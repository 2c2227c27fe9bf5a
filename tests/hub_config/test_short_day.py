"""The day of ``test_whole_day.py`` on a cushion whose surface is there already: two minutes.

All that follows the surface is computed, by the hub's own worker; the tests stand in the order of
the day.
"""

from __future__ import annotations

import numpy as np
import pytest
from day_pages import Pictures, S
from day_steps import choose_a_fabric, correct_a_seam, keep_finished, technician_reruns
from scanned_run import scanned_run, some_photos

REAL_APPS = True
#: So that nothing is searched for longer than the test needs.
SETTINGS_OF_RUN = {"nest.seconds": 2, "nest.workers": 1}


@pytest.fixture(scope="module")
def pictures(artefacts):
    return Pictures(artefacts, "short-day")


@pytest.fixture(scope="module")
def uma(hub, visit):
    """An upholsterer, signed in."""
    uma = visit("Uma")
    uma.page.get_by_role("heading", name="My projects").wait_for(timeout=5 * S)
    return uma


@pytest.fixture(scope="module")
def scanned(hub, tmp_path_factory):
    """Her scan: its surface is there."""
    photos = some_photos(tmp_path_factory.mktemp("photos"))
    asked = {**SETTINGS_OF_RUN, "fabric.name": "Twill"}
    keep_finished(hub, photos, lambda folder: scanned_run(folder, photos, "demo", asked), asked)


def test_one_seam_is_corrected_and_the_run_follows(hub, uma, scanned, pictures):
    assert sorted(correct_a_seam(hub, uma.page, "CUSH", pictures))[-2:] == ["CUSH", "CUSH-2"]


def test_a_fabric_with_a_repeat_is_chosen_and_the_files_have_their_sizes(hub, uma, pictures):
    pattern = choose_a_fabric(hub, uma.page, pictures)
    sides = [
        np.ptp(np.array(one["sew_line_mm"]), axis=0).max()
        for one in pattern["pieces"]
        if one["name"].startswith("CUSH")
    ]
    # the seam runs along the shorter way across it, over the dome
    assert sides == pytest.approx([455.0, 455.0], abs=25)


def test_a_technician_reruns_a_stage_in_jupyterlab_and_the_app_follows(hub, uma, visit, pictures):
    technician_reruns(hub, uma.page, visit, pictures)
