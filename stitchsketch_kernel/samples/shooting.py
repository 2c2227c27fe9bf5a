"""How a photo comes about from light: a lens, a hand that shakes, a sensor and its file.

Steady photos in good light are the usual case. A hand that moves blurs a third of them along a
line, with all of them slightly out of focus; a dim room leaves few photons, which a phone makes
up for by gain, and a coarser JPEG.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray, ImageArray
from stitchsketch_kernel.domain.photo import Camera

EXPOSURE = 1.15
BLUR_SIGMA_PX = 0.45
#: The share of the photos that a moving hand blurs, how far (pixels), and how far out of focus all
#: are (radius of the disc that a point becomes, pixels).
_MOVED, _MOVED_PX, _DEFOCUS_PX = 1 / 3, (3.0, 4.0), (0.4, 1.1)
#: Electrons that white gives in a dim room, and those that reading adds (one sigma).
_WHITE_ELECTRONS, _READ_ELECTRONS = 1500.0, 6.0
_QUALITY, _DIM_QUALITY = 92, 85
#: A disc and a line are drawn this many times finer than pixels.
_FINE = 8


@dataclass(frozen=True)
class Shooting:
    """How photos are taken.

    Attributes
    ----------
    blur : bool
        A third of the photos moved by 3 to 4 pixels, all of them slightly out of focus.
    dim : bool
        A dim room: the noise of few photons and of reading them out, a coarser JPEG.
    """

    blur: bool = False
    dim: bool = False

    @property
    def name(self) -> str:
        """``"blur"``, ``"dim"``, ``"blur-dim"``, or empty for steady photos in good light."""
        return "-".join(name for name in ("blur", "dim") if getattr(self, name))

    @property
    def jpeg_quality(self) -> int:
        """Of the photos' files."""
        return _DIM_QUALITY if self.dim else _QUALITY


STEADY = Shooting()


def developed(
    linear: FloatArray, camera: Camera, rng: np.random.Generator, shooting: Shooting = STEADY
) -> ImageArray:
    """The photo (h, w, 3), uint8, of the light (h, w, 3) that falls on the sensor.

    Vignetting, a soft lens, what the hand does, exposure, noise and gamma.
    """
    y, x = np.mgrid[0 : camera.height_px, 0 : camera.width_px].astype(np.float32)
    r2 = ((x - camera.cx) ** 2 + (y - camera.cy) ** 2) / camera.fx**2
    gain = EXPOSURE * (1 + rng.normal(0, 0.03)) / (1 + 0.45 * r2)
    soft = cv2.GaussianBlur(linear * gain[..., None], (0, 0), BLUR_SIGMA_PX)
    if shooting.blur:
        soft = _shaken(soft, np.random.default_rng(rng.integers(2**32)))
    if shooting.dim:
        soft = _grainy(soft, np.random.default_rng(rng.integers(2**32)))
    coded = 255 * _filmed(soft)
    noise = rng.standard_normal(coded.shape, dtype=np.float32) * np.sqrt(0.8 + 0.02 * coded)
    return np.clip(np.round(coded + noise), 0, 255).astype(np.uint8)


def _shaken(light: FloatArray, rng: np.random.Generator) -> FloatArray:
    # both kernels are drawn finely and averaged to pixels, so that no fraction of one is lost
    moved = rng.random() < _MOVED
    turn, far = rng.uniform(0, np.pi), rng.uniform(*_MOVED_PX)
    soft = cv2.filter2D(light, -1, _disc(rng.uniform(*_DEFOCUS_PX)))
    return np.asarray(cv2.filter2D(soft, -1, _line(far, turn)) if moved else soft)


def _disc(radius_px: float) -> FloatArray:
    size, y, x = _fine_grid(radius_px)
    return _averaged(x * x + y * y <= radius_px**2, size)


def _line(length_px: float, turn: float) -> FloatArray:
    size, y, x = _fine_grid(length_px / 2 + 0.5)
    along, across = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    return _averaged((np.abs(along) <= length_px / 2) & (np.abs(across) <= 0.5 / _FINE), size)


def _fine_grid(reach_px: float) -> tuple[int, FloatArray, FloatArray]:
    size = 2 * int(np.ceil(reach_px)) + 1
    at = (np.arange(size * _FINE) + 0.5) / _FINE - size / 2
    y, x = np.meshgrid(at, at, indexing="ij")
    return size, y, x


def _averaged(drawn: np.ndarray, size: int) -> FloatArray:
    kernel = drawn.astype(float).reshape(size, _FINE, size, _FINE).sum(axis=(1, 3))
    return np.asarray(kernel / kernel.sum())


def _grainy(light: FloatArray, rng: np.random.Generator) -> FloatArray:
    # photons by their number (normal where there are enough to tell no difference), then reading
    electrons = np.maximum(light, 0) * _WHITE_ELECTRONS
    sigma = np.sqrt(electrons + _READ_ELECTRONS**2)
    found = electrons + sigma * rng.standard_normal(light.shape, dtype=np.float32)
    return np.asarray(np.maximum(found, 0) / _WHITE_ELECTRONS)


def _filmed(light: FloatArray) -> FloatArray:
    # sRGB's power, with a shoulder that keeps highlights from clipping
    squeezed = np.where(light > 0.7, 0.7 + 0.3 * np.tanh((light - 0.7) / 0.3), light)
    return np.asarray(np.clip(squeezed, 0, 1) ** (1 / 2.2))
