"""Two views turned so that a point lies on the same row in both, cropped to the region.

The rectified camera of a view has the view's own centre, so a pixel of one is a fixed pixel of the
other, whatever its depth.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray, ImageArray
from stitchsketch_kernel.domain.model import Region
from stitchsketch_kernel.domain.photo import Camera, View

#: Where the region spans more disparities, the pair is compared at a smaller size.
_MOST_DISPARITIES = 384
#: No camera stands nearer to the piece than this share of its distance from the region's middle.
_NEAREST = 0.3


@dataclass(frozen=True)
class RectifiedPair:
    """A left and a right view on common rows.

    Attributes
    ----------
    left, right : View
        The views as photographed (cameras at the working size).
    rotation : ndarray, shape (3, 3)
        World to rectified axes: x along the baseline, z along the mean gaze.
    focal_px, baseline_m : float
    cx_left, cx_right, cy : float
        Principal points (COLMAP's pixels); the two differ so that disparities begin at 0.
    width_px, height_px, disparities : int
        Of both rectified pictures; how many disparities the region spans (a multiple of 16).
    """

    left: View
    right: View
    rotation: FloatArray
    focal_px: float
    baseline_m: float
    cx_left: float
    cx_right: float
    cy: float
    width_px: int
    height_px: int
    disparities: int

    def picture(self, image: ImageArray, which: str) -> ImageArray:
        """The rectified picture of ``"left"`` or ``"right"``, straight from the photo."""
        view = self.left if which == "left" else self.right
        cx = self.cx_left if which == "left" else self.cx_right
        u, v = np.meshgrid(
            np.arange(self.width_px) + 0.5 - cx, np.arange(self.height_px) + 0.5 - self.cy
        )
        rays = np.column_stack([u.ravel(), v.ravel(), np.full(u.size, self.focal_px)])
        rays = rays @ (view.rotation @ self.rotation.T).T
        rays[rays[:, 2] <= 0] = np.nan
        pixels = view.camera.pixels_from_rays(rays).astype(np.float32) - 0.5
        maps = np.nan_to_num(pixels, nan=-1e4).reshape(self.height_px, self.width_px, 2)
        return np.asarray(
            cv2.remap(
                image, maps[..., 0], maps[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT
            )
        )

    def depth_of(self, disparity: np.ndarray) -> np.ndarray:
        """Depth along the rectified z for a disparity measured in the pictures, in pixels."""
        true = disparity + (self.cx_right - self.cx_left)
        with np.errstate(divide="ignore", invalid="ignore"):
            depth = self.focal_px * self.baseline_m / true
        return np.where(np.isfinite(depth) & (depth > 0), depth, 0).astype(np.float32)

    def to_view(self, depth: np.ndarray, which: str, pinhole: Camera) -> np.ndarray:
        """Depth of the rectified picture as a depth map of the view, seen through `pinhole`.

        Neighbouring depths are only mixed where they belong to one surface.
        """
        view = self.left if which == "left" else self.right
        cx = self.cx_left if which == "left" else self.cx_right
        shape = (pinhole.height_px, pinhole.width_px)
        u, v = np.meshgrid(np.arange(shape[1]) + 0.5, np.arange(shape[0]) + 0.5)
        rays = np.stack(
            [(u - pinhole.cx) / pinhole.fx, (v - pinhole.cy) / pinhole.fy, np.ones(shape)], axis=-1
        )
        turned = rays @ (self.rotation @ view.rotation.T).T
        ahead = np.where(turned[..., 2] > 0, turned[..., 2], np.nan)
        x = self.focal_px * turned[..., 0] / ahead + cx - 0.5
        y = self.focal_px * turned[..., 1] / ahead + self.cy - 0.5
        maps = np.nan_to_num(np.stack([x, y], axis=-1), nan=-1e4).astype(np.float32)
        inverse = np.where(depth > 0, 1 / np.maximum(depth, 1e-9), 0).astype(np.float32)
        nearest = cv2.remap(inverse, maps[..., 0], maps[..., 1], cv2.INTER_NEAREST)
        smooth = cv2.remap(inverse, maps[..., 0], maps[..., 1], cv2.INTER_LINEAR)
        one_surface = np.abs(smooth - nearest) < 0.004 * nearest
        mixed = np.where(one_surface, smooth, nearest)
        out = np.where(mixed > 0, 1 / np.maximum(mixed, 1e-9) / ahead, 0)
        return np.nan_to_num(out).astype(np.float32)


def rectify(left: View, right: View, region: Region) -> RectifiedPair | None:
    """Rectify two views; None where the region can't be seen in both at once.

    ``left`` and ``right`` may come in either order and at any angle (a camera held upright, or one
    above the other): the rows follow the baseline. The caller reads which is which from the result.
    """
    rotation = _common_axes(left, right)
    if (rotation @ (right.centre - left.centre))[0] < 0:
        left, right = right, left
        rotation = _common_axes(left, right)
    corners = _corners(region)
    seen_left = (corners - left.centre) @ rotation.T
    seen_right = (corners - right.centre) @ rotation.T
    baseline = float(np.linalg.norm(right.centre - left.centre))
    nearest = _NEAREST * float(np.median(seen_left[:, 2]))
    if nearest <= 0 or baseline <= 0:
        return None
    near = max(float(seen_left[:, 2].min()), nearest)
    far = float(seen_left[:, 2].max())
    focal = 0.5 * (left.camera.fx + right.camera.fx)
    span = focal * baseline * (1 / near - 1 / far) + 2
    focal *= min(1.0, _MOST_DISPARITIES / span)
    x_left = focal * seen_left[:, 0] / np.maximum(seen_left[:, 2], near)
    x_right = focal * seen_right[:, 0] / np.maximum(seen_right[:, 2], near)
    y = focal * seen_left[:, 1] / np.maximum(seen_left[:, 2], near)
    smallest, largest = focal * baseline / far, focal * baseline / near
    disparities = int(np.ceil((largest - smallest + 2) / 16)) * 16
    width = int(np.ceil(max(np.ptp(x_left), np.ptp(x_right)))) + 2
    height = int(np.ceil(np.ptp(y))) + 2
    longest = 2.5 * max(left.camera.width_px, left.camera.height_px)
    if max(width, height) > longest:
        return None
    cx_left = -float(x_left.min()) + 1
    return RectifiedPair(
        left, right, rotation, focal, baseline, cx_left, cx_left + smallest - 1,
        -float(y.min()) + 1, width, height, disparities,
    )  # fmt: skip


def _common_axes(left: View, right: View) -> FloatArray:
    """Rows: x along the baseline, y across, z between the two gazes."""
    x = right.centre - left.centre
    x = x / np.linalg.norm(x)
    gaze = left.rotation[2] + right.rotation[2]
    z = gaze - x * (gaze @ x)
    z = z / np.linalg.norm(z)
    return np.array([x, np.cross(z, x), z])


def _corners(region: Region) -> FloatArray:
    grid = np.array(np.meshgrid([0, 1], [0, 1], [0, 1], indexing="ij")).reshape(3, -1).T
    return np.asarray(region.low_m + grid * (region.high_m - region.low_m))
