"""Masks that the densify stage finds: kept as files, which a person may mend and give back."""

from __future__ import annotations

import json

import numpy as np
import pytest

from stitchsketch_kernel.domain.model import Region
from stitchsketch_kernel.domain.photo import Photo
from stitchsketch_kernel.domain.progress import silent
from stitchsketch_kernel.imaging.masks import find_masks, read_mask
from stitchsketch_kernel.pipeline.artefacts import write_value
from stitchsketch_kernel.pipeline.context import StageContext
from stitchsketch_kernel.pipeline.stage import stage_of
from stitchsketch_kernel.pipeline.stages import densify
from stitchsketch_kernel.pipeline.stages.reading import depths_of, found_masks

REGION = Region(np.array([-0.4, -0.4, -0.02]), np.array([0.4, 0.4, 0.65]))


@pytest.fixture(scope="module")
def three(ball, ball_views, ball_images):
    """Three photos of the ball, their views, and exact depth of ball and floor."""
    views = ball_views[:3]
    images = {view.name: ball_images[view.name] for view in views}
    return ball.model(views, 200), [ball.depth(view) for view in views], images


def stage_with(folder, **masks):
    stage = stage_of("stitchsketch_kernel.pipeline.stages.densify", folder)
    settings = {group: {} for group in stage.settings} | {"masks": masks}
    job = {"groups": dict(stage.settings), "settings": settings, "stage": stage.name, "files": {}}
    return StageContext(folder, json.loads(json.dumps(job)))


def found(three, folder, drawn=None, **masks):
    model, depths, images = three
    stage = stage_with(folder, **masks)
    (folder / "depths").mkdir()
    for i, depth in enumerate(depths):
        write_value(folder / "depths" / f"{i:04d}.npz", depth)
    kept = depths_of(folder)
    masks = densify._found(kept, images, model, REGION, drawn or {}, stage, silent)
    return masks, kept


def test_depth_outside_of_found_masks_is_dropped(ball, three, tmp_path):
    _, depths, images = three
    masks, cut = found(three, tmp_path, find=True, max_side_px=640)
    assert found_masks(tmp_path).keys() == masks.keys() == images.keys()
    for whole, one in zip(depths, cut, strict=True):
        points, _ = ball.seen(one.view)
        on_ball = np.linalg.norm(points - ball.centre, axis=-1) < ball.radius + 1e-6
        kept = one.depth_m > 0
        assert np.array_equal(whole.depth_m[kept], one.depth_m[kept])
        assert (kept & on_ball).sum() / (kept | on_ball).sum() > 0.98


def test_found_masks_are_files_that_count_as_drawn_once_they_lie_beside_the_photos(three, tmp_path):
    _, _, images = three
    masks, _ = found(three, tmp_path, find=True, max_side_px=640)
    photos = [Photo(name, path, 640, 480, None, name, "one") for name, path in images.items()]
    files = find_masks(tmp_path / densify.MASKS, photos)
    for photo in photos:
        assert np.array_equal(read_mask(files[photo.name], photo), masks[photo.name])
    assert stage_of(densify.__name__, tmp_path).publishes[densify.MASKS] == "model/masks"


def test_a_drawn_mask_comes_before_what_would_be_found(three, tmp_path):
    name = next(iter(three[2]))
    masks, cut = found(three, tmp_path, {name: np.ones((2, 2), bool)}, find=True, max_side_px=320)
    assert name not in masks
    assert len(masks) == 2
    assert np.array_equal(cut[0].depth_m, three[1][0].depth_m), "the engine has kept to it already"


def test_unasked_no_mask_is_found(three, tmp_path):
    masks, cut = found(three, tmp_path)
    assert masks == found_masks(tmp_path) == {}
    for one, whole in zip(cut, three[1], strict=True):
        assert np.array_equal(one.depth_m, whole.depth_m)
