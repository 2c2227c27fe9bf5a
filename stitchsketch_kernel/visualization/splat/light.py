"""What the lens and the shutter make of the light: dark corners, and each photo's exposure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray, ImageArray
from stitchsketch_kernel.domain.photo import Camera

_ONE = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Light:
    """How photos differ in brightness where they show the same.

    Attributes
    ----------
    falloff : float
        How fast all photos grow darker away from the lens's axis: their brightness (sRGB) is that
        of the middle times ``cos(angle off the axis) ** (2 * falloff)``. 0: not at all; 0.9: by the
        law of cos^4, as a plain lens has it before a camera evens it out.
    gains : mapping of str to tuple of float
        What each photo's red, green and blue are brighter by than the photos' mean, by name.
    """

    falloff: float = 0.0
    gains: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)

    def gain(self, name: str) -> AnyArray:
        """Of a photo, shape (3,); ones where it isn't known."""
        return np.array(self.gains.get(name, _ONE), dtype=np.float32)

    def flat(self, photo: ImageArray, camera: Camera) -> ImageArray:
        """A straight photo as a lens that keeps its corners bright would have taken it."""
        if not self.falloff:
            return photo
        x = (np.arange(camera.width_px) + 0.5 - camera.cx) / camera.fx
        y = (np.arange(camera.height_px) + 0.5 - camera.cy) / camera.fy
        more = np.exp(-darkening(x**2 + y[:, None] ** 2, self.falloff))
        return np.asarray(np.clip(np.rint(photo * more[..., None]), 0, 255), np.uint8)


def darkening(square: AnyArray, falloff: float) -> AnyArray:
    """Logarithm of the brightness where the tangent off the axis, squared, is `square`."""
    return np.asarray(-falloff * np.log1p(square))
