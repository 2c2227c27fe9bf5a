"""The same photos give the same model and mesh, to the last digit."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pycolmap
import pytest

from stitchsketch_kernel.domain.model import Region
from stitchsketch_kernel.reconstruction.align import AlignSettings, align
from stitchsketch_kernel.reconstruction.bundle import adjust, mapping_options
from stitchsketch_kernel.reconstruction.surface import SurfaceSettings, make_mesh

REGION = Region(np.array([-0.4, -0.4, -0.02]), np.array([0.4, 0.4, 0.65]))


def test_photos_give_the_same_cameras(ball_photos, tmp_path):
    """Threads that find features overtake each other, in another order each time."""
    settings = AlignSettings(max_features=1024)
    first, *others = (align(ball_photos[:8], tmp_path / str(turn), settings) for turn in range(3))
    for other in others:
        assert np.array_equal(first.points, other.points)
        for one, again in zip(first.views, other.views, strict=True):
            assert one.camera == again.camera
            assert np.array_equal(one.rotation, again.rotation)
            assert np.array_equal(one.translation, again.translation)


@pytest.fixture
def many_points(tmp_path) -> Path:
    """Matches of a made-up scan with more residuals than COLMAP gives to one thread (50,000)."""
    options = pycolmap.SyntheticDatasetOptions()
    options.num_frames_per_rig, options.num_points3D = 5, 2600
    pycolmap.set_random_seed(1)
    path = tmp_path / "features.db"
    with pycolmap.Database.open(path) as database:
        made = pycolmap.synthesize_dataset(options, database)
        noise = pycolmap.SyntheticNoiseOptions()
        noise.point2D_stddev = 0.5
        pycolmap.synthesize_noise(noise, made, database)
    assert 2 * made.compute_num_observations() > 50_000
    return path


def test_thousands_of_points_are_adjusted_alike(many_points, tmp_path):
    found = []
    for turn in range(3):
        folder = tmp_path / str(turn)
        folder.mkdir()
        options = mapping_options(seed=1)
        options.extract_colors = False  # there are no pictures
        models = pycolmap.incremental_mapping(many_points, tmp_path, folder, options=options)
        placed = [poses(models[0])]
        adjust(models[0], principal_point=True)
        found.append((*placed, poses(models[0])))
    for other in found[1:]:
        assert np.array_equal(found[0][0], other[0]), "the mapper's"
        assert np.array_equal(found[0][1], other[1]), "the last adjustment's"


def poses(model: pycolmap.Reconstruction) -> np.ndarray:
    images = sorted(model.images.values(), key=lambda image: image.name)
    return np.array([image.cam_from_world().matrix() for image in images if image.has_pose])


def test_depths_give_the_same_mesh(ball, ball_images, ball_views):
    depths = [ball.depth(view) for view in ball_views]
    settings = SurfaceSettings(voxel_mm=5, cell_mm=5, edge_mm=8)
    first, *others = (
        make_mesh(depths, ball_images, ball_views, REGION, settings)[0] for _ in range(3)
    )
    for other in others:
        assert np.array_equal(first.faces, other.faces)
        assert np.array_equal(first.vertices, other.vertices)
        assert np.array_equal(first.colors, other.colors)
        assert np.array_equal(first.confidence, other.confidence)


#: Costs of planes, printed as a hash; compiled where the cache is empty.
SEARCHED = """
    import hashlib
    import numpy as np
    from stitchsketch_kernel.reconstruction.dense.patchmatch import search
    from stitchsketch_kernel.reconstruction.dense.planes import Compared, Planes
    own = np.random.default_rng(0).uniform(0, 255, (60, 80)).astype(np.float32)
    others = np.stack([np.roll(own, 5, 1), np.roll(own, 4, 1)])
    flat, sizes = np.stack([np.eye(3, dtype=np.float32)] * 2), np.array([[60, 80]] * 2, np.int32)
    apart = np.array([[5, 0, 0]] * 2, np.float32)
    one = np.ones((60, 80), np.float32)
    planes = Planes(one.copy(), np.zeros((60, 80, 2), np.float32), one.copy())
    search(planes, Compared(own, others, sizes, flat, apart, 80.0), 1, 1)
    print(hashlib.sha256(planes.cost.tobytes() + planes.inverse.tobytes()).hexdigest())
"""


def test_depth_is_the_same_when_its_loops_were_just_compiled(tmp_path):
    """Loops that call each other came out another way when read from the cache."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    told = [
        subprocess.run(
            [sys.executable, "-c", textwrap.dedent(SEARCHED)],
            env=environment, capture_output=True, text=True, check=True,
        ).stdout
        for _ in range(2)
    ]  # fmt: skip
    assert told[0] == told[1]
    assert list(tmp_path.rglob("*_half_round*.nbc")), "the second read what the first compiled"
