"""What splats are trained on and held against: photos made straight, cut to the furniture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray, FloatArray, ImageArray
from stitchsketch_kernel.domain.errors import PhotoError, SplatError
from stitchsketch_kernel.domain.model import Mesh, Region
from stitchsketch_kernel.domain.photo import Camera, View
from stitchsketch_kernel.visualization.splat.light import Light
from stitchsketch_kernel.visualization.splat.surface import Surface, seen_surface

#: Kept round the furniture's outline, as a share of the picture's longer side.
_ROUND = 0.03
#: With fewer pixels of furniture than this a photo teaches nothing.
_LEAST_PIXELS = 200


@dataclass(frozen=True)
class Scan:
    """A scan as splats are made of it.

    Attributes
    ----------
    views : tuple of View
        Metric, z up.
    photos : mapping of str to Path
        The upright file of each view, by its name.
    mesh : Mesh
    region : Region
    light : Light
        What the photos' brightness differs by (`even.lit` asks them); none without.
    """

    views: tuple[View, ...]
    photos: Mapping[str, Path]
    mesh: Mesh
    region: Region
    light: Light = field(default_factory=Light)


@dataclass(frozen=True)
class Target:
    """A photo at the size that splats are held against it.

    Attributes
    ----------
    view : View
        Without distortion, cut to the furniture.
    photo : ndarray of uint8, shape (h, w, 3)
        sRGB, its corners as bright as its middle.
    mask : ndarray of uint8, shape (h, w)
        How much of each pixel the mesh covers, 0 to 255.
    surface : Surface
        The mesh as this view sees it.
    gain : ndarray of float32, shape (3,)
        What it is brighter by than the photos' mean, where that is known; else ones.
    """

    view: View
    photo: ImageArray
    mask: ImageArray
    surface: Surface
    gain: AnyArray

    def on(self, paper: AnyArray) -> AnyArray:
        """The furniture alone, on paper of one colour, float32 0 to 1."""
        share = self.mask[..., None].astype(np.float32) / 255
        return np.asarray(
            share * (self.photo.astype(np.float32) / 255) + (1 - share) * paper, np.float32
        )

    def as_taken(self) -> Target:
        """The same without what is known of its exposure."""
        return replace(self, gain=np.ones_like(self.gain))

    @property
    def inside(self) -> AnyArray:
        """Pixels that the mesh covers wholly, ndarray of bool."""
        return np.asarray(self.mask == 255)


def targets(scan: Scan, views: Sequence[View], long_side_px: int) -> list[Target]:
    """The views' photos at that size; those that show nothing of the furniture are left out.

    Raises
    ------
    PhotoError
        A photo can't be read any more.
    SplatError
        None of them shows the mesh.
    """
    made = [one for view in views if (one := _target(scan, view, long_side_px)) is not None]
    if not made:
        raise SplatError(
            "No photo shows the mesh.", "Look at the run's pictures of cameras and mesh."
        )
    return made


def held_out(views: Sequence[View], every: int) -> tuple[tuple[View, ...], tuple[View, ...]]:
    """Views to train on, and every `every`-th that isn't (0: none)."""
    if every <= 0:
        return tuple(views), ()
    kept = tuple(view for k, view in enumerate(views) if k % every != every // 2)
    return kept, tuple(view for k, view in enumerate(views) if k % every == every // 2)


def _target(scan: Scan, view: View, long_side_px: int) -> Target | None:
    factor = long_side_px / max(view.camera.width_px, view.camera.height_px)
    camera = view.camera.scaled(min(1.0, factor))
    straight = replace(view, camera=replace(camera, k1=0.0, k2=0.0, p1=0.0, p2=0.0))
    mask = _mask(scan.mesh, straight)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if (mask == 255).sum() < _LEAST_PIXELS:
        return None
    more = round(_ROUND * max(mask.shape)) + 2
    top, left = max(0, rows[0] - more), max(0, columns[0] - more)
    bottom, right = rows[-1] + 1 + more, columns[-1] + 1 + more
    cut = np.s_[top:bottom, left:right]
    photo, mask = _straight_photo(scan.photos[view.name], camera)[cut], mask[cut]
    height, width = mask.shape
    lens = straight.camera
    cropped = Camera(width, height, lens.fx, lens.fy, lens.cx - left, lens.cy - top)
    there = replace(view, camera=cropped)
    return Target(
        there, np.ascontiguousarray(scan.light.flat(photo, cropped)), np.ascontiguousarray(mask),
        seen_surface(scan.mesh, there), scan.light.gain(view.name),
    )  # fmt: skip


def _mask(mesh: Mesh, view: View) -> ImageArray:
    """Averaged from four times the pixels."""
    large = seen_surface(mesh, replace(view, camera=view.camera.scaled(2)))
    full = np.where(large.face >= 0, 255, 0).astype(np.uint8)
    size = (view.camera.width_px, view.camera.height_px)
    return np.asarray(cv2.resize(full, size, interpolation=cv2.INTER_AREA))


def _straight_photo(path: Path, camera: Camera) -> ImageArray:
    """The photo at the camera's size as a camera without distortion would have taken it."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    if image is None:
        raise PhotoError(f"The photo {path.name} can't be read any more.", "Copy it again.")
    size = (camera.width_px, camera.height_px)
    if (image.shape[1], image.shape[0]) != size:
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    pixels = camera.pixels_from_rays(_rays(camera)) - 0.5
    maps = pixels.astype(np.float32).reshape(size[1], size[0], 2)
    straight = cv2.remap(
        image, maps[..., 0], maps[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(cv2.cvtColor(straight, cv2.COLOR_BGR2RGB))


def _rays(camera: Camera) -> FloatArray:
    u, v = np.meshgrid(np.arange(camera.width_px) + 0.5, np.arange(camera.height_px) + 0.5)
    rays = np.stack([(u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy, np.ones_like(u)])
    return rays.reshape(3, -1).T
