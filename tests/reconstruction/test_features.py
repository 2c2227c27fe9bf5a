"""Features of a pixel's size are looked for, or not, when asked for."""

from __future__ import annotations

import numpy as np
import pycolmap
import pytest

from stitchsketch_kernel.domain.progress import silent
from stitchsketch_kernel.reconstruction import matching
from stitchsketch_kernel.reconstruction.align import AlignSettings
from stitchsketch_kernel.reconstruction.colmap_io import quiet

#: Smaller ones are found only in a photo that was enlarged.
FINE_PX = 1.6


def smallest_px(photos, folder, features):
    """The smallest feature of each photo."""
    settings = AlignSettings(max_features=2048, features=features)
    database = folder / "features.db"
    with quiet(matching.log_file(database)):
        matching.extract(photos, photos[0].path.parent, database, settings, silent)
    with pycolmap.Database.open(database) as db:
        images = db.read_all_images()
        assert sorted(image.name for image in images) == [photo.path.name for photo in photos]
        keys = [np.asarray(db.read_keypoints(image.image_id)) for image in images]
    # a row is x, y and a matrix; its determinant's root is the feature's size
    return [float(np.sqrt(np.abs(k[:, 2] * k[:, 5] - k[:, 3] * k[:, 4])).min()) for k in keys]


@pytest.mark.parametrize("features", ["coarse", "fine"])
def test_the_features_are_those_that_were_asked_for(ball_photos, tmp_path, features):
    sizes = smallest_px(ball_photos[:2], tmp_path, features)
    assert [size < FINE_PX for size in sizes] == [features == "fine"] * 2
