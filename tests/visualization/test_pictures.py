from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from stitchsketch_kernel.visualization import pictures


#: Where the pictures are kept to be looked at: STITCHSKETCH_LOOK=/some/folder pytest ...
@pytest.fixture
def look(request):
    import os
    from pathlib import Path

    def keep(image: Image.Image) -> Image.Image:
        if folder := os.environ.get("STITCHSKETCH_LOOK"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            image.save(Path(folder) / f"{request.node.name}.png")
        return image

    return keep


def share_of(image: Image.Image, color, tolerance: int = 6) -> float:
    pixels = np.asarray(image.convert("RGB")).astype(int)
    return float((np.abs(pixels - np.asarray(color)).max(axis=-1) <= tolerance).mean())


def test_photo_sheet(look, photos, notes):
    sheet = look(pictures.photo_sheet(photos, notes, left_out=("IMG_0003.jpg",)))
    # seven photos and one refused, in rows of five
    assert sheet.width > 1100
    assert sheet.height > 500


def test_match_matrix(look):
    counts = np.random.default_rng(1).integers(0, 900, (12, 12))
    look(pictures.match_matrix([f"IMG_{i:04d}.jpg" for i in range(12)], counts))
    look(pictures.match_matrix([f"IMG_{i:04d}.jpg" for i in range(12)], counts))


def test_match_picture(look):
    rng = np.random.default_rng(2)
    a, b = np.full((480, 640, 3), 90, np.uint8), np.full((600, 500, 3), 160, np.uint8)
    look(
        pictures.match_picture(a, b, rng.uniform(20, 460, (400, 2)), rng.uniform(20, 460, (400, 2)))
    )


def test_cameras(look, sparse, scale):
    look(pictures.cameras_and_cloud(sparse, scale))


def test_residuals(look, scale):
    look(
        pictures.scale_residuals(
            [f"mat 1 tag {i}" for i in range(18)], np.linspace(-0.7, 0.5, 18) ** 3, scale
        )
    )


def test_depth(look, depth):
    look(
        pictures.depth_sheet([depth] * 7, {depth.view.name: np.full((480, 640, 3), 120, np.uint8)})
    )


def test_mesh(look, panel_map):
    look(pictures.mesh_four_sides(panel_map.mesh))


def test_panels(look, panel_map):
    look(pictures.panels_four_sides(panel_map))


def test_pieces(look, flats):
    look(pictures.pieces_with_strain(flats))


def test_marker(look, marker, pattern):
    look(pictures.marker_picture(marker, pattern))
