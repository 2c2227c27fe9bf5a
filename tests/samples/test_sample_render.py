"""Rendered photos show what the truth says, where the truth says it, the same every time."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from stitchsketch_kernel.domain.photo import Camera
from stitchsketch_kernel.imaging.tags import find_tags
from stitchsketch_kernel.samples import build_sample, render_photos
from stitchsketch_kernel.samples.render import render_depth, render_view
from stitchsketch_kernel.samples.sample import looking_at

SMALL = Camera(400, 300, 380.0, 380.0, 203.0, 147.0, k1=-0.08, k2=0.02)


@pytest.fixture(scope="module")
def cushion():
    return build_sample("cushion")


def above(mat, height=0.40, camera=SMALL, name="near.jpg"):
    centre = np.array([*mat.origin_m, 0.0])
    return looking_at(name, camera, centre + np.array([0.05, 0.12, height]), centre)


def test_tags_lie_in_the_photo_where_their_centres_project(cushion):
    mat = cushion.mats[0]
    view = above(mat)
    found = find_tags(view.name, render_view(cushion, view), [mat.board.dictionary])
    true = dict(zip(mat.board.tag_ids, view.pixels_from_world(mat.centres_m()), strict=True))
    errors = np.array([tag.centre_px - true[tag.tag_id] for tag in found])
    assert len(found) >= 10
    assert np.linalg.norm(errors, axis=1).max() < 0.1
    assert np.abs(errors.mean(axis=0)).max() < 0.03


def test_a_mat_printed_small_is_drawn_small(cushion):
    small = cushion.printed_at(0.97)
    mat = small.mats[0]
    view = above(mat)
    found = {tag.tag_id: tag for tag in find_tags("x", render_view(small, view))}
    true = dict(zip(mat.board.tag_ids, view.pixels_from_world(mat.centres_m()), strict=True))
    errors = [np.linalg.norm(tag.centre_px - true[tag_id]) for tag_id, tag in found.items()]
    assert len(errors) >= 10 and max(errors) < 0.1


def test_depth_puts_every_pixel_on_the_surface_or_the_floor(cushion):
    view = looking_at("x.jpg", SMALL, np.array([0.6, 0.5, 0.8]), np.array([0, 0, 0.1]))
    depth = render_depth(cushion, view)
    y, x = np.mgrid[0:300, 0:400] + 0.5
    rays = SMALL.rays_from_pixels(np.column_stack([x.ravel(), y.ravel()]))
    points = (rays * depth.reshape(-1, 1)) @ view.rotation + view.centre
    top = cushion.panel("CUSH").surface
    on_top = np.abs(top.world(top.flat(points)) - points).max(axis=1) < 2e-4
    assert depth.dtype == np.float32 and on_top.sum() > 5000
    assert (np.abs(points[:, 2]) < 1e-5).sum() > 20000
    assert (
        np.abs(view.pixels_from_world(points) - np.column_stack([x.ravel(), y.ravel()])).max()
        < 0.01
    )


def test_piping_stands_out_from_the_cloth(cushion):
    view = looking_at("x.jpg", SMALL, np.array([0.3, 0.45, 0.45]), np.array([0.1, 0.2, 0.12]))
    image = render_view(cushion, view).astype(float)
    seam = cushion.seam("CUSH/BOX-F").points_m

    def colour(points):
        pixels = np.floor(view.pixels_from_world(points.copy())).astype(int)
        inside = ((pixels >= 0) & (pixels < [400, 300])).all(axis=1)
        assert inside.sum() > 10
        return np.median(image[pixels[inside, 1], pixels[inside, 0]], axis=0)

    # a seen side of the cord, and the cloth 15 mm above and behind the seam
    top = cushion.panel("CUSH").surface
    assert np.abs(colour(seam) - colour(top.world(top.flat(seam) + np.array([0, 15.0])))).max() > 60


@pytest.fixture
def two_views(cushion):
    mats = cushion.mats
    return cushion.with_views((above(mats[0], name="a.jpg"), above(mats[1], name="b.jpg")))


def test_photos_are_the_same_every_time(two_views, tmp_path):
    shares = []
    render_photos(two_views, tmp_path / "one", lambda share, note: shares.append(share))
    render_photos(build_sample("cushion").with_views(two_views.views), tmp_path / "two")
    for name in ("a.jpg", "b.jpg"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert sorted(path.name for path in (tmp_path / "two").iterdir()) == ["a.jpg", "b.jpg"]
    assert shares[0] == 0.0 and shares[-1] == 1.0


def test_a_photo_that_is_there_is_kept_only_if_it_shows_the_same(two_views, tmp_path):
    def written(sample):
        before = {path.name: path.stat().st_ino for path in tmp_path.iterdir()}
        render_photos(sample, tmp_path)
        after = {path.name: path.stat().st_ino for path in tmp_path.iterdir()}
        return {name for name, inode in after.items() if before.get(name) != inode}

    assert written(two_views) == {"a.jpg", "b.jpg"}
    assert written(two_views) == set()
    (tmp_path / "a.jpg").write_bytes(b"a broken file")
    assert written(two_views) == {"a.jpg"}
    moved = above(two_views.mats[1], height=0.41, name="b.jpg")
    assert written(two_views.with_views((two_views.views[0], moved))) == {"b.jpg"}
    assert written(two_views.printed_at(0.97)) == {"a.jpg", "b.jpg"}


def test_exif_tells_the_focal_length(cushion, tmp_path):
    render_photos(cushion.with_views((above(cushion.mats[0]),)), tmp_path)
    with Image.open(tmp_path / "near.jpg") as photo:
        assert photo.size == (400, 300)
        details = photo.getexif().get_ifd(0x8769)
    assert details[0xA405] * SMALL.width_px / 36 == pytest.approx(SMALL.fx, rel=0.02)
    assert float(details[0x920A]) * SMALL.width_px / 6.4 == pytest.approx(SMALL.fx, rel=1e-3)


@pytest.mark.parametrize("name", ["cushion", "demo", "armchair"])
def test_every_view_has_the_furniture_in_the_frame_and_mats(name):
    sample = build_sample(name)
    for view in sample.views:
        frame = [view.camera.width_px, view.camera.height_px]
        for piece in sample.furniture:
            pixels = view.pixels_from_world(piece.mesh.vertices.copy())
            assert ((pixels > 0) & (pixels < frame)).all(axis=1).mean() > 0.95, view.name
        tags = np.vstack([mat.centres_m() for mat in sample.mats])
        assert ((view.pixels_from_world(tags) > 0) & (view.pixels_from_world(tags) < frame)).all(
            1
        ).sum() >= 24
