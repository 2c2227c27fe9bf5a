"""Views and photos at the size that they are compared at."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray, BoolArray, FloatArray, ImageArray
from stitchsketch_kernel.domain.errors import PhotoError
from stitchsketch_kernel.domain.model import Region
from stitchsketch_kernel.domain.photo import Camera, View


def pinhole(camera: Camera) -> Camera:
    """The camera without its distortion."""
    return replace(camera, k1=0.0, k2=0.0, p1=0.0, p2=0.0)


def shrunk(view: View, max_side_px: int) -> View:
    """The view of a photo that is no larger than `max_side_px`."""
    factor = max_side_px / max(view.camera.width_px, view.camera.height_px)
    return view if factor >= 1 else replace(view, camera=view.camera.scaled(factor))


def grey(path: Path, camera: Camera) -> ImageArray:
    """The photo at the camera's size, uint8 (h, w), distorted as it was taken.

    Raises
    ------
    PhotoError
        The file can't be read.
    """
    return _read(path, camera, cv2.IMREAD_GRAYSCALE)


def colour(path: Path, camera: Camera) -> ImageArray:
    """As `grey`, shape (h, w, 3), OpenCV's BGR."""
    return _read(path, camera, cv2.IMREAD_COLOR)


def _read(path: Path, camera: Camera, how: int) -> ImageArray:
    image = cv2.imread(str(path), how | cv2.IMREAD_IGNORE_ORIENTATION)
    if image is None:
        raise PhotoError(f"The photo {path.name} can't be read any more.", "Copy it again.")
    size = (camera.width_px, camera.height_px)
    if (image.shape[1], image.shape[0]) != size:
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return np.asarray(image, dtype=np.uint8)


def undistorted(image: ImageArray, camera: Camera) -> AnyArray:
    """The picture as `pinhole` of the camera would have taken it, float32."""
    maps = _straightened(camera)
    straight = cv2.remap(
        image, maps[..., 0], maps[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT
    )
    return np.asarray(straight, dtype=np.float32)


@lru_cache(maxsize=4)
def _straightened(camera: Camera) -> AnyArray:
    """For each pixel of the `pinhole` where a photo has it: the same for all photos of a lens."""
    pixels = camera.pixels_from_rays(pixel_rays(pinhole(camera)).reshape(-1, 3)) - 0.5
    return pixels.astype(np.float32).reshape(camera.height_px, camera.width_px, 2)


def pixel_rays(camera: Camera) -> FloatArray:
    """Rays (h, w, 3), z = 1, through the pixels' centres of a camera without distortion."""
    u, v = np.meshgrid(np.arange(camera.width_px) + 0.5, np.arange(camera.height_px) + 0.5)
    return np.stack(
        [(u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy, np.ones_like(u)], axis=-1
    )


def world_points(depth: AnyArray, view: View) -> FloatArray:
    """What each pixel of a depth map (h, w) shows, shape (h, w, 3)."""
    rays = pixel_rays(view.camera)
    return np.asarray((rays * depth[..., None] - view.translation) @ view.rotation)


def inside(depth: AnyArray, view: View, region: Region) -> AnyArray:
    """The depth map, 0 where it shows what is outside the region."""
    world = world_points(depth, view)
    keep = (depth > 0) & ((world >= region.low_m) & (world <= region.high_m)).all(axis=-1)
    return np.where(keep, depth, 0).astype(np.float32)


def masked(depth: AnyArray, mask: BoolArray | None, camera: Camera) -> AnyArray:
    """The depth map of the camera's `pinhole`, 0 outside of a mask drawn over its photo."""
    if mask is None:
        return depth
    size = (camera.width_px, camera.height_px)
    drawn = cv2.resize(255 * mask.astype(np.uint8), size, interpolation=cv2.INTER_AREA)
    straight = undistorted(np.asarray(drawn, dtype=np.uint8), camera)
    return np.where(straight > 127, depth, 0).astype(np.float32)
