"""Textures with their halvings in one flat buffer, for sampling inside a compiled loop."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from numba import njit

from stitchsketch_kernel.domain.arrays import AnyArray, FloatArray, ImageArray, IntArray
from stitchsketch_kernel.samples.cloth import Texture, coded


@dataclass(frozen=True)
class Atlas:
    """Textures one after the other, each with its halvings.

    Attributes
    ----------
    data : ndarray of uint8
        All texels, RGB, as `Texture` codes them.
    levels : ndarray of int64, shape (n, most levels, 3)
        For each texture and level: where it begins in `data`, its height and width.
    level_count : ndarray of int32, shape (n,)
    mm_per_px : ndarray, shape (n,)
        Size of the finest texels.
    """

    data: ImageArray
    levels: npt.NDArray[np.int64]
    level_count: IntArray
    mm_per_px: FloatArray

    def with_more(self, other: Atlas) -> Atlas:
        """Its textures, then those of `other`."""
        deep = max(self.levels.shape[1], other.levels.shape[1])
        levels = np.zeros((len(self.levels) + len(other.levels), deep, 3), dtype=np.int64)
        levels[: len(self.levels), : self.levels.shape[1]] = self.levels
        levels[len(self.levels) :, : other.levels.shape[1]] = other.levels
        levels[len(self.levels) :, :, 0] += len(self.data)
        return Atlas(
            np.concatenate([self.data, other.data]),
            levels,
            np.concatenate([self.level_count, other.level_count]),
            np.concatenate([self.mm_per_px, other.mm_per_px]),
        )


def pack(textures: list[Texture]) -> Atlas:
    """All textures and their halvings (light averaged, not its code) as one buffer."""
    chains = [_halvings(texture.pixels) for texture in textures]
    levels = np.zeros((len(chains), max(map(len, chains)), 3), dtype=np.int64)
    begin = 0
    for index, chain in enumerate(chains):
        for level, pixels in enumerate(chain):
            levels[index, level] = (begin, *pixels.shape[:2])
            begin += pixels.size
    return Atlas(
        np.concatenate([pixels.ravel() for chain in chains for pixels in chain]),
        levels,
        np.array([len(chain) for chain in chains], dtype=np.int32),
        np.array([texture.mm_per_px for texture in textures]),
    )


def _halvings(pixels: ImageArray) -> list[ImageArray]:
    chain = [np.ascontiguousarray(pixels)]
    light: AnyArray = (pixels.astype(np.float32) / 255) ** 2
    while min(light.shape[:2]) >= 16:
        height, width = light.shape[0] // 2, light.shape[1] // 2
        light = cv2.resize(light, (width, height), interpolation=cv2.INTER_AREA)
        chain.append(coded(light))
    return chain


@njit(cache=True, inline="always")
def _bilinear(data, begin, height, width, x, y, out):  # type: ignore[no-untyped-def]
    # adds nothing: writes the reflectance at texel (x, y), wrapped round
    x0, y0 = np.floor(x - 0.5), np.floor(y - 0.5)
    fx, fy = x - 0.5 - x0, y - 0.5 - y0
    left, upper = int(x0) % width, int(y0) % height
    right, lower = (left + 1) % width, (upper + 1) % height
    for c in range(3):
        a = float(data[begin + 3 * (upper * width + left) + c])
        b = float(data[begin + 3 * (upper * width + right) + c])
        d = float(data[begin + 3 * (lower * width + left) + c])
        e = float(data[begin + 3 * (lower * width + right) + c])
        top = a + fx * (b - a)
        bottom = d + fx * (e - d)
        value = (top + fy * (bottom - top)) / 255.0
        out[c] = value * value


@njit(cache=True, inline="always")
def sample_texture(  # type: ignore[no-untyped-def]
    data, levels, level_count, mm_per_px, index, u_mm, v_mm, footprint_mm, out, spare
):
    """Write the reflectance at (u, v) averaged over about `footprint_mm` into `out` (3,)."""
    fine = np.log2(max(footprint_mm / mm_per_px[index], 1.0))
    last = level_count[index] - 1
    fine = min(fine, float(last))
    level = int(fine)
    share = fine - level
    size = mm_per_px[index] * levels[index, 0, 2] / levels[index, level, 2]
    begin, height, width = levels[index, level]
    _bilinear(data, begin, height, width, u_mm / size, v_mm / size, out)
    if share > 0.0 and level < last:
        begin, height, width = levels[index, level + 1]
        size = mm_per_px[index] * levels[index, 0, 2] / levels[index, level + 1, 2]
        _bilinear(data, begin, height, width, u_mm / size, v_mm / size, spare)
        for c in range(3):
            out[c] += share * (spare[c] - out[c])
