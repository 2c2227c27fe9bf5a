"""The cushion standing and turned over, as exact depth maps: one mesh with its underside."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from stitchsketch_kernel.domain.errors import MeshError
from stitchsketch_kernel.domain.model import Depth, Motion, Region, Similarity
from stitchsketch_kernel.domain.photo import Camera
from stitchsketch_kernel.reconstruction.fusion import Cloud, fuse
from stitchsketch_kernel.reconstruction.sessions.motion import rigid
from stitchsketch_kernel.reconstruction.sessions.surfaces import (
    SessionDepths,
    corrected,
    lay,
    of_sessions,
    region_of_both,
)
from stitchsketch_kernel.reconstruction.surface import SurfaceSettings, make_mesh
from stitchsketch_kernel.samples.cushion import BORDER_M, CROWN_M, LIFT_M, box_cushion
from stitchsketch_kernel.samples.furniture import assemble
from stitchsketch_kernel.samples.rays import cast, distances, ray_scene
from stitchsketch_kernel.samples.sample import Ring, ring_views

CAMERA = Camera(320, 240, 275.0, 275.0, 160.0, 120.0)
HIGH_M = LIFT_M + BORDER_M + CROWN_M
OVER = np.diag([1.0, -1.0, -1.0])
#: From the turned cushion's world to the standing one's.
TRUE = Similarity(1.0, OVER.T, -OVER.T @ np.array([0.03, -0.02, HIGH_M + 0.0005]))
REGION = Region(np.array([-0.4, -0.4, -0.02]), np.array([0.4, 0.4, 0.3]))
FLOOR_M = 0.012
FLOOR = np.array([[-2, -2, 0], [2, -2, 0], [2, 2, 0], [-2, 2, 0]], dtype=float)


def depths_of(name, pose):
    """Exact depth of cushion and floor from two heights; noise as stereo has it."""
    piece = assemble(box_cushion(), pose).mesh
    faces = np.vstack([piece.faces, np.array([[0, 1, 2], [0, 2, 3]]) + len(piece.vertices)])
    scene = ray_scene(np.vstack([piece.vertices, FLOOR]), faces.astype(np.int32))
    rings = (Ring(7, 18.0, 1.0), Ring(7, 42.0, 1.0, 25.0))
    rng, found = np.random.default_rng(1), []
    for view in ring_views(name, CAMERA, np.array([0.0, 0.0, 0.07]), rings):
        u, v = np.meshgrid(np.arange(320) + 0.5, np.arange(240) + 0.5)
        ways = CAMERA.rays_from_pixels(np.column_stack([u.ravel(), v.ravel()])) @ view.rotation
        rays = np.empty((len(ways), 6), dtype=np.float32)
        rays[:, :3], rays[:, 3:] = view.centre, ways
        depth = cast(scene, rays)[0].reshape(240, 320)
        depth = np.where(np.isfinite(depth), depth + rng.normal(0, 4e-4, depth.shape), 0)
        known = np.full(depth.shape, 0.8, np.float32)
        found.append(Depth(view, depth.astype(np.float32), known))
    return found


@pytest.fixture(scope="module")
def two():
    """The depth maps of both sessions, and the true surface."""
    pose = Similarity(1.0, TRUE.rotation.T, -TRUE.rotation.T @ TRUE.translation)
    standing = Similarity(1.0, np.eye(3), np.zeros(3))
    return depths_of("stand", standing), depths_of("turn", pose), assemble(box_cushion(), standing)


def motion(off_mm=(0.0, 0.0, 0.0), turn_deg=0.0, spot_mm=0.5, count=60):
    """The true motion, off by so much, and spots on the sides that are off by `spot_mm` each."""
    rng = np.random.default_rng(3)
    points = rng.uniform(-1, 1, (count, 3)) * [0.25, 0.22, 0.04] + [0, 0, 0.09]
    points[: count // 2, 0] = np.sign(points[: count // 2, 0]) * 0.25
    points[count // 2 :, 1] = np.sign(points[count // 2 :, 1]) * 0.225
    there = (points - TRUE.translation) @ TRUE.rotation
    spots = points + rng.normal(0, spot_mm / 1000, points.shape)
    c, s = np.cos(np.deg2rad(turn_deg)), np.sin(np.deg2rad(turn_deg))
    step = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    wrong = Similarity(1.0, step @ TRUE.rotation, step @ TRUE.translation + np.array(off_mm) / 1000)
    return Motion(wrong, spots, there, spot_mm * 3**0.5, 0.3, ("turn-01.jpg",))


def cloud(depths):
    return fuse(SessionDepths(depths, REGION, FLOOR_M), REGION, 0.004, 0.004)


@pytest.fixture(scope="module")
def clouds(two):
    return cloud(two[0]), cloud(two[1])


def off_mm(found, points):
    off = found.similarity.apply(points) - TRUE.apply(points)
    return 1000 * float(np.sqrt((off**2).mean()))


def test_surfaces_correct_a_motion_that_is_a_little_off(clouds):
    before = motion((0.4, -0.3, 0.5), 0.08)
    laid = lay(*clouds, before)
    points = clouds[1].points
    assert off_mm(before, points) > 0.4
    assert off_mm(laid.motion, points) < 0.12
    assert laid.patches > 200
    assert laid.apart_mm < 0.6


def test_flat_surfaces_do_not_slide_where_only_spots_hold_them():
    """Two plates: the surfaces say nothing of how they lie along themselves."""
    rng = np.random.default_rng(2)
    points = np.column_stack([rng.uniform(-0.3, 0.3, (40000, 2)), np.zeros(40000)])
    up = np.tile([0.0, 0.0, 1.0], (40000, 1))
    plate = Cloud(points, up, np.ones(len(points)))
    spots = points[:50]
    here = spots + rng.normal(0, 0.0003, spots.shape) + [0, 0, 0.001]
    found = lay(plate, plate, Motion(rigid(spots, here), here, spots, 0.5, 0.5))
    step = found.motion.similarity.apply(points) - points
    assert np.abs(step[:, 2]).max() < 2e-4
    assert np.abs(step[:, :2]).max() < 4e-4


def test_a_piece_that_changed_its_shape_is_refused(clouds):
    first, second = clouds
    fuller = replace(second, points=second.points + 0.0035 * second.normals)
    with pytest.raises(MeshError, match=r"don't lie on each other: they are [2-9].* mm apart"):
        lay(first, fuller, motion())


def test_surfaces_that_want_the_piece_elsewhere_are_refused(clouds):
    """The spots agree with each other, and are off: matched on another piece of the same cloth."""
    good, step = motion(spot_mm=0.2), np.array([0.004, 0.0, 0.0])
    moved = replace(good, first_m=good.first_m + step, sigma_mm=0.2)
    away = Similarity(1.0, TRUE.rotation, TRUE.translation + step)
    with pytest.raises(MeshError, match="lie on each other"):
        lay(*clouds, replace(moved, similarity=away))


def test_few_patches_say_nothing(clouds):
    first, second = clouds
    some = second.points[:, 0] > 0.24
    few = Cloud(second.points[some][:30], second.normals[some][:30], second.weights[some][:30])
    before = motion()
    laid = lay(first, few, before)
    assert laid.patches == 0
    assert laid.motion is before


def test_the_mesh_of_both_has_the_underside_and_neither_floor(two, tmp_path):
    first, second, piece = two
    found = motion()
    parts = [
        SessionDepths(first, REGION, FLOOR_M),
        SessionDepths(second, REGION, FLOOR_M, found.similarity),
    ]
    depths = of_sessions(parts)
    images = {}
    for depth in depths:
        images[depth.view.name] = tmp_path / f"{depth.view.name}.png"
        cv2.imwrite(str(images[depth.view.name]), np.full((240, 320, 3), 120, np.uint8))
    region = region_of_both(REGION, REGION, found)
    settings = SurfaceSettings(voxel_mm=4, cell_mm=6, edge_mm=9)
    views = [depth.view for depth in depths]
    mesh, _ = make_mesh(depths, images, views, region, settings, sessions=2)
    scene = ray_scene(piece.mesh.vertices, piece.mesh.faces)
    off = 1000 * distances(scene, mesh.vertices)
    assert np.percentile(off, 95) < 2.5
    assert off.max() < 12  # neither floor: it goes on far beyond the piece
    lining = np.random.default_rng(1).uniform(-0.2, 0.2, (2000, 3))
    lining[:, 2] = LIFT_M
    lining = lining[np.abs(lining[:, 1]) < 0.10]  # between the battens
    own = ray_scene(mesh.vertices, mesh.faces)
    assert (1000 * distances(own, lining) < 3).mean() > 0.97
    battens = piece.mesh.vertices[piece.mesh.vertices[:, 2] < 0.001]
    assert (1000 * distances(own, battens) < 6).mean() > 0.9


def test_a_session_loses_its_own_floor_and_its_views_are_moved(two):
    depth = two[1][0]
    (kept,) = SessionDepths([depth], REGION, FLOOR_M, TRUE)
    assert np.allclose(kept.view.centre, TRUE.apply(depth.view.centre[None])[0])
    rows = kept.depth_m > 0
    rays = CAMERA.rays_from_pixels(np.argwhere(rows)[:, ::-1] + 0.5)
    world = (rays * depth.depth_m[rows][:, None] - depth.view.translation) @ depth.view.rotation
    assert world[:, 2].min() >= FLOOR_M - 1e-6
    assert (depth.depth_m > 0).sum() > 1.3 * rows.sum()
    assert np.array_equal(kept.depth_m[rows], depth.depth_m[rows])


def test_the_turned_views_follow_the_correction(ball):
    views = (ball.look("a.jpg", 0), ball.look("turn-01.jpg", 90))
    model = ball.model(views, 10)
    before = motion()
    laid = lay_of(before, np.array([0.001, 0.0, 0.0]))
    after = corrected(model, laid, before)
    assert np.array_equal(after.views[0].centre, views[0].centre)
    assert np.allclose(after.views[1].centre - views[1].centre, [0.001, 0, 0])


def lay_of(before, step):
    from stitchsketch_kernel.reconstruction.sessions.surfaces import Laid

    moved = replace(before.similarity, translation=before.similarity.translation + step)
    return Laid(replace(before, similarity=moved), 100, 0.2, 1.0)
