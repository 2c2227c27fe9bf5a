"""The ± of seams and pieces: wider where less is known, and for the right reasons."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.domain.sureness import ScanErrors
from stitchsketch_kernel.upholstery.flat.flatten import flatten_panels
from stitchsketch_kernel.upholstery.sure.measure import how_sure

EXACT = ScanErrors(0.0, 0.0)
NO_SKIN = ScanErrors(0.0, 0.0, skin_mm=0.0)


def of_fold(panels, errors=EXACT, seed=0):
    return how_sure(panels, (), errors, seed).seams["FOLD"]


def test_more_noise_is_wider(sheet):
    calm, rough = (of_fold(sheet(noise_mm=one)) for one in (0.1, 0.8))
    assert rough.place_mm > 1.5 * calm.place_mm
    assert rough.length_mm > calm.length_mm


def test_a_shallower_fold_places_a_seam_worse(sheet):
    # what moves both surfaces outwards alike moves a sharp fold more
    places = [of_fold(sheet(fold_deg=one), NO_SKIN).place_mm for one in (90, 60, 35)]
    assert places[0] < places[1] < places[2]


def test_a_surface_that_leans_beside_the_fold_is_not_sure(sheet):
    """A second fit further away disagrees there, beyond what noise would do."""
    plain, leaning = (of_fold(sheet(noise_mm=0.05, lip_mm=one)) for one in (0.0, 2.0))
    assert leaning.place_mm > plain.place_mm + 0.4


def test_what_nobody_saw_is_a_guess(sheet):
    seen, blind = (of_fold(sheet(blind=one)) for one in (False, True))
    assert blind.place_mm > seen.place_mm + 1.0


def test_an_end_is_as_sure_as_its_points_agree(sheet):
    ends = [
        how_sure(sheet(scatter_mm=one), (), EXACT).seams["END-A"].place_mm for one in (0.4, 2.0)
    ]
    assert ends[1] > 2 * ends[0]


def test_the_scales_error_is_common_to_all_of_a_seam(sheet):
    for long_mm in (300.0, 600.0):
        still = sheet(noise_mm=0.0, long_mm=long_mm, scatter_mm=0.0)
        told = of_fold(still, ScanErrors(1.0, skin_mm=0.0))
        assert told.length_mm == pytest.approx(0.01 * long_mm, rel=0.12)


def test_noise_along_a_seam_does_not_add_up_point_by_point(sheet):
    """Only its ends and bows change a length: ten times as long is hardly less sure."""
    short, long = (
        of_fold(sheet(noise_mm=0.3, long_mm=one, scatter_mm=0.0)).length_mm
        for one in (200.0, 800.0)
    )
    assert long < 2.5 * max(short, 0.05)


def test_cameras_that_bend_the_scan_count(sheet):
    straight, bent = (of_fold(sheet(), ScanErrors(0.0, one)) for one in (0.0, 0.8))
    assert bent.place_mm > straight.place_mm + 0.5
    assert bent.length_mm > straight.length_mm


def test_a_skin_that_lies_off_counts(sheet):
    tight, off = (of_fold(sheet(), ScanErrors(0.0, skin_mm=one)) for one in (0.0, 0.8))
    # both panels stand off alike: a right-angled fold moves by the diagonal
    assert off.place_mm == pytest.approx(np.hypot(tight.place_mm, 1.96 * 0.8 * 2**0.5), rel=0.15)


def test_pieces_have_their_edge_and_sizes(sheet):
    panels = sheet()
    flats = flatten_panels(panels)
    sizes = {}
    for percent in (0.05, 2.0):
        sure = how_sure(panels, flats, ScanErrors(percent))
        assert set(sure.pieces) == {"A", "B"}
        sizes[percent] = sure.pieces["A"]
    width, length = sizes[2.0].size_mm
    # 2 % of 100 and 300 mm, which draws tell to 4 %, and what else is not sure
    assert 1.9 < width < 6.0 and 5.7 < length < 9.0
    assert sizes[2.0].outline_mm > sizes[0.05].outline_mm
    assert sizes[2.0].size_mm[1] > 2 * sizes[0.05].size_mm[1]


def test_a_seam_that_moves_moves_the_piece_too(sheet):
    calm, rough = (
        how_sure(panels, flatten_panels(panels), EXACT).pieces["B"]
        for panels in (sheet(noise_mm=0.05), sheet(noise_mm=0.8))
    )
    assert rough.outline_mm > 1.3 * calm.outline_mm
    assert rough.size_mm[0] > calm.size_mm[0]


def test_the_same_scan_says_the_same(sheet):
    assert of_fold(sheet()) == of_fold(sheet())


def test_other_draws_say_nearly_the_same(sheet):
    told = [of_fold(sheet(), seed=seed).place_mm for seed in range(6)]
    assert np.std(told) < 0.12 * np.mean(told)


def test_without_a_scale_nothing_is_sure(sheet):
    sure = how_sure(sheet(), (), ScanErrors(float("nan")))
    assert not sure.seams and not sure.pieces


@pytest.mark.parametrize(
    "wrong", [(-1.0, 0.0, 300.0), (0.1, -1.0, 300.0), (0.1, 0.1, 0.0), (0.1, 0.1, 300.0, -0.1)]
)
def test_errors_below_nothing_are_refused(wrong):
    with pytest.raises(SettingsError, match="can't be off by"):
        ScanErrors(*wrong)


def test_a_seam_whose_end_is_not_sure_has_no_sure_length(sheet):
    """The open edges miss its ends along the fold: how long it is, they don't agree on."""
    panels = sheet(noise_mm=0.05, scatter_mm=0.0)
    moved = []
    for seam in panels.seams:
        points = seam.points_m.copy()
        if seam.id != "FOLD":
            points[1:-1, 1] += 0.004
        moved.append(replace(seam, points_m=points))
    sure, unsure = of_fold(panels), of_fold(replace(panels, seams=tuple(moved)))
    assert unsure.length_mm > sure.length_mm + 3.0
