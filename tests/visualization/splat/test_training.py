"""Training nears photos it never saw, goes on where it was stopped, and stays in place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stitchsketch_kernel.domain.errors import SettingsError, SplatError
from stitchsketch_kernel.domain.model import Region
from stitchsketch_kernel.domain.progress import Cancelled, silent
from stitchsketch_kernel.visualization.splat import begin, judge
from stitchsketch_kernel.visualization.splat.on_cpu import OnCpu
from stitchsketch_kernel.visualization.splat.photos import held_out, targets
from stitchsketch_kernel.visualization.splat.render import drawn
from stitchsketch_kernel.visualization.splat.settings import SplatSettings
from stitchsketch_kernel.visualization.splat.train import train

SETTINGS = SplatSettings("cpu", 200, 160, 4000, held_out=6)


@pytest.fixture(scope="module")
def trained(small_scan):
    return train(small_scan, SETTINGS)


def test_photos_that_were_not_trained_on_come_nearer(small_scan, trained):
    shown, hidden = held_out(small_scan.views, 6)
    asked, seen_by = targets(small_scan, hidden, 160), targets(small_scan, shown, 160)
    first = train(small_scan, replace(SETTINGS, steps=1)).splats
    begun = judge.score(judge.splat_pictures(first, asked), asked)
    now = judge.score(judge.splat_pictures(trained.splats, asked), asked)
    mesh = judge.score(judge.vertex_pictures(small_scan.mesh, asked, seen_by), asked)
    assert now.psnr_db > begun.psnr_db + 1
    assert now.psnr_db > mesh.psnr_db  # its stripes are finer than the triangles
    assert trained.curve[-1].psnr_db == pytest.approx(now.psnr_db, abs=0.3)


def test_the_brighter_photo_is_found(trained):
    gains = {name: np.mean(gain) for name, gain in trained.exposures.items()}
    assert max(gains, key=gains.get) == "04.png"


def test_light_that_comes_through_the_furniture_is_closed_off(small_scan, monkeypatch):
    """What is behind would shine through on every picture: splats are begun half open here."""
    monkeypatch.setattr(begin, "_OPACITY", 0.5)
    shown, hidden = held_out(small_scan.views, 6)
    asked = targets(small_scan, hidden, 160)
    course = OnCpu(small_scan, replace(SETTINGS, steps=80), targets(small_scan, shown, 160))

    def through() -> float:
        clear = [drawn(course.now(), one.view).clear[one.inside].mean() for one in asked]
        return float(np.mean(clear))

    begun = through()
    while course.step < 80:
        course.one_step()
    assert through() < 0.45 * begun  # 0.38; by colours alone 0.56


def test_splats_stay_in_the_region_above_the_floor(small_scan):
    above = replace(
        small_scan, region=Region(np.array([-0.4, -0.4, -0.1]), np.array([0.1, 0.4, 1]))
    )
    lowered = replace(
        above,
        mesh=replace(above.mesh, vertices=above.mesh.vertices - [0, 0, 0.3]),
        views=tuple(
            replace(view, translation=view.translation + view.rotation @ [0, 0, 0.3])
            for view in above.views
        ),
    )
    means = train(lowered, replace(SETTINGS, steps=2)).splats.means_m.astype(float)
    assert lowered.region.contains(means).all()
    assert 0 < means[:, 2].min() < 0.05


def test_a_stopped_training_goes_on_to_the_very_same_splats(small_scan, trained):
    kept = []

    def stop(share, note=""):
        if "step 25 " in note:
            raise Cancelled

    with pytest.raises(Cancelled):
        train(small_scan, SETTINGS, stop, keep=kept.append)
    assert kept[-1].step == 25
    seen = []
    again = train(small_scan, SETTINGS, lambda share, note="": seen.append(note), state=kept[-1])
    assert "training (step 25 of 200)" in seen
    assert "training (step 24 of 200)" not in seen
    for name in ("means_m", "log_scales", "quats", "opacity_logits", "sh"):
        np.testing.assert_array_equal(getattr(again.splats, name), getattr(trained.splats, name))


def test_a_state_of_other_settings_is_not_gone_on_from(small_scan):
    kept = []
    stopped = replace(SETTINGS, steps=3)

    def stop(share, note=""):
        if "step 2 " in note:
            raise Cancelled

    with pytest.raises(Cancelled):
        train(small_scan, stopped, stop, keep=kept.append)
    notes = []
    train(small_scan, replace(stopped, seed=9), lambda share, note="": notes.append(note), kept[0])
    assert "training (step 0 of 3)" in notes


def test_what_cannot_be_is_said(small_scan):
    with pytest.raises(SettingsError, match="held_out"):
        SplatSettings(held_out=1)
    with pytest.raises(SettingsError, match="steps"):
        SplatSettings(steps=-4)
    back = np.diag([-1.0, 1, -1])
    away = tuple(
        replace(view, rotation=back @ view.rotation, translation=back @ view.translation)
        for view in small_scan.views
    )
    with pytest.raises(SplatError, match="No photo shows"):
        train(replace(small_scan, views=away), SETTINGS, silent)
