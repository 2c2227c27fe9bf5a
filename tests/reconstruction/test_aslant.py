"""A face seen aslant, begun with the slope of what lies round it."""

from __future__ import annotations

import cv2
import numpy as np

from stitchsketch_kernel.domain.photo import Camera, View
from stitchsketch_kernel.reconstruction.dense.patchmatch import search
from stitchsketch_kernel.reconstruction.dense.pictures import pixel_rays
from stitchsketch_kernel.reconstruction.dense.planes import Planes, compared

#: The face lies at this depth in the middle of the picture and recedes by so much to the right.
AWAY_M, ASLANT, BEGUN = 1.0, 2.0, 0.8
CAMERA = Camera(160, 120, 200.0, 200.0, 80.0, 60.0)


def depth_on(slope: float, view: View):
    """Depth of the face ``z = AWAY_M + slope x`` (of the first camera) in a view beside it."""
    rays, centre = pixel_rays(view.camera), view.centre
    return (AWAY_M + slope * centre[0] - centre[2]) / (rays[..., 2] - slope * rays[..., 0])


def picture(view: View):
    """The face with a grain of one centimetre: the views look the same way."""
    points = view.centre + pixel_rays(view.camera) * depth_on(ASLANT, view)[..., None]
    along = points[..., 0] * np.hypot(1, ASLANT)
    grain = np.random.default_rng(5).normal(128, 60, (600, 600)).astype(np.float32)
    grain = cv2.GaussianBlur(grain, (0, 0), 2)
    at = [(300 + one / 0.005).astype(np.float32) for one in (along, points[..., 1])]
    return cv2.remap(grain, at[0], at[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def test_its_own_slope_is_found_by_rounds_that_change_little():
    views = [
        View(name, CAMERA, np.eye(3), -np.array([x, y, 0.0]))
        for name, x, y in (("own", 0, 0), ("left", -0.1, 0), ("right", 0.1, 0), ("up", 0, -0.1))
    ]
    together = compared(views[0], picture(views[0]), views[1:], [picture(v) for v in views[1:]])
    exact, begun = (depth_on(one, views[0]) for one in (ASLANT, BEGUN))
    inverse = (1 / begun).astype(np.float32)
    slope = np.zeros((*inverse.shape, 2), np.float32)
    slope[..., 0] = -BEGUN / CAMERA.fx / AWAY_M
    planes = Planes(inverse, slope, np.ones_like(inverse))
    part = (slice(10, -10), slice(40, -40))
    search(planes, together, 2, 3, 2)
    off = np.abs(1 / planes.inverse / exact - 1)[part]
    # a twentieth of it where planes come from next door and slopes change as little as depth
    assert (off < 0.003).mean() > 0.5
