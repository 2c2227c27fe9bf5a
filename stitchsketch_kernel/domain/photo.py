"""Photos as taken, and views: photos whose camera is known."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray


@dataclass(frozen=True)
class Photo:
    """A photo that ingest has accepted: upright pixels in a file that every stage can read.

    Attributes
    ----------
    name : str
        File name as the shop knows it; unique in the scan.
    path : Path
        The upright JPEG or PNG that later stages read (EXIF orientation already applied).
    width_px, height_px : int
        Size of the upright picture.
    focal_px : float or None
        Focal length in pixels of the upright picture, from EXIF; None when not known.
    sha256 : str
        Of the original file.
    camera_key : str
        Photos with the same key share one camera (make, model, lens, size, zoom).
    """

    name: str
    path: Path
    width_px: int
    height_px: int
    focal_px: float | None
    sha256: str
    camera_key: str


@dataclass(frozen=True)
class PhotoNote:
    """Something to say about one photo: what is wrong and what to do about it.

    ``refuse`` means the photo is left out; ``warn`` that it is used all the same. A note about the
    whole set (``few``, and ``blur`` when all are soft) has the photo ``""``.
    """

    photo: str
    kind: Literal[
        "blur", "dark", "bright", "duplicate", "unreadable", "small", "mixed", "few", "no_mat"
    ]
    severity: Literal["refuse", "warn"]
    text: str


@dataclass(frozen=True)
class Camera:
    """Pinhole with radial and tangential distortion (Brown; OpenCV's k1, k2, p1, p2).

    Pixel coordinates follow COLMAP: the centre of the top-left pixel is (0.5, 0.5). OpenCV's
    functions put it at (0, 0): use `matrix_opencv` with those.
    """

    width_px: int
    height_px: int
    fx: float
    fy: float
    cx: float
    cy: float
    k1: float = 0.0
    k2: float = 0.0
    p1: float = 0.0
    p2: float = 0.0

    @property
    def matrix(self) -> FloatArray:
        """K, shape (3, 3), for COLMAP's pixel coordinates."""
        return np.array([[self.fx, 0, self.cx], [0, self.fy, self.cy], [0, 0, 1.0]])

    @property
    def matrix_opencv(self) -> FloatArray:
        """K, shape (3, 3), for OpenCV's pixel coordinates (half a pixel less)."""
        K = self.matrix
        K[:2, 2] -= 0.5
        return K

    @property
    def distortion(self) -> FloatArray:
        """``[k1, k2, p1, p2]``, OpenCV's order."""
        return np.array([self.k1, self.k2, self.p1, self.p2])

    def scaled(self, factor: float) -> Camera:
        """The camera of the same photo resized by `factor` (sizes are rounded)."""
        width, height = round(self.width_px * factor), round(self.height_px * factor)
        sx, sy = width / self.width_px, height / self.height_px
        return Camera(
            width, height, self.fx * sx, self.fy * sy, self.cx * sx, self.cy * sy,
            self.k1, self.k2, self.p1, self.p2,
        )  # fmt: skip

    def pixels_from_rays(self, rays: FloatArray) -> FloatArray:
        """Pixels (n, 2), COLMAP's convention, of camera-space points or rays (n, 3) with z > 0."""
        x, y = rays[:, 0] / rays[:, 2], rays[:, 1] / rays[:, 2]
        r2 = x * x + y * y
        radial = 1 + self.k1 * r2 + self.k2 * r2 * r2
        xd = x * radial + 2 * self.p1 * x * y + self.p2 * (r2 + 2 * x * x)
        yd = y * radial + self.p1 * (r2 + 2 * y * y) + 2 * self.p2 * x * y
        return np.column_stack([self.fx * xd + self.cx, self.fy * yd + self.cy])

    def rays_from_pixels(self, pixels: FloatArray) -> FloatArray:
        """Rays (n, 3), z = 1, through `pixels` (n, 2); distortion is inverted by iteration."""
        xd = (pixels[:, 0] - self.cx) / self.fx
        yd = (pixels[:, 1] - self.cy) / self.fy
        x, y = xd.copy(), yd.copy()
        for _ in range(20):
            r2 = x * x + y * y
            radial = 1 + self.k1 * r2 + self.k2 * r2 * r2
            dx = 2 * self.p1 * x * y + self.p2 * (r2 + 2 * x * x)
            dy = self.p1 * (r2 + 2 * y * y) + 2 * self.p2 * x * y
            x, y = (xd - dx) / radial, (yd - dy) / radial
        return np.column_stack([x, y, np.ones_like(x)])


@dataclass(frozen=True)
class View:
    """A photo whose camera is known.

    ``x_camera = rotation @ x_world + translation``; the camera looks along +z, y points down.
    World units are the model's: arbitrary before the scale stage, metres after it.
    """

    name: str
    camera: Camera
    rotation: FloatArray
    translation: FloatArray

    @property
    def centre(self) -> FloatArray:
        """Camera centre in the world, shape (3,)."""
        return np.asarray(-self.rotation.T @ self.translation)

    def pixels_from_world(self, points: FloatArray) -> FloatArray:
        """Pixels (n, 2) of world points (n, 3); points behind the camera give NaN."""
        in_camera = points @ self.rotation.T + self.translation
        in_camera[in_camera[:, 2] <= 0] = np.nan
        return self.camera.pixels_from_rays(in_camera)
