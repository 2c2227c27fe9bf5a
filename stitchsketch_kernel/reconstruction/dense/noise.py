"""How much of a picture is noise, and the picture with as much contrast everywhere.

A dark side of plain cloth has a few grey levels of contrast, little more than the sensor's noise.
What is compared must know both: noise alone looks like nothing, and what is mostly noise looks only
as much alike as the rest of it allows.
"""

from __future__ import annotations

import cv2
import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray, FloatArray, ImageArray

#: Noise is told from blocks of this side; of each brightness, those with the least say.
_BLOCK_PX, _LEAST_PERCENT = 16, 10.0
_BINS = np.linspace(0, 256, 9)
_FEWEST = 12
#: Nothing is quieter than what rounding to whole grey levels leaves.
_ROUNDING = 1 / 12
#: Contrast is evened out over this window; what noise has is not drawn out beyond this.
_WINDOW_PX, _SPREAD, _NOISES = 15, 38.0, 3.0


def noise_variance(picture: AnyArray) -> AnyArray:
    """The noise's variance at each pixel (grey levels squared), float32 (h, w).

    From second differences (Immerkaer, Fast noise variance estimation, CVIU 64, 1996), of which
    texture has more and never less: the quietest blocks of each brightness tell it, for noise
    grows with light.
    """
    grey = np.asarray(picture, dtype=np.float32)
    second = cv2.filter2D(
        grey, cv2.CV_32F, np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], dtype=np.float32)
    )
    height, width = (size // _BLOCK_PX for size in grey.shape)
    if not height or not width:
        return np.full(grey.shape, _ROUNDING, dtype=np.float32)
    cut = np.s_[: height * _BLOCK_PX, : width * _BLOCK_PX]
    blocks = (height, _BLOCK_PX, width, _BLOCK_PX)
    # the kernel's squares sum to 36
    quiet = (second[cut].reshape(blocks) ** 2).mean(axis=(1, 3)).ravel() / 36
    bright = grey[cut].reshape(blocks).mean(axis=(1, 3)).ravel()
    levels, found = _by_brightness(bright, quiet)
    return np.interp(grey.ravel(), levels, found).reshape(grey.shape).astype(np.float32)


def _by_brightness(bright: FloatArray, quiet: FloatArray) -> tuple[FloatArray, FloatArray]:
    level = np.digitize(bright, _BINS)
    told = [
        (float(bright[level == k].mean()), float(np.percentile(quiet[level == k], _LEAST_PERCENT)))
        for k in np.unique(level)
        if (level == k).sum() >= _FEWEST
    ]
    if not told:
        told = [(128.0, float(np.percentile(quiet, _LEAST_PERCENT)))]
    levels, found = np.array(told).T
    return levels, np.maximum(found, _ROUNDING)


def evened(picture: ImageArray) -> ImageArray:
    """The picture with as much contrast everywhere as its noise allows, uint8 (h, w).

    Black stays black: that is where a rectified picture shows nothing.
    """
    grey = picture.astype(np.float32)
    window = (_WINDOW_PX, _WINDOW_PX)
    mean = cv2.blur(grey, window)
    variance = np.maximum(cv2.blur(grey * grey, window) - mean * mean, 0)
    floor = _NOISES * noise_variance(picture)
    even = 128 + _SPREAD * (grey - mean) / np.sqrt(variance + floor)
    return np.asarray(np.where(picture > 0, np.clip(even, 1, 255), 0)).astype(np.uint8)
