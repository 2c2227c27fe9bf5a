"""Tags join photos whatever the cloth looks like."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pycolmap
import pytest

from stitchsketch_kernel.domain.board import TagSighting
from stitchsketch_kernel.reconstruction.tag_tracks import COUNTS_AS, LEAST_TAGS, add_tags

FEATURES = 5


def sighting(photo: str, tag: int, x: float, y: float = 40.0) -> TagSighting:
    centre = np.array([x, y])
    corners = centre + np.array([[-4, -4], [4, -4], [4, 4], [-4, 4]])
    return TagSighting(photo, "DICT_4X4_50", tag, corners, centre)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Three photos of five features each; the first two have two of them in common."""
    path = tmp_path / "features.db"
    with pycolmap.Database.open(path) as db:
        camera = pycolmap.Camera(model="SIMPLE_PINHOLE", width=100, height=80, params=[90, 50, 40])
        camera.camera_id = db.write_camera(camera)
        rig = pycolmap.Rig()
        rig.add_ref_sensor(camera.sensor_id)
        rig.rig_id = db.write_rig(rig)
        for number, name in enumerate("abc", start=1):
            image = pycolmap.Image(name=f"{name}.jpg", camera_id=camera.camera_id)
            image.image_id = number
            db.write_image(image, use_image_id=True)
            keys = np.arange(2 * FEATURES, dtype=np.float32).reshape(-1, 2)
            db.write_keypoints(number, keys)
        geometry = pycolmap.TwoViewGeometry()
        geometry.config = pycolmap.TwoViewGeometryConfiguration.CALIBRATED
        geometry.inlier_matches = np.array([[0, 1], [2, 3]], dtype=np.uint32)
        db.write_two_view_geometry(1, 2, geometry)
    return path


NAMES = {"a.jpg": "a", "b.jpg": "b", "c.jpg": "c"}


def joined(database: Path, a: int, b: int) -> tuple[np.ndarray, np.ndarray]:
    with pycolmap.Database.open(database) as db:
        if not db.exists_two_view_geometry(a, b):
            return np.zeros((0, 2)), np.zeros((0, 2))
        matches = np.asarray(db.read_two_view_geometry(a, b).inlier_matches)
        return db.read_keypoints(a)[matches[:, 0], :2], db.read_keypoints(b)[matches[:, 1], :2]


def test_tags_come_to_the_matches_that_were_there(database: Path) -> None:
    seen = [sighting("a", 7, 11.25), sighting("b", 7, 61.5), sighting("b", 8, 70)]
    assert add_tags(database, NAMES, seen) == 1
    in_a, in_b = joined(database, 1, 2)
    assert len(in_a) == 2 + COUNTS_AS
    for a, b in zip(in_a[2:], in_b[2:], strict=True):
        np.testing.assert_allclose([a, b], [[11.25, 40], [61.5, 40]])


def test_photos_with_nothing_else_in_common_are_joined_by_enough_tags(database: Path) -> None:
    few = [sighting(p, tag, 10 + tag) for p in "ac" for tag in range(LEAST_TAGS - 1)]
    assert add_tags(database, NAMES, few) == 0
    assert len(joined(database, 1, 3)[0]) == 0


def test_enough_tags_join(database: Path) -> None:
    enough = [sighting(p, tag, 10 + tag) for p in "ac" for tag in range(LEAST_TAGS)]
    assert add_tags(database, NAMES, enough) == 1
    assert len(joined(database, 1, 3)[0]) == LEAST_TAGS * COUNTS_AS


def test_each_tag_is_as_many_tracks_as_it_has_say(database: Path) -> None:
    add_tags(database, NAMES, [sighting("a", 7, 11.25), sighting("b", 7, 61.5)])
    with pycolmap.Database.open(database) as db:
        matches = np.asarray(db.read_two_view_geometry(1, 2).inlier_matches)
    assert len(np.unique(matches[:, 0])) == len(np.unique(matches[:, 1])) == 2 + COUNTS_AS


def test_a_tag_seen_twice_in_a_photo_joins_nothing(database: Path) -> None:
    twice = [sighting("a", 7, 11), sighting("a", 7, 80), sighting("b", 7, 61)]
    assert add_tags(database, NAMES, twice) == 0
    assert len(joined(database, 1, 2)[0]) == 2


def test_photos_that_are_not_in_the_model_are_passed_over(database: Path) -> None:
    assert add_tags(database, NAMES, [sighting("z", 7, 11), sighting("a", 7, 12)]) == 0
