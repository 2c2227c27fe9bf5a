"""Small folders of photos, made in a moment."""

import io

import numpy as np
import pytest
from PIL import Image


def scene(seed, width=720, height=540):
    """A picture with edges of many kinds, different for every seed."""
    rng = np.random.default_rng(seed)
    pixels = np.full((height, width, 3), 120, np.uint8)
    for _ in range(150):
        x, y = rng.integers(0, width), rng.integers(0, height)
        w, h = rng.integers(10, 120, 2)
        pixels[y : y + h, x : x + w] = rng.integers(30, 220, 3)
    return pixels


def jpeg_bytes(pixels, **options):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=92, **options)
    return file.getvalue()


@pytest.fixture(scope="session")
def ten_jpegs():
    return [jpeg_bytes(scene(seed)) for seed in range(10)]


@pytest.fixture
def folder(tmp_path, ten_jpegs):
    """Ten good photos."""
    photos = tmp_path / "shoot"
    photos.mkdir()
    for number, data in enumerate(ten_jpegs):
        (photos / f"IMG_{number}.jpg").write_bytes(data)
    return photos
