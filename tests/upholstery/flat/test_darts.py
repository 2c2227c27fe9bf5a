"""Cloth laid on round panels: threads keep their lengths, seams theirs, and darts do the rest."""

from __future__ import annotations

import numpy as np
import pytest

from stitchsketch_kernel.domain.cloth import Cloth, Fit
from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.domain.progress import silent
from stitchsketch_kernel.samples import round_panels
from stitchsketch_kernel.samples.round_panels import disc
from stitchsketch_kernel.upholstery.flat.cloth import cloth_named, cloths
from stitchsketch_kernel.upholstery.flat.darted import Dart, Trial, laid_with_darts, settled, tried
from stitchsketch_kernel.upholstery.flat.darts import propose_darts
from stitchsketch_kernel.upholstery.flat.reference import Reference
from stitchsketch_kernel.upholstery.flat.slit import slit_mesh
from stitchsketch_kernel.upholstery.flat.woven import Sheet
from stitchsketch_kernel.upholstery.geometry.border import border_loop
from stitchsketch_kernel.upholstery.geometry.unroll import unroll

UP = np.array([0.0, 1.0, 0.0])
LOOSE = Cloth("loose", 1.5, 6.0, 12.0, 0.06)


def dome(degrees: float, faces: int = 2000) -> Reference:
    """A ball's cap, so many degrees from rim to rim."""
    surface, triangles = round_panels.dome(degrees, faces)
    flat = unroll(surface, triangles, 60)
    return Reference(
        flat, surface, triangles, border_loop(triangles), np.zeros(0, dtype=np.int32), UP
    )


def steps_of(faces):
    loop = border_loop(faces)
    return np.column_stack([loop, np.roll(loop, -1)])


def radial(panel: Reference, count: int, depth: float) -> tuple[Dart, ...]:
    every = len(panel.border) / count
    # between warp and weft, where a round panel has most to lose
    mouths = [round((i + 0.5) * every) for i in range(count)]
    share = np.linspace(1, 1 - depth, 20)[:, None]
    middle = panel.outline.mean(axis=0)
    return tuple(Dart(m, middle + share * (panel.outline[m] - middle)) for m in mouths)


def test_threads_tell_the_shear_and_stretch_that_were_put_in():
    flat, faces = disc(300)
    sheet = Sheet(np.column_stack([flat, np.zeros(len(flat))]), faces, steps_of(faces))
    sheared = sheet.threads(flat @ np.array([[1.0, 0.0], [0.1, 1.0]]))
    assert sheared.weft == pytest.approx(0, abs=1e-12)
    assert sheared.warp == pytest.approx(np.hypot(1, 0.1) - 1)
    assert sheared.shear_deg == pytest.approx(np.degrees(np.arctan(0.1)))
    # cut 2 % shorter along the warp, it is stretched by as much on the furniture
    short = sheet.threads(flat * [1.0, 1 / 1.02]).fit()
    assert short.strain_percent == pytest.approx(2.0)
    assert short.shear_deg == pytest.approx(0, abs=1e-9)


def test_a_rolled_panel_is_found_again_from_a_bad_start():
    flat, faces = disc(600)
    flat = 200 * flat
    rolled = np.column_stack([300 * np.sin(flat[:, 0] / 300), flat[:, 1],
                              300 * np.cos(flat[:, 0] / 300)])  # fmt: skip
    turn = np.radians(4)
    start = flat * [0.97, 1.04] @ np.array([[np.cos(turn), np.sin(turn)],
                                            [-np.sin(turn), np.cos(turn)]])  # fmt: skip
    sheet = Sheet(rolled, faces, steps_of(faces), UP)
    found = sheet.laid(start, cloth_named("woven"), 30)
    fit = sheet.threads(found).fit()
    assert fit.most_percent < 0.02 and fit.shear_deg < 0.05
    have, want = sheet.lengths(found)
    assert np.abs(have - want).max() < 0.01
    assert found - found.mean(axis=0) == pytest.approx(flat - flat.mean(axis=0), abs=0.2)


def square_with(*slits: list[tuple[float, float]]):
    side = np.linspace(0, 100, 21)[:-1]
    zero, full = np.zeros(20), np.full(20, 100.0)
    border = np.vstack([np.column_stack(one) for one in (
        (side, zero), (full, side), (100 - side, full), (zero, 100 - side))])  # fmt: skip
    x, y = np.meshgrid(np.arange(5, 100, 5), np.arange(5, 100, 5))
    inner = np.column_stack([x.ravel() + 0.3 * np.sin(y.ravel()), y.ravel()])
    found = []
    for (x0, y0), (x1, y1) in slits:
        mouth = int(np.argmin(np.hypot(border[:, 0] - x0, border[:, 1] - y0)))
        found.append(
            (mouth, np.column_stack([np.linspace(x0, x1, 11), np.linspace(y0, y1, 11)])[1:])
        )
    return border, inner, found


def test_a_slit_opens_into_two_legs_and_nothing_is_lost():
    border, inner, slits = square_with([(50, 0), (50, 50)], [(100, 60), (62, 80)])
    mesh = slit_mesh(border, inner, slits)
    a, b, c = (mesh.flat[mesh.faces[:, i]] for i in range(3))
    cross = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    assert cross.min() > 0 and cross.sum() / 2 == pytest.approx(10_000)
    for into, out in mesh.legs:
        assert into[-1] == out[0] and not set(into[:-1]) & set(out[1:])
        assert np.array_equal(mesh.flat[into], mesh.flat[out[::-1]])
    ring = mesh.flat[np.append(mesh.border, mesh.border[0])]
    walked = np.linalg.norm(np.diff(ring, axis=0), axis=1).sum()
    assert walked == pytest.approx(400 + 2 * 50 + 2 * np.hypot(38, 20))


@pytest.mark.parametrize(
    "slits",
    [
        ([(50, 0), (50, 60)], [(100, 40), (20, 40)]),
        ([(50, 0), (50, 98)],),
        ([(50, 0), (90, 2)],),
    ],
    ids=["crossing", "to the far side", "along the border"],
)
def test_slits_that_leave_no_cloth_between_are_none(slits):
    assert slit_mesh(*square_with(*slits)) is None


def test_a_dome_is_too_round_without_darts_and_sews_with_four():
    panel, cloth = dome(60), cloth_named("woven")
    bare = tried(panel, cloth, ())
    assert cloth.excess(bare.fit) > 2
    trial = tried(panel, cloth, radial(panel, 4, 0.7))
    laid = laid_with_darts(panel, cloth, trial)
    assert laid.flipped == 0 and not laid.overlaps
    assert cloth.excess(laid.fit) < 1
    # at the darts' points too
    assert laid.fit == laid.threads.fit()
    have, want = laid.lengths
    assert np.abs(have - want).max() < 0.05
    assert abs(have.sum() - want.sum()) < 0.0005 * want.sum()
    for into, out in laid.mesh.legs:
        legs = [
            np.linalg.norm(np.diff(laid.flat[leg], axis=0), axis=1).sum() for leg in (into, out)
        ]
        assert legs[0] == pytest.approx(legs[1], abs=0.1)
        # and the mouth is open
        assert np.linalg.norm(laid.flat[into[0]] - laid.flat[out[-1]]) > 5


def test_darts_that_go_too_far_are_cut_back_to_where_they_are_open():
    panel, cloth = dome(60), cloth_named("woven")
    trial = Trial(radial(panel, 4, 0.82), Fit(0, 0, 0), 0.0)
    assert min(laid_with_darts(panel, cloth, trial).open_share(i) for i in range(4)) < 0.9
    laid, kept = settled(panel, cloth, trial)
    assert min(laid.open_share(i) for i in range(len(kept.darts))) >= 0.93
    assert not laid.overlaps


def test_no_corner_hangs_by_one_triangle():
    """Where it did, the cloth was drawn to a point there."""
    mesh = slit_mesh(*square_with([(50, 0), (50, 50)]))
    faces_at = np.bincount(mesh.faces.ravel())
    apexes = [into[-1] for into, _ in mesh.legs]
    assert faces_at[np.setdiff1d(mesh.border, apexes)].min() > 1


@pytest.mark.parametrize("rise", [0.05, 0.1])
def test_a_saddle_needs_no_dart(rise):
    """It has border to spare: the cloth shears. Once weights swung to and fro, and it never lay."""
    surface, faces = round_panels.saddle(rise, 1500)
    border = border_loop(faces)
    panel = Reference(
        unroll(surface, faces, 60), surface, faces, border, np.zeros(0, dtype=np.int32), UP
    )
    cloth = Cloth("asked for", 0.6, 1.5, 6.0, 0.03)
    laid = laid_with_darts(panel, cloth, tried(panel, cloth, ()))
    assert cloth.excess(laid.fit) < 1
    have, want = laid.lengths
    assert np.abs(have / want - 1).max() < 1e-4


def test_cloth_within_a_hand_of_a_stapled_edge_may_be_pleated():
    panel = dome(60)
    sewn = np.arange(len(panel.border)) >= len(panel.border) // 2
    panel = Reference(panel.flat, panel.surface, panel.faces, panel.border, panel.corners, UP, sewn)
    edge = panel.outline[len(panel.border) // 4]
    inwards = panel.outline.mean(axis=0) - edge
    inwards /= np.linalg.norm(inwards)
    near, far = panel.held(np.array([edge + 40 * inwards, edge + 80 * inwards]))
    assert not near and far


def test_darts_are_proposed_where_a_cloth_needs_them():
    flat_panel = dome(6)
    assert propose_darts(flat_panel, LOOSE, 6, silent).darts == ()
    found = propose_darts(dome(60), LOOSE, 6, silent)
    assert 1 <= len(found.darts) <= 4
    assert found.excess <= 1


def test_cloths_are_data():
    assert {"woven", "rigid", "stretch"} <= set(cloths())
    with pytest.raises(SettingsError, match="no cloth called silk"):
        cloth_named("silk")
