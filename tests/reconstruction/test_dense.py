"""Depth maps against a ball whose depth is exact, and what fusion and meshing make of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.errors import MeshError, PhotoError, SettingsError
from stitchsketch_kernel.domain.model import Region
from stitchsketch_kernel.reconstruction.dense import Asked, DenseSettings, depth_maps
from stitchsketch_kernel.reconstruction.dense.patchmatch import own_variance, search
from stitchsketch_kernel.reconstruction.dense.pictures import pinhole
from stitchsketch_kernel.reconstruction.dense.planes import Planes, compared
from stitchsketch_kernel.reconstruction.dense.slanted import _depth, _enlarged
from stitchsketch_kernel.reconstruction.fusion import fuse
from stitchsketch_kernel.reconstruction.surface import SurfaceSettings, make_mesh
from stitchsketch_kernel.reconstruction.votes import DepthStack, votes

REGION = Region(np.array([-0.4, -0.4, -0.02]), np.array([0.4, 0.4, 0.65]))


@pytest.fixture(scope="module")
def five(ball, ball_views, ball_images):
    """Five neighbouring views: model, pictures."""
    views = ball_views[:5]
    return ball.model(views), {view.name: ball_images[view.name] for view in views}


@pytest.fixture(scope="module")
def found(five):
    """Depth maps of each engine."""
    model, images = five
    return {
        engine: depth_maps(
            Asked(model, images, REGION, DenseSettings(engine=engine, max_side_px=side))
        )
        for engine, side in (("patches", 1280), ("fast", 640), ("sgbm", 1280))
    }


def off_mm(ball, depth):
    """Distance of the map's points on the ball from it, for pixels well inside its silhouette."""
    points, _ = ball.seen(depth.view)
    radius = np.linalg.norm(points - ball.centre, axis=-1)
    normal = (points - ball.centre) / np.maximum(radius, 1e-9)[..., None]
    gaze = points - depth.view.centre
    facing = -(normal * gaze).sum(axis=-1) / np.linalg.norm(gaze, axis=-1)
    on = (np.abs(radius - ball.radius) < 1e-6) & (facing > 0.5)
    exact = ball.seen(depth.view)[1]
    known = on & (depth.depth_m > 0)
    return 1000 * np.abs(depth.depth_m - exact)[known], known.sum() / on.sum()


@pytest.mark.parametrize(
    ("engine", "median_mm", "share"),
    [("patches", 0.5, 0.9), ("fast", 1.6, 0.85), ("sgbm", 2, 0.8)],
)
def test_depth_is_the_balls(ball, found, engine, median_mm, share):
    assert len(found[engine]) == 5
    for depth in found[engine]:
        off, known = off_mm(ball, depth)
        assert np.median(off) < median_mm
        assert known > share


def test_patches_are_finer_than_semi_global_matching(ball, found):
    fine, rough = (
        np.mean([np.median(off_mm(ball, depth)[0]) for depth in found[engine]])
        for engine in ("patches", "sgbm")
    )
    assert fine < 0.75 * rough


def test_the_fast_engine_gives_maps_of_half_the_size(found):
    for fine, fast in zip(found["patches"], found["fast"], strict=True):
        assert fine.depth_m.shape == (480, 640)
        assert fast.depth_m.shape == (240, 320) == (fast.view.camera.height_px, 320)
        assert fast.view.camera.fx == pytest.approx(fine.view.camera.fx / 2)


def test_depths_are_the_same_each_time(five, found):
    model, images = five
    again = depth_maps(Asked(model, images, REGION, DenseSettings(workers=1)))
    for one, other in zip(found["patches"], again, strict=True):
        assert np.array_equal(one.depth_m, other.depth_m)


def searched(ball, five, contrast: float, noise: float, rounds: int):
    """From planes that face the camera and are 1 % off, to what a search makes of them."""
    model, _ = five
    views = [replace(v, camera=pinhole(v.camera)) for v in model.views]
    rng = np.random.default_rng(0)
    grey = [ball.picture(v).mean(axis=-1) for v in views]
    pictures = [
        np.round(40 + contrast * (one - 128) + rng.normal(0, noise, one.shape)).astype(np.float32)
        for one in grey
    ]
    own, exact = views[2], ball.seen(views[2])[1]
    inverse = (1 / (exact * 1.01)).astype(np.float32)
    planes = Planes(inverse, np.zeros((*exact.shape, 2), np.float32), np.ones_like(inverse))
    others = [i for i in range(5) if i != 2]
    together = compared(own, pictures[2], [views[i] for i in others], [pictures[i] for i in others])
    search(planes, together, alike=2, rounds=rounds)
    return planes, exact, own_variance(pictures[2])


MIDDLE = (slice(190, 230), slice(360, 400))


def test_a_search_finds_the_slope_of_the_surface(ball, five):
    planes, exact, _ = searched(ball, five, 1.0, 0.0, rounds=5)
    off_mm = 1000 * np.abs(1 / planes.inverse - exact)[MIDDLE]
    assert np.median(off_mm) < 0.4
    across = np.gradient(1 / exact, axis=1)[MIDDLE]
    assert np.median(np.abs(planes.slope[MIDDLE][..., 0] - across)) < 0.2 * np.abs(across).mean()
    assert np.median(planes.cost[MIDDLE]) < 0.1


def test_leather_with_a_grain_of_one_grey_level_is_matched_not_given_up(ball, five):
    planes, exact, variance = searched(ball, five, 0.08, 0.3, rounds=3)
    assert 0.5 < np.median(variance[MIDDLE]) < 2.0
    off_mm = 1000 * np.abs(1 / planes.inverse - exact)[MIDDLE]
    assert np.median(off_mm) < 2.5  # from 12 mm
    assert (planes.cost[MIDDLE] < 0.45).mean() > 0.8


def test_what_other_views_look_through_is_no_surface(ball, ball_views):
    """A point that floats before the ball: no map has it, those beside see what is behind."""
    depths = [ball.depth(view) for view in ball_views[:5]]
    front = ball_views[2].centre - np.array(ball.centre)
    front /= np.linalg.norm(front)
    on = ball.centre + 0.25 * front
    alike, through = votes(np.array([on, on + 0.03 * front]), DepthStack.of(depths), 2, 0.004)
    assert alike.tolist() == [4, 0]
    assert through.tolist() == [0, 4]


def test_a_sheet_before_the_surface_is_not_fused(ball, ball_views):
    """One view's map, and its neighbour's, imagine a sheet; the others see the ball behind it."""
    depths = [ball.depth(view) for view in ball_views]
    clean = fuse(depths, REGION, 0.004, 0.004, 2)
    false = depths[0].depth_m.copy()
    false[200:280, 280:360] *= 0.97
    depths[0] = replace(depths[0], depth_m=false)
    depths.append(replace(depths[0], view=replace(depths[0].view, name="again")))
    cloud = fuse(depths, REGION, 0.004, 0.004, 2)
    out = np.linalg.norm(cloud.points - ball.centre, axis=1) - ball.radius
    assert (
        np.abs(np.linalg.norm(clean.points - ball.centre, axis=1) - 0.25)[
            clean.points[:, 2] > 0.1
        ].max()
        < 0.004
    )
    assert out[cloud.points[:, 2] > 0.1].max() < 0.006


def test_the_end_of_what_was_seen_is_not_extended(ball, ball_images, ball_views):
    """Seen from one side only, the ball's mesh ends where the photos end."""
    depths = [ball.depth(view) for view in ball_views[:4]]
    settings = SurfaceSettings(voxel_mm=4, cell_mm=5, edge_mm=8, bridge_mm=30)
    mesh, _ = make_mesh(depths, ball_images, ball_views[:4], REGION, settings)
    seen = fuse(depths, REGION, 0.004, 0.004, 2).points
    ends = cKDTree(seen).query(mesh.vertices)[0]
    assert ends.max() < 0.020


def test_a_photo_that_was_deleted_meanwhile_is_named(five, tmp_path):
    model, images = five
    gone = {**images, "02.png": tmp_path / "02.png"}
    with pytest.raises(PhotoError, match=r"photo 02.png can't be read any more"):
        depth_maps(Asked(model, gone, REGION, DenseSettings(max_side_px=320)))


@pytest.mark.parametrize("engine", ["fast", "sgbm"])
def test_outside_of_a_mask_no_depth_is_taken(five, engine):
    """The mask of one photo leaves its left half; the others are used whole."""
    model, images = five
    settings = DenseSettings(engine=engine, max_side_px=320)
    mask = np.zeros((960, 1280), bool)
    mask[:, :640] = True
    name = model.views[2].name
    asked = Asked(model, images, REGION, settings)
    whole, cut = depth_maps(asked), depth_maps(replace(asked, masks={name: mask}))
    middle = whole[2].depth_m.shape[1] // 2
    for one, other in zip(whole, cut, strict=True):
        if one.view.name != name:
            assert np.array_equal(one.depth_m, other.depth_m)
    assert (whole[2].depth_m[:, middle + 4 :] > 0).any()
    assert not cut[2].depth_m[:, middle + 4 :].any()
    known = (cut[2].depth_m[:, : middle - 8] > 0).sum()
    assert known > 0.95 * (whole[2].depth_m[:, : middle - 8] > 0).sum()


@pytest.mark.parametrize("wrong", [{"engine": "laser"}, {"max_side_px": 20}, {"neighbours": 0}])
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(SettingsError):
        DenseSettings(**wrong)


def test_views_that_share_nothing_are_refused(ball, ball_images):
    views = tuple(ball.look(f"0{i}.png", 120.0 * i) for i in range(3))
    with pytest.raises(MeshError, match="No surface was found"):
        depth_maps(Asked(ball.model(views), ball_images, REGION, DenseSettings(max_side_px=320)))


def test_where_a_patch_shows_nothing_the_smaller_pictures_plane_and_its_worth_stay(ball, five):
    views = [replace(v, camera=pinhole(v.camera)) for v in five[0].views]
    exact = ball.seen(views[2])[1]
    small = Planes(
        (1 / exact[::2, ::2]).astype(np.float32),
        np.zeros((*exact[::2, ::2].shape, 2), np.float32),
        np.full(exact[::2, ::2].shape, 0.2, np.float32),
    )
    flat = np.full(exact.shape, 100.0, np.float32)
    planes = _enlarged(small, flat)
    before = planes.inverse.copy()
    others = [views[i] for i in (0, 1, 3, 4)]
    search(planes, compared(views[2], flat, others, [flat] * 4), alike=2, rounds=2, begin=3)
    assert np.array_equal(planes.inverse, before)
    assert (planes.cost == np.float32(0.2)).all()
    assert _depth(planes, views[2], flat, REGION).depth_m[MIDDLE].min() > 0
