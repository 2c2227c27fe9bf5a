"""Large photos: features without enlarging them, as many at a time as fit, honest shares."""

from __future__ import annotations

import os

import cv2
import numpy as np
import pycolmap
import pytest

from stitchsketch_kernel.domain.photo import Photo
from stitchsketch_kernel.reconstruction.align_costs import likely_costs
from stitchsketch_kernel.reconstruction.align_settings import AlignSettings
from stitchsketch_kernel.reconstruction.matching import _are_rich, _at_a_time


def photos_of(folder, width, height, *, speckled: int, count: int = 3) -> tuple[Photo, ...]:
    """Photos whose left part, so many pixels wide, is speckled and whose rest is plain."""
    rng = np.random.default_rng(4)
    photos = []
    for i in range(count):
        grey = np.full((height, width), 128, np.uint8)
        coarse = rng.integers(0, 255, (height // 8, max(1, speckled // 8)), np.uint8)
        grey[:, :speckled] = cv2.resize(coarse, (speckled, height), interpolation=cv2.INTER_CUBIC)
        path = folder / f"{i}.png"
        cv2.imwrite(str(path), grey)
        photos.append(Photo(path.name, path, width, height, None, path.name, "one lens"))
    return tuple(photos)


def options(features=1000):
    made = pycolmap.FeatureExtractionOptions()
    made.use_gpu, made.max_image_size, made.sift.max_num_features = False, 2400, features
    return made


@pytest.mark.parametrize(
    ("width", "speckled", "rich"), [(1800, 1800, True), (1800, 80, False), (640, 640, False)]
)
def test_photos_full_of_features_need_not_be_enlarged(tmp_path, width, speckled, rich):
    photos = photos_of(tmp_path, width, width // 2, speckled=speckled)
    made = options()
    assert _are_rich(photos, tmp_path, tmp_path / "features.db", made, 2) is rich
    assert made.sift.first_octave == -1, "what was tried is not kept"
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".png"] * 3


def test_the_features_that_are_kept_are_those_of_the_enlarged_photos(tmp_path):
    photos_of(tmp_path, 1800, 900, speckled=1800, count=1)
    found = {}
    for first in (-1, 0):
        made = options()
        made.sift.first_octave = first
        database = tmp_path / f"{first}.db"
        pycolmap.extract_features(
            database, tmp_path, image_names=["0.png"], extraction_options=made,
            device=pycolmap.Device.cpu,
        )  # fmt: skip
        with pycolmap.Database.open(database) as kept:
            found[first] = kept.read_keypoints(kept.read_all_images()[0].image_id)[:, :2]
    apart = np.linalg.norm(found[-1][:, None] - found[0][None], axis=-1).min(axis=0)
    assert len(found[0]) == pytest.approx(len(found[-1]), rel=0.1)
    assert (apart < 0.5).mean() > 0.9


def test_as_many_photos_at_a_time_as_fit_into_memory(tmp_path, monkeypatch):
    photos = photos_of(tmp_path, 2400, 1800, speckled=80, count=1)
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    enlarged, plain = options(), options()
    plain.sift.first_octave = 0
    assert [_at_a_time(photos, one, 64) for one in (enlarged, plain)] == [2, 8]
    assert [_at_a_time(photos, one, 1) for one in (enlarged, plain)] == [1, 4], "memory is short"
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    assert _at_a_time(photos, plain, 3) == 3


def lens(count, width, height):
    return [Photo(f"{i}", None, width, height, None, f"{i}", "one") for i in range(count)]


#: Seconds by the clock: tags and mirrored ones, features, pairs, placing (`benchmarks/README.md`).
@pytest.mark.parametrize(
    ("count", "size", "asked", "took_s"),
    [
        (40, (1280, 960), "auto", (28, 57, 19, 38)),
        (40, (1280, 960), "coarse", (30, 16, 18, 38)),
        (200, (2400, 1800), "auto", (220, 360, 250, 670)),
    ],
)
def test_parts_of_aligning_take_their_share_of_the_time(count, size, asked, took_s):
    costs = likely_costs(lens(count, *size), AlignSettings(features=asked))
    told = np.cumsum([costs.tags + costs.mirrors, costs.features, costs.matching, costs.placing])
    assert told / costs.all == pytest.approx(np.cumsum(took_s) / sum(took_s), abs=0.08)
    ends = costs.ends("features", "matching", "placing")
    assert ends == sorted(ends)
    assert ends[-1] == pytest.approx(1)


def test_without_mats_all_pairs_of_few_photos_are_compared():
    few, settings = lens(40, 1280, 960), AlignSettings()
    assert likely_costs(few, settings, with_mats=False).matching > 2 * (
        likely_costs(few, settings).matching
    )
    sequential = AlignSettings(matching="sequential")
    many = lens(400, 1280, 960)
    assert likely_costs(many, sequential, False).matching < 0.08 * 400 * 30
